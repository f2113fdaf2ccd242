// @ts-check
/** The thread that writes: one patch of facts after the other, each of them one version. */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { openLevel, openQuads, quadOf } from './graph.js'
import { World } from './world.js'

/** @typedef {import('./graph.js').Database} Database */
/** @typedef {import('./graph.js').Patch} Patch */

/** Patches after which the others have a moment. */
const SPELL = 5

const { handle, seed, people, papers, patches } = workerData
const db = /** @type {Database} */ (ZVerse.attach(handle))
const level = await openLevel(db)
const quads = await openQuads(level)
const world = new World(seed, people)

/** @param {Patch} patch */
async function write(patch) {
  const removed = patch.removed.map(quadOf)
  const added = patch.added.map(quadOf)
  if (removed.length === 0) await quads.multiPut(added)
  else if (added.length === 0) await quads.multiDel(removed)
  else await quads.multiPatch(removed, added)
  parentPort?.postMessage({ version: level.version(), patch })
}

await write(world.begin(papers))
for (let count = 1; count <= patches; count++) {
  await write(world.next())
  if (count % SPELL === 0) await delay(1)
}
await level.close()
db.close()
