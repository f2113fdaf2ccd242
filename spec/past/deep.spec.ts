/** The deep past answers as memory did: keys, ranges and boxes either way, counts, histories. */
import { describe, expect, it } from 'vitest'
import { Deep } from '../../lib/storage/past/deep.js'
import { happeningsIn } from '../../lib/storage/past/deep-history.js'
import { find } from '../../lib/tree/search.js'
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
  rootAt,
  type Sealed,
  sealed,
  told,
  type World,
  wordsOf,
} from './past.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

/** Databases of one kind. */
const KINDS: Record<string, (seed: number, random: Random) => World> = {
  'of all kinds of keys': motley,
  'of few points': (_, random) => pointed(random, 30),
  'of many points': (_, random) => pointed(random, 150),
}

/** Does something with versions `until` of memory, and `at` before it, of databases with their runs. */
function each(
  kind: keyof typeof KINDS,
  count: number,
  body: (world: World, deep: Deep, random: Random, where: string, past: Sealed) => void,
): void {
  for (let run = 0; run < runs(count); run++) {
    const seed = SEED + run
    const random = new Random(seed)
    const world = (KINDS[kind] as (typeof KINDS)[string])(seed, random)
    const { oldest, newest, W } = world
    const to = anyVersion(random, oldest, newest)
    const past = sealed(world, to, random)
    for (let n = 0; n < 8; n++) {
      const until = anyVersion(random, oldest, to)
      const at = anyVersion(random, oldest, until)
      const record = world.engine.epochs.versions.record(until)
      const deep = new Deep(W, record, past.runs, at)
      body(world, deep, random, `seed ${seed}, at ${at}, until ${until}`, past)
    }
    past.close()
    world.db.close()
  }
}

describe(`the deep past, seeds ${SEED} and on`, () => {
  for (const kind of Object.keys(KINDS)) {
    it(`${kind}: walks and counts any range, and finds each key`, () => {
      each(kind, 100, (world, deep, random, where) => {
        const { at, until } = deep.moment
        for (const id of IDS) {
          const now = entriesOf(world, at, id)
          const what = `${where}, store ${id}`
          for (let n = 0; n < 3; n++) {
            const range = anyRange(world, id, now, random)
            const expected = entriesOf(world, at, id, range)
            expect(deep.count(id, range), what).toBe(expected.length)
            for (const isReverse of [false, true]) {
              const walked = all(deep.walk(id, range, isReverse)).map(found => told(world, found))
              expect(walked, what).toEqual(isReverse ? expected.reverse() : expected)
            }
          }
          for (const words of now) {
            expect(told(world, deep.find(id, keyIn(words))), what).toEqual(words)
          }
          // Keys of the version in memory that were not there yet, too.
          const keys = new Set(now.map(words => keyIn(words).words.join()))
          for (const words of entriesOf(world, until, id)) {
            if (keys.has(keyIn(words).words.join())) continue
            expect(deep.find(id, keyIn(words)), what).toBeNull()
          }
        }
      })
    })

    it(`${kind}: tells the history of a key`, () => {
      each(kind, 60, (world, deep, random, where, past) => {
        const { W, oldest, engine } = world
        const { at, until } = deep.moment
        const { versions } = engine.epochs
        for (const id of IDS) {
          const known = [at, until, oldest + random.int(until - oldest + 1)]
          const entries = known.flatMap(version => entriesOf(world, version, id))
          for (const words of entries.slice(0, 20)) {
            const key = keyIn(words)
            const expected: { birth: number; death: number; words: number[] }[] = []
            let last = 0
            for (let version = at; version <= until; version++) {
              const entry = find(W, rootAt(world, version, id), key.words, key.bytes)
              const before = expected.at(-1)
              if (last !== 0 && entry !== last && before !== undefined) before.death = version
              if (entry !== 0 && entry !== last) {
                const all = wordsOf(world, W, entry)
                const birth = (all[0] as number) + ((all[1] as number) & 0xffff) * 2 ** 32
                expected.push({ birth, death: Number.POSITIVE_INFINITY, words: all })
              }
              last = entry
            }
            const record = versions.record(until)
            const lives = happeningsIn(past.runs, W, record, id, key, at)
            const given = lives.map(({ birth, death, found }) => {
              expect(found.death, where).toBe(death)
              return { birth, death, words: told(world, found) }
            })
            expect(given, `${where}, store ${id}`).toEqual(expected)
          }
        }
      })
    })
  }
})
