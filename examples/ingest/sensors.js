// @ts-check
/** Shared by all threads: the keys and values, and what a sensor measures. */

/**
 * Times are in µs since 1970, temperatures in thousandths of a degree: whole numbers, so that sums are exact.
 * All is in one store, because a submission has one: what belongs together changes together.
 *
 * - `observation:SENSOR:TIME`: a temperature, until it is rolled up.
 * - `latest:SENSOR`: the newest observation, and the count and sum of all there were.
 * - `minute:SENSOR:MINUTE`: what has been rolled up of that minute.
 * - `alarm:TIME:SENSOR`: a temperature that was too high.
 * @typedef {{ time: number, value: number, count: number, sum: number }} Latest
 * @typedef {{ count: number, sum: number, least: number, most: number }} Minute
 * @typedef {import('zverse').ZVerse<string, number | Latest | Minute>} Database
 * @typedef {import('zverse').Operation<string, number | Latest | Minute>} Operation
 * @typedef {import('zverse').ReadTransaction<string, number | Latest | Minute>} Snapshot
 */

/** From here on an observation raises an alarm. */
export const ALARM = 30_000
const MIDDLE = 20_000
const MINUTE = 60_000_000

const digits = (/** @type {number} */ sensor) => String(sensor).padStart(5, '0')

// Until 2286 all times have 16 digits: keys are in the order of time.
/** @param {number} sensor @param {number} time */
export const observationKey = (sensor, time) => `observation:${digits(sensor)}:${time}`
/** @param {number} sensor */
export const observationsOf = sensor => `observation:${digits(sensor)}:`
/** @param {number} sensor */
export const latestKey = sensor => `latest:${digits(sensor)}`
/** @param {number} sensor @param {number} minute */
export const minuteKey = (sensor, minute) => `minute:${digits(sensor)}:${minute}`
/** @param {number} sensor */
export const minutesOf = sensor => `minute:${digits(sensor)}:`
/** @param {number} sensor @param {number} time */
export const alarmKey = (sensor, time) => `alarm:${time}:${digits(sensor)}`

/** @param {number} time */
export const minuteOf = time => Math.floor(time / MINUTE)

/** @param {number} below */
export const random = below => Math.floor(Math.random() * below)

/**
 * Some thousandths up or down, and back to the middle in the long run; now and then a spike.
 * @param {number} value
 */
export function drift(value) {
  if (random(2000) === 0) return ALARM + random(5000)
  const back = value > ALARM ? MIDDLE : value
  return Math.round(back + (MIDDLE - back) / 100) + random(401) - 200
}

/**
 * A minute with one more observation.
 * @param {Minute | undefined} minute @param {number} value
 * @returns {Minute}
 */
export function withOne(minute, value) {
  if (minute === undefined) return { count: 1, sum: value, least: value, most: value }
  return {
    count: minute.count + 1,
    sum: minute.sum + value,
    least: Math.min(minute.least, value),
    most: Math.max(minute.most, value),
  }
}
