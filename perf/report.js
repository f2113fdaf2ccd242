// @ts-check
/**
 * A run as tables, for a terminal and for Markdown alike. Describes the machine, but never gives its name or paths
 * of files.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { ratioOf, systemsOf } from './rows.js'
import { suiteOf, suites } from './suites.js'
import { verdicts } from './targets.js'

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('./rows.js').Summary} Summary */
/** @typedef {import('./stage.js').Unit} Unit */

/**
 * @typedef {object} Run
 * @property {{ node: string, v8: string, cpu: string, cores: number, memoryGiB: number, system: string }} machine
 * @property {string} date the day
 * @property {string} [disk] the file system of what is measured on a disk
 * @property {{ rounds: number, seed: number, sampleMs: number, seconds: number, minutes: number }} settings
 * @property {Record<string, string>} versions of the peers measured
 * @property {Row[]} rows
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

/** The machine of a run, in a line. @param {Run['machine']} machine */
export const machineLine = machine =>
  `Node ${machine.node.slice(1)}, ${machine.cores} cores of ${machine.cpu}, ` +
  `${machine.memoryGiB} GiB, ${machine.system}`

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

/** @param {number} value @param {Unit} unit */
function amount(value, unit) {
  if (unit !== '/s') return digits(value)
  return value >= 1e6 ? `${digits(value / 1e6)} M` : `${digits(value / 1e3)} k`
}

/** 0.548 µs (0.534–0.565). @param {Summary} summary @param {Unit} unit */
export function withSpread({ median, min, max, samples }, unit) {
  const middle = `${amount(median, unit)}${unit === '/s' ? '/s' : unit && ` ${unit}`}`
  if (samples.length < 2) return middle
  return `${middle} (${amount(min, unit)}–${amount(max, unit)})`
}

/**
 * A table with aligned columns; without those that are empty.
 * @param {string[]} head
 * @param {string[][]} lines
 */
