/**
 * The model on a disk in memory: engine and oracle agree, also where the database is closed and opened again, from its
 * log or from a base. `ZVERSE_TARGET=persistent` runs all of spec/model and spec/conformance so.
 */
import { expect, it } from 'vitest'
import { runModel } from '../model/run.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

it('agrees with the oracle, also after it was opened again', () => {
  let operations = 0
  for (let run = 0; run < scaled(200); run++) operations += runModel(SEED + run, 1, true)
  expect(operations).toBeGreaterThan(0)
})

it('agrees with the oracle where memory keeps few versions, and the disk the others', () => {
  let operations = 0
  for (let run = 0; run < scaled(200); run++) operations += runModel(SEED + run, 1, true, true)
  expect(operations).toBeGreaterThan(0)
})
