/**
 * A process whose threads submit is killed at random moments, again and again (kill-loop.js). A short form of
 * `node spec/stress/persistent.js`; `ZVERSE_SEED` repeats what is drawn, not the moments.
 */
import { describe, expect, it } from 'vitest'
import { scaled } from '../support/runs.js'
import { queueKillLoop } from './kill-loop.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

describe(`a database whose process is killed while its threads submit (ZVERSE_SEED=${SEED})`, () => {
  it('has all that was acknowledged, once, and of each lane a prefix', async () => {
    const rounds = scaled(25)
    expect(await queueKillLoop(rounds, SEED)).toMatchObject({ rounds })
  })
})
