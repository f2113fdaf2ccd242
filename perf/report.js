// @ts-check
/**
 * Text, Markdown and JSON of a run. Describes the machine, but never gives its name or paths of files.
 */
import { arch, cpus, platform, totalmem } from 'node:os'
import { FAMILIES, rowsOf, systemsOf } from './families.js'
import { verdicts } from './targets.js'

/** @typedef {import('./bench.js').Row} Row */
/** @typedef {import('./bench.js').Unit} Unit */
/** @typedef {import('./bench.js').FamilyName} FamilyName */
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
 * A figure of a row, or a dash if the system has none.
 * @param {Row} row
 * @param {string} system
 * @param {string} figure
 */
function cell(row, system, figure) {
  const summary = row.systems[system]?.[figure]
  return summary === undefined ? '–' : withSpread(summary, row.units[figure])
}

/**
 * Of the rows on entries or of those on points, which are other systems' work.
 * @param {Run} run
 * @param {Row['on']} on
 */
export function rowsTable(run, on) {
  const rows = run.rows.filter(row => row.on === on && row.family === undefined)
  if (rows.length === 0) return ''
  const names = systemsOf(rows)
  const lines = rows.map(row => {
    const [main] = Object.keys(row.units)
    return [row.title, ...names.map(name => cell(row, name, main))]
  })
  return table(['work', ...names], lines)
}

/**
 * The tables of a family: one for each figure, or one in all if a single system has it.
 * @param {Run} run
 * @param {FamilyName} family
 */
export function familyTables(run, family) {
  const rows = rowsOf(run.rows, family)
  if (rows.length === 0) return ''
  const { title, place, label, figures } = FAMILIES[family]
  const names = systemsOf(rows)
  const placeOf = (/** @type {Row} */ row) =>
    family === 'ycsb' ? row.title : label(row.family?.at ?? '', run.settings.keys)
  const entries = Object.entries(figures)
  if (names.length === 1) {
    const lines = rows.map(row => [
      placeOf(row),
      ...entries.map(([figure]) => cell(row, names[0], figure)),
    ])
    return table([`${title}: ${place}`, ...entries.map(([, what]) => what)], lines)
  }
  return entries
    .map(([figure, what]) => {
      const lines = rows.map(row => [placeOf(row), ...names.map(name => cell(row, name, figure))])
      return table([`${title}, ${what}: ${place}`, ...names], lines)
    })
    .join('\n\n')
}

/** @param {Run} run */
export function furtherTable(run) {
  const alone = run.rows.filter(row => row.family === undefined)
  const lines = alone.flatMap(row =>
    Object.entries(row.systems).flatMap(([system, figures], at) =>
      Object.entries(row.units)
        .slice(1)
        // Every system found the same, or has failed.
        .filter(([name, unit]) => figures[name] !== undefined && (unit !== 'hits' || at === 0))
        .map(([name, unit]) => {
          const whose = unit === 'hits' ? 'each' : system
          return [row.title, whose, name, withSpread(figures[name], unit)]
        }),
    ),
  )
  return lines.length === 0 ? '' : table(['work', 'system', 'figure', 'measured'], lines)
}

/** @param {Run} run */
export function verdictTable(run) {
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
 * The machine of the run: the first line of each table and the last of each chart.
 * @param {Run['machine']} machine
 */
export const machineLine = machine =>
  `Node ${machine.node.slice(1)}, ${machine.cores} cores of ${machine.cpu}, ` +
  `${machine.memoryGiB} GiB, ${machine.system}`

/**
 * The place, time and settings of a run, and its failures.
 * @param {Run} run
 */
export function preamble({ machine, date, settings, versions, rows }) {
  const systems = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const failures = rows.flatMap(row =>
    Object.entries(row.failures).map(
      ([name, message]) => `- FAILED: ${row.title}, ${name}: ${message}`,
    ),
  )
  return join(
    `${machineLine(machine)}; ${date}; ${settings.keys} keys, ` +
      `${settings.rounds} rounds, seed ${settings.seed}; median (min–max).`,
    systems.length > 0 ? `Measured: ${systems.join(', ')}.` : '',
    failures.join('\n'),
  )
}

/**
 * Paragraphs, without the empty ones.
 * @param {string[]} parts
 */
export const join = (...parts) => parts.filter(part => part !== '').join('\n\n')

/**
 * The parts of rows that a report needs.
 * @param {Run} run
 */
export function notes({ rows }) {
  const noted = rows.filter(row => row.note !== undefined)
  return noted.map(row => `- ${row.title}: ${row.note}`).join('\n')
}

/**
 * The whole run as Markdown, which a terminal shows well enough too.
 * @param {Run} run
 */
export function markdown(run) {
  const families = /** @type {FamilyName[]} */ (Object.keys(FAMILIES))
  return `${join(
    preamble(run),
    verdictTable(run),
    rowsTable(run, 'entries'),
    rowsTable(run, 'points'),
    ...families.map(name => familyTables(run, name)),
    furtherTable(run),
    notes(run),
  )}\n`
}
