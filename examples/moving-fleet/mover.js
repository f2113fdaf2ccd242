// @ts-check
/**
 * The thread that moves the vehicles: a few in each transaction, as many a second as the options say.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { AREA, between, DEGREE, degreeAt, idOf, isIn, storesOf } from './fleet.js'

/** @typedef {import('./fleet.js').Database} Database */
/** @typedef {import('./fleet.js').Vehicle} Vehicle */

/** A second here is that many out there: so that there is something to see. */
const HASTE = 10
/** ms of moving after which this thread looks whether it shall stop, and posts its progress. */
const SPELL = 50

const { handle, count, rate, together } = workerData
const db = /** @type {Database} */ (ZVerse.attach(handle))
const { vehicles } = storesOf(db)
let running = true
let moves = 0
parentPort?.on('message', () => {
  running = false
  parentPort?.close()
})

/** `vehicle` at its place by now. @param {Vehicle} vehicle @param {number} now @returns {Vehicle} */
function drive(vehicle, now) {
  const way = (vehicle.speed * HASTE * (now - vehicle.moved)) / 1000
  const heading = (vehicle.heading + between(-20, 20) + 360) % 360
  const radians = (heading * Math.PI) / 180
  const longitude = vehicle.longitude + (way * Math.sin(radians)) / degreeAt(vehicle.latitude)
  const latitude = vehicle.latitude + (way * Math.cos(radians)) / DEGREE
  const moved = { ...vehicle, heading, moved: now }
  if (isIn([longitude, latitude], AREA)) return { ...moved, longitude, latitude }
  // It has reached the end of its world, and turns round.
  return { ...moved, heading: (heading + 180) % 360 }
}

/** The index goes with its store: no reader sees a vehicle in two places, or in none. */
function tick() {
  db.transact(tx => {
    const fleet = tx.store(vehicles)
    for (let i = 0; i < together; i++) {
      const id = idOf(moves++ % count)
      const vehicle = fleet.get(id)
      if (!vehicle) throw new Error(`${id} is lost`)
      fleet.put(id, drive(vehicle, Date.now()))
    }
  })
}

const begun = performance.now()
/** Moves behind the rate asked for. */
const due = () => ((performance.now() - begun) * rate) / 1000 - moves
while (running) {
  const until = performance.now() + SPELL
  while (performance.now() < until) {
    if (due() >= together) tick()
    else await delay(1)
  }
  parentPort?.postMessage({ moves })
  await delay(0)
}
db.close()
