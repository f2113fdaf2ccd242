/** The entries whose vectors are nearest to another, by an index of vectors, as items of an iterator. */
import type { KeyWords } from '../memory/entry.js'
import { invalidOption } from '../options.js'
import type { KeyList } from '../query/key-list.js'
import type { VectorQuery } from '../vector/query.js'
import { type Finder, reached } from './finder.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import type { Feed } from './iterator.js'
import { Looked } from './looked.js'
import { type Asked, planned } from './queries.js'
import { QueryRows } from './query-rows.js'
import { OtherHeld, type Source } from './source.js'
import type { StoreCore } from './store-core.js'
import { VectorSearch, type Wanted } from './vector-search.js'
import type { Match } from './vectors.js'

/** A set of entries is small if it has at most this part of the codes that would be compared without it. */
const SMALL = 1 / 4

/** Which entries may be found. */
export interface Chosen {
  /** A query; null: all. */
  readonly where: Asked | null
  /** The caller's own test; null: all. */
  readonly filter: ((key: unknown, value: unknown) => boolean) | null
}

/** The caller's code has ended the iterator. */
const ENDED: unique symbol = Symbol('ended')

/** Items are `{ key, value, distance }`. */
export class VectorNeighbours implements Feed {
  readonly isPaired = false
  readonly #source: Source
  readonly #held: Held
  readonly #store: StoreCore
  readonly #search: VectorSearch
  readonly #tests: Tests | null
  readonly #finder: Finder
  /** The entries of a query, where they are few, and their keys, once they are gathered. */
  readonly #set: QueryRows | null
  #keys: KeyList | null = null
  #matches: Match[] | null = null
  #at = 0
  #isRunning = false

  constructor(source: Source, held: Held, query: VectorQuery, wanted: Wanted, chosen: Chosen) {
    const { parent } = source.core as IndexCore
    this.#source = source
    this.#held = held
    this.#store = parent
    this.#finder = source.finder(parent, held)
    this.#search = new VectorSearch(source, held, query, wanted)
    this.#set = chosen.where === null ? null : this.#few(chosen.where)
    const where = this.#set === null ? chosen.where : null
    const isFree = where === null && chosen.filter === null
    this.#tests = isFree ? null : new Tests(source, held, this.#finder, where, chosen.filter)
  }

  /** The entries that a query finds, to be gathered; null where they are many. */
  #few(where: Asked): QueryRows | null {
    const source = this.#source.of(this.#store)
    const held = new OtherHeld(this.#held, this.#source.rootOf(this.#store, this.#held))
    const query = planned(source, held, where)
    if (query.plan.count > SMALL * this.#search.base) return null
    return new QueryRows(query)
  }

  fill(first: unknown[]): number {
    if (this.#isRunning) throw invalidOption('filter', 'must not ask its own iterator for more')
    this.#isRunning = true
    try {
      this.#matches ??= this.#find()
      return this.#next(this.#matches, first)
    } catch (error) {
      if (error === ENDED) return 0
      throw error
    } finally {
      this.#isRunning = false
    }
  }

  #find(): Match[] {
    const tests = this.#tests
    const test = tests === null ? null : (primary: KeyWords) => tests.pass(primary)
    if (this.#set === null) return this.#search.run(test)
    this.#keys ??= this.#set.collect()
    if (this.#held.ended) throw ENDED
    return this.#search.among(this.#keys, test)
  }

  #next(matches: readonly Match[], first: unknown[]): number {
    const match = matches[this.#at++]
    if (match === undefined) return 0
    const { queries } = this.#store.engine
    queries.returned++
    const { key, value } = entryOf(this.#store, this.#finder, match.primary)
    first[0] = { key, value, distance: match.distance }
    return 1
  }
}

/** Tests entries, by their keys. */
class Tests {
  readonly #source: Source
  readonly #held: Held
  readonly #store: StoreCore
  readonly #finder: Finder
  readonly #looked: Looked | null
  readonly #filter: Chosen['filter']

  constructor(
    source: Source,
    held: Held,
    finder: Finder,
    where: Asked | null,
    filter: Chosen['filter'],
  ) {
    const { parent } = source.core as IndexCore
    this.#source = source
    this.#held = held
    this.#store = parent
    this.#finder = finder
    this.#looked = where === null ? null : new Looked(source.of(parent), where.terms)
    this.#filter = filter
  }

  pass(primary: KeyWords): boolean {
    const looked = this.#looked
    if (looked !== null) {
      const holds = found(this.#store, this.#finder, primary, (words, entry) => {
        if (looked.decodes) looked.decode(words, entry)
        else looked.open(words, entry)
        return looked.decodes || looked.holds()
      })
      if (!holds || (looked.decodes && !this.#ran(() => looked.holds()))) return false
    }
    return this.#filter === null || this.#passes(this.#filter, primary)
  }

  #passes(filter: (key: unknown, value: unknown) => boolean, primary: KeyWords): boolean {
    const { key, value } = entryOf(this.#store, this.#finder, primary)
    return this.#ran(() => Boolean(filter(key, value)))
  }

  /**
   * What the caller's code tells; it may have closed the database, or ended the transaction or the iterator.
   */
  #ran(code: () => boolean): boolean {
    const result = code()
    this.#source.gate()
    if (this.#held.ended) throw ENDED
    this.#held.check()
    return result
  }
}

/** The key and the value of an entry that the index leads to. */
function entryOf(store: StoreCore, finder: Finder, primary: KeyWords) {
  return found(store, finder, primary, (words, entry) => {
    const key = store.keyIn(words, entry)
    // Last: a custom codec may run the caller's code.
    return { key, value: store.valueIn(words, entry) }
  })
}

/** What `use` makes of the entry of a key, which is there. */
function found<T>(
  { engine }: StoreCore,
  finder: Finder,
  primary: KeyWords,
  use: (words: Uint32Array, entry: number) => T,
): T {
  const { key } = engine
  key.words.set(primary.words)
  key.bytes = primary.bytes
  engine.queries.lookups++
  return reached(finder, key, use)
}
