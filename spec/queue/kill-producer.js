/**
 * A thread that submits until its process closes or is killed, and writes to a file of its own what it was told:
 * `["ok", lane, n, version]`, `["no", lane, n]`. Each submission puts two keys that must be absent, so doing one twice would be
 * a conflict, and its number as the last one of its lane.
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'
import { drawFrom } from '../persistent/kill-model.js'
import { PHASES } from '../persistent/kill-plan.js'

export const LANES = /** @type {const} */ (['high', 'normal', 'low'])

/**
 * Submits until `isOver`; resolves when all promises are settled.
 * @param {ZVerse} db
 * @param {import('./kill-loop.js').Plan} plan
 * @param {number} thread
 * @param {number} file
 * @param {() => boolean} isOver
 */
export async function produce(db, plan, thread, file, isOver) {
  const draw = drawFrom(plan.seed + 100 * thread)
  const numbers = [...(plan.from[thread] ?? [])]
  const submitOne = async () => {
    const lane = draw(LANES.length)
    const n = numbers[lane] ?? 0
    numbers[lane] = n + 1
    const priority = LANES[lane] ?? 'normal'
    const name = `${thread} ${priority}`
    const value = 'x'.repeat(draw(draw(100) === 0 ? plan.largest : 100))
    try {
      const put = /** @type {const} */ ('put')
      const operations = [
        { type: put, key: `${name} ${n}`, value, ifVersion: null },
        { type: put, key: `${name} ${n} too`, value: n, ifVersion: null },
        { type: put, key: `last ${name}`, value: n },
      ]
      const version = await db.submit(operations, { priority })
      writeSync(file, `${JSON.stringify(['ok', lane, n, version])}\n`)
    } catch (error) {
      const { code } = /** @type {{ code?: string }} */ (error)
      if (code !== 'ZVERSE_CLOSED' || !isOver()) throw error
      writeSync(file, `${JSON.stringify(['no', lane, n])}\n`)
    }
  }
  const flow = async () => {
    while (!isOver()) {
      await submitOne()
      if (draw(300) === 0) await delay(draw(5))
    }
  }
  await Promise.all(Array.from({ length: 1 + draw(80) }, flow))
}

if (workerData?.words !== undefined && workerData.thread !== undefined) {
  const { handle, plan, thread, path, words } = workerData
  const db = /** @type {ZVerse} */ (ZVerse.attach(handle))
  const file = openSync(path, 'a')
  let isClosing = false
  const isOver = () => isClosing || Atomics.load(words, 0) >= PHASES.indexOf('closing')
  parentPort?.postMessage('attached')
  const draw = drawFrom(plan.seed + thread)
  const drained = draw(4) === 0 ? db.drain() : undefined
  const produced = produce(db, plan, thread, file, isOver)
  // Some close with all flows under way.
  if (draw(3) === 0) {
    await delay(draw(plan.ms))
    isClosing = true
    db.close(draw(2) === 0 ? { queue: 'reject' } : undefined)
  }
  await produced
  db.close()
  await drained
}
