// @ts-check
/** Operations a second of each system in each YCSB workload, as bars. */
import { digits } from '../report.js'
import { systemsOf } from '../rows.js'
import { linear } from './scale.js'
import { colourOf, Picture } from './svg.js'

/** @typedef {import('../rows.js').Row} Row */

const WIDTH = 940
const COLUMNS = 2
const MARGIN = 20
const GAP = 28
const FIRST = 74
const BAR = 16
const STEP = 23
const HEAD = 24
const NAMES = 82
const FIGURES = 150

const PANEL = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS

/** @param {number} micros an operation */
function rate(micros) {
  const thousands = 1000 / micros
  return thousands >= 1000 ? `${digits(thousands / 1000)} M/s` : `${digits(thousands)} k/s`
}

/**
 * @param {Picture} picture
 * @param {Row} row
 * @param {number} x
 * @param {number} y
 */
function drawWorkload(picture, row, x, y) {
  picture.text(x, y + 12, row.title.replace('YCSB ', ''), 'head')
  const systems = Object.entries(row.systems).filter(([, { time }]) => time !== undefined)
  const most = Math.max(...systems.map(([, { time }]) => 1 / time.min))
  const scale = linear(most, x + NAMES, x + PANEL - FIGURES)
  const end = scale.ticks[scale.ticks.length - 1]
  // The bars use the whole room, without regard to ticks.
  const at = (/** @type {number} */ value) => scale.at((value * end) / most)
  systems.forEach(([system, { time }], i) => {
    const top = y + HEAD + i * STEP
    const middle = top + BAR / 2
    picture.text(x + NAMES - 8, middle + 4, system, '', 'end')
    picture.bar(x + NAMES, top, at(1 / time.median) - x - NAMES, BAR, `f-${colourOf(system)}`)
    picture.line(at(1 / time.max), middle, at(1 / time.min), middle, 'axis')
    const beside = Math.max(at(1 / time.min), at(1 / time.median)) + 8
    picture.text(beside, middle + 4, `${rate(time.median)} · ${digits(time.median)} µs`)
  })
}

/** @type {(rows: Row[], foot: string) => string} */
export function drawYcsb(rows, foot) {
  const tallest = systemsOf(rows).length * STEP + HEAD + 18
  const lines = Math.ceil(rows.length / COLUMNS)
  const picture = new Picture(WIDTH, FIRST + lines * tallest + 30, {
    title: 'YCSB, one thread',
    subtitle:
      'operations a second and the time of one; zipfian keys, values of 100 bytes, ' +
      'each write a commit; each workload to its own scale',
    foot,
  })
  rows.forEach((row, n) => {
    const x = MARGIN + (n % COLUMNS) * (PANEL + GAP)
    drawWorkload(picture, row, x, FIRST + Math.floor(n / COLUMNS) * tallest)
  })
  return picture.toString()
}
