/** A worker that is going to be killed: it does a bit of everything, always keeping the sum at zero. */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'

const { handle, seed } = workerData
const db = ZVerse.attach(handle)
const other = db.store('other', { keys: 'tuple' })

let state = seed
/** @param {number} below */
const random = below => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
const key = () => `key ${random(40)}`
const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`)
/** @type {import('../../dist/index.js').KeyRef<any, any>[]} */
const refs = []

/** @param {any} from a database or a snapshot: single reads of it must see one version */
function total(from) {
  const sum = from
    .getMany(keys)
    .reduce((/** @type {number} */ a, /** @type {any} */ b) => a + (b ?? 0), 0)
  if (sum !== 0) throw new Error(`single reads of one version add up to ${sum}`)
}
/** @type {import('../../dist/index.js').ReadTransaction<any, any>[]} */
const held = []

/** Its actions: writes move amounts from one key to another, or leave both out. */
const DOES = [
  () => {
    const amount = random(1000)
    db.transact(tx => {
      const [from, to] = [key(), key()]
      tx.put(from, Number(tx.get(from) ?? 0) - amount)
      tx.put(to, Number(tx.get(to) ?? 0) + amount)
      tx.store(other).put([random(20)], 'x'.repeat(random(3000)))
    })
  },
  () => {
    db.transact(tx => {
      const [from, to] = [key(), key()]
      if (from === to) return
      const amount = Number(tx.get(from) ?? 0)
      tx.delete(from)
      tx.put(to, Number(tx.get(to) ?? 0) + amount)
    })
  },
  () => db.update(key(), old => old),
  () => void held.push(db.beginRead()),
  () => void held.push(db.beginRead({ at: db.version })),
  () => held.splice(random(held.length + 1), 1)[0]?.close(),
  () => [...db.range({ reverse: random(2) === 0 })],
  () => total(db),
  () => held.length > 0 && total(held[random(held.length)]),
  () => refs.splice(random(20), 1, db.ref(key())),
  () => refs.filter(ref => ref.stale).map(ref => ref.refresh().value),
  () => db.history(key()).toArray(),
  () => db.tag(`tag ${random(5)}`),
  () => other.clear(random(2) === 0 ? undefined : { lt: [random(20)] }),
  () => db.prune({ before: Math.max(0, db.version - random(20)) }),
  () => db.beginWrite().abort(),
]

parentPort?.postMessage('ready')
const loop = () => {
  for (let i = 0; i < 200; i++) {
    if (held.length > 20) held.pop()?.close()
    try {
      DOES[random(DOES.length)]?.()
    } catch (error) {
      const { code } = /** @type {{ code?: string }} */ (error)
      // The past may have moved on meanwhile, and a pile of pins may leave no room.
      if (code !== 'ZVERSE_VERSION_NOT_RETAINED' && code !== 'ZVERSE_FULL') throw error
    }
  }
  setImmediate(loop)
}
loop()
