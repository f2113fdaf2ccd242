// @ts-check
/**
 * Documents of some kilobytes as JSON, kept as they are and deflated: bytes that one takes, and what a put of one and a
 * get of one cost.
 */
import { CHUNK, presentKey, seeded } from '../../data.js'
import { consume } from '../../measure.js'
import { walk } from '../../stage.js'

const DOCUMENTS = 2000
const SOME = CHUNK / 20

/**
 * A document: an order with lines, much of it words and names that come again.
 * @param {(below: number) => number} random
 */
function order(random) {
  const line = () => ({
    article: `article ${random(5000)}`,
    description: ['bolt', 'nut', 'washer', 'hinge'][random(4)],
    quantity: 1 + random(40),
    price: random(100_000) / 100,
    delivered: random(3) > 0,
  })
  return {
    customer: random(1e6),
    placed: `2026-11-${10 + random(20)}`,
    lines: Array.from({ length: 40 }, line),
  }
}

/** @type {import('../stage.js').Scenario} */
export const compress = {
  name: 'compress',
  title: 'documents of 4 KB as JSON',
  figures: {
    bytes: { what: 'bytes of one, as it is', unit: 'bytes' },
    deflatedBytes: { what: 'bytes of one, deflated', unit: 'bytes' },
    put: { what: 'put, as it is', unit: 'µs' },
    deflatedPut: { what: 'put, deflated', unit: 'µs' },
    get: { what: 'get, as it is', unit: 'µs' },
    deflatedGet: { what: 'get, deflated', unit: 'µs' },
  },
  needs: ['database'],
  start(stage) {
    const random = seeded(stage.seed)
    const documents = Array.from({ length: DOCUMENTS }, () => order(random))
    const keys = documents.map((_, i) => presentKey(i))
    /** @param {{ above: number } | undefined} above */
    const made = above => {
      const store = stage.system.open({ keys: DOCUMENTS, encoding: 'json', compress: above })
      stage.after(() => store.close())
      const db = /** @type {import('../stage.js').Database} */ (store.database)
      const before = db.stats().memory.usedBytes
      db.transact(tx => {
        for (const [i, key] of keys.entries()) tx.put(key, documents[i])
      })
      return { db, bytes: (db.stats().memory.usedBytes - before) / DOCUMENTS }
    }
    const [plain, deflated] = [made(undefined), made({ above: 512 })]
    /** @param {import('../stage.js').Database} db */
    const putting = db =>
      walk(keys, SOME, (from, to) => {
        for (let i = from; i < to; i++) db.put(keys[i], documents[i])
        return 0
      })
    /** @param {import('../stage.js').Database} db */
    const getting = db =>
      walk(keys, SOME, (from, to) => {
        for (let i = from; i < to; i++) consume(/** @type {any} */ (db.get(keys[i])).lines.length)
        return 0
      })
    return {
      ...{ bytes: plain.bytes, deflatedBytes: deflated.bytes },
      ...{ put: putting(plain.db), deflatedPut: putting(deflated.db) },
      ...{ get: getting(plain.db), deflatedGet: getting(deflated.db) },
    }
  },
}
