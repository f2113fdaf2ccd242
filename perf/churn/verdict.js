// @ts-check
/**
 * Whether memory grew under churn: the means of the first and the last third, whole periods both, and
 * a run's report in Markdown.
 */
import { digits, machineLine, table } from '../report.js'

/**
 * @typedef {object} Sample bytes, unless said
 * @property {number} second since the start
 * @property {number} used
 * @property {number} touched
 * @property {number} resident of the whole process
 * @property {number} heap
 * @property {number} held pinned snapshots
 * @property {number} retained versions
 * @property {number} entries
 * @property {number} commits since the sample before
 */

/** @typedef {'used' | 'touched' | 'resident'} Measure */

/**
 * @typedef {object} Growth
 * @property {Measure} measure
 * @property {number} first mean of the first third
 * @property {number} last
 * @property {number} ratio
 * @property {number} allowed
 * @property {boolean} holds
 */

/**
 * @typedef {object} ChurnRun
 * @property {'churn'} kind
 * @property {import('../report.js').Run['machine']} machine
 * @property {string} date
 * @property {{ minutes: number, keys: number, seed: number, period: number }} settings
 * @property {number} before resident bytes before the database was opened
 * @property {Sample[]} samples
 * @property {Growth[]} growth
 * @property {string[]} problems that `check()` found
 */

/**
 * The bounds of what counts as no growth. Beside the arena, the engine's heap and its code are resident.
 */
const ALLOWED = { used: 1.05, touched: 1.05, resident: 1.1 }

/** @param {readonly number[]} all */
const mean = all => all.reduce((sum, one) => sum + one, 0) / all.length

/**
 * @param {readonly Sample[]} samples
 * @returns {Growth[]}
 */
export function growthOf(samples) {
  const third = Math.floor(samples.length / 3)
  if (third === 0) return []
  const measures = /** @type {Measure[]} */ (Object.keys(ALLOWED))
  return measures.map(measure => {
    const first = mean(samples.slice(0, third).map(sample => sample[measure]))
    const last = mean(samples.slice(-third).map(sample => sample[measure]))
    const ratio = last / first
    const allowed = ALLOWED[measure]
    return { measure, first, last, ratio, allowed, holds: ratio <= allowed }
  })
}

const WHAT = {
  used: 'used, of the arena',
  touched: 'touched, of the arena',
  resident: 'resident, of the process',
}

/** @param {number} bytes */
const mib = bytes => `${digits(bytes / 2 ** 20)} MiB`

/** @param {ChurnRun} run */
export function markdown({ machine, date, settings, before, samples, growth, problems }) {
  const lines = growth.map(({ measure, first, last, ratio, allowed, holds }) => [
    WHAT[measure],
    ...[mib(first), mib(last), `${digits(ratio)} ×`, `at most ${allowed} ×`],
    holds ? 'holds' : 'falls short',
  ])
  const head = ['bytes', 'first third', 'last third', 'ratio', 'promised', 'verdict']
  const last = samples.at(-1)
  const beside =
    last && mib(last.resident - before - last.touched).concat(' beside the arena at the end')
  const commits = samples.reduce((sum, sample) => sum + sample.commits, 0)
  return [
    `${machineLine(machine)}; ${date}; ${settings.minutes} minutes, ${settings.keys} keys, ` +
      `seed ${settings.seed}; ${commits} commits, snapshots held for up to ` +
      `${digits(settings.period / 2)} s.`,
    problems.map(problem => `- FAILED: ${problem}`).join('\n'),
    lines.length > 0 ? table(head, lines) : '',
    `Resident before opening: ${mib(before)}${beside ? `; ${beside}` : ''}.`,
  ]
    .filter(part => part !== '')
    .join('\n\n')
    .concat('\n')
}
