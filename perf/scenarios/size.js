// @ts-check
/**
 * The same work on sets of a hundredth to ten times `--keys`: gets, ranges of 100, filling an empty
 * store, and the bytes that it takes then.
 *
 * Up to a million keys each round fills a store of its own in one transaction, or, if that would be too
 * short a sample, several. Beyond, one store serves all rounds: it is filled in transactions of a
 * million, once, and that is the only sample.
 */
import { walk } from '../bench.js'
import { CHUNK, presentKey, shuffled, texts, VALUE_BYTES } from '../data.js'
import { consume, SAMPLE_MS, settle, taste, timeOnce, timeRepeated } from '../measure.js'

/** @typedef {import('../bench.js').Bench} Bench */
/** @typedef {import('../bench.js').Store} Store */
/** @typedef {import('../bench.js').Figures} Figures */
/** @typedef {{ store: Store, put: number, bytes: number }} Filled */

const MILLION = 1_000_000
const LIMIT = 100
const RANGES = 20
const STARTS = 20_000
/** Of small sets, for one sample. */
const MOST_FILLINGS = 40

/**
 * Keys at random, in strings of their own.
 * @param {Bench} bench
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
 * Puts keys in one transaction. Strings are made anew: a store that keeps them pays for them. The arrays
 * are gone when this returns.
 * @param {Store} store
 * @param {Int32Array} indexes
 * @param {() => string} value
 */
function timePutting(store, indexes, value) {
  const keys = Array.from(indexes, presentKey)
  const values = keys.map(value)
  return timeOnce(() => store.putAll(keys, values))
}

/**
 * An empty store, filled, and the time that took.
 * @param {Bench} bench
 * @param {number} count
 */
function fill({ system, data }, count) {
  // Reserved memory has a page table, which may be larger than a small set.
  const maxBytes = Math.max(16 * 2 ** 20, count * 300)
  const store = system.open({ keys: count, history: { versions: 0 }, maxBytes })
  const value = texts(VALUE_BYTES, data.random)
  const order = shuffled(count, data.random)
  let time = 0
  for (let from = 0; from < count; from += MILLION) {
    time += timePutting(store, order.subarray(from, from + MILLION), value)
  }
  return { store, time }
}

/**
 * The store to read from, and its cost an entry.
 * @param {Bench} bench
 * @param {number} count
 */
async function measureFilling(bench, count) {
  let put = count < MILLION ? await timeFillings(bench, count) : 0
  const before = heapBytes()
  const { store, time } = fill(bench, count)
  if (count >= MILLION) put = time / count
  // A store without a measure of its own lives in the heap.
  const used = store.usedBytes?.() ?? heapBytes() - before
  return { store, put, bytes: used / count }
}

/**
 * Time of a put if one filling is too short to be a sample.
 * @param {Bench} bench
 * @param {number} count
 */
async function timeFillings(bench, count) {
  let warming = SAMPLE_MS * 1000
  let spent = 0
  let puts = 0
  for (let times = 0; times < MOST_FILLINGS && spent < SAMPLE_MS * 1000; times++) {
    const { store, time } = fill(bench, count)
    await store.close()
    if (warming > 0 && times < MOST_FILLINGS / 2) {
      warming -= time
      continue
    }
    spent += time
    puts += count
  }
  return spent / puts
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

/** @type {(times: number) => import('../bench.js').Scenario} */
const row = times => ({
  name: `size-${times}`,
  title: `data size: ${times} × the set`,
  family: { name: 'size', at: times },
  figures: { get: 'µs', range: 'µs', put: 'µs', bytes: 'bytes' },
  needs: ['get', 'putAll'],
  suits: system => system.variant !== true,
  start(bench) {
    const count = Math.max(2 * LIMIT, Math.round(bench.count * times))
    const reads = draw(bench, Math.min(MILLION, bench.data.reads.length), count)
    const starts = draw(bench, STARTS, count - LIMIT)
    /** @type {Filled | undefined} */
    let filled
    let rounds = 0
    bench.after(() => filled?.store.close())
    return async () => {
      const anew = filled === undefined || count <= MILLION
      if (anew) {
        await filled?.store.close()
        filled = undefined
        filled = await measureFilling(bench, count)
      }
      const { store, put, bytes } = /** @type {Filled} */ (filled)
      /** @type {Figures} */
      const figures = { get: timeRepeated(getting(store, reads)) }
      if (store.range) figures.range = timeRepeated(ranging(store.range, starts))
      // The first round is thrown away: figures measured once are the second one's.
      return rounds++ < 2 || anew ? { ...figures, put, bytes } : figures
    }
  },
})

export const sizes = [0.01, 0.1, 1, 10].map(row)
