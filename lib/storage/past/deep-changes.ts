/**
 * What the commits of a span of the deep past changed in a store: the births and deaths in it.
 *
 * Two ways, which give the same: by the keys that each version changed (changed.ts), and, where they are many, by a walk of
 * all intervals and births since the begin of the span. For one thread, as deep.ts.
 */
import type { DeepChange, Found } from '../../engine/deep.js'
import { versionOf } from '../../memory/entry.js'
import { R_VERSION } from '../../memory/layout.js'
import { load48 } from '../../memory/words.js'
import { BornCursor } from '../../tree/born.js'
import type { Range } from '../../tree/cursor.js'
import { find } from '../../tree/search.js'
import { rootIn } from './beside.js'
import { compareChanged, copyOf, entriesIn, isFew, Within } from './changed.js'
import { Deep } from './deep.js'
import { compareFound } from './deep-walk.js'
import type { Run } from './run.js'
import { RunCursor } from './run-cursor.js'

/**
 * The changes of the versions after `from`, up to `to`, by version, then by key.
 * @param oldest record of the oldest version in memory, which is `to` or a later one
 * @param runs all of deaths from `from` on
 */
export function changesIn(
  W: Uint32Array,
  oldest: number,
  runs: readonly Run[],
  store: number,
  range: Range,
  from: number,
  to: number,
): DeepChange[] {
  const isByKey = isFew(runs, from, to, Number.POSITIVE_INFINITY)
  return (isByKey ? changesByKey : changesByWalk)(W, oldest, runs, store, range, from, to)
}

export function changesByKey(
  W: Uint32Array,
  oldest: number,
  runs: readonly Run[],
  store: number,
  range: Range,
  from: number,
  to: number,
): DeepChange[] {
  const until = load48(W, oldest + R_VERSION)
  const root = rootIn(W, oldest, store)
  const within = new Within(range)
  const keys = entriesIn(runs, store, within, from, to, ({ words, key, bytes, entry, version }) => {
    const before = entry < 0 ? null : copyOf({ words, entry, death: version })
    return { words: words.slice(key, key + ((bytes + 3) >>> 2)), bytes, version, before }
  })
  // Keys that lie beside each other are looked up in the same blocks.
  keys.sort((a, b) => compareChanged(a, b) || a.version - b.version)
  const all = keys.map(({ words, bytes, version, before }): DeepChange => {
    let after: Found | null
    if (version < until) {
      after = new Deep(W, oldest, runs, version).find(store, { words, bytes })
      if (after !== null && after.words !== W) after = copyOf(after)
    } else {
      const entry = find(W, root, words, bytes)
      after = entry === 0 ? null : { words: W, entry, death: Number.POSITIVE_INFINITY }
    }
    return { version, found: (after ?? before) as Found, isPut: after !== null }
  })
  // The sort is stable: those of a version stay in key order.
  return all.sort((a, b) => a.version - b.version)
}

export function changesByWalk(
  W: Uint32Array,
  oldest: number,
  runs: readonly Run[],
  store: number,
  range: Range,
  from: number,
  to: number,
): DeepChange[] {
  const until = load48(W, oldest + R_VERSION)
  const all: DeepChange[] = []
  const isIn = (version: number) => from < version && version <= to
  const add = (found: Found) => {
    const birth = versionOf(found.words, found.entry)
    if (isIn(birth)) all.push({ version: birth, found, isPut: true })
    if (isIn(found.death)) all.push({ version: found.death, found, isPut: false })
  }
  const dead = { bornAfter: -1, bornUntil: to, diedAfter: from, diedUntil: to }
  const born = { bornAfter: from, bornUntil: to, diedAfter: to, diedUntil: until }
  for (const run of runs) {
    for (const wanted of [dead, born]) {
      const cursor = new RunCursor(run, store, range, false, wanted)
      while (cursor.move()) {
        add({ words: cursor.words, entry: cursor.entry, death: cursor.death })
      }
    }
  }
  const cursor = new BornCursor(W, rootIn(W, oldest, store), range, from, false)
  for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
    add({ words: W, entry, death: Number.POSITIVE_INFINITY })
  }
  all.sort((a, b) => {
    if (a.version !== b.version) return a.version - b.version
    return compareFound(a.found, b.found) || Number(b.isPut) - Number(a.isPut)
  })
  // Where a version replaced an entry, it is what the version put that counts.
  return all.filter(({ version, found, isPut }, i) => {
    const before = all[i - 1]
    if (isPut || before === undefined || before.version !== version) return true
    return compareFound(before.found, found) !== 0
  })
}
