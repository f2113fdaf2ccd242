// @ts-check
/** Chart (e): gets a second by threads together, and the ratios that are promised for threads. */
import { drawPanel } from './lines.js'
import { drawKey, drawRatios } from './ratios.js'
import { linear } from './scale.js'
import { colourOf, Picture } from './svg.js'

/** @typedef {import('../threads/report.js').Run} ThreadsRun */

const WIDTH = 940
const FIRST = 70
const PANEL = 270
/** Height of a ratio with two lines. */
const ROW = 40
const COUNTS = [1, 2, 8, 32]
const SYSTEMS = ['zverse', 'lmdb']

/**
 * Promises that are ratios, in which more is better.
 * @param {ThreadsRun} run
 */
const promised = ({ rows }) =>
  rows
    .filter(({ unit, target }) => unit === '×' && target?.sense === 'at least')
    .map(({ title, what, measured, target, verdict }) => ({
      title,
      detail: what.replace('zverse, ', ''),
      ...{ measured, bound: target?.bound, aim: target?.aim, verdict },
    }))

/** @type {(run: ThreadsRun, foot: string) => string | undefined} */
export function drawThreads(run, foot) {
  const readers = run.rows.filter(({ scenario }) => scenario === 'readers')
  const ratios = promised(run)
  if (readers.length + ratios.length === 0) return undefined
  const panel = readers.length > 0 ? PANEL : 0
  const height = FIRST + panel + (ratios.length > 0 ? 70 + ratios.length * ROW : 0) + 36
  const picture = new Picture(WIDTH, height, {
    title: 'Threads',
    subtitle: `worker threads on ${run.machine.cores} cores; medians, whiskers: lowest to highest round`,
    foot,
  })
  if (readers.length > 0) {
    drawPanel(picture, {
      ...{ x: 20, y: FIRST, width: WIDTH - 40, height: PANEL, labels: 80 },
      ...{ title: 'Random gets by all threads together', unit: 'million a second' },
      ...{ place: 'threads', places: COUNTS.map(String), scale: 1e-6 },
      series: SYSTEMS.map(system => ({
        label: system,
        colour: colourOf(system),
        figures: COUNTS.map(
          count => readers.find(({ name }) => name === `${system} ${count}`)?.measured,
        ),
      })),
    })
  }
  if (ratios.length > 0) {
    const values = ratios.flatMap(({ measured, bound = 0, aim = 0 }) => [measured.max, bound, aim])
    const y = FIRST + panel + 56
    drawKey(picture, 20, y - 34)
    const scale = linear(Math.max(...values), 350, 650)
    drawRatios(picture, { x: 20, y, right: 674, scale, row: ROW }, ratios)
  }
  return picture.toString()
}
