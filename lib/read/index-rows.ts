/** The keys of an index as items of an iterator, with what they lead to in its store. */
import type { DeepVersion, Found, Steps as Walk } from '../engine/deep.js'
import type { KeyBuffer } from '../key/codec.js'
import { keyBytesOf } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { type Walker, walk } from '../tree/box-cursor.js'
import type { Bound, Range } from '../tree/cursor.js'
import { placeOf, Rewalk, restOf } from './deep.js'
import type { Finder } from './finder.js'
import type { IndexCore } from './index-core.js'
import type { Feed } from './iterator.js'
import { KEYS, PAIRS, VALUES } from './rows.js'
import type { Held } from './source.js'

/** `[index key, key]`; the other kinds are those of stores. */
export const INDEX_PAIRS = 4

/** Keys looked up at a time at first, and at most. */
const BEGIN = 4
const AHEAD = 16

/** Gives the next keys of an index, at most so many, to `use`; returns how many. */
interface Run {
  fill(most: number, use: (words: Uint32Array, entry: number) => void): number
}

class MemoryRun implements Run {
  readonly #W: Uint32Array
  readonly #walker: Walker
  readonly #entries: number[] = []

  constructor(W: Uint32Array, walker: Walker) {
    this.#W = W
    this.#walker = walker
  }

  fill(most: number, use: (words: Uint32Array, entry: number) => void): number {
    const count = this.#walker.fill(this.#entries, 0, most)
    for (let i = 0; i < count; i++) use(this.#W, this.#entries[i])
    return count
  }
}

class DeepRun extends Rewalk<Found> implements Run {
  readonly #core: IndexCore
  readonly #range: Range
  readonly #reverse: boolean
  #left: number
  #place: Bound | null = null

  constructor(core: IndexCore, version: number, range: Range, reverse: boolean, limit: number) {
    super(core.engine, version)
    this.#core = core
    this.#range = range
    this.#reverse = reverse
    this.#left = limit
  }

  protected begin(deep: DeepVersion): Walk<Found> | null {
    const place = this.#place
    const range = place === null ? this.#range : restOf(this.#range, place, this.#reverse)
    return deep.walk(this.#core.idAt(deep), range, this.#reverse)
  }

  fill(most: number, use: (words: Uint32Array, entry: number) => void): number {
    return this.read(steps => {
      let count = 0
      for (; count < most && this.#left > 0; count++) {
        const found = steps?.next() ?? null
        if (found === null) break
        this.#left--
        use(found.words, found.entry)
        this.#place = placeOf(found, !this.#reverse)
      }
      return count
    })
  }
}

export class IndexRows implements Feed {
  readonly isPaired: boolean
  readonly #core: IndexCore
  readonly #run: Run
  readonly #kind: number
  readonly #finder: Finder
  #ramp: number

  constructor(
    core: IndexCore,
    held: Held,
    range: Range,
    reverse: boolean,
    limit: number,
    kind: number,
    finder: Finder,
  ) {
    this.#core = core
    this.#kind = kind
    this.#finder = finder
    this.isPaired = kind === PAIRS
    this.#ramp = limit === Number.POSITIVE_INFINITY ? BEGIN : AHEAD
    const { W } = core.engine
    this.#run =
      held.deep >= 0
        ? new DeepRun(core, held.deep, range, reverse, limit)
        : new MemoryRun(W, walk(W, held.root, range, reverse, limit))
  }

  fill(first: unknown[], second: unknown[], all: boolean): number {
    const core = this.#core
    const kind = this.#kind
    const isPure = core.parent.values.pure
    const hasValues = kind === PAIRS || kind === VALUES
    const most = hasValues && !isPure ? 1 : all ? AHEAD : this.#ramp
    this.#ramp = Math.min(AHEAD, this.#ramp * 2)
    if (hasValues) return this.#fillValues(most, first, second)
    let at = 0
    return this.#run.fill(most, (words, entry) => {
      const bytes = keyBytesOf(words, entry)
      if (kind === KEYS) first[at++] = core.primaryIn(words, entry)
      else first[at++] = core.keys.decode(words, entry + E_KEY, bytes)
    })
  }

  #fillValues(most: number, first: unknown[], second: unknown[]): number {
    const core = this.#core
    const { engine } = core
    const { batch, key } = engine
    const isPaired = this.isPaired
    const values = isPaired ? second : first
    let at = 0
    batch.begin()
    const count = this.#run.fill(most, (words, entry) => {
      if (isPaired) first[at++] = core.primaryIn(words, entry)
      core.primaryOf(words, entry, key)
      batch.add(key)
    })
    if (count === 0) return 0
    const finder = this.#finder
    finder.begin(batch.hashes)
    try {
      for (let i = 0; i < count; i++) {
        batch.load(i, key)
        values[i] = this.#valueOf(finder, key)
      }
    } finally {
      finder.end()
    }
    return count
  }

  #valueOf(finder: Finder, key: KeyBuffer): unknown {
    if (finder.find(key)) return this.#core.parent.valueIn(finder.words, finder.entry)
    throw new Error('zverse: assertion failed: an index leads to a key that its store lacks')
  }
}
