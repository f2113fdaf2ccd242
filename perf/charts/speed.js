// @ts-check
/** How many times as fast as lmdb each row is, beside floor and aim. */
import { ratioOf } from '../rows.js'
import { verdicts } from '../targets.js'
import { drawKey, drawRatios, ROW } from './ratios.js'
import { logarithmic } from './scale.js'
import { Picture } from './svg.js'

/** @typedef {import('../rows.js').Row} Row */
/** @typedef {import('./ratios.js').Ratio} Ratio */

const WIDTH = 940
const TITLES = 20
const FROM = 300
const TO = 652
const FIGURES = 674
const FIRST = 112

/**
 * Rows that both have, those that fall short first.
 * @param {readonly Row[]} rows
 * @returns {Ratio[]}
 */
function ratiosOf(rows) {
  const targets = verdicts(rows).filter(({ what }) => what === 'speed ÷ lmdb’s')
  const rank = (/** @type {Row} */ { name }) => {
    const place = targets.findIndex(({ row }) => row === name)
    return place < 0 ? targets.length : place
  }
  const ordered = [...rows].sort((a, b) => rank(a) - rank(b))
  return ordered.flatMap(row => {
    const measured = ratioOf(row, 'lmdb', 'zverse')
    const { floor, aim, verdict = '' } = targets[rank(row)] ?? {}
    return measured === undefined ? [] : [{ title: row.title, measured, floor, aim, verdict }]
  })
}

/**
 * @param {readonly Row[]} rows
 * @param {string} foot
 */
export function drawSpeed(rows, foot) {
  const ratios = ratiosOf(rows)
  if (ratios.length === 0) return undefined
  const picture = new Picture(WIDTH, FIRST + ratios.length * ROW + 48, {
    title: 'Speed, in multiples of lmdb’s',
    subtitle: 'lmdb’s time ÷ zverse’s, round by round; logarithmic, further right is faster',
    foot,
  })
  const values = ratios.flatMap(({ measured, floor, aim }) =>
    [1, measured.min, measured.max, floor, aim].filter(value => value !== undefined),
  )
  const scale = logarithmic(Math.min(...values), Math.max(...values), FROM, TO)
  drawKey(picture, TITLES, 76)
  drawRatios(picture, { x: TITLES, y: FIRST, right: FIGURES, scale }, ratios)
  return picture.toString()
}
