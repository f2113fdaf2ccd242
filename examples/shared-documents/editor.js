// @ts-check
/**
 * A thread that edits all documents, hears of the others' edits, and stores all edits of its own documents.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads'
import * as Y from 'yjs'
import { ZVerse } from 'zverse'
import { contentOf, edit } from './document.js'
import { openLevel, openPersistence, UPDATES } from './store.js'

/** @typedef {import('./store.js').Database} Database */

/** Updates of a document after which its owner posts its state. */
const SAMPLE = 20
/** The origin of others' updates. */
const HEARD = 'heard'

const { handle, number, editors, edits, names } = workerData
const db = /** @type {Database} */ (ZVerse.attach(handle))
const level = await openLevel(db)
const persistence = openPersistence(db)

/** @type {Map<string, Y.Doc>} */
const documents = new Map()
/** @type {BroadcastChannel[]} */
const channels = []

/** @param {string} name */
function join(name) {
  const channel = new BroadcastChannel(name)
  channels.push(channel)
  return channel
}

/** Edits of this thread go to the owner of the document. @param {string} name */
function open(name) {
  const document = new Y.Doc()
  const channel = join(name)
  document.on('update', (update, origin) => {
    if (origin !== HEARD) channel.postMessage(update)
  })
  documents.set(name, document)
}

/**
 * Stores each update of a document, one after the other. y-leveldb looks for the number of the last one and
 * then writes the next: for each document only one thread may do that.
 * @param {string} name
 */
function own(name) {
  const stored = new Y.Doc()
  let last = Promise.resolve()
  join(name).onmessage = event => {
    const update = /** @type {{ data: Uint8Array }} */ (event).data
    last = last.then(() => store(name, update, stored))
  }
}

/**
 * @param {string} name @param {Uint8Array} update @param {Y.Doc} stored the document as stored so far
 */
async function store(name, update, stored) {
  const count = await persistence.storeUpdate(name, update)
  // It does not throw: a failure is a warning, and no number.
  if (count === null) throw new Error(`${name}: an update is lost`)
  Y.applyUpdate(stored, update)
  if (count % SAMPLE !== 0) return
  const sample = { name, version: level.version(), content: contentOf(stored) }
  parentPort?.postMessage({ sample })
}

/** Hears of each update once it is stored, until all are there. */
async function hear() {
  let missing = editors * edits
  for await (const { changes } of level.changes({ since: 0, ...UPDATES })) {
    for (const { key, value } of changes) {
      const document = /** @type {Y.Doc} */ (documents.get(String(key[1])))
      Y.applyUpdate(document, /** @type {Uint8Array} */ (value), HEARD)
      missing--
    }
    if (missing <= 0) return
  }
}

async function type() {
  for (let count = 0; count < edits; count++) {
    const name = names[Math.floor(Math.random() * names.length)]
    edit(/** @type {Y.Doc} */ (documents.get(name)), `editor ${number}`)
    await delay(1)
  }
}

for (const [index, name] of names.entries()) {
  open(name)
  if (index % editors === number) own(name)
}
const hearing = hear()
parentPort?.once('message', async () => {
  await type()
  await hearing
  const contents = [...documents].map(([name, document]) => [name, contentOf(document)])
  parentPort?.postMessage({ contents })
  for (const channel of channels) channel.close()
  await persistence.destroy()
  await level.close()
  db.close()
})
parentPort?.postMessage('ready')
