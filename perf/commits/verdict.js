// @ts-check
/**
 * Whether one build differs from another, from ratios of samples taken next to each other.
 *
 * A process has a memory layout and a compiled code of its own, which may make it some per cent faster or
 * slower for as long as it lives, so several pairs of processes are measured. A difference is outside of
 * noise if the interval of the median excludes 1, the median is more than THRESHOLD off, and the median
 * of every single pair lies on the same side of 1.
 */
import { median as medianOf } from '../rows.js'

/** Less than this, though certain, is of no concern. */
const THRESHOLD = 0.03
/** How sure the interval of a median is: a run has some twenty rows, and none should be marked by chance. */
const CONFIDENCE = 0.99

/** @typedef {'slower' | 'faster' | ''} Sense */

/**
 * @typedef {object} Comparison
 * @property {number} median head ÷ base
 * @property {number} low of the interval
 * @property {number} high
 * @property {number[]} ratios
 * @property {Sense} outside of noise, in this direction
 */

/**
 * An interval of order statistics that contains the true median in at least 99 of 100 cases (sign
 * test), for any distribution; lowest to highest if there are too few samples for that.
 * @param {readonly number[]} samples at least one
 * @returns {[number, number]}
 */
export function medianInterval(samples) {
  const ordered = [...samples].sort((a, b) => a - b)
  const count = ordered.length
  // Of the binomial distribution: so likely does the true median lie below the sample at `skip`.
  let term = 0.5 ** count
  let tail = term
  let skip = 0
  while (2 * tail <= 1 - CONFIDENCE && 2 * (skip + 1) < count) {
    term = (term * (count - skip)) / (skip + 1)
    if (2 * (tail + term) > 1 - CONFIDENCE) break
    tail += term
    skip++
  }
  return [ordered[skip], ordered[count - 1 - skip]]
}

/**
 * @param {readonly (readonly number[])[]} pairs ratios head ÷ base of times or bytes, by pair of processes
 * @returns {Comparison | undefined} undefined if there are none
 */
export function compare(pairs) {
  const measured = pairs.filter(ratios => ratios.length > 0)
  const ratios = measured.flat()
  if (ratios.length === 0) return undefined
  const median = medianOf(ratios)
  const [low, high] = medianInterval(ratios)
  const agree = (/** @type {Sense} */ sense) =>
    measured.every(some => (sense === 'slower') === medianOf(some) > 1)
  /** @type {Sense} */
  let outside = ''
  if (low > 1 && median > 1 + THRESHOLD && agree('slower')) outside = 'slower'
  if (high < 1 && median < 1 - THRESHOLD && agree('faster')) outside = 'faster'
  return { median, low, high, ratios, outside }
}
