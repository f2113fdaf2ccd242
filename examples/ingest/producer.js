// @ts-check
/**
 * A thread that submits what its sensors observe, as many a second as the options say, without waiting for the commits:
 * alarms with high priority, observations with the usual one, roll-ups with low.
 */
import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { Lanes } from './lanes.js'
import { Sensor } from './sensor.js'
import { ALARM, alarmKey } from './sensors.js'

/** @typedef {import('./sensor.js').Unit} Unit */
/** @typedef {import('./sensors.js').Database} Database */
/** @typedef {{ key: string, value: number, version: number }} Alarm */
/**
 * Versions of an alarm that was submitted behind all that waited, and of what had waited.
 * @typedef {{ alarm: number, behind: number[] }} Drill
 */
/** @typedef {{ observed: number, rejected: number }} Progress */
/**
 * What this thread knows to be acknowledged.
 * @typedef {{ sensors: Pick<Sensor, 'number' | 'count' | 'sum' | 'version' | 'kept' | 'minutes'>[], alarms: Alarm[],
 *   drill: Drill, lanes: Lanes['counts'] }} Known
 */

/** ms of observing after which the event loop has a turn, and between two posts of the progress. */
const SPELL = 5
const POST = 50
/** Observations of a sensor that wait to be rolled up: beyond that this thread observes no more. */
const BOUND = 1500

const { handle, numbers, rate, packet } = workerData
const db = /** @type {Database} */ (ZVerse.attach(handle))
const lanes = new Lanes(db)
/** @type {Sensor[]} */
const sensors = numbers.map((/** @type {number} */ number) => new Sensor(number))
/** Of one round: a packet of each sensor. */
const ROUND = packet * sensors.length

let isRunning = true
let isPressed = false
let isInTheWay = false
let observed = 0
/** @type {Alarm[]} */
const alarms = []
/** Numbers the submissions of the normal lane. */
let serial = 0
/** All up to here lay before the alarm of the drill. */
let before = -1
/** @type {Drill} */
const drill = { alarm: 0, behind: [] }

/**
 * Submits a packet of each sensor. What has no room comes again, before anything newer of its sensor: else its latest
 * observation would go back in time.
 */
async function observe() {
  let units = sensors.map(sensor => ({ sensor, ...sensor.observe(packet) }))
  observed += ROUND
  for (const { sensor, readings } of units) {
    for (const { time, value } of readings) if (value >= ALARM) raise(sensor.number, time, value)
  }
  while (units.length > 0) {
    /** @type {typeof units} */
    const again = []
    let pause = 0
    for (const unit of units) {
      const number = serial++
      const done = (/** @type {number} */ version) => {
        unit.sensor.acknowledge(unit, version)
        if (number <= before) drill.behind.push(version)
      }
      lanes.submit('normal', unit.operations, done, retryAfterMs => {
        again.push(unit)
        pause = Math.max(pause, retryAfterMs)
      })
    }
    // A rejection for want of room is there at once: before this goes on.
    await null
    units = again
    if (pause === 0) continue
    post()
    await delay(pause)
  }
}

/**
 * An alarm goes before all observations that wait, its own one among them.
 * @param {number} sensor @param {number} time @param {number} value
 * @param {(version: number) => void} [done]
 */
function raise(sensor, time, value, done = () => {}) {
  const key = alarmKey(sensor, time)
  const acknowledge = (/** @type {number} */ version) => {
    alarms.push({ key, value, version })
    done(version)
  }
  const again = (/** @type {number} */ ms) => void setTimeout(raise, ms, sensor, time, value, done)
  lanes.submit('high', [{ type: 'put', key, value }], acknowledge, again)
}

/** Rolls up what is old; under pressure later, as long as there is room for the observations. */
function rollUp() {
  for (const sensor of sensors) {
    if (sensor.old === 0 || (isPressed && sensor.kept.length < BOUND)) continue
    const { operations, acknowledge } = sensor.rollUp()
    const done = () => {
      acknowledge()
      sensor.isRolling = false
    }
    const later = (/** @type {number} */ ms) => {
      setTimeout(() => {
        sensor.isRolling = false
      }, ms)
    }
    sensor.isRolling = true
    lanes.submit('low', operations, done, later)
  }
}

const begun = performance.now()
/** Observations behind the rate asked for. */
const due = () => ((performance.now() - begun) * rate) / 1000 - observed
// While a transaction is in the way nothing can be rolled up: what may wait is bounded by the capacity then.
const isBounded = () => isInTheWay || sensors.every(({ kept }) => kept.length < BOUND)

const endPressure = db.onPressure(({ level }) => {
  isPressed = level === 'critical' || level === 'overloaded'
})

/** @type {{ [what: string]: () => void }} */
const ORDERS = {
  /** The figures end here; a transaction comes. */
  measured() {
    lanes.isTimed = false
    isInTheWay = true
  },
  /** The transaction is in the way: this alarm comes in last, and has to be committed first. */
  drill() {
    before = serial - 1
    raise(sensors[0].number, sensors[0].now(), ALARM, version => {
      drill.alarm = version
    })
    parentPort?.postMessage({ drilled: true })
  },
  stop() {
    isRunning = false
  },
}
parentPort?.on('message', order => ORDERS[order]())

let posted = 0
function post() {
  posted = performance.now()
  const { rejected } = lanes.counts.normal
  parentPort?.postMessage({ progress: { observed, rejected } })
}

while (isRunning) {
  const until = performance.now() + SPELL
  while (due() >= ROUND && isBounded() && performance.now() < until) await observe()
  rollUp()
  if (performance.now() > posted + POST) post()
  await (due() >= ROUND && isBounded() ? breathe() : delay(1))
}
while (lanes.waiting > 0) await delay(1)
endPressure()
/** @type {Known} */
const known = {
  sensors: sensors.map(({ ...fields }) => fields),
  alarms,
  drill,
  lanes: lanes.counts,
}
parentPort?.postMessage({ known })
parentPort?.close()
db.close()
