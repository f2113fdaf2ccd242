// @ts-check
/** The child process of one system. */
import { Bench, localDriver } from '../bench.js'
import { choose } from '../scenarios/index.js'
import { serve } from './serve.js'
import { systems } from './systems/index.js'

/** @typedef {import('./serve.js').Assignment} Assignment */

const assignment = /** @type {Assignment} */ (JSON.parse(process.argv[2]))
const { directory, engine, keys, seed } = assignment
const bench = new Bench(await systems[assignment.system]({ directory, engine }), keys, seed)
const driver = localDriver(bench)

serve(assignment.system, {
  ...driver,
  start: row => driver.start(choose([row])[0]),
  close: () => bench.close(),
})
