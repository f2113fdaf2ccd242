// @ts-check
/** The thread that edits: each edit is one commit, and so one version. */
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Edits } from './edits.js'
import { attach } from './store.js'

/** Edits after which the others have a moment. */
const SPELL = 5

const { handle, seed, edits: count } = workerData
const { db, words } = attach(handle)
let rank = words.size
const vectorOf = (/** @type {string} */ word) => {
  return /** @type {Float32Array} */ (words.get(word)?.vector)
}
const edits = new Edits([...words.keys()], vectorOf, seed)

for (let done = 1; done <= count; done++) {
  const edit = edits.next()
  const { changed, gone, added } = edit
  db.transact(tx => {
    const draft = tx.store(words)
    draft.delete(gone)
    draft.update(changed[0], old => ({ rank: old?.rank ?? 0, vector: changed[1] }))
    draft.put(added[0], { rank: rank++, vector: added[1] })
  })
  parentPort?.postMessage({ version: db.version, edit })
  if (done % SPELL === 0) await delay(1)
}
db.close()
