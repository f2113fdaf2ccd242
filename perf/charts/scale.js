// @ts-check
/** Scales from figures to pixels, linear or logarithmic, and the places of their ticks. */

/**
 * @typedef {object} Scale
 * @property {(value: number) => number} at the place of a value, in pixels
 * @property {number[]} ticks
 */

/**
 * From 0 to at least `most`.
 * @param {number} most
 * @param {number} from pixel of 0
 * @param {number} to pixel of the end
 * @returns {Scale}
 */
export function linear(most, from, to) {
  const rough = (most > 0 ? most : 1) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 2.5, 5].find(times => times * power >= rough) ?? 10)
  const count = Math.ceil(most / step - 1e-9) || 1
  const ticks = Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)))
  return { at: value => from + ((to - from) * value) / (count * step), ticks }
}

/**
 * From at most `least` to at least `most`, both above 0.
 * @param {number} least
 * @param {number} most
 * @param {number} from pixel of the lower end
 * @param {number} to
 * @returns {Scale}
 */
export function logarithmic(least, most, from, to) {
  const low = roundDown(least)
  const high = Math.max(roundUp(most), low * 10)
  const [start, end] = [Math.log10(low), Math.log10(high)]
  const decades = end - start
  const steps = decades > 3.5 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5]
  /** @type {number[]} */
  const ticks = []
  for (let power = Math.floor(start); power <= end; power++) {
    for (const step of steps) {
      const tick = Number((step * 10 ** power).toPrecision(3))
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick)
    }
  }
  return { at: value => from + ((to - from) * (Math.log10(value) - start)) / decades, ticks }
}

const NICE = [1, 2, 5, 10]

/** @param {number} value */
function roundDown(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([...NICE].reverse().find(step => step * power <= value * 1.001) ?? 1)
}

/** @param {number} value */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * (NICE.find(step => step * power >= value * 0.999) ?? 10)
}

/**
 * Places for labels near the wanted ones, at least `gap` apart, inside of `low` to `high`.
 * @param {readonly number[]} wanted
 * @param {number} gap
 * @param {number} low
 * @param {number} high
 */
export function spread(wanted, gap, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b])
  const places = [...wanted]
  let free = low
  for (const i of order) {
    places[i] = Math.max(places[i], free)
    free = places[i] + gap
  }
  free = high
  for (const i of order.reverse()) {
    places[i] = Math.min(places[i], free)
    free = places[i] - gap
  }
  return places
}
