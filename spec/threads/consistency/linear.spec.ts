/**
 * Random operations on several threads, recorded with the real time of each, and judged afterwards:
 * there is one order of commits that explains every result (`judge.js` defines that;
 * `doctored.spec.ts` proves that it can say no).
 *
 * `ZVERSE_SEED=n` repeats the choices of the threads (not their timing); `ZVERSE_STRESS=x` makes the
 * rounds x times as long.
 */
import { describe, expect, it } from 'vitest'
import { linearRound } from './linear.js'
import { firstSeed } from './random.js'

const FACTOR = Number(process.env.ZVERSE_STRESS ?? 1)
const SEED = firstSeed()

const ROUNDS = [
  { threads: 2, followers: 0, ms: 400 },
  { threads: 2, followers: 1, ms: 400 },
  { threads: 4, followers: 1, ms: 600 },
  { threads: 6, followers: 0, ms: 400 },
  { threads: 3, followers: 1, ms: 800, kills: true },
]

describe(`histories, seed ${SEED}`, () => {
  for (const [i, round] of ROUNDS.entries()) {
    const { threads, followers, kills = false } = round
    const who = `${threads} threads, ${followers} that follow${kills ? ', some killed' : ''}`
    it(`${who}: one order of versions explains all`, async () => {
      const seed = SEED + i
      const found = await linearRound({ ...round, seed, ms: round.ms * FACTOR })
      expect(found.problems.slice(0, 1), `ZVERSE_SEED=${SEED}`).toEqual([])
      expect(found.versions, 'something was written').toBeGreaterThan(0)
    })
  }
})
