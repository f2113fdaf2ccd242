// @ts-check
/**
 * `npm run bench:commits`: measures one commit against another, in turns, to find rows that became slower. Both are
 * built in a temporary folder and measured by the rows of this checkout. `--help` lists the options.
 */
import yargs from 'yargs'
import { Builds, isCommit } from './commits/build.js'
import { compare } from './commits/verdict.js'
import { makeDiskDirectory } from './disk.js'
import { drive } from './drive.js'
import { digits, machine, machineLine, table, today, write } from './report.js'
import { mainOf } from './rows.js'
import { bySuite, choose, suites, USUAL } from './suites.js'
import { makeDirectory } from './tmpfs.js'

/** @typedef {import('./rows.js').Row} Row */

/** The second commit, if it is named, and the rows. @param {string[]} names behind the first commit */
function parted([first, ...rest]) {
  if (first === undefined) return { head: '.', rows: [] }
  return isCommit(first) ? { head: first, rows: rest } : { head: '.', rows: [first, ...rest] }
}

const options = await yargs(process.argv.slice(2))
  .usage(
    '$0 BASE [HEAD] [rows or groups…]\n\nHEAD is the working tree unless said; `.` means it, too. ' +
      'The usual rows take about ten minutes.',
  )
  .options({
    pairs: {
      type: 'number',
      describe: 'of processes: each may be off by some per cent',
      default: 3,
    },
    rounds: { type: 'number', describe: 'of each pair', default: 4 },
    keys: {
      type: 'number',
      describe: 'in the set; fewer where a group takes fewer',
      default: 200_000,
    },
    seed: { type: 'number', describe: 'of all that is drawn', default: 20 },
    json: { type: 'string', describe: 'file to write the result to' },
    fail: {
      type: 'boolean',
      describe: 'exit with 1 if a row is slower outside of noise, or fails',
    },
  })
  .demandCommand(1, 'say which commit to compare with')
  .check(({ _: [, ...names] }) => {
    choose(parted(names.map(String)).rows)
    return true
  })
  .showHelpOnFail(false)
  .strictOptions()
  .version(false)
  .parse()

const { pairs, rounds, keys, seed } = options
const [base, ...rest] = options._.map(String)
const { head, rows } = parted(rest)
const scenarios = choose(rows.length > 0 ? rows : USUAL)
/** @param {string} line */
const say = line => void process.stderr.write(`${line}\n`)

const folder = new Builds()
const directory = makeDirectory('zverse-commits-')
/** @type {string | undefined} */
let disk
say(`building ${base} and ${head}`)
const built = { base: folder.make('base', base), head: folder.make('head', head) }

/**
 * Of each row: its failures, and ratios head ÷ base of its own figure by pair.
 * @type {Map<string, { row: Row, pairs: number[][] }>}
 */
const results = new Map()
for (let pair = 0; pair < pairs; pair++) {
  for (const [suite, some] of bySuite(scenarios)) {
    const { onDisk, own } = suites[suite]
    if (onDisk) disk ??= makeDiskDirectory('zverse-commits-')
    const around = { suite, system: own[0], directory: (onDisk && disk) || directory }
    const systems = Object.entries(built).map(([name, { engine }]) => {
      const settings = { seed, engine, sampleMs: 200, seconds: 2, minutes: 1 }
      const some = { ...settings, keys: Math.min(keys, suites[suite].keys) }
      return { name, assignment: { ...around, settings: some } }
    })
    // Every other pair begins with the other one.
    if (pair % 2 === 1) systems.reverse()
    await drive(some, systems, rounds, row => {
      say(`pair ${pair + 1} of ${pairs}, ${row.name}`)
      const result = results.get(row.name) ?? { row, pairs: [] }
      results.set(row.name, result)
      Object.assign(result.row.failures, row.failures)
      const [before, after] = [row.systems.base, row.systems.head].map(
        all => all?.[mainOf(row)]?.samples ?? [],
      )
      result.pairs.push(
        after.slice(0, before.length).map((figure, round) => figure / before[round]),
      )
    })
  }
}

const compared = [...results.values()].map(({ row, pairs }) => {
  const { name, title, failures, figures } = row
  // More is better of few figures; those are turned over, so that above 1 is worse in each row.
  const turned =
    figures[mainOf(row)].unit === '/s' ? pairs.map(some => some.map(ratio => 1 / ratio)) : pairs
  return { name, title, failures, comparison: compare(turned) }
})

/** @param {typeof compared[number]} result */
function lineOf({ name, title, comparison, failures }) {
  const broken = Object.entries(failures).map(([role, message]) => `${role} failed: ${message}`)
  if (comparison === undefined) return [name, title, '–', broken.join('; ')]
  const { median, low, high, outside } = comparison
  const text = `${median.toFixed(3)} (${digits(low)}–${digits(high)})`
  return [name, title, text, [outside, ...broken].filter(part => part !== '').join('; ')]
}

const names = { base: built.base.name, head: built.head.name }
const settings = { pairs, rounds, keys, seed }
const run = { machine: machine(), date: today(), settings, ...names, results: compared }
write(options.json, `${JSON.stringify(run, null, 2)}\n`)
process.stdout.write(
  `${machineLine(machine())}; ${today()}; ${keys} keys, ${pairs} pairs of ${rounds} rounds, seed ${seed}.\n\n` +
    `${names.head} ÷ ${names.base}: the median of ratios and its 99 % interval; above 1 is worse.\n\n` +
    `${table(['row', 'work', 'ratio', 'outside of noise'], compared.map(lineOf))}\n`,
)
const worse = compared.some(
  ({ comparison, failures }) => comparison?.outside === 'slower' || failures.head !== undefined,
)
if (options.fail && worse) process.exitCode = 1
