/** Writes the intervals of some runs as one run, without those that nobody may ask for any more. */
import { keyBytesOf, versionOf } from '../../memory/entry.js'
import { E_KEY } from '../../memory/layout.js'
import { compareKeys, load48 } from '../../memory/words.js'
import type { Run } from './run.js'
import { I_DEATH, I_ENTRY } from './run-format.js'
import type { RunWriter } from './run-writer.js'

/** Walks all intervals of a run. */
class Walk {
  readonly #run: Run
  #block = -1
  #at = 0
  #count = 0
  /** The block, and the word at which the interval begins. */
  words: Uint32Array = new Uint32Array(0)
  begin = 0

  constructor(run: Run) {
    this.#run = run
  }

  /** The next one; false at the end. */
  next(): boolean {
    while (this.#at === this.#count) {
      if (++this.#block === this.#run.blocks) return false
      const { words, count } = this.#run.block(this.#block)
      this.words = words
      this.#count = count
      this.#at = 0
    }
    this.begin = this.words[this.#at++]
    return true
  }
}

function compare(a: Walk, b: Walk): number {
  const [x, y] = [a.words, b.words]
  const [store, other] = [x[a.begin] | 0, y[b.begin] | 0]
  if (store !== other) return store - other
  const [i, j] = [a.begin + I_ENTRY, b.begin + I_ENTRY]
  const key = compareKeys(x, i + E_KEY, keyBytesOf(x, i), y, j + E_KEY, keyBytesOf(y, j))
  return key !== 0 ? key : versionOf(x, i) - versionOf(y, j)
}

/** What must stay readable: the versions from `from` on, and those of tags before it, which rise. */
export interface Needed {
  readonly from: number
  readonly tagged: readonly number[]
}

/** The first of the rising versions that is not before `version`; undefined where all are. */
export function firstFrom(versions: readonly number[], version: number): number | undefined {
  return versions[placeFrom(versions, version)]
}

/** Its place; the length where all are before. */
export function placeFrom(versions: readonly number[], version: number): number {
  let [low, high] = [0, versions.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (versions[middle] < version) low = middle + 1
    else high = middle
  }
  return low
}

/** True if an interval, or any of several, may be asked for. */
export function isNeeded({ from, tagged }: Needed, birth: number, death: number): boolean {
  if (death > from) return true
  const tag = firstFrom(tagged, birth)
  return tag !== undefined && tag < death
}

/**
 * Adds what the runs have together, and is needed, to a run that is being written, and the times and changes of the
 * versions that are needed; yields now and then.
 * @param to the last version of which the new run is to tell
 */
export function* merge(
  runs: readonly Run[],
  needed: Needed,
  writer: RunWriter,
  to = Number.POSITIVE_INFINITY,
): Generator<void, void, void> {
  let next = needed.from
  for (const run of runs) {
    const { first, count } = run.versions
    const last = Math.min(first + count - 1, to)
    let steps = 0
    for (next = Math.max(next, first); next <= last; next++) {
      writer.time(next, run.timeOf(next))
      // What the first version changed is of no use to anybody: that takes the one before it, too.
      const before = Math.max(next - 1, first, needed.from)
      for (const { store, words, key, bytes } of run.arrived(before, next)) {
        writer.arrival(next, store, words, key, bytes)
        if ((++steps & 1023) === 0) yield
      }
    }
  }
  const walks = runs.map(run => new Walk(run)).filter(walk => walk.next())
  for (let steps = 1; walks.length > 0; steps++) {
    let least = 0
    for (let i = 1; i < walks.length; i++) if (compare(walks[i], walks[least]) < 0) least = i
    const walk = walks[least]
    const { words, begin } = walk
    const death = load48(words, begin + I_DEATH)
    const entry = begin + I_ENTRY
    if (death <= to && isNeeded(needed, versionOf(words, entry), death)) {
      writer.add(words[begin] | 0, words, entry, death)
    }
    if (!walk.next()) walks.splice(least, 1)
    if ((steps & 1023) === 0) yield
  }
}
