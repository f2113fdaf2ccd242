// @ts-check
/**
 * Rows of ratios on one scale: the median as a dot, lowest and highest as whiskers, the floor as a
 * stroke and the aim as a diamond; the figure and the verdict in words beside.
 */
import { spreadText } from './lines.js'

/** @typedef {import('../rows.js').Summary} Summary */
/** @typedef {import('./svg.js').Picture} Picture */
/** @typedef {import('./scale.js').Scale} Scale */

/**
 * @typedef {object} Ratio
 * @property {string} title
 * @property {string} [detail] a second line
 * @property {Summary} measured
 * @property {number} [floor]
 * @property {number} [aim]
 * @property {string} [verdict]
 */

export const ROW = 28

/**
 * @param {Picture} picture
 * @param {{ x: number, y: number, right: number, scale: Scale, row?: number }} frame
 *   the left of titles, the first row's middle, the left of figures, and the height of a row
 * @param {readonly Ratio[]} ratios
 * @param {string} [colour]
 */
export function drawRatios(
  picture,
  { x, y, right, scale, row: height = ROW },
  ratios,
  colour = 'zverse',
) {
  const bottom = y + ratios.length * height - height / 2
  for (const tick of scale.ticks) {
    const kind = tick === 1 ? 'axis' : 'grid'
    picture.line(scale.at(tick), y - height / 2, scale.at(tick), bottom, kind)
    picture.text(scale.at(tick), bottom + 16, `${tick}×`, 'tick', 'middle')
  }
  ratios.forEach(({ title, detail, measured, floor, aim, verdict }, n) => {
    const middle = y + n * height
    const { median, min, max } = measured
    picture.text(x, middle + (detail ? -3 : 4), title)
    if (detail) picture.text(x, middle + 12, detail, 'tick')
    if (floor !== undefined) {
      picture.line(scale.at(floor), middle - 9, scale.at(floor), middle + 9, 'floor')
    }
    if (aim !== undefined) picture.diamond(scale.at(aim), middle)
    picture.line(scale.at(min), middle, scale.at(max), middle, `whisker s-${colour}`)
    for (const end of [min, max]) {
      picture.line(scale.at(end), middle - 4, scale.at(end), middle + 4, `whisker s-${colour}`)
    }
    picture.dot(scale.at(median), middle, 5, `f-${colour}`)
    picture.text(right, middle + 4, `${spreadText(measured)} ×`)
    if (verdict) picture.text(right + 148, middle + 4, verdict, 'muted')
  })
  return bottom
}

/**
 * The meaning of the marks, in one line.
 * @param {Picture} picture
 * @param {number} x
 * @param {number} y
 */
export function drawKey(picture, x, y) {
  picture.line(x, y, x + 24, y, 'whisker s-zverse')
  picture.dot(x + 12, y, 5, 'f-zverse')
  picture.text(x + 30, y + 4, 'median, lowest to highest round', 'muted')
  picture.line(x + 250, y - 8, x + 250, y + 8, 'floor')
  picture.text(x + 258, y + 4, 'floor', 'muted')
  picture.diamond(x + 334, y)
  picture.text(x + 344, y + 4, 'aim', 'muted')
}
