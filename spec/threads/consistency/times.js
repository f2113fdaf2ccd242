// @ts-check
/**
 * Real time in a history: which versions had been seen when. Stamps come from one clock of all
 * threads, taken before and after each operation; an operation that ended before another began came
 * before it.
 */

/** @typedef {import('./kinds.js').Event} Event */

/**
 * The number of items of a sorted list that are below `x`.
 * @param {number[]} sorted
 * @param {number} x
 */
function below(sorted, x) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < x) low = middle + 1
    else high = middle
  }
  return low
}

export class Times {
  /**
   * Ends of events, ascending, and the newest version seen by each of them or any before.
   * @type {number[]}
   */
  #ends = []
  /** @type {number[]} */
  #newest = []
  /** By version, the earliest end of an event that had seen it or a later one. @type {number[]} */
  #first = []

  /** @param {readonly Event[]} events @param {(event: Event) => number | undefined} seenBy */
  constructor(events, seenBy) {
    const seen = events.flatMap(event => {
      const version = seenBy(event)
      return version === undefined ? [] : [{ b: event.b, version }]
    })
    seen.sort((x, y) => x.b - y.b)
    let newest = 0
    for (const { b, version } of seen) {
      for (let v = this.#first.length; v <= version; v++) this.#first.push(b)
      newest = Math.max(newest, version)
      this.#ends.push(b)
      this.#newest.push(newest)
    }
  }

  /**
   * The newest version that anyone had seen before `stamp`: the present was at least that.
   * @param {number} stamp
   */
  floor(stamp) {
    return this.#newest[below(this.#ends, stamp) - 1] ?? 0
  }

  /** When someone had surely seen `version`. @param {number} version */
  firstSeen(version) {
    return this.#first[version] ?? Number.POSITIVE_INFINITY
  }
}

/** When versions can have come to be at the earliest: their makers' beginnings. */
export class Beginnings {
  #first
  /** @type {number[]} */
  #earliest = []

  /** @param {Map<number, Event>} makers of each version after `first` @param {number} first */
  constructor(makers, first) {
    this.#first = first
    let latest = 0
    for (let v = first + 1; makers.has(v); v++) {
      latest = Math.max(latest, /** @type {Event} */ (makers.get(v)).a)
      this.#earliest.push(latest)
    }
  }

  /** The newest version that can have been there at `stamp`. @param {number} stamp */
  ceiling(stamp) {
    return this.#first + below(this.#earliest, stamp)
  }
}
