// @ts-check
/** One sensor, as its producer knows it: what was observed, and what of it the database has acknowledged. */
import * as world from './sensors.js'

/** @typedef {import('./sensors.js').Minute} Minute */
/** @typedef {import('./sensors.js').Operation} Operation */
/** @typedef {{ time: number, value: number, version: number }} Observation */
/**
 * A submission: its operations take effect together. `readings` are the observations in it.
 * @typedef {{ operations: Operation[], readings: { time: number, value: number }[] }} Unit
 */

/** Observations that stay; older ones are rolled up, so many at a time at least, and at most. */
const KEPT = 100
const FEWEST = 50
const MOST = 500

export class Sensor {
  #time = 0
  #value = 20_000
  /** Of all observations, acknowledged or not. */
  #count = 0
  #sum = 0
  /** Acknowledged. */
  count = 0
  sum = 0
  version = 0
  /** Acknowledged and not rolled up, oldest first. @type {Observation[]} */
  kept = []
  /** Acknowledged roll-ups. @type {Map<number, Minute>} */
  minutes = new Map()
  isRolling = false

  /** @param {number} number */
  constructor(number) {
    this.number = number
  }

  /** The time; no two are the same, for keys have it. */
  now() {
    this.#time = Math.max(this.#time + 1, Date.now() * 1000)
    return this.#time
  }

  /**
   * Observes: each observation and, in the same unit, the latest.
   * @param {number} readings how many the sensor sends at a time
   * @returns {Unit}
   */
  observe(readings) {
    /** @type {Unit} */
    const unit = { operations: [], readings: [] }
    for (let i = 0; i < readings; i++) {
      const time = this.now()
      this.#value = world.drift(this.#value)
      this.#count++
      this.#sum += this.#value
      const value = this.#value
      unit.readings.push({ time, value })
      unit.operations.push({ type: 'put', key: world.observationKey(this.number, time), value })
    }
    const latest = { time: this.#time, value: this.#value, count: this.#count, sum: this.#sum }
    unit.operations.push({ type: 'put', key: world.latestKey(this.number), value: latest })
    return unit
  }

  /** @param {Unit} unit @param {number} version */
  acknowledge({ readings }, version) {
    this.version = version
    for (const { time, value } of readings) {
      this.count++
      this.sum += value
      this.kept.push({ time, value, version })
    }
  }

  /** How many may be rolled up. */
  get old() {
    const old = this.kept.length - KEPT
    return this.isRolling || old < FEWEST ? 0 : Math.min(old, MOST)
  }

  /**
   * The oldest observations go, and their minute has them, in one unit: in each version an observation is in one of both.
   * Only what has been acknowledged: this goes through another lane than the observations, and may come before them.
   */
  rollUp() {
    const gone = this.kept.slice(0, this.old)
    /** @type {Map<number, Minute>} */
    const minutes = new Map()
    /** @type {Operation[]} */
    const operations = []
    for (const { time, value } of gone) {
      const minute = world.minuteOf(time)
      minutes.set(minute, world.withOne(minutes.get(minute) ?? this.minutes.get(minute), value))
      operations.push({ type: 'del', key: world.observationKey(this.number, time) })
    }
    for (const [minute, value] of minutes) {
      operations.push({ type: 'put', key: world.minuteKey(this.number, minute), value })
    }
    const acknowledge = () => {
      this.kept.splice(0, gone.length)
      for (const [minute, value] of minutes) this.minutes.set(minute, value)
    }
    return { operations, acknowledge, count: gone.length }
  }
}
