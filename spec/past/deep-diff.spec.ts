/** What differs between a version of the deep past and any later one: as memory tells it. */
import { describe, expect, it } from 'vitest'
import type { Difference } from '../../lib/engine/deep.js'
import { compareKeys } from '../../lib/memory/words.js'
import { Within } from '../../lib/storage/past/changed.js'
import { ChangedDiff, ChangedKeys } from '../../lib/storage/past/changed-diff.js'
import { changesByKey, changesByWalk, changesIn } from '../../lib/storage/past/deep-changes.js'
import { DeepDiff } from '../../lib/storage/past/deep-diff.js'
import { type Range, WHOLE } from '../../lib/tree/cursor.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'
import {
  all,
  anyRange,
  anyVersion,
  entriesOf,
  IDS,
  keyIn,
  motley,
  pointed,
  sealed,
  told,
  type World,
} from './past.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

type Entry = number[] | null

const compare = (a: number[], b: number[]) => {
  const [x, y] = [keyIn(a), keyIn(b)]
  return compareKeys(x.words, 0, x.bytes, y.words, 0, y.bytes)
}

/** The keys of two lists, by which they differ. */
function differing(before: number[][], after: number[][], isSame: boolean): [Entry, Entry][] {
  const found: [Entry, Entry][] = []
  const [a, b] = [[...before], [...after]]
  for (;;) {
    const [x, y] = [a[0] ?? null, b[0] ?? null]
    if (x === null && y === null) return found
    const order = x === null ? 1 : y === null ? -1 : compare(x, y)
    if (order <= 0) a.shift()
    if (order >= 0) b.shift()
    const isEqual = order === 0 && String(x) === String(y)
    if (!(isSame && isEqual)) found.push([order <= 0 ? x : null, order >= 0 ? y : null])
  }
}

/** What each version did, by differences of one to the next. */
function done(world: World, id: number, range: Range, from: number, to: number) {
  const all: { version: number; entry: Entry; isPut: boolean }[] = []
  for (let version = from + 1; version <= to; version++) {
    const [a, b] = [version - 1, version].map(v => entriesOf(world, v, id, range)) as [
      number[][],
      number[][],
    ]
    for (const [before, after] of differing(a, b, true)) {
      all.push({ version, entry: after ?? before, isPut: after !== null })
    }
  }
  return all
}

describe(`differences of the deep past, seeds ${SEED} and on`, () => {
  const ask = (world: World, random: Random, seed: number): number => {
    const { W, oldest, newest, engine } = world
    const to = anyVersion(random, oldest, newest)
    const past = sealed(world, to, random)
    let count = 0
    for (let n = 0; n < 10; n++) {
      const until = anyVersion(random, oldest, to)
      const x = anyVersion(random, oldest, until)
      const y = x + random.int(newest - x + 1)
      if (x === y) continue
      const record = engine.epochs.versions.record(until)
      for (const id of IDS) {
        const other = random.chance(0.8) ? id : random.pick([null, ...IDS])
        const [storeBefore, storeAfter] = random.chance(0.5) ? [id, other] : [other, id]
        const known = [...entriesOf(world, x, id), ...entriesOf(world, y, id)]
        const range = anyRange(world, id, known, random)
        // A box is of one curve.
        const isMixed = storeBefore !== storeAfter && storeBefore !== null && storeAfter !== null
        if (range.box !== null && isMixed && !world.curves.has(other as number)) continue
        const second = y < until ? 0 : engine.epochs.versions.record(y)
        const between = { from: x, to: y, record: second, storeBefore, storeAfter, range }
        const given = (diff: { next(): Difference | null }) =>
          all(diff).map(({ before, after }) => [told(world, before), told(world, after)])
        const listOf = (version: number, id: number | null) =>
          id === null ? [] : entriesOf(world, version, id, range)
        const expected = differing(
          listOf(x, storeBefore),
          listOf(y, storeAfter),
          storeBefore === storeAfter,
        )
        const where = `seed ${seed}, ${x} to ${y}, until ${until}, stores ${storeBefore} and ${storeAfter}`
        expect(given(new DeepDiff(W, record, past.runs, between)), where).toEqual(expected)
        count += expected.length
        if (storeBefore === null || storeBefore !== storeAfter) continue
        // Some of the keys are known from before, when memory began earlier.
        const keys = new ChangedKeys(storeBefore, x, new Within(random.chance(0.5) ? range : WHOLE))
        for (let n = random.int(3); n > 0; n--) {
          const earlier = Math.min(y, until)
          keys.upTo(keys.to + random.int(earlier - keys.to + 1), past.runs)
        }
        const byKeys = new ChangedDiff(W, record, past.runs, between, keys)
        expect(given(byKeys), `${where}, by keys`).toEqual(expected)
      }
    }
    past.close()
    world.db.close()
    return count
  }

  it('are those that memory has', () => {
    let count = 0
    for (let run = 0; run < runs(300); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      count += ask(random.chance(0.4) ? motley(seed, random) : pointed(random, 120), random, seed)
    }
    console.log(`${count} differences compared`)
    expect(count).toBeGreaterThan(0)
  })

  it('are, version by version, what versions did', () => {
    let count = 0
    for (let run = 0; run < runs(100); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const world = random.chance(0.4) ? motley(seed, random) : pointed(random, 120)
      const { W, oldest, newest, engine } = world
      const to = anyVersion(random, oldest, newest)
      const past = sealed(world, to, random)
      for (let n = 0; n < 6; n++) {
        const until = anyVersion(random, oldest, to)
        const end = anyVersion(random, oldest, until)
        const from = anyVersion(random, oldest, end)
        const record = engine.epochs.versions.record(until)
        for (const id of IDS) {
          const range = anyRange(world, id, entriesOf(world, end, id), random)
          const expected = done(world, id, range, from, end)
          const where = `seed ${seed}, ${from} to ${end}, until ${until}, store ${id}`
          for (const changes of [changesByKey, changesByWalk, changesIn]) {
            const given = changes(W, record, past.runs, id, range, from, end).map(change => {
              const { version, found, isPut } = change
              return { version, entry: told(world, found), isPut }
            })
            expect(given, `${where}, ${changes.name}`).toEqual(expected)
          }
          count += expected.length
        }
      }
      past.close()
      world.db.close()
    }
    console.log(`${count} changes compared`)
    expect(count).toBeGreaterThan(0)
  })
})
