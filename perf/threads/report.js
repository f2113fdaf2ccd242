// @ts-check
/** Rows, verdicts, and the table of a run, for a terminal and for Markdown alike. */
import { summarize } from '../measure.js'
import { digits, machine, machineLine, table, today } from '../report.js'

/** @typedef {import('./bench.js').Scenario} Scenario */
/** @typedef {import('./bench.js').Figures} Figures */
/** @typedef {import('./bench.js').Target} Target */
/** @typedef {'reaches the aim' | 'holds' | 'falls short'} Verdict */

/**
 * @typedef {object} Row
 * @property {string} scenario
 * @property {string} title
 * @property {string} name
 * @property {string} what
 * @property {import('./bench.js').Unit} unit
 * @property {import('../measure.js').Summary} measured
 * @property {Target} [target]
 * @property {Verdict} [verdict]
 */

/** @param {Target} target @param {number} median @returns {Verdict} */
function judge({ sense, bound, aim }, median) {
  const within = (/** @type {number} */ limit) =>
    sense === 'at least' ? median >= limit : median <= limit
  if (aim !== undefined && within(aim)) return 'reaches the aim'
  return within(bound) ? 'holds' : 'falls short'
}

/**
 * @param {Scenario} scenario
 * @param {readonly Figures[]} rounds
 * @returns {Row[]}
 */
export function rowsOf(scenario, rounds) {
  return Object.entries(scenario.figures).flatMap(([name, { what, unit, target }]) => {
    const samples = rounds.map(round => round[name]).filter(Number.isFinite)
    if (samples.length === 0) return []
    const measured = summarize(samples)
    const verdict = target && judge(target, measured.median)
    return [
      {
        scenario: scenario.name,
        title: scenario.title,
        name,
        what,
        unit,
        measured,
        target,
        verdict,
      },
    ]
  })
}

/** @param {number} value @param {import('./bench.js').Unit} unit */
function amount(value, unit) {
  if (unit === '/s') return value >= 1e6 ? `${digits(value / 1e6)} M` : `${digits(value / 1e3)} k`
  return digits(value)
}

/** @param {Row} row */
export function withSpread({ measured, unit }) {
  const { median, min, max, samples } = measured
  const scale = unit === '' || unit === '/s' ? unit : ` ${unit}`
  const middle = `${amount(median, unit)}${scale}`
  if (samples.length < 2) return middle
  return `${middle} (${amount(min, unit)}–${amount(max, unit)})`
}

/** @param {Row} row */
function targetOf({ target, unit }) {
  if (target === undefined) return ['', '']
  const { sense, bound, aim } = target
  return [`${sense} ${bound} ${unit}`, aim === undefined ? '' : `${aim} ${unit}`]
}

/**
 * @typedef {object} Run
 * @property {ReturnType<typeof machine>} machine
 * @property {string} date the day
 * @property {import('./bench.js').Settings} settings
 * @property {import('../measure.js').Summary | undefined} others cores that other programs took
 * @property {string[]} failures
 * @property {Row[]} rows
 */

/**
 * @param {import('./bench.js').Settings} settings
 * @param {number[]} others
 * @param {string[]} failures
 * @param {Row[]} rows
 * @returns {Run}
 */
export function makeRun({ engine: _, ...settings }, others, failures, rows) {
  const taken = others.length > 0 ? summarize(others) : undefined
  return { machine: machine(), date: today(), settings, others: taken, failures, rows }
}

/** @param {Run} run */
export function markdown({ machine, date, settings, others, failures, rows }) {
  const judged = rows.filter(row => row.target !== undefined)
  const rank = { 'falls short': 0, holds: 1, 'reaches the aim': 2 }
  const rankOf = (/** @type {Row} */ row) => rank[row.verdict ?? 'holds']
  const promised = judged
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map(row => [row.title, row.what, withSpread(row), ...targetOf(row), row.verdict ?? ''])
  const further = rows
    .filter(row => row.target === undefined)
    .map(row => [row.title, row.what, withSpread(row)])
  return [
    `${machineLine(machine)}; ${date}; ${settings.keys} keys, ${settings.rounds} ` +
      `rounds, windows of ${settings.seconds} s, seed ${settings.seed}; median (min–max).`,
    others &&
      `In the windows used, other programs took ${digits(others.median)} cores ` +
        `(${digits(others.min)}–${digits(others.max)}).`,
    failures.map(failure => `- FAILED: ${failure}`).join('\n'),
    promised.length &&
      table(['work', 'figure', 'measured', 'promised', 'aim', 'verdict'], promised),
    further.length && table(['work', 'figure', 'measured'], further),
  ]
    .filter(part => part)
    .join('\n\n')
    .concat('\n')
}
