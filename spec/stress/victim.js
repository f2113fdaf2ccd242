/** A worker that is going to be killed: it does a bit of everything, always keeping the sum at zero. */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'

const { handle, seed } = workerData
const db = ZVerse.attach(handle)
/** @type {import('../../dist/index.js').Store<any, any>} */
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

const value = () => ({ n: random(5), t: [random(4), random(4)], text: 'x'.repeat(random(3000)) })

/** Indexes that come and go, by their names. @type {import('../../dist/index.js').IndexDefinition[]} */
const INDEXES = [
  { on: 'n' },
  { on: ['t', 'n'], multi: true },
  { on: 'text', invalid: 'skip' },
  { kind: 'spatial', on: 't', dimensions: ['uint8', 'uint8'] },
]

/** @type {import('../../dist/index.js').Graph<any, any>} */
const graph = db.graph('graph')

/** At one version each edge is found from both ends. */
function askGraph() {
  const tx = db.beginRead()
  try {
    const [all, edges] = [tx.graph(graph), tx.store(graph.edges)]
    const nodes = Array.from({ length: 12 }, (_, i) => i)
    const text = (/** @type {Iterable<any>} */ found) => JSON.stringify([...found])
    const into = nodes
      .flatMap(node => [...all.in(node)])
      .map(({ from, type, to }) => [from, type, to])
    const keys = [...edges.keys()]
    if (text(into.sort()) !== text(keys.sort())) throw new Error('edges have one end')
    const [from, to] = [random(12), random(12)]
    const isNear = from === to || [...all.walk(from)].some(({ node }) => node === to)
    if ((all.path(from, to) !== undefined) !== isNear) throw new Error('a path is no walk')
  } finally {
    tx.close()
  }
}

/** A query gives what a scan finds, at one version. */
function ask() {
  const tx = db.beginRead()
  try {
    const [store, n] = [tx.store(other), random(5)]
    const found = [...store.where({ n, t: 2 })].map(([key]) => String(key))
    const all = [...store.range()]
    const expected = all.filter(([, one]) => one.n === n && one.t.includes(2))
    const keys = expected.map(([key]) => String(key))
    if (found.join() !== keys.join()) throw new Error(`found ${found}, expected ${keys}`)
  } finally {
    tx.close()
  }
}

/** Its actions: writes move amounts from one key to another, or leave both out. */
const DOES = [
  () => {
    const amount = random(1000)
    db.transact(tx => {
      const [from, to] = [key(), key()]
      tx.put(from, Number(tx.get(from) ?? 0) - amount)
      tx.put(to, Number(tx.get(to) ?? 0) + amount)
      tx.store(other).put([random(20)], value())
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
  () => other.put([random(20)], value()),
  () => {
    const i = random(INDEXES.length)
    const definition = /** @type {any} */ (INDEXES[i])
    if (random(3) > 0) other.index(`i${i}`, definition)
    else if (random(2) === 0) other.dropIndex(`i${i}`)
    // Whatever comes of it: the thread may be killed, or the index made, meanwhile.
    else other.indexAsync(`i${i}`, definition).catch(() => {})
  },
  ask,
  () => graph.addEdge(random(12), random(12), value(), { type: `t${random(2)}` }),
  () => graph.removeNode(random(12)),
  () => {
    db.transact(tx => {
      const draft = tx.graph(graph)
      draft.removeNode(random(12))
      for (let i = 0; i < 5; i++) draft.addEdge(random(12), random(12), i)
    })
  },
  askGraph,
]

const MAY_BE = ['ZVERSE_VERSION_NOT_RETAINED', 'ZVERSE_FULL', 'ZVERSE_UNKNOWN_INDEX']

parentPort?.postMessage('ready')
const loop = () => {
  for (let i = 0; i < 200; i++) {
    if (held.length > 20) held.pop()?.close()
    try {
      DOES[random(DOES.length)]?.()
    } catch (error) {
      const { code } = /** @type {{ code?: string }} */ (error)
      // The past may have moved on meanwhile; a pile of pins may leave no room; an index may not be there.
      if (!MAY_BE.includes(code ?? '')) throw error
    }
  }
  setImmediate(loop)
}
loop()
