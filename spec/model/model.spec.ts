/**
 * The model-based test: random runs, engine against oracle.
 *
 * `ZVERSE_SEED=n` begins with run n (each run's seed is its number, printed on failure);
 * `ZVERSE_RUNS=n` says how many runs; `ZVERSE_SCALE=x` makes each longer.
 */
import { describe, expect, it } from 'vitest'
import { runModel } from './run.js'

const RUNS = Number(process.env.ZVERSE_RUNS ?? 200)
const SCALE = Number(process.env.ZVERSE_SCALE ?? 1)
const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Runs are spread over a few tests, so that one failure does not hide another. */
const GROUPS = Math.min(10, RUNS)

/** Long stress runs are bounded by their number of runs, not by vitest. */
const NO_TIMEOUT = 2 ** 31 - 1

describe(`model, seeds ${SEED} … ${SEED + RUNS - 1}`, () => {
  let operations = 0

  for (let group = 0; group < GROUPS; group++) {
    it(
      `agrees with the oracle (${group + 1} of ${GROUPS})`,
      () => {
        for (let run = group; run < RUNS; run += GROUPS) operations += runModel(SEED + run, SCALE)
        expect(operations).toBeGreaterThan(0)
      },
      NO_TIMEOUT,
    )
  }

  it('counts its operations', () => {
    console.log(`model: seed ${SEED}, ${RUNS} runs, ${operations} operations compared`)
  })
})