export function table(head, lines) {
  if (lines.length === 0) return ''
  const shown = head.map((_, column) => lines.some(line => line[column] !== ''))
  const all = [head, ...lines].map(line => line.filter((_, column) => shown[column]))
  const widths = all[0].map((_, column) => Math.max(3, ...all.map(line => line[column].length)))
  const draw = (/** @type {string[]} */ line) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  const [first, ...rest] = all.map(draw)
  return [first, `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...rest].join('\n')
}

/**
 * A line for each figure of each row that some system has, a column a system.
 * @param {readonly Row[]} rows
 * @param {string[]} systems
 * @param {string[]} heads of their columns
 * @param {(row: Row, system: string, figure: string, unit: Unit) => string | undefined} cell
 */
function figuresTable(rows, systems, heads, cell) {
  const lines = rows.flatMap(row =>
    Object.entries(row.figures).map(([figure, { what, unit }]) => {
      return [row.title, what, ...systems.map(name => cell(row, name, figure, unit) ?? '–')]
    }),
  )
  const measured = lines.filter(([, , ...cells]) => cells.some(cell => cell !== '–'))
  return table(['work', 'figure', ...heads], measured)
}

/** What was measured. @param {readonly Row[]} rows */
export function rowsTable(rows) {
  const names = systemsOf(rows)
  return figuresTable(rows, names, names, ({ systems }, name, figure, unit) => {
    const summary = systems[name]?.[figure]
    return summary && withSpread(summary, unit)
  })
}

/** How many times as fast as each other system zverse is, round by round. @param {readonly Row[]} rows */
export function speedTable(rows) {
  const peers = systemsOf(rows).filter(name => name !== 'zverse')
  const heads = peers.map(peer => `speed ÷ ${peer}’s`)
  return figuresTable(rows, peers, heads, (row, peer, figure, unit) => {
    const [over, under] = unit === '/s' ? ['zverse', peer] : [peer, 'zverse']
    const speed = ['ns', 'µs', 'ms', '/s'].includes(unit)
      ? ratioOf(row, over, under, figure)
      : undefined
    return speed && withSpread(speed, '×')
  })
}

/** @typedef {import('./targets.js').Verdict} Verdict */

const HEAD = ['work', 'figure', 'measured', 'floor', 'aim', 'verdict', 'remark']

/** The cells of a target's line. @param {Verdict} one */
const cellsOf = ({ title, what, measured, shown, unit, sense, floor, aim, verdict, remark }) => [
  ...[title, what, measured ? withSpread(measured, unit) : (shown ?? '–')],
  ...[floor === undefined ? '–' : `${sense} ${floor} ${unit}`.trim(), `${aim} ${unit}`.trim()],
  ...[verdict, remark],
]

const RANK = ['falls short', 'misses the aim', 'holds', 'reaches the aim', '']

/** Floors and aims, and what was measured: what falls short first. @param {readonly Verdict[]} verdicts */
export function targetsTable(verdicts) {
  const rank = (/** @type {Verdict} */ one) => RANK.indexOf(one.verdict)
  const sorted = [...verdicts].sort((one, other) => rank(one) - rank(other))
  return table(HEAD, sorted.map(cellsOf))
}

/**
 * The verdicts, and of targets that their run has nothing of what a table has shown, unless floor or aim is another
 * one now.
 * @param {readonly Verdict[]} verdicts
 * @param {string} page with the table
 */
export function remember(verdicts, page) {
  const [head = [], , ...lines] = page
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.split('|').map(cell => cell.trim()))
  const read = (/** @type {string[]} */ cells) => HEAD.map(name => cells[head.indexOf(name)] ?? '')
  const target = (/** @type {string[]} */ cells) => [0, 1, 3, 4].map(at => cells[at]).join('|')
  const before = new Map(lines.map(read).map(cells => [target(cells), cells]))
  return verdicts.map(one => {
    const cells = one.measured ? undefined : before.get(target(cellsOf(one)))
    if (cells === undefined) return one
    const [, , shown, , , verdict, remark] = cells
    return { ...one, shown, verdict: /** @type {Verdict['verdict']} */ (verdict), remark }
  })
}

/** The place, time and settings of a run. @param {Run} run @param {readonly Row[]} rows some of its rows */
export function preamble({ machine, date, disk, settings, versions }, rows) {
  const keys = [...new Set(rows.map(row => row.keys))].filter(count => count > 1)
  const parts = [
    `${machineLine(machine)}; ${date}`,
    ...(keys.length === 1 ? [`${keys[0]} keys`] : []),
    ...(disk && rows.some(row => suites[suiteOf(row)].onDisk) ? [`on ${disk}`] : []),
    `${settings.rounds} rounds, seed ${settings.seed}; median (min–max).`,
  ]
  const systems = systemsOf(rows).map(name => name.toLowerCase())
  // A package goes by its system's name, or begins with it.
  const measured = Object.entries(versions).filter(([name]) =>
    systems.some(system => name.includes(system.split('+')[0])),
  )
  return join(
    parts.join('; '),
    measured.length > 0
      ? `Measured: ${measured.map(([name, version]) => `${name} ${version}`).join(', ')}.`
      : '',
    rows
      .flatMap(({ title, failures }) =>
        Object.entries(failures).map(
          ([name, message]) => `- FAILED: ${title}, ${name}: ${message}`,
        ),
      )
      .join('\n'),
  )
}

/** The tables of a group of rows. @param {Run} run @param {string} group */
export function section(run, group) {
  const rows = run.rows.filter(row => row.group === group)
  const notes = rows.filter(({ note }) => note !== undefined)
  return join(
    preamble(run, rows),
    rowsTable(rows),
    speedTable(rows),
    notes.map(({ title, note }) => `- ${title}: ${note}`).join('\n'),
  )
}

/** The groups that a run has rows of. @param {Run} run */
export const groupsOf = run => [...new Set(run.rows.map(({ group }) => group))]

/** The whole run. @param {Run} run */
export function markdown(run) {
  const judged = verdicts(run.rows).filter(({ measured }) => measured !== undefined)
  const parts = groupsOf(run).flatMap(group => [`## ${group}`, section(run, group)])
  return `${join(targetsTable(judged), ...parts)}\n`
}

/** Writes a text, where a file is named for it. @param {string | undefined} file @param {string} text */
export function write(file, text) {
  if (file === undefined) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Paragraphs, without the empty ones. @param {string[]} parts */
const join = (...parts) => parts.filter(part => part !== '').join('\n\n')
