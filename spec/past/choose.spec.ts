/** What is done with past runs, over years of synthetic load: how much is written, kept, and asked. */
import { describe, expect, it } from 'vitest'
import { choose, FANOUT, LEAST, type RunInfo } from '../../lib/storage/past/choose.js'
import { Random } from '../support/random.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

/** How a database lives: bytes of past that a version leaves, how often it is sealed, how much is kept. */
interface Load {
  name: string
  /** Bytes of past of so many versions. */
  bytes: (versions: number, random: Random) => number
  /** Versions between two seals. */
  sealed: (random: Random, seals: number) => number
  seals: number
  /** Versions that are kept. */
  keeps: number
}

const loads: Load[] = [
  {
    name: 'a steady load without a bound',
    ...{ bytes: n => 80 * n, sealed: () => 5000, seals: 5000, keeps: Number.POSITIVE_INFINITY },
  },
  {
    name: 'a steady load, the last million versions',
    ...{ bytes: n => 80 * n, sealed: () => 5000, seals: 5000, keeps: 1e6 },
  },
  {
    name: 'bursts, and long quiet times',
    bytes: (n, random) => (random.chance(0.02) ? 4000 : 60) * n,
    sealed: random => (random.chance(0.1) ? 20_000 : 1 + random.int(2000)),
    ...{ seals: 5000, keeps: 3e6 },
  },
  {
    name: 'many small ones: sealed early, as memory is short',
    ...{ bytes: n => 200 * n, sealed: () => 20, seals: 8000, keeps: 1e5 },
  },
  {
    name: 'a little first, then more and more',
    bytes: n => 40 * n,
    sealed: (random, i) => 1 + random.int(2 ** Math.min(14, i / 20)),
    ...{ seals: 3000, keeps: Number.POSITIVE_INFINITY },
  },
  {
    name: 'large ones and small ones in turn',
    bytes: n => 60 * n,
    sealed: (_, i) => (i % 2 === 0 ? 16_384 : 300),
    ...{ seals: 4000, keeps: Number.POSITIVE_INFINITY },
  },
  {
    name: 'sizes of five orders of magnitude',
    bytes: n => 60 * n,
    sealed: random => Math.ceil(10 ** (random.int(500) / 100)),
    ...{ seals: 4000, keeps: Number.POSITIVE_INFINITY },
  },
]

/** Lets a database live; returns what it came to. */
function live({ bytes, sealed, seals, keeps }: Load, random: Random) {
  let runs: RunInfo[] = []
  let [number, version] = [0, 0]
  let [born, written, most, space] = [0, 0, 0, 0]
  let [largest, smallest] = [0, Number.POSITIVE_INFINITY]
  for (let i = 0; i < seals; i++) {
    const from = version
    version += sealed(random, i)
    const size = Math.round(bytes(version - from, random)) + 100
    runs.push({ number: ++number, from, to: version, bytes: size, birth: 0 })
    born += size
    written += size
    smallest = Math.max(LEAST, Math.min(smallest, size))
    const horizon = Math.max(0, version - keeps)
    for (;;) {
      const { drop, merge } = choose(runs, { from: horizon, tagged: [] })
      if (drop.length + merge.length === 0) break
      runs = runs.filter(run => !drop.includes(run.number))
      if (merge.length === 0) continue
      const first = runs.findIndex(run => run.number === merge[0])
      const inputs = runs.slice(first, first + merge.length)
      expect(inputs.map(run => run.number)).toEqual(merge)
      const [oldest, newest] = [inputs[0], inputs.at(-1)] as [RunInfo, RunInfo]
      const left = inputs.reduce((sum, run) => sum + run.bytes * shareAfter(run, horizon), 0)
      const one = { number: ++number, to: newest.to, bytes: Math.ceil(left), birth: 0 }
      runs.splice(first, inputs.length, { ...one, from: Math.max(oldest.from, horizon) })
      written += left
    }
    // They lie one after the other, and reach to the last version.
    runs.forEach((run, at) => {
      const next = runs[at + 1]?.from ?? version
      expect(run.to).toBe(next)
    })
    most = Math.max(most, runs.length)
    const needed = runs.reduce((sum, run) => sum + run.bytes * shareAfter(run, horizon), 0)
    const all = runs.reduce((sum, run) => sum + run.bytes, 0)
    largest = Math.max(largest, ...runs.map(run => run.bytes))
    if (needed > 2 ** 24) space = Math.max(space, all / needed)
  }
  return { written: written / born, most, space, largest, smallest }
}

