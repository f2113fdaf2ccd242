/**
 * The history of one key from a version before the oldest one in memory up to that one.
 *
 * Each run is asked by its filter and by binary search; what it has of the key lies side by side.
 */
import type { Lifetime } from '../../engine/deep.js'
import { compareToEntry, type KeyWords, versionOf } from '../../memory/entry.js'
import { hashKey } from '../../memory/hash.js'
import { R_VERSION } from '../../memory/layout.js'
import { load48 } from '../../memory/words.js'
import { find } from '../../tree/search.js'
import { rootIn } from './beside.js'
import { hashIn } from './filter.js'
import type { Run } from './run.js'
import { I_DEATH, I_ENTRY } from './run-format.js'

/**
 * The entries that a key of a store had from version `from` up to the oldest one in memory, oldest first. The first may
 * have been born before.
 * @param runs all of deaths from `from` on, oldest first
 * @param record of the oldest version in memory
 * @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_IO`
 */
export function happeningsIn(
  runs: readonly Run[],
  W: Uint32Array,
  record: number,
  store: number,
  key: KeyWords,
  from: number,
): Lifetime[] {
  const until = load48(W, record + R_VERSION)
  const hash = hashIn(store, hashKey(key.words, 0, key.bytes))
  const lives: Lifetime[] = []
  for (const run of runs) {
    const isThere = run.foot.death > from && run.span.from < until && run.mayHave(hash)
    if (isThere) addFrom(run, store, key, from, until, lives)
  }
  const entry = find(W, rootIn(W, record, store), key.words, key.bytes)
  if (entry !== 0) {
    const found = { words: W, entry, death: Number.POSITIVE_INFINITY }
    lives.push({ birth: versionOf(W, entry), death: found.death, found })
  }
  return lives
}

/** Adds what a run has of a key that died after `from` and by `until`. */
function addFrom(
  run: Run,
  store: number,
  key: KeyWords,
  from: number,
  until: number,
  lives: Lifetime[],
): void {
  // They do not overlap: of those born by `from` only the last can have died later.
  const place = run.place(store, key, from + 1)
  let isBefore = run.back(place)
  for (let { block, at } = place; block < run.blocks; block++, at = 0) {
    const { words, count } = run.block(block)
    for (; at < count; at++, isBefore = false) {
      const begin = words[at]
      const entry = begin + I_ENTRY
      const isOfKey = compareToEntry(key.words, key.bytes, words, entry) === 0
      if (!isOfKey || (words[begin] | 0) !== store) {
        if (isBefore) continue
        return
      }
      const death = load48(words, begin + I_DEATH)
      if (death > until) return
      if (death <= from) continue
      lives.push({ birth: versionOf(words, entry), death, found: { words, entry, death } })
    }
  }
}
