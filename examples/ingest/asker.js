// @ts-check
/** Asks, while others write, and compares each answer with another way to ask. */
import { ZVerseError } from 'zverse'
import * as world from './sensors.js'

/** @typedef {import('./sensors.js').Database} Database */
/** @typedef {import('./sensors.js').Latest} Latest */
/** @typedef {import('./sensors.js').Minute} Minute */
/** @typedef {import('./sensors.js').Snapshot} Snapshot */
/**
 * What was answered about a sensor at a version.
 * @typedef {{ version: number, sensor: number, latest: Latest }} Answer
 */

/** Answers that are asked for again when they are past. */
const REMEMBERED = 20
/** Newest observations of a sensor. */
const FEW = 10

/**
 * What a snapshot has of a sensor: its observations and its minutes must be all that its latest entry has counted.
 * @param {Snapshot} snapshot @param {number} sensor
 */
export function countOf(snapshot, sensor) {
  let count = 0
  let sum = 0
  for (const value of snapshot.values({ prefix: world.observationsOf(sensor) })) {
    count++
    sum += /** @type {number} */ (value)
  }
  for (const value of snapshot.values({ prefix: world.minutesOf(sensor) })) {
    const minute = /** @type {Minute} */ (value)
    count += minute.count
    sum += minute.sum
  }
  return { count, sum }
}

export class Asker {
  /** @type {Set<string>} */
  problems = new Set()
  /** Snapshots of now and of the past, and answers that were asked for again. */
  asked = { now: 0, past: 0, again: 0 }
  /** Questions about a time that is no longer kept. */
  late = 0
  #db
  #sensors
  #ago
  /** @type {Answer[]} */
  #answers = []

  /** @param {Database} db @param {number} sensors @param {number} ago ms */
  constructor(db, sensors, ago) {
    this.#db = db
    this.#sensors = sensors
    this.#ago = ago
  }

  /** Some sensor, now, a while ago, and as it was when it was asked for before. */
  ask() {
    const sensor = world.random(this.#sensors)
    const now = this.#read({}, sensor)
    if (now !== undefined) this.asked.now++
    const then = this.#read({ asOf: new Date(Date.now() - this.#ago) }, sensor)
    if (then !== undefined) this.asked.past++
    if (now && then && now.latest.count < then.latest.count) this.#wrong(now, 'counts back')
    if (now === undefined) return
    this.#answers.push(now)
    if (this.#answers.length > REMEMBERED)
      this.#askAgain(/** @type {Answer} */ (this.#answers.shift()))
  }

  /** @param {Answer} answer */
  #wrong({ version, sensor }, /** @type {string} */ what) {
    this.problems.add(`version ${version}: sensor ${sensor} ${what}`)
  }

  /** @param {import('zverse').View} view @param {number} sensor @returns {Answer | undefined} */
  #read(view, sensor) {
    const snapshot = this.#ifKept(() => this.#db.beginRead(view))
    if (snapshot === undefined) return
    try {
      const latest = /** @type {Latest | undefined} */ (snapshot.get(world.latestKey(sensor)))
      // It may not have sent anything yet.
      if (latest === undefined) return
      const answer = { version: snapshot.version, sensor, latest }
      const { count, sum } = countOf(snapshot, sensor)
      const differs = count !== latest.count || sum !== latest.sum
      if (differs) this.#wrong(answer, `has ${count} of ${latest.count} observations`)
      const newest = { prefix: world.observationsOf(sensor), reverse: true, limit: FEW }
      const [first] = snapshot.range(newest).toArray()
      const isLatest =
        first[0] === world.observationKey(sensor, latest.time) && first[1] === latest.value
      if (!isLatest) this.#wrong(answer, `has ${first[0]} as its latest observation`)
      return answer
    } finally {
      snapshot.close()
    }
  }

  /** The past does not change. @param {Answer} answer */
  #askAgain(answer) {
    const { version, sensor, latest } = answer
    const was = this.#ifKept(() => this.#db.get(world.latestKey(sensor), { at: version }))
    if (was === undefined) return
    const same = /** @type {Latest} */ (was)
    if (same.count !== latest.count || same.sum !== latest.sum)
      this.#wrong(answer, 'has another past')
    this.asked.again++
  }

  /** @template T @param {() => T} ask */
  #ifKept(ask) {
    try {
      return ask()
    } catch (error) {
      const isLate = error instanceof ZVerseError && error.code === 'ZVERSE_VERSION_NOT_RETAINED'
      if (!isLate) throw error
      this.late++
      return undefined
    }
  }

  /** The warmest sensor now. */
  get warmest() {
    let warmest = ''
    let most = Number.NEGATIVE_INFINITY
    for (const [key, value] of this.#db.range({ prefix: 'latest:' })) {
      const latest = /** @type {Latest} */ (value)
      if (latest.value <= most) continue
      most = latest.value
      warmest = `${key.slice('latest:'.length)} at ${(most / 1000).toFixed(1)} °C`
    }
    return warmest
  }
}
