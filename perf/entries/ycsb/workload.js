// @ts-check
/**
 * A YCSB workload as a scenario (Cooper et al., "Benchmarking cloud serving systems with YCSB", 2010),
 * on one thread. Operations are drawn in batches, keys and new values made as strings of their own in
 * running order, and only carrying them out is timed. The figure is the time of an operation.
 *
 * Draws depend on the seed alone, so every system sees the same ones in the same order; a faster one
 * comes further in its time. Inserted records stay: the set grows by a few per cent.
 */
import { seeded, texts } from '../../data.js'
import { consume, taste } from '../../measure.js'
import { FIELD_BYTES, recordKey, scatter } from './records.js'
import { Zipfian } from './zipfian.js'

/** @typedef {import('../stage.js').Store} Store */
/** @typedef {'read' | 'update' | 'insert' | 'scan' | 'modify'} Kind */

/** @typedef {Partial<Record<Kind, number>>} Mix shares in per cent */
/** @typedef {'zipfian' | 'latest'} Choice of records */

const BATCH = 5000
/** A scan reads 1 to this many records. */
const LONGEST = 100

const READ = 0
const WRITE = 1
const SCAN = 2
const MODIFY = 3
/** @type {Record<Kind, number>} */
const CODES = { read: READ, update: WRITE, insert: WRITE, scan: SCAN, modify: MODIFY }

/** Operations to come, one a place. */
class Batch {
  kinds = new Uint8Array(BATCH)
  limits = new Uint8Array(BATCH)
  /** @type {string[]} */
  keys = new Array(BATCH).fill('')
  /** The values written; empty for workloads that only read. @type {string[]} */
  values = new Array(BATCH).fill('')
}

/**
 * Draws one batch after the other, of which each takes the last one's place.
 * @param {Mix} mix
 * @param {Choice} choice
 * @param {number} count of records there are already
 * @param {number} seed
 * @returns {() => Batch}
 */
export function drawing(mix, choice, count, seed) {
  const random = seeded(seed ^ 0x7c5b)
  const zipfian = new Zipfian(count, () => random(2 ** 32) / 2 ** 32)
  const value = texts(FIELD_BYTES, random)
  const batch = new Batch()
  const kinds = Object.entries(mix).flatMap(([kind, share]) => Array(share).fill(kind))
  if (kinds.length !== 100) throw new Error(`shares are ${kinds.length} percent`)
  let records = count
  const asked = () => {
    const rank = zipfian.next()
    return choice === 'latest' ? records - 1 - rank : scatter(rank, count)
  }
  return () => {
    for (let i = 0; i < BATCH; i++) {
      const kind = /** @type {Kind} */ (kinds[random(100)])
      batch.kinds[i] = CODES[kind]
      batch.keys[i] = recordKey(kind === 'insert' ? records : asked())
      batch.values[i] = kind === 'read' || kind === 'scan' ? '' : value()
      batch.limits[i] = kind === 'scan' ? 1 + random(LONGEST) : 0
      if (kind !== 'insert') continue
      records++
      if (choice === 'latest') zipfian.grow(records)
    }
    return batch
  }
}

/**
 * Carries a batch out.
 * @param {Store} store
 * @param {Batch} batch
 */
export function carryOut({ get, put, range }, { kinds, keys, values, limits }) {
  let sum = 0
  for (let i = 0; i < kinds.length; i++) {
    switch (kinds[i]) {
      case READ:
        sum += taste(get(keys[i]))
        break
      case WRITE:
        put(keys[i], values[i])
        break
      case SCAN:
        sum += /** @type {NonNullable<Store['range']>} */ (range)(keys[i], limits[i])
        break
      default:
        sum += taste(get(keys[i]))
        put(keys[i], values[i])
    }
  }
  consume(sum)
  return kinds.length
}

/**
 * @param {string} letter
 * @param {string} what
 * @param {Mix} mix
 * @param {Choice} [choice]
 * @returns {import('../stage.js').Scenario}
 */
export function ycsb(letter, what, mix, choice = 'zipfian') {
  return {
    name: `ycsb-${letter.toLowerCase()}`,
    title: `YCSB ${letter}: ${what}`,
    at: letter,
    figures: { time: 'µs' },
    longer: 2,
    needs: mix.scan === undefined ? ['get', 'put', 'putAll'] : ['get', 'put', 'putAll', 'range'],
    suits: system => system.variant !== true,
    start(stage) {
      const { system, count, seed } = stage
      const store = system.open({ keys: count })
      stage.after(() => store.close())
      const value = texts(FIELD_BYTES, seeded(seed))
      const numbers = Array.from({ length: count }, (_, number) => number)
      store.putAll(numbers.map(recordKey), numbers.map(value))
      const draw = drawing(mix, choice, count, seed)
      /** @type {Batch} */
      let batch
      const work = {
        before: () => {
          batch = draw()
        },
        run: () => carryOut(store, batch),
      }
      return { time: work }
    },
  }
}
