/**
 * The entries that a query asks for, as items of an iterator: candidates from a plan, tested, then decoded.
 *
 * Invariants:
 * 1. Candidates come in the order of the items. Where a plan does not give that order, all candidates are
 * read, and
 *    sorted, before the first item.
 * 2. Where the caller's code runs (a query's `match`, a custom codec), one candidate is looked at at a time,
 * and no
 *    reference into shared memory is used after that code before the hold was checked.
 * 3. Where that code throws, its entry is passed over.
 */
import type { Defined } from '../indexes/definition.js'
import { compareBytes, Extractor, IndexKeys } from '../indexes/extract.js'
import { unpack } from '../indexes/packed.js'
import { bytesIn, reverseKey } from '../indexes/reverse.js'
import { KeyBuffer } from '../key/codec.js'
import { keyBytesOf } from '../memory/entry.js'
import { hashKey } from '../memory/hash.js'
import { E_KEY } from '../memory/layout.js'
import { invalidOption } from '../options.js'
import { KeyList } from '../query/key-list.js'
import type { Term } from '../query/query.js'
import { WHOLE } from '../tree/cursor.js'
import type { Finder } from './finder.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import type { Feed } from './iterator.js'
import { Looked } from './looked.js'
import { isInKeyOrder, type Order, type Plan, type Step } from './query-plan.js'
import { type Run, runOf } from './run.js'
import type { Source } from './source.js'
import type { StoreCore } from './store-core.js'

/** Candidates looked at at a time. */
const AHEAD = 16
const ALL = { reverse: false, limit: Number.POSITIVE_INFINITY }

/** What a query is carried out with. */
export interface Query {
  readonly source: Source
  readonly held: Held
  readonly plan: Plan
  /** Terms that the plan does not settle. */
  readonly rest: readonly Term[]
  readonly reverse: boolean
  readonly limit: number
  /** The order to sort by; null: the plan gives the order, or it is that of keys. */
  readonly sort: Order | null
  /** Keys of an index are in the order that is asked for: they are taken as they come. */
  readonly isOrdered: boolean
}

/**
 * Gives candidates to `use`, at most so many, while they may be read; returns how many, 0 at the end only.
 */
interface Candidates {
  next(most: number, use: (words: Uint32Array, entry: number) => void): number
}

export class QueryRows implements Feed {
  readonly isPaired = true
  readonly #query: Query
  readonly #core: StoreCore
  readonly #looked: Looked
  #left: number
  #candidates: Candidates | null = null
  /** In the middle of a step: the caller's code may run. */
  #isRunning = false
  /** While all keys are collected. */
  #collected: KeyList | null = null
  /** While all is read to be sorted. */
  #unsorted: Unsorted | null = null
  /** Candidates are tested: not those that have passed, and were sorted. */
  #tests: boolean

  constructor(query: Query) {
    const { core } = query.source
    this.#query = query
    this.#core = core
    this.#looked = new Looked(query.source, query.rest)
    this.#tests = query.rest.length > 0
    this.#left = query.limit
  }

  fill(first: unknown[], second: unknown[]): number {
    return this.#left <= 0 ? 0 : this.#running(() => this.#fill(first, second))
  }

