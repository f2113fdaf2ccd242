// @ts-check
/** The thread that writes: a made-up price feed, a few thousand transactions a second. */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { HOLDERS, oneOf, random, SHARES, SYMBOLS } from './market.js'

/** @typedef {import('./market.js').Market} Market */
/** @typedef {import('./market.js').Book} Book */

const TICKS = 5

const db = /** @type {Market} */ (ZVerse.attach(workerData))
const book = /** @type {Book} */ (db.store('book'))
let running = true
parentPort?.once('message', () => {
  running = false
})

/** Readers see all that is written here, or none of it. */
function open() {
  db.transact(tx => {
    for (const symbol of SYMBOLS) tx.put(symbol, { bid: 9_990, ask: 10_010 })
    for (const holder of HOLDERS) tx.store(book).put(holder, SHARES / HOLDERS.length)
  })
}

/** A price moves and shares change hands. In between, the book is wrong: no reader can see that. */
function tick() {
  db.transact(tx => {
    const symbol = oneOf(SYMBOLS)
    const bid = Math.max(1, (tx.get(symbol)?.bid ?? 0) + random(21) - 10)
    tx.put(symbol, { bid, ask: bid + random(40) })

    const shares = tx.store(book)
    const seller = oneOf(HOLDERS)
    const sold = random((shares.get(seller) ?? 0) + 1)
    shares.put(seller, (shares.get(seller) ?? 0) - sold)
    const buyer = oneOf(HOLDERS)
    shares.put(buyer, (shares.get(buyer) ?? 0) + sold)
  })
}

open()
while (running) {
  for (let i = 0; i < TICKS; i++) tick()
  await delay(1)
}
db.close()
