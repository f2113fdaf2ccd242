// @ts-check
/** The child process of one of the levels compared. */
import { serve } from '../compare/serve.js'
import { driverOf, LevelBench } from './bench.js'
import { choose } from './rows/index.js'
import { systems } from './systems.js'

/** @typedef {import('../compare/serve.js').Assignment} Assignment */

const assignment = /** @type {Assignment} */ (JSON.parse(process.argv[2]))
const { directory, engine, keys, seed, system } = assignment
const bench = new LevelBench(await systems[system]({ directory, engine, keys }), keys, seed)
serve(
  system,
  driverOf(bench, name => choose([name])[0]),
)