  /** The keys of all entries, each once; again, where the caller's code has thrown, to go on behind that. */
  collect(): KeyList {
    return this.#running(() => {
      const { plan } = this.#query
      // No entry is looked at where nothing is tested.
      if (!this.#tests && plan.kind !== 'scan') return listOf(this.#query)
      this.#candidates ??= candidatesOf(this.#query)
      const found = (this.#collected ??= new KeyList())
      const add = (words: Uint32Array, entry: number) => {
        found.add(words, entry + E_KEY, keyBytesOf(words, entry))
      }
      const addDecoded = ({ primary }: Looked) => found.add(primary.words, 0, primary.bytes)
      while (this.#pass(this.#candidates, AHEAD, add, addDecoded)) {}
      return found
    })
  }

  #running<T>(body: () => T): T {
    if (this.#isRunning) throw invalidOption('match', 'must not ask its own iterator for more')
    this.#isRunning = true
    try {
      return body()
    } finally {
      this.#isRunning = false
    }
  }

  #fill(first: unknown[], second: unknown[]): number {
    this.#candidates ??= this.#begin()
    let count = 0
    const put = (words: Uint32Array, entry: number) => {
      if (count >= this.#left) return
      first[count] = this.#core.keyIn(words, entry)
      second[count] = this.#core.valueIn(words, entry)
      count++
    }
    const putDecoded = ({ key, value }: Looked) => {
      first[0] = key
      second[0] = value
      count = 1
    }
    // Of what is tested more may be needed than are asked for.
    const most = this.#tests ? AHEAD : Math.min(AHEAD, this.#left)
    while (count === 0 && this.#pass(this.#candidates, most, put, putDecoded)) {}
    this.#left -= count
    this.#core.engine.queries.returned += count
    return count
  }

  /**
   * Looks at some candidates: of those that pass the tests the one or the other function is told.
   * @param decoded it is told of one at a time, when no reference into shared memory is in use
   * @returns false at the end
   */
  #pass(
    candidates: Candidates,
    most: number,
    use: (words: Uint32Array, entry: number) => void,
    decoded: (looked: Looked) => void,
  ): boolean {
    const looked = this.#looked
    const tests = this.#tests
    const { held } = this.#query
    // The caller's code has ended the iterator.
    if (held.ended) return false
    held.check()
    if (looked.decodes) {
      const had = candidates.next(1, (words, entry) => looked.decode(words, entry))
      if (had > 0 && (!tests || looked.holds())) decoded(looked)
      return had > 0
    }
    const had = candidates.next(most, (words, entry) => {
      if (tests) {
        looked.open(words, entry)
        if (!looked.holds()) return
      }
      use(words, entry)
    })
    return had > 0
  }

  #begin(): Candidates {
    const { sort } = this.#query
    return sort === null ? candidatesOf(this.#query) : this.#sorted(sort)
  }

  /**
   * Reads all that pass, and sorts them. Where the caller's code throws, the next call goes on behind that.
   */
  #sorted({ defined, index }: Order): Candidates {
    const { source, held, reverse } = this.#query
    this.#unsorted ??= new Unsorted(candidatesOf({ ...this.#query, reverse: false }), defined)
    const { all, found, keys, extractor, places } = this.#unsorted
    const looked = this.#looked
    const hasPaths = defined.by === null
    const place = () => {
      places.push(keys.count === 0 ? null : keys.copyOf(0))
    }
    const note = () => {
      if (!hasPaths) return
      extractor.extract(looked.reader, looked.from, keys)
      place()
    }
    const use = (words: Uint32Array, entry: number) => {
      found.add(words, entry + E_KEY, keyBytesOf(words, entry))
      looked.open(words, entry)
      note()
    }
    const decoded = ({ primary }: Looked) => {
      found.add(primary.words, 0, primary.bytes)
      note()
    }
    while (this.#pass(all, AHEAD, use, decoded)) {}
    this.#unsorted = null
    if (held.ended) return NOTHING
    // They have passed.
    this.#tests = false
    if (!hasPaths) this.#readPlaces(found, index as IndexCore, keys, place)
    const order = places.map((_, i) => i)
    order.sort((i, j) => comparePlaces(places[i], places[j]) || i - j)
    if (reverse) order.reverse()
    return new Listed(this.#core, found, source.finder(this.#core, held), false, order)
  }

  /** Reads which index keys entries have where a function gives them: the index tells. */
  #readPlaces(found: KeyList, index: IndexCore, keys: IndexKeys, place: () => void): void {
    const { source, held } = this.#query
    const [primary, key] = [new KeyBuffer(), new KeyBuffer()]
    const finder = source.finder(index, held)
    finder.begin([])
    try {
      for (let i = 0; i < found.count; i++) {
        found.load(i, primary)
        reverseKey(primary, key)
        keys.clear()
        const { gatherer } = this.#core.engine
        if (finder.find(key)) unpack(bytesIn(finder.words, finder.entry, gatherer), keys)
        place()
      }
    } finally {
      finder.end()
    }
  }
}

/** Candidates as the plan gives them, or in the order of keys. */
function candidatesOf(query: Query): Candidates {
  const { source, held, plan, reverse, isOrdered } = query
  const { core } = source
  const order = { reverse, limit: Number.POSITIVE_INFINITY }
  if (plan.kind === 'scan') {
    return new Scanned(core, runOf(core, held, held.root, WHOLE, order))
  }
  const finder = source.finder(core, held)
  if (!isOrdered && !isInKeyOrder(plan)) return new Listed(core, listOf(query), finder, reverse)
  const [step] = plan.steps
  const [range] = step.ranges
  if (range === undefined) return NOTHING
  return new Led(core, step, runOf(step.index, held, step.root, range, order), finder)
}

/** Entries that have passed so far, and by what they are to be sorted: null where they have no such key. */
class Unsorted {
  readonly found = new KeyList()
  readonly places: (Uint8Array | null)[] = []
  readonly keys = new IndexKeys()
  readonly extractor: Extractor
  readonly all: Candidates

