// @ts-check
/** Compares the database with what its producers know to be acknowledged: nothing is lost, or there twice. */
import * as world from './sensors.js'

/** @typedef {import('./sensors.js').Database} Database */
/** @typedef {import('./sensors.js').Latest} Latest */
/** @typedef {import('./producer.js').Known} Known */

/**
 * @param {Database} db @param {Known[]} known of each producer
 * @returns what was compared, and what differs
 */
export function verify(db, known) {
  /** @type {string[]} */
  const problems = []
  let observations = 0
  let alarms = 0
  let minutes = 0
  /** Every entry that there has to be: its value as text, and its version where the producer knows it. */
  /** @type {Map<string, { text: string, version?: number }>} */
  const expected = new Map()
  for (const producer of known) {
    for (const { number, count, sum, version, kept, minutes: rolled } of producer.sensors) {
      observations += count
      minutes += rolled.size
      for (const { time, value, version } of kept) {
        expected.set(world.observationKey(number, time), { text: JSON.stringify(value), version })
      }
      for (const [minute, value] of rolled) {
        expected.set(world.minuteKey(number, minute), { text: JSON.stringify(value) })
      }
      const newest = kept.at(-1)
      if (newest === undefined) continue
      const latest = { time: newest.time, value: newest.value, count, sum }
      expected.set(world.latestKey(number), { text: JSON.stringify(latest), version })
      const total = [...rolled.values()].reduce((all, one) => all + one.count, kept.length)
      if (total !== count) problems.push(`sensor ${number}: ${total} of ${count} acknowledged`)
    }
    for (const { key, value, version } of producer.alarms) {
      alarms++
      expected.set(key, { text: JSON.stringify(value), version })
    }
  }
  for (const { key, value, version } of db.getEntries()) {
    const entry = expected.get(key)
    expected.delete(key)
    if (entry === undefined) problems.push(`${key} was never acknowledged`)
    else if (entry.text !== JSON.stringify(value)) problems.push(`${key} has another value`)
    else if (version !== (entry.version ?? version)) {
      problems.push(`${key} is of version ${version}, and was acknowledged with ${entry.version}`)
    }
  }
  for (const key of expected.keys()) problems.push(`${key} is lost`)
  problems.push(...risesOf(db, known))
  return { observations, alarms, minutes, entries: db.size, problems }
}

/**
 * In all versions that are kept, the count of a sensor only rises.
 * @param {Database} db @param {Known[]} known
 */
function* risesOf(db, known) {
  for (const { number } of known.flatMap(({ sensors }) => sensors)) {
    let last = 0
    for (const { version, value } of db.history(world.latestKey(number))) {
      const { count } = /** @type {Latest} */ (value)
      if (count <= last) yield `version ${version}: sensor ${number} goes from ${last} to ${count}`
      last = count
    }
  }
}

/**
 * Alarms that were submitted while a transaction was in the way: each behind all that its thread had submitted before.
 * @param {Known[]} known @param {number} since the version before the transaction
 */
export function overtaken(known, since) {
  /** @type {string[]} */
  const problems = []
  let count = 0
  for (const [i, { drill }] of known.entries()) {
    // What was committed before the transaction, though its thread had not heard of it.
    const behind = drill.behind.filter(version => version > since)
    const wrong = behind.filter(version => version < drill.alarm).length
    if (wrong > 0) problems.push(`${wrong} observations of producer ${i} went before its alarm`)
    count += behind.filter(version => version > drill.alarm).length
  }
  if (count === 0) problems.push('no alarm has overtaken anything')
  return { count, problems }
}