const shareAfter = ({ from, to }: RunInfo, horizon: number) =>
  Math.min(1, Math.max(0, (to - horizon) / (to - from)))

describe(`the choice of runs to merge, seed ${SEED}`, () => {
  it.each(loads)('$name', load => {
    const { written, most, space, largest, smallest } = live(load, new Random(SEED))
    const tiers = 2 + Math.log(largest / smallest) / Math.log(FANOUT)
    const figures = { written: written.toFixed(2), runs: most, space: space.toFixed(2) }
    console.log(`${load.name}: ${JSON.stringify(figures)}, tiers ${tiers.toFixed(1)}`)
    // Once as it is sealed, once in each tier, and once more as its time ends.
    expect(written).toBeLessThan(tiers + 2)
    const all = 1 + Math.ceil(Math.log(largest / LEAST) / Math.log(FANOUT))
    expect(most).toBeLessThanOrEqual((FANOUT - 1) * all)
    expect(space).toBeLessThan(2.1)
  })

  it('keeps what only tags need, once written anew, and as one where it is several', () => {
    const run = (number: number, kept?: readonly number[]): RunInfo => {
      const span = { from: 10 * (number - 1), to: 10 * number }
      return { number, ...span, bytes: 5000, birth: span.from, ...(kept && { kept }) }
    }
    const needs = (from: number, ...tagged: number[]) => ({ from, tagged })
    const runs = [run(1), run(2), run(3)]
    expect(choose(runs, needs(20, 5))).toEqual({ drop: [2], merge: [1] })
    // An entry that was born before a tag and died after it: a tag is asked for between birth and end.
    expect(choose(runs, needs(20, 10))).toEqual({ drop: [1], merge: [2] })
    expect(choose([run(1, [5]), run(3)], needs(20, 5))).toEqual({ drop: [], merge: [] })
    expect(choose([run(1, [5, 6]), run(3)], needs(20, 5))).toEqual({ drop: [], merge: [1] })
    expect(choose([run(1, [5]), run(3)], needs(20))).toEqual({ drop: [1], merge: [] })
    const many = [run(1, [5]), run(2, [15]), run(3, [25]), run(4, [35])]
    expect(choose(many, needs(40, 5, 15, 25, 35))).toEqual({ drop: [], merge: [1, 2, 3, 4] })
  })

  it('leaves alone what is well', () => {
    const needs = (from: number) => ({ from, tagged: [] })
    const runs: RunInfo[] = [
      { number: 1, from: 0, to: 100, bytes: 40 * LEAST, birth: 0 },
      { number: 2, from: 100, to: 110, bytes: 5 * LEAST, birth: 0 },
      { number: 3, from: 110, to: 112, bytes: 100, birth: 0 },
    ]
    expect(choose(runs, needs(0))).toEqual({ drop: [], merge: [] })
    expect(choose(runs, needs(49))).toEqual({ drop: [], merge: [] })
    expect(choose(runs, needs(50))).toEqual({ drop: [], merge: [1] })
    expect(choose(runs, needs(100))).toEqual({ drop: [1], merge: [] })
    expect(choose(runs, needs(200))).toEqual({ drop: [1, 2, 3], merge: [] })
    expect(choose([], needs(0))).toEqual({ drop: [], merge: [] })
  })
})
