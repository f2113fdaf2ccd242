// @ts-check
/** Chart (a): how many times as fast as lmdb each row is, beside promise and aim. */
import { summarize } from '../measure.js'
import { drawKey, drawRatios, ROW } from './ratios.js'
import { logarithmic } from './scale.js'
import { Picture } from './svg.js'

/** @typedef {import('../report.js').Run} Run */
/** @typedef {import('./ratios.js').Ratio} Ratio */

const WIDTH = 940
const TITLES = 20
const FROM = 300
const TO = 652
const FIGURES = 674
const FIRST = 112

const RANK = ['falls short', 'misses the aim', 'holds', 'reaches the aim', '']

/**
 * Rows that both have, those that fall short first.
 * @param {Run} run
 * @returns {Ratio[]}
 */
function ratiosOf({ rows, verdicts }) {
  const both = rows.filter(row => row.on === 'entries' && row.family === undefined)
  const ratios = both.flatMap(({ name, title, systems, units }) => {
    const [main] = Object.keys(units)
    const ours = systems.zverse?.[main]
    const theirs = systems.lmdb?.[main]
    if (ours === undefined || theirs === undefined) return []
    const measured = summarize(ours.samples.map((time, round) => theirs.samples[round] / time))
    const target = verdicts.find(({ row, what }) => row === name && what === 'speed ÷ lmdb’s')
    const { bound, aim, verdict = '' } = target ?? {}
    return [{ title, measured, bound, aim, verdict }]
  })
  return ratios.sort((a, b) => RANK.indexOf(a.verdict) - RANK.indexOf(b.verdict))
}

/**
 * @param {Run} run
 * @param {string} foot
 */
export function drawSpeed(run, foot) {
  const ratios = ratiosOf(run)
  if (ratios.length === 0) return undefined
  const picture = new Picture(WIDTH, FIRST + ratios.length * ROW + 48, {
    title: 'Speed, in multiples of lmdb’s',
    subtitle: 'lmdb’s time ÷ zverse’s, round by round; logarithmic, further right is faster',
    foot,
  })
  const values = ratios.flatMap(({ measured, bound, aim }) =>
    [1, measured.min, measured.max, bound, aim].filter(value => value !== undefined),
  )
  const scale = logarithmic(Math.min(...values), Math.max(...values), FROM, TO)
  drawKey(picture, TITLES, 76)
  drawRatios(picture, { x: TITLES, y: FIRST, right: FIGURES, scale }, ratios)
  return picture.toString()
}
