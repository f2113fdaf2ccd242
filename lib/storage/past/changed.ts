/**
 * The keys that the versions of a span of the deep past changed, as runs have them by version (run-format.ts).
 *
 * So what a few versions changed costs what they changed, however much came after them. Looking a key up afterwards costs
 * more than walking by one in order: {@link isFew} tells which is the less.
 *
 * What is kept here are copies: blocks that were read may go. For one thread, under a read that covers the runs.
 */
import type { Found } from '../../engine/deep.js'
import { entryWords, type KeyWords, keyBytesOf, valueBytesOf } from '../../memory/entry.js'
import { compareKeys } from '../../memory/words.js'
import { type Bound, endsOf, isEmpty, type Range } from '../../tree/cursor.js'
import { Leap } from '../../tree/leap.js'
import type { Changed, Run } from './run.js'

/** How many intervals a walk passes by in the time that a key takes to be looked up. */
const INTERVALS_A_KEY = 8

/** A key that a version changed. */
export interface ChangedKey {
  readonly words: Uint32Array
  readonly bytes: number
  readonly version: number
  /** It was there before. */
  readonly wasThere: boolean
}

/** Tells whether a key lies in a range. */
export class Within {
  readonly #isEmpty: boolean
  readonly #lower: Bound | null
  readonly #upper: Bound | null
  readonly #leap: Leap | null

  constructor(range: Range) {
    const { box } = range
    const { lower, upper } = endsOf(range)
    this.#isEmpty = isEmpty(range)
    this.#lower = lower
    this.#upper = upper
    this.#leap = box === null || this.#isEmpty ? null : new Leap(box, false)
  }

  /** @param words has the key at word `at` */
  holds(words: Uint32Array, at: number, bytes: number): boolean {
    if (this.#isEmpty) return false
    const [lower, upper] = [this.#lower, this.#upper]
    if (lower !== null && isBefore(words, at, bytes, lower)) return false
    if (upper !== null && !isBefore(words, at, bytes, upper)) return false
    return this.#leap?.holds(words, at) ?? true
  }
}

/** True if a key lies before a bound. */
function isBefore(words: Uint32Array, at: number, bytes: number, bound: Bound): boolean {
  const order = compareKeys(words, at, bytes, bound.words, 0, bound.bytes)
  return order < 0 || (order === 0 && bound.after)
}

export const compareChanged = (a: KeyWords, b: KeyWords): number =>
  compareKeys(a.words, 0, a.bytes, b.words, 0, b.bytes)

/** The parts of a span that runs have: each run, and the span in it. None: not all of it is there. */
function partsOf(
  runs: readonly Run[],
  from: number,
  to: number,
): { run: Run; from: number; to: number }[] {
  const parts = []
  let at = from
  for (const run of runs) {
    const { first, count } = run.versions
    const last = first + count - 1
    if (at === to || at < first || at >= last) continue
    const end = Math.min(last, to)
    parts.push({ run, from: at, to: end })
    at = end
  }
  return at === to ? parts : []
}

/**
 * True if the keys that the versions after `from`, up to `to`, changed are known by version, and so few that looking each
 * up costs less than a walk of all intervals since.
 * @param most keys
 */
export function isFew(runs: readonly Run[], from: number, to: number, most: number): boolean {
  const parts = partsOf(runs, from, to)
  if (parts.length === 0) return from === to
  const count = parts.reduce((sum, { run, from, to }) => sum + run.changesIn(from, to), 0)
  const since = runs.slice(runs.indexOf((parts[0] as { run: Run }).run))
  const intervals = since.reduce((sum, { foot }) => sum + foot.intervals, 0)
  return count <= most && count * INTERVALS_A_KEY < intervals
}

/** The keys of a store in a range that versions after `from`, up to `to`, changed: by version, each time. */
export function changedIn(
  runs: readonly Run[],
  store: number,
  within: Within,
  from: number,
  to: number,
): ChangedKey[] {
  return entriesIn(runs, store, within, from, to, ({ words, key, bytes, entry, version }) => {
    const copy = words.slice(key, key + ((bytes + 3) >>> 2))
    return { words: copy, bytes, version, wasThere: entry >= 0 }
  })
}

/** The same, each as `copied` has it of what lies in a block. */
export function entriesIn<T>(
  runs: readonly Run[],
  store: number,
  within: Within,
  from: number,
  to: number,
  copied: (changed: Changed) => T,
): T[] {
  const all: T[] = []
  for (const part of partsOf(runs, from, to)) {
    for (const changed of part.run.changed(part.from, part.to)) {
      const { words, key, bytes } = changed
      if (changed.store === store && within.holds(words, key, bytes)) all.push(copied(changed))
    }
  }
  return all
}

/** An entry that keeps no block. */
export function copyOf({ words, entry, death }: Found): Found {
  const size = entryWords(keyBytesOf(words, entry), valueBytesOf(words, entry))
  return { words: words.slice(entry, entry + size), entry: 0, death }
}
