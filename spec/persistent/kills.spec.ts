/**
 * A process that writes a database is killed at random moments, again and again, also while it opens, compacts and
 * closes. Whatever its threads were told of is there, and nothing is half done (kill-model.js). A short form of
 * `node spec/stress/persistent.js`; `ZVERSE_SEED` repeats what is drawn, not the moments.
 */
import { describe, expect, it } from 'vitest'
import { scaled } from '../support/runs.js'
import { killLoop } from './kill-loop.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

describe(`a database whose process is killed (ZVERSE_SEED=${SEED})`, () => {
  it('has all that was acknowledged, and nothing half done', async () => {
    const rounds = scaled(25)
    expect(await killLoop(rounds, SEED)).toMatchObject({ rounds })
  })
})
