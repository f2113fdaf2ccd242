// @ts-check
/**
 * `npm run bench`: the rows of docs/performance.md for zverse alone, in this process.
 *
 *     node perf/main.js [rows…] [--rounds 5] [--keys 1000000] [--seed 20]
 *                       [--json FILE] [--markdown FILE] [--engine FILE]
 */
import { Bench, localDriver, measureRow } from './bench.js'
import { consumed } from './measure.js'
import { makeRun, markdown, withSpread } from './report.js'
import { choose } from './scenarios/index.js'
import { readSettings, writeFiles } from './settings.js'
import { loadEngine, zverseSystem } from './systems/zverse.js'

const settings = readSettings()
const chosen = choose(settings.names)
const bench = new Bench(
  zverseSystem(await loadEngine(settings.engine)),
  settings.keys,
  settings.seed,
)
const driver = localDriver(bench)
const rows = []
for (const scenario of chosen) {
  const row = await measureRow(scenario, [driver], settings.rounds)
  rows.push(row)
  for (const [name, unit] of Object.entries(row.units)) {
    const figures = row.systems.zverse
    if (figures?.[name] === undefined) continue
    process.stderr.write(`${row.title}, ${name}: ${withSpread(figures[name], unit)}\n`)
  }
}
await bench.close()
const { keys, rounds, seed } = settings
const run = makeRun({ keys, rounds, seed }, {}, rows)
writeFiles(settings, run)
process.stdout.write(`\n${markdown(run)}`)
if (rows.some(row => Object.keys(row.failures).length > 0)) process.exitCode = 1
process.stderr.write(`(consumed ${consumed()})\n`)