  constructor(all: Candidates, defined: Defined) {
    this.all = all
    this.extractor = new Extractor(defined)
  }
}

/** Keys without a place come last. */
function comparePlaces(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return compareBytes(a, b)
}

/** The keys that the steps of a plan lead to, in key order, each once. */
function listOf({ plan, held, source }: Query): KeyList {
  const { queries, key: primary } = source.core.engine
  const listed = (step: Step, into: KeyList) => {
    for (const range of step.ranges) {
      const run = runOf(step.index, held, step.root, range, ALL)
      const use = (words: Uint32Array, entry: number) => {
        step.index.primaryOf(words, entry, primary)
        into.add(primary.words, 0, primary.bytes)
        queries.scanned++
      }
      while (run.fill(AHEAD, use) > 0);
    }
    return into
  }
  const [first, ...others] = plan.steps
  const list = new KeyList()
  if (first === undefined) return list
  listed(first, list)
  if (plan.kind !== 'intersect') for (const step of others) listed(step, list)
  list.settle()
  if (plan.kind === 'intersect') {
    for (const step of others) {
      const more = listed(step, new KeyList())
      more.settle()
      list.intersect(more)
    }
  }
  return list
}

const NOTHING: Candidates = { next: () => 0 }

/** All entries of a store. */
class Scanned implements Candidates {
  readonly #core: StoreCore
  readonly #run: Run

  constructor(core: StoreCore, run: Run) {
    this.#core = core
    this.#run = run
  }

  next(most: number, use: (words: Uint32Array, entry: number) => void): number {
    const count = this.#run.fill(most, use)
    this.#core.engine.queries.scanned += count
    return count
  }
}

/** Looks entries up by their keys, several at a time. */
abstract class Found implements Candidates {
  protected readonly core: StoreCore
  readonly #finder: Finder

  constructor(core: StoreCore, finder: Finder) {
    this.core = core
    this.#finder = finder
  }

  /** Takes the next keys; how many. */
  protected abstract take(most: number): number

  /** The key at a place among those taken. */
  protected abstract load(i: number, key: KeyBuffer): void

  next(most: number, use: (words: Uint32Array, entry: number) => void): number {
    const count = this.take(most)
    if (count === 0) return 0
    const { engine } = this.core
    const { key } = engine
    const finder = this.#finder
    const hashes: number[] = []
    for (let i = 0; i < count; i++) {
      this.load(i, key)
      hashes.push(hashKey(key.words, 0, key.bytes))
    }
    engine.queries.lookups += count
    finder.begin(hashes)
    try {
      for (let i = 0; i < count; i++) {
        this.load(i, key)
        if (!finder.find(key)) {
          throw new Error('zverse: assertion failed: an index leads to a key that its store lacks')
        }
        use(finder.words, finder.entry)
      }
    } finally {
      finder.end()
    }
    return count
  }
}

/** Entries that a range of an index leads to, as they come. */
class Led extends Found {
  readonly #step: Step
  readonly #run: Run
  readonly #list = new KeyList()

  constructor(core: StoreCore, step: Step, run: Run, finder: Finder) {
    super(core, finder)
    this.#step = step
    this.#run = run
  }

  protected take(most: number): number {
    const { index } = this.#step
    const primary = this.core.engine.key
    this.#list.clear()
    const count = this.#run.fill(most, (words, entry) => {
      index.primaryOf(words, entry, primary)
      this.#list.add(primary.words, 0, primary.bytes)
    })
    this.core.engine.queries.scanned += count
    return count
  }

  protected load(i: number, key: KeyBuffer): void {
    this.#list.load(i, key)
  }
}

/** Entries of a list of keys. */
class Listed extends Found {
  readonly #list: KeyList
  readonly #reverse: boolean
  readonly #order: readonly number[] | null
  #at = 0
  #from = 0

  /** @param order places of keys in the list; null: all, one after the other */
  constructor(
    core: StoreCore,
    list: KeyList,
    finder: Finder,
    reverse: boolean,
    order: readonly number[] | null = null,
  ) {
    super(core, finder)
    this.#list = list
    this.#reverse = reverse
    this.#order = order
  }

  protected take(most: number): number {
    this.#from = this.#at
    const count = Math.min(most, this.#list.count - this.#at)
    this.#at += count
    return count
  }

  protected load(i: number, key: KeyBuffer): void {
    const place = this.#from + i
    const turned = this.#reverse ? this.#list.count - 1 - place : place
    this.#list.load(this.#order === null ? turned : this.#order[turned], key)
  }
}
