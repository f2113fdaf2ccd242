// @ts-check
/**
 * A panel of lines over places that stand evenly apart: figures as dots with their spread as whiskers,
 * each line labelled at its right end.
 */
import { digits } from '../report.js'
import { linear, logarithmic, spread } from './scale.js'

/** @typedef {import('../rows.js').Summary} Summary */
/** @typedef {import('./svg.js').Picture} Picture */

/**
 * @typedef {object} Series
 * @property {string} label
 * @property {string} colour
 * @property {(Summary | undefined)[]} figures one a place
 */

/**
 * @typedef {object} Panel
 * @property {number} x of the whole panel
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {number} labels room for them at the right
 * @property {string} title
 * @property {string} unit
 * @property {string} place the name of the places
 * @property {string[]} places
 * @property {Series[]} series
 * @property {boolean} [logarithmic] of the figures
 * @property {number} [scale] by which figures are multiplied
 */

/** Pixels left of the lines for ticks, right for labels, above and below. */
const LEFT = 44
const TOP = 44
const BELOW = 38
const LABEL_GAP = 14

/**
 * @param {Picture} picture
 * @param {Panel} panel
 */
export function drawPanel(picture, panel) {
  const series = panel.series.filter(({ figures }) => figures.some(figure => figure !== undefined))
  const left = panel.x + LEFT
  const right = panel.x + panel.width - panel.labels
  const top = panel.y + TOP
  const bottom = panel.y + panel.height - BELOW
  const unit = panel.logarithmic ? `${panel.unit}, logarithmic` : panel.unit
  picture.text(panel.x, panel.y + 14, panel.title, 'head')
  picture.text(panel.x, panel.y + 30, unit, 'tick')
  const by = panel.scale ?? 1
  const all = series.flatMap(({ figures }) => figures.filter(figure => figure !== undefined))
  if (all.length === 0) return
  const most = Math.max(...all.map(({ max }) => max)) * by
  const least = Math.min(...all.map(({ min }) => min)) * by
  const y = panel.logarithmic ? logarithmic(least, most, bottom, top) : linear(most, bottom, top)
  for (const tick of y.ticks) {
    picture.line(left, y.at(tick), right, y.at(tick), 'grid')
    picture.text(left - 6, y.at(tick) + 4, short(tick), 'tick', 'end')
  }
  const count = panel.places.length
  const inset = Math.min(24, (right - left) / (2 * count))
  const step = count > 1 ? (right - left - 2 * inset) / (count - 1) : 0
  const x = (/** @type {number} */ i) => left + inset + i * step
  panel.places.forEach((place, i) => {
    picture.text(x(i), bottom + 16, place, 'tick', 'middle')
  })
  picture.text((left + right) / 2, bottom + 32, panel.place, 'tick', 'middle')
  for (const one of series) drawSeries(picture, one, x, value => y.at(value * by))
  labelEnds(picture, series, { right, top, bottom }, x, value => y.at(value * by))
}

/** @param {number} tick */
const short = tick => (tick >= 1000 && tick % 1000 === 0 ? `${tick / 1000} k` : String(tick))

/**
 * @param {Picture} picture
 * @param {Series} series
 * @param {(i: number) => number} x
 * @param {(value: number) => number} y
 */
function drawSeries(picture, { figures, colour }, x, y) {
  /** @type {[number, number][]} */
  const points = []
  figures.forEach((figure, i) => {
    if (figure === undefined) return
    points.push([x(i), y(figure.median)])
    picture.line(x(i), y(figure.min), x(i), y(figure.max), `whisker s-${colour}`)
  })
  picture.through(points, `line s-${colour}`)
  for (const [px, py] of points) picture.dot(px, py, 3.5, `f-${colour}`)
}

/**
 * @param {Picture} picture
 * @param {readonly Series[]} series
 * @param {{ right: number, top: number, bottom: number }} frame
 * @param {(i: number) => number} x
 * @param {(value: number) => number} y
 */
function labelEnds(picture, series, { right, top, bottom }, x, y) {
  const ends = series.map(({ figures }) => {
    const last = figures.reduce((at, figure, i) => (figure === undefined ? at : i), 0)
    return { x: x(last), y: y(/** @type {Summary} */ (figures[last]).median) }
  })
  const places = spread(
    ends.map(end => end.y),
    LABEL_GAP,
    top,
    bottom,
  )
  series.forEach(({ label, colour }, i) => {
    picture.line(ends[i].x + 5, ends[i].y, right + 10, places[i], `leader s-${colour}`)
    picture.bar(right + 10, places[i] - 4, 8, 8, `f-${colour}`)
    picture.text(right + 22, places[i] + 4, label)
  })
}

/**
 * A figure in a label: 1.66 (1.55–1.77).
 * @param {Summary} summary
 */
export const spreadText = ({ median, min, max, samples }) =>
  samples.length < 2 ? digits(median) : `${digits(median)} (${digits(min)}–${digits(max)})`
