// @ts-check
/** A thread that asks without pause, and checks each answer against another way to ask. */
import { setImmediate as breathe } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse, ZVerseError } from 'zverse'
import * as fleet from './fleet.js'

/** @typedef {import('./fleet.js').Box} Box */
/** @typedef {import('./fleet.js').Database} Database */
/** @typedef {import('./fleet.js').Point} Point */
/** @typedef {import('zverse').ReadTransaction<string, unknown>} Snapshot */

/** How many were asked. @typedef {{ box: number, past: number, diff: number, nearest: number }} Asked */

/** ms of asking after which this thread posts its results. */
const SPELL = 100
/** Neighbours asked for. */
const K = 5
/** Metres that two ways to work out a distance may differ by. */
const TOLERANCE = 1e-3

const { handle, count, ago } = workerData
const db = /** @type {Database} */ (ZVerse.attach(handle))
const { vehicles, positions } = fleet.storesOf(db)
let running = true
parentPort?.on('message', () => {
  running = false
  parentPort?.close()
})

/** @type {Set<string>} */
const problems = new Set()
/** @type {Asked} */
const asked = { box: 0, past: 0, diff: 0, nearest: 0 }
/** Positions that were compared with their vehicles. */
let compared = 0
/** Questions that came too late: on a slow machine the versions of their time may be released. */
let late = 0
/** The last answers. */
let said = ''

/** The fleet a while ago, or undefined if that is no longer kept. */
function past() {
  try {
    return db.beginRead({ asOf: new Date(Date.now() - ago) })
  } catch (error) {
    if (error instanceof ZVerseError && error.code === 'ZVERSE_VERSION_NOT_RETAINED') return
    throw error
  }
}

/** Asks about one district and one place, now and a while ago. */
function ask() {
  const { name, box } = fleet.oneOf(fleet.DISTRICTS)
  const then = past()
  if (then === undefined) return void late++
  const now = db.beginRead()
  try {
    const ids = idsIn(now, box)
    asked.box++
    const before = idsIn(then, box)
    asked.past++
    const { came, left } = changesIn(then, now, box)
    const versions = `versions ${then.version} to ${now.version}`
    if (differ(came, ids, before)) problems.add(`${versions}: others came to ${name}`)
    if (differ(left, before, ids)) problems.add(`${versions}: others left ${name}`)
    const change = `${before.size} +${came.size} -${left.size} = ${ids.size}`
    said = `${name} ${change} vehicles; ${nearestTo(now, fleet.oneOf(fleet.PLACES))}`
  } finally {
    now.close()
    then.close()
  }
}

/**
 * Whether `found` differs from the ids that `ids` has and `others` has not.
 * @param {Set<string>[]} sets
 */
function differ(...[found, ids, others]) {
  const expected = [...ids].filter(id => !others.has(id))
  return expected.length !== found.size || expected.some(id => !found.has(id))
}

/**
 * Who is in this district? The index must agree with its store: in a snapshot no vehicle is half-moved.
 * @param {Snapshot} snapshot @param {Box} box
 */
function idsIn(snapshot, box) {
  const [fleets, places] = [snapshot.store(vehicles), snapshot.index(positions)]
  const wrong = (/** @type {string} */ what) => problems.add(`version ${snapshot.version}: ${what}`)
  if (fleets.size !== count) wrong(`${fleets.size} vehicles`)
  if (places.count() !== count) wrong(`${places.count()} positions`)
  /** @type {Set<string>} */
  const ids = new Set()
  for (const [id, vehicle, point] of places.box(...fleet.corners(box))) {
    if (!fleet.isAt(vehicle, point)) wrong(`${id} is not at ${point}`)
    if (ids.has(id)) wrong(`${id} is in two places`)
    if (!fleet.isIn(point, box)) wrong(`${point} is outside ${box}`)
    ids.add(id)
    compared++
  }
  return ids
}

/**
 * Who came and who left? A vehicle that drives about in there leaves one place and comes to another.
 * @param {Snapshot} then @param {Snapshot} now @param {Box} box
 */
function changesIn(then, now, box) {
  /** @type {Set<string>} */
  const came = new Set()
  /** @type {Set<string>} */
  const left = new Set()
  for (const { primary: id, type } of positions.diff(then, now, { box: fleet.corners(box) })) {
    if (type === 'in' && !left.delete(id)) came.add(id)
    if (type === 'out' && !came.delete(id)) left.add(id)
  }
  asked.diff++
  return { came, left }
}

/**
 * Which five are nearest? Compared with a box that is as wide as the fifth is far.
 * @param {Snapshot} snapshot @param {{ name: string, point: Point }} place
 */
function nearestTo(snapshot, { name, point }) {
  const places = snapshot.index(positions)
  const found = places.nearest(point, K, { metric: 'haversine' }).toArray()
  const wrong = (/** @type {string} */ what) => {
    problems.add(`version ${snapshot.version}: nearest to the ${name}: ${what}`)
  }
  if (found.length !== Math.min(K, count)) wrong(`${found.length} neighbours`)
  const around = fleet.around(point, found[found.length - 1].distance + 1)
  const distances = places
    .box(...fleet.corners(around))
    .toArray()
    .map(([, , at]) => fleet.metres(point, at))
    .sort((a, b) => a - b)
  for (const [i, { distance }] of found.entries()) {
    const isRight = Math.abs(distance - distances[i]) <= TOLERANCE
    if (!isRight) wrong(`number ${i + 1} at ${distance} m, not ${distances[i]} m`)
  }
  asked.nearest++
  const { value, distance } = found[0]
  return `nearest to the ${name}: ${value.plate}, ${distance.toFixed(0)} m`
}

while (running) {
  const until = performance.now() + SPELL
  while (performance.now() < until) ask()
  parentPort?.postMessage({ asked, compared, late, said, problems: [...problems] })
  await breathe()
}
db.close()
