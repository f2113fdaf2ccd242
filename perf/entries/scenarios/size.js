// @ts-check
/**
 * The same work on sets of a hundredth to ten times `--keys`: filling an empty store, the bytes that it takes
 * then, gets, and ranges of 100.
 *
 * Up to a million keys each round fills stores in one transaction, small ones again and again, and reads from
 * the last. Beyond, one store serves all rounds: it is filled once, in transactions of a million.
 */
import { CHUNK, presentKey, shuffled, texts, VALUE_BYTES } from '../../data.js'
import { consume, settle, taste } from '../../measure.js'
import { walk } from '../../stage.js'

/** @typedef {import('../stage.js').EntriesStage} EntriesStage */
/** @typedef {import('../stage.js').Store} Store */

const MILLION = 1_000_000
const LIMIT = 100
const RANGES = 20
const STARTS = 20_000

/**
 * Keys at random, in strings of their own.
 * @param {EntriesStage} stage
 * @param {number} count
 * @param {number} below
 */
const draw = ({ data }, count, below) =>
  Array.from({ length: count }, () => presentKey(data.random(below)))

/** The bytes in JavaScript's heap after a collection. */
function heapBytes() {
  settle()
  return process.memoryUsage().heapUsed
}

/**
 * Work that fills an empty store, and makes a new one when it is full. Strings are made anew: a store that
 * keeps them pays for them.
 */
class Filling {
  /** @type {Store | undefined} */
  store
  /** @type {string[]} */
  #keys = []
  /** @type {string[]} */
  #values = []
  #order = new Int32Array()
  #from = 0

  /** @param {EntriesStage} stage @param {number} count */
  constructor({ system, data }, count) {
    this.system = system
    this.random = data.random
    this.value = texts(VALUE_BYTES, data.random)
    this.count = count
  }

  /** So many transactions fill it; small stores are filled again and again. */
  get runs() {
    return this.count >= MILLION ? Math.ceil(this.count / MILLION) : undefined
  }

  async close() {
    await this.store?.close()
    this.store = undefined
  }

  before = async () => {
    if (this.store === undefined || this.#from >= this.count) {
      await this.close()
      // Reserved memory has a page table, which may be larger than a small set.
      const maxBytes = Math.max(16 * 2 ** 20, this.count * 300)
      this.store = this.system.open({ keys: this.count, history: { versions: 0 }, maxBytes })
      this.#order = shuffled(this.count, this.random)
      this.#from = 0
    }
    const part = this.#order.subarray(this.#from, this.#from + MILLION)
    this.#keys = Array.from(part, presentKey)
    this.#values = this.#keys.map(this.value)
    this.#from += part.length
  }

  run = () => {
    this.store?.putAll(this.#keys, this.#values)
    return this.#keys.length
  }

  after = () => {
    this.#keys = this.#values = []
  }
}

/**
 * @param {Store} store
 * @param {string[]} reads
 */
function getting({ get }, reads) {
  return walk(reads, CHUNK, (from, to) => {
    let sum = 0
    for (let i = from; i < to; i++) sum += taste(get(reads[i]))
    return sum
  })
}

/**
 * @param {NonNullable<Store['range']>} range
 * @param {string[]} starts
 */
function ranging(range, starts) {
  let at = 0
  return () => {
    let sum = 0
    for (let i = at; i < at + RANGES; i++) sum += range(starts[i], LIMIT)
    at = (at + RANGES) % starts.length
    consume(sum)
    return RANGES * LIMIT
  }
}

/** A chunk on a store that is there once it is first run. @param {() => () => number} make */
function later(make) {
  /** @type {(() => number) | undefined} */
  let chunk
  return () => (chunk ??= make())()
}

/** @type {(times: number) => import('../stage.js').Scenario} */
const row = times => ({
  name: `size-${times}`,
  title: `${times} × the set`,
  at: times,
  figures: {
    get: { what: 'get', unit: 'µs' },
    range: { what: 'range of 100, an entry', unit: 'µs' },
    put: { what: 'put in one transaction', unit: 'µs' },
    bytes: { what: 'memory an entry', unit: 'bytes' },
  },
  cold: times > 1,
  needs: ['get', 'putAll'],
  suits: system => system.variant !== true,
  start(stage) {
    const count = Math.max(2 * LIMIT, Math.round(stage.count * times))
    const reads = draw(stage, Math.min(MILLION, stage.data.reads.length), count)
    const starts = draw(stage, STARTS, count - LIMIT)
    const filling = new Filling(stage, count)
    stage.after(() => filling.close())
    const hasRange = 'range' in stage.loaded
    const store = () => /** @type {Store} */ (filling.store)
    return async () => {
      const range = later(() => ranging(/** @type {any} */ (store().range), starts))
      const reading = { get: later(() => getting(store(), reads)), ...(hasRange && { range }) }
      if (count > MILLION && filling.store !== undefined) return reading
      await filling.close()
      const before = heapBytes()
      // A store without a measure of its own lives in the heap.
      const bytes = () => (store().usedBytes?.() ?? heapBytes() - before) / count
      return { put: filling, bytes: { count: bytes }, ...reading }
    }
  },
})

export const sizes = [0.01, 0.1, 1, 10].map(row)
