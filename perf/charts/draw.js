// @ts-check
/** The charts of a run, one a group of rows that has one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machineLine } from '../report.js'
import { drawChurn } from './churn.js'
import { drawHistory, drawRecall, drawSize, drawValueSize } from './families.js'
import { drawSpeed } from './speed.js'
import { drawThreads } from './threads.js'
import { drawYcsb } from './ycsb.js'

/** @typedef {import('../report.js').Run} Run */
/** @typedef {import('../rows.js').Row} Row */

/**
 * The chart of a group, by its name. It gets the group's rows, a line below, and the run.
 * @type {Record<string, { file: string, draw: (rows: Row[], foot: string, run: Run) => string | undefined }>}
 */
export const CHARTS = {
  entries: { file: 'perf-speed.svg', draw: drawSpeed },
  past: { file: 'perf-history.svg', draw: drawHistory },
  ycsb: { file: 'perf-ycsb.svg', draw: drawYcsb },
  size: { file: 'perf-size.svg', draw: drawSize },
  'value-size': { file: 'perf-value-size.svg', draw: drawValueSize },
  'vectors-recall': { file: 'perf-vectors.svg', draw: drawRecall },
  threads: { file: 'perf-threads.svg', draw: drawThreads },
  churn: { file: 'perf-churn.svg', draw: drawChurn },
}

/**
 * The charts for which a run has figures, by the names of their files.
 * @param {Run} run
 * @returns {Map<string, string>}
 */
export function draw(run) {
  const { machine, date, settings } = run
  /** @type {Map<string, string>} */
  const drawn = new Map()
  for (const [group, { file, draw }] of Object.entries(CHARTS)) {
    const rows = run.rows.filter(row => row.group === group)
    if (rows.length === 0) continue
    const foot = `${machineLine(machine)}; ${date}; ${rows[0].keys} keys, ${settings.rounds} rounds`
    const svg = draw(rows, foot, run)
    if (svg !== undefined) drawn.set(file, svg)
  }
  return drawn
}

/**
 * @param {Map<string, string>} charts
 * @param {string} folder
 */
export function writeCharts(charts, folder) {
  mkdirSync(folder, { recursive: true })
  for (const [name, svg] of charts) writeFileSync(join(folder, name), svg)
}
