/**
 * The differences of two versions, the first of which is deep, by the keys that the versions between them changed
 * (changed.ts): for a store that both know. What it gives is what DeepDiff gives, and costs two look-ups for each key.
 *
 * Where the later version is in memory, `to`, the keys are those changed up to memory's oldest version, `o`, and what
 * differs between `o` and `to`. For one thread, as deep.ts.
 */
import type { Difference, Found } from '../../engine/deep.js'
import { keyBytesOf } from '../../memory/entry.js'
import { E_KEY, R_VERSION } from '../../memory/layout.js'
import { compareKeys, load48 } from '../../memory/words.js'
import { DiffCursor } from '../../tree/diff.js'
import { find } from '../../tree/search.js'
import { rootIn } from './beside.js'
import { type ChangedKey, changedIn, compareChanged, Within } from './changed.js'
import { Deep } from './deep.js'
import type { Between } from './deep-diff.js'
import type { Run } from './run.js'

const ALIVE = Number.POSITIVE_INFINITY

/** The keys of a store that versions after `from` changed, in key order, as the first of these found them. */
export class ChangedKeys {
  readonly store: number
  readonly from: number
  readonly #within: Within
  /** Up to which version. */
  #to: number
  #keys: readonly ChangedKey[] = []

  /** @param within which of them */
  constructor(store: number, from: number, within: Within) {
    this.store = store
    this.from = from
    this.#within = within
    this.#to = from
  }

  get to(): number {
    return this.#to
  }

  /** Those that the versions up to `to` changed: that, or a later one than before. */
  upTo(to: number, runs: readonly Run[]): readonly ChangedKey[] {
    const more = changedIn(runs, this.store, this.#within, this.#to, to)
    this.#to = to
    // A difference that walks them goes on with those that it began with.
    const keys = [...this.#keys]
    this.#keys = keys
    if (keys.length === 0) {
      more.sort((a, b) => compareChanged(a, b) || a.version - b.version)
      for (const key of more) {
        const last = keys.at(-1)
        if (last === undefined || compareChanged(last, key) !== 0) keys.push(key)
      }
    } else {
      for (const key of more) {
        const at = firstAt(keys, other => compareChanged(other, key) >= 0)
        const there = keys[at]
        if (there === undefined || compareChanged(there, key) !== 0) keys.splice(at, 0, key)
      }
    }
    return keys
  }
}

/** The first place of a list at which something holds that holds from there on. */
function firstAt<T>(list: readonly T[], holds: (one: T) => boolean): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(list[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}

export class ChangedDiff {
  readonly #W: Uint32Array
  readonly #keys: readonly ChangedKey[]
  readonly #within: Within
  readonly #before: Deep
  /** The later version, where that is deep; else memory's oldest one, whose tree is at #root, counts. */
  readonly #deep: Deep | null
  readonly #root: number
  readonly #cursor: DiffCursor | null
  readonly #store: number
  #at: number
  /** The cursor stands at a key that has not been given. */
  #isThere = false

  /**
   * @param oldest record of the oldest version in memory
   * @param runs all of deaths from the first version on, oldest first
   * @param keys of the store, changed since the first version
   */
  constructor(
    W: Uint32Array,
    oldest: number,
    runs: readonly Run[],
    { to, record, range }: Between,
    keys: ChangedKeys,
  ) {
    const until = load48(W, oldest + R_VERSION)
    const { store } = keys
    this.#W = W
    this.#store = store
    this.#keys = keys.upTo(Math.min(to, until), runs)
    this.#within = new Within(range)
    this.#before = new Deep(W, oldest, runs, keys.from)
    this.#deep = to < until ? new Deep(W, oldest, runs, to) : null
    this.#root = rootIn(W, oldest, store)
    this.#cursor =
      to > until ? new DiffCursor(W, this.#root, rootIn(W, record, store), range) : null
    const { lower } = range.box === null ? range : { lower: null }
    this.#at =
      lower === null
        ? 0
        : firstAt(this.#keys, ({ words, bytes }) => {
            const order = compareKeys(words, 0, bytes, lower.words, 0, lower.bytes)
            return lower.after ? order > 0 : order >= 0
          })
  }

  /** The next key whose entries differ; null at the end. @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_IO` */
  next(): Difference | null {
    const cursor = this.#cursor
    for (;;) {
      if (cursor !== null && !this.#isThere) this.#isThere = cursor.next()
      const key = this.#key()
      if (key === null && !this.#isThere) return null
      const order = key === null ? 1 : this.#isThere ? this.#compare(key) : -1
      if (order > 0) {
        this.#isThere = false
        const { before, after } = cursor as DiffCursor
        return { before: this.#found(before), after: this.#found(after) }
      }
      const { wasThere } = key as ChangedKey
      const before = wasThere ? this.#before.find(this.#store, key as ChangedKey) : null
      const after = order < 0 ? this.#after(key as ChangedKey) : this.#found(cursor?.after ?? 0)
      this.#at++
      if (order === 0) this.#isThere = false
      // Else it came and went.
      if (before !== null || after !== null) return { before, after }
    }
  }

  /** The next changed key in the range; null at the end. */
  #key(): ChangedKey | null {
    for (; this.#at < this.#keys.length; this.#at++) {
      const key = this.#keys[this.#at] as ChangedKey
      if (this.#within.holds(key.words, 0, key.bytes)) return key
    }
    return null
  }

  /** Compares a changed key with the one that the cursor stands at. */
  #compare({ words, bytes }: ChangedKey): number {
    const W = this.#W
    const cursor = this.#cursor as DiffCursor
    const entry = cursor.before === 0 ? cursor.after : cursor.before
    return compareKeys(words, 0, bytes, W, entry + E_KEY, keyBytesOf(W, entry))
  }

  #after({ words, bytes }: ChangedKey): Found | null {
    if (this.#deep !== null) return this.#deep.find(this.#store, { words, bytes })
    return this.#found(find(this.#W, this.#root, words, bytes))
  }

  #found(entry: number): Found | null {
    return entry === 0 ? null : { words: this.#W, entry, death: ALIVE }
  }
}
