// @ts-check
/** Questions worth asking: those of the tour, and as many at random as one likes. */

/** @typedef {import('./ask.js').Question} Question */
/** @typedef {import('./world.js').Key} Key */
/** @typedef {import('./world.js').Source} Source */

/** Each with the command line that asks it. @type {{ title: string, args: string[] }[]} */
export const TOUR = [
  {
    title: 'Around Switzerland',
    args: ['--box', '5.9,45.8,10.5,47.8', '--top', '5'],
  },
  {
    title: 'Over a million in Europe: population is a third dimension of the box',
    args: ['--box', '-11,35,30,60', '--population', '1000000', '--top', '5'],
  },
  {
    title: 'Nearest to Zürich main station',
    args: ['--near', '8.5402,47.3782', '--k', '5'],
  },
  {
    title: 'All within 50 km of Tokyo',
    args: ['--near', '139.69,35.69', '--within', '50', '--top', '5'],
  },
  {
    title: 'Fiji lies on both sides of the antimeridian',
    args: ['--box', '176.5,-20,-178,-15', '--top', '5'],
  },
  {
    title: 'So do the neighbours of a point in the Koro Sea',
    args: ['--near', '180,-17.5', '--k', '6', '--top', '6'],
  },
  {
    title: 'Nearest to the south pole',
    args: ['--near', '0,-90', '--k', '5'],
  },
  {
    title: 'Nearest to a point by the north pole, where all longitudes meet',
    args: ['--near', '-170,89.9', '--k', '5'],
  },
  {
    title: 'Millions nearest to Longyearbyen',
    args: ['--near', '15.647,78.223', '--population', '1000000', '--k', '3'],
  },
  {
    title: 'Names that begin with Springfield: an index by name',
    args: ['--name', 'Springfield', '--top', '5'],
  },
  {
    title: 'San this and San that in Costa Rica: of two indexes the one that leads to fewer',
    args: ['--name', 'San', '--country', 'CR', '--top', '5'],
  },
]

/** Numbers from 0 to 1, the same for a seed each time (mulberry32). @param {number} seed */
export function randomNumbers(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Big and small, in town and at sea, across the antimeridian and around the poles. */
export class RandomQuestions {
  #random
  #cities
  #keys

  /** @param {Source[]} cities @param {Key[]} keys @param {number} seed */
  constructor(cities, keys, seed) {
    this.#cities = cities
    this.#keys = keys
    this.#random = randomNumbers(seed)
  }

  /** @returns {[number, number]} in a city, or anywhere */
  #point() {
    const random = this.#random
    if (random() < 0.5) {
      const [longitude, latitude] = this.#keys[Math.floor(random() * this.#keys.length)]
      return [longitude, latitude]
    }
    const latitude = (Math.asin(2 * random() - 1) * 180) / Math.PI
    return [360 * random() - 180, latitude]
  }

  /** @returns {number} mostly 0 */
  #population() {
    return this.#random() < 0.3 ? Math.floor(10 ** (2 + 5 * this.#random())) : 0
  }

  /** @returns {Question} */
  box() {
    const [longitude, latitude] = this.#point()
    const width = 10 ** (3.5 * this.#random() - 2)
    const height = 10 ** (3 * this.#random() - 2)
    const east = longitude + width
    const box = /** @type {import('./ask.js').Box} */ ([
      longitude,
      latitude,
      east > 180 ? east - 360 : east,
      Math.min(90, latitude + height),
    ])
    return { box, k: 0, population: this.#population() }
  }

  /** @returns {Question} */
  near() {
    const random = this.#random
    /** @type {Question} */
    const question = {
      near: this.#point(),
      k: 1 + Math.floor(20 * random()),
      population: this.#population(),
    }
    if (random() < 0.3) question.within = 10 ** (3 + 4 * random())
    if (random() < 0.2) question.box = this.box().box
    return question
  }

  /** @returns {Question} the begin of some city's name, or its country, or both */
  named() {
    const random = this.#random
    const { name, country } = this.#cities[Math.floor(random() * this.#cities.length)]
    const letters = [...name]
    const prefix = letters.slice(0, 1 + Math.floor(random() * letters.length)).join('')
    /** @type {Question} */
    const question = { k: 0, population: this.#population() }
    const kind = random()
    if (kind < 0.7) question.name = prefix
    if (kind > 0.4) question.country = country
    return question
  }
}
