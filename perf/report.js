// @ts-check
/** Text, Markdown and JSON of a run. Says what the machine is, never its name or where files lie. */
import { arch, cpus, platform, totalmem } from 'node:os'
import { verdicts } from './targets.js'

/** @typedef {import('./bench.js').Row} Row */
/** @typedef {import('./bench.js').Unit} Unit */
/** @typedef {import('./measure.js').Summary} Summary */

/**
 * @typedef {object} Run
 * @property {{ node: string, v8: string, cpu: string, cores: number, memoryGiB: number, system: string }} machine
 * @property {string} date the day
 * @property {{ keys: number, rounds: number, seed: number }} settings
 * @property {Record<string, string>} versions of the systems measured
 * @property {Row[]} rows
 * @property {import('./targets.js').Verdict[]} verdicts
 */

export function machine() {
  const processors = cpus()
  return {
    node: process.version,
    v8: process.versions.v8,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
  }
}

/** The day, as in 2026-01-31. */
export const today = () => new Date().toISOString().slice(0, 10)

/**
 * @param {Run['settings']} settings
 * @param {Record<string, string>} versions
 * @param {Row[]} rows
 * @returns {Run}
 */
export function makeRun(settings, versions, rows) {
  const verdict = verdicts(rows)
  return { machine: machine(), date: today(), settings, versions, rows, verdicts: verdict }
}

/**
 * Three significant digits, no exponent.
 * @param {number} value
 */
export function digits(value) {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 100) return value.toFixed(0)
  const places = 2 - Math.floor(Math.log10(size))
  return value.toFixed(Math.min(6, places))
}

/**
 * @param {Summary} summary
 * @param {Unit} unit times are measured in µs, printed in `unit`
 */
export function withSpread({ median, min, max, samples }, unit) {
  const scale = unit === 'ms' ? 1e-3 : 1
  const middle = `${digits(median * scale)} ${unit}`
  if (samples.length < 2) return middle
  return `${middle} (${digits(min * scale)}–${digits(max * scale)})`
}

/**
 * A table with aligned columns, for a terminal and for Markdown alike.
 * @param {string[]} head
 * @param {string[][]} lines
 */
export function table(head, lines) {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...lines.map(line => line[column].length)),
  )
  const draw = (/** @type {string[]} */ line) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [draw(head), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`]
    .concat(lines.map(draw))
    .join('\n')
}

/**
 * Of the rows on entries or of those on points, which are other systems' work.
 * @param {Run} run
 * @param {Row['on']} on
 */
function rowsTable(run, on) {
  const rows = run.rows.filter(row => row.on === on)
  if (rows.length === 0) return ''
  const names = [...new Set(rows.flatMap(row => Object.keys(row.systems)))]
  const lines = rows.map(row => {
    const [main, unit] = Object.entries(row.units)[0]
    const cells = names.map(name => {
      const figures = row.systems[name]
      return figures === undefined ? '–' : withSpread(figures[main], unit)
    })
    return [row.title, ...cells]
  })
  return table(['work', ...names], lines)
}

/** @param {Run} run */
function furtherTable(run) {
  const lines = run.rows.flatMap(row =>
    Object.entries(row.systems).flatMap(([system, figures], at) =>
      Object.entries(row.units)
        .slice(1)
        // Every system found the same, or has failed.
        .filter(([, unit]) => unit !== 'hits' || at === 0)
        .map(([name, unit]) => {
          const whose = unit === 'hits' ? 'each' : system
          return [row.title, whose, name, withSpread(figures[name], unit)]
        }),
    ),
  )
  return lines.length === 0 ? '' : table(['work', 'system', 'figure', 'measured'], lines)
}

/** @param {Run} run */
function verdictTable(run) {
  const lines = run.verdicts.map(verdict => {
    const { what, unit, sense, bound, aim, measured, lmdbGets, remark } = verdict
    const remarks = [
      remark,
      lmdbGets === undefined ? undefined : `${digits(lmdbGets)} lmdb gets of this run`,
    ]
    return [
      verdict.title,
      what,
      withSpread(measured, unit),
      bound === undefined ? '–' : `${sense} ${bound} ${unit}`,
      `${aim} ${unit}`,
      verdict.verdict,
      remarks.filter(text => text !== undefined).join('; '),
    ]
  })
  const head = ['work', 'figure', 'measured', 'promised', 'aim', 'verdict', 'remark']
  return lines.length === 0 ? '' : table(head, lines)
}

/**
 * The whole run as Markdown, which a terminal shows well enough too.
 * @param {Run} run
 */
export function markdown(run) {
  const { machine, settings, versions } = run
  const systems = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const notes = run.rows.filter(row => row.note !== undefined)
  const failures = run.rows.flatMap(row =>
    Object.entries(row.failures).map(
      ([name, message]) => `- FAILED: ${row.title}, ${name}: ${message}`,
    ),
  )
  return [
    `Node ${machine.node.slice(1)}, ${machine.cores} cores of ${machine.cpu}, ` +
      `${machine.memoryGiB} GiB, ${machine.system}; ${settings.keys} keys, ` +
      `${settings.rounds} rounds, seed ${settings.seed}; median (min–max).`,
    ...(systems.length > 0 ? [`Measured: ${systems.join(', ')}.`] : []),
    failures.join('\n'),
    verdictTable(run),
    rowsTable(run, 'entries'),
    rowsTable(run, 'points'),
    furtherTable(run),
    notes.map(row => `- ${row.title}: ${row.note}`).join('\n'),
  ]
    .filter(part => part !== '')
    .join('\n\n')
    .concat('\n')
}
