/** The keys of an index as items of an iterator, with what they lead to in its store. */
import type { KeyBuffer } from '../key/codec.js'
import { keyBytesOf } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import type { Range } from '../tree/cursor.js'
import type { Finder } from './finder.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import type { Feed } from './iterator.js'
import { KEYS, PAIRS, VALUES } from './rows.js'
import { type Run, runOf } from './run.js'

/** `[index key, key]`; the other kinds are those of stores. */
export const INDEX_PAIRS = 4
/** Of an index by place: `[key, value, point]`. */
export const POINTS = 5

/** Keys looked up at a time at first, and at most. */
const BEGIN = 4
const AHEAD = 16

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
    this.#run = runOf(core, held, held.root, range, { reverse, limit })
  }

  fill(first: unknown[], second: unknown[], all: boolean): number {
    const core = this.#core
    const kind = this.#kind
    const isPure = core.parent.values.pure
    const hasValues = kind === PAIRS || kind === VALUES || kind === POINTS
    const most = hasValues && !isPure ? 1 : all ? AHEAD : this.#ramp
    this.#ramp = Math.min(AHEAD, this.#ramp * 2)
    const { queries } = core.engine
    const count = hasValues ? this.#fillValues(most, first, second) : this.#fillKeys(most, first)
    queries.scanned += count
    queries.returned += count
    if (hasValues) queries.lookups += count
    return count
  }

  #fillKeys(most: number, first: unknown[]): number {
    const core = this.#core
    const kind = this.#kind
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
    const isPoint = this.#kind === POINTS
    const values = isPaired ? second : first
    let at = 0
    batch.begin()
    const count = this.#run.fill(most, (words, entry) => {
      if (isPaired) first[at++] = core.primaryIn(words, entry)
      else if (isPoint) {
        first[at++] = [core.primaryIn(words, entry), undefined, core.pointIn(words, entry)]
      }
      core.primaryOf(words, entry, key)
      batch.add(key)
    })
    if (count === 0) return 0
    const finder = this.#finder
    finder.begin(batch.hashes)
    try {
      for (let i = 0; i < count; i++) {
        batch.load(i, key)
        const value = this.#valueOf(finder, key)
        if (isPoint) (first[i] as unknown[])[1] = value
        else values[i] = value
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
