// @ts-check
/** Gets a second by threads together, and the ratios with a floor. */
import { verdicts } from '../targets.js'
import { drawPanel } from './lines.js'
import { drawKey, drawRatios } from './ratios.js'
import { linear } from './scale.js'
import { colourOf, Picture } from './svg.js'

/** @typedef {import('../report.js').Run} Run */
/** @typedef {import('../rows.js').Row} Row */

const WIDTH = 940
const FIRST = 70
const PANEL = 270
/** Height of a ratio with two lines. */
const ROW = 40
const COUNTS = [1, 2, 8, 32]
const SYSTEMS = ['zverse', 'lmdb']

/**
 * Ratios with a floor, in which more is better.
 * @param {readonly Row[]} rows
 */
const judged = rows =>
  verdicts(rows).flatMap(({ title, what, unit, sense, measured, floor, aim, verdict }) => {
    if (measured === undefined || unit !== '×' || sense !== 'at least') return []
    return [{ title, detail: what, measured, floor, aim, verdict }]
  })

/** @type {(rows: Row[], foot: string, run: Run) => string | undefined} */
export function drawThreads(rows, foot, run) {
  const readers = rows.find(({ name }) => name === 'threads-readers')
  const ratios = judged(rows)
  if (readers === undefined && ratios.length === 0) return undefined
  const panel = readers === undefined ? 0 : PANEL
  const height = FIRST + panel + (ratios.length > 0 ? 70 + ratios.length * ROW : 0) + 36
  const picture = new Picture(WIDTH, height, {
    title: 'Threads',
    subtitle: `worker threads on ${run.machine.cores} cores; medians, whiskers: lowest to highest round`,
    foot,
  })
  if (readers !== undefined) {
    drawPanel(picture, {
      ...{ x: 20, y: FIRST, width: WIDTH - 40, height: PANEL, labels: 80 },
      ...{ title: 'Random gets by all threads together', unit: 'million a second' },
      ...{ place: 'threads', places: COUNTS.map(String), scale: 1e-6 },
      series: SYSTEMS.map(system => ({
        label: system,
        colour: colourOf(system),
        figures: COUNTS.map(count => readers.systems[system]?.[`by ${count}`]),
      })),
    })
  }
  if (ratios.length > 0) {
    const values = ratios.flatMap(({ measured, floor = 0, aim = 0 }) => [measured.max, floor, aim])
    const y = FIRST + panel + 56
    drawKey(picture, 20, y - 34)
    const scale = linear(Math.max(...values), 350, 650)
    drawRatios(picture, { x: 20, y, right: 674, scale, row: ROW }, ratios)
  }
  return picture.toString()
}
