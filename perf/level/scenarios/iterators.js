// @ts-check
/** Walking: the whole level, ranges of 100, seeks. µs an entry. */
import { CHUNK } from '../../data.js'
import { consume, taste } from '../../measure.js'
import { walk } from '../stage.js'

/** @typedef {import('../stage.js').Level} Level */
/** @typedef {import('../stage.js').LevelRow} LevelRow */

/** Entries of a range, of one `nextv`, and seeks of one iterator. */
const RANGE = 100
const NEXTV = 1000
const SEEKS = 100

/** Reads the last characters of entries. @param {readonly (readonly [string, string])[]} entries */
function tasteAll(entries) {
  let sum = 0
  for (const [key, value] of entries) sum += taste(key) + taste(value)
  return sum
}

/** @param {readonly string[]} texts */
function tasteTexts(texts) {
  let sum = 0
  for (const text of texts) sum += taste(text)
  return sum
}

/**
 * Work that walks the whole of the loaded level.
 * @param {(level: Level) => Promise<{ entries: number, sum: number }>} pass
 * @returns {LevelRow['start']}
 */
function whole(pass) {
  return async stage => {
    const level = await stage.loaded()
    return async () => {
      const { entries, sum } = await pass(level)
      if (entries !== stage.count) throw new Error(`${entries} of ${stage.count} entries`)
      consume(sum)
      return entries
    }
  }
}

/**
 * Work that reads ranges of {@link RANGE} entries from random keys on.
 * @param {(level: Level, key: string) => Promise<{ entries: number, sum: number }>} read
 * @param {boolean} reverse
 * @returns {LevelRow['start']}
 */
function ranges(read, reverse) {
  return async stage => {
    const level = await stage.loaded()
    const { sorted, random } = stage.data
    const within = sorted.length - RANGE
    if (within < 0) throw new Error(`ranges need ${RANGE} keys`)
    const from = reverse ? RANGE - 1 : 0
    // Strings of their own: an ordered walk meets strings that have not just been read.
    const keys = Array.from({ length: CHUNK }, () => Buffer.from(sorted[from + random(within + 1)]))
    const fresh = keys.map(key => key.toString('latin1'))
    const chunk = walk(fresh, 10, async (begin, end) => {
      let all = 0
      for (let i = begin; i < end; i++) {
        const { entries, sum } = await read(level, fresh[i])
        if (entries !== RANGE) throw new Error(`${entries} of ${RANGE} entries`)
        all += sum
      }
      return all
    })
    return async () => (await chunk()) * RANGE
  }
}

/** @type {LevelRow[]} */
export const iterators = [
  {
    name: 'next',
    title: 'iterator, next(), an entry',
    start: whole(async level => {
      const iterator = level.iterator()
      let sum = 0
      let entries = 0
      for (let entry = await iterator.next(); entry; entry = await iterator.next(), entries++) {
        sum += taste(entry[0]) + taste(entry[1])
      }
      await iterator.close()
      return { entries, sum }
    }),
  },
  {
    name: 'for-await',
    title: 'for await of an iterator, an entry',
    start: whole(async level => {
      let sum = 0
      let entries = 0
      for await (const [key, value] of level.iterator()) {
        sum += taste(key) + taste(value)
        entries++
      }
      return { entries, sum }
    }),
  },
  {
    name: 'nextv',
    title: `iterator, nextv(${NEXTV}), an entry`,
    start: whole(async level => {
      const iterator = level.iterator()
      let sum = 0
      let entries = 0
      for (;;) {
        const some = await iterator.nextv(NEXTV)
        if (some.length === 0) break
        entries += some.length
        sum += tasteAll(some)
      }
      await iterator.close()
      return { entries, sum }
    }),
  },
  {
    name: 'all',
    title: 'iterator, all(), an entry',
    start: whole(async level => {
      const all = await level.iterator().all()
      return { entries: all.length, sum: tasteAll(all) }
    }),
  },
  {
    name: 'keys',
    title: 'keys, all(), a key',
    start: whole(async level => {
      const all = await level.keys().all()
      return { entries: all.length, sum: tasteTexts(all) }
    }),
  },
  {
    name: 'values',
    title: 'values, all(), a value',
    start: whole(async level => {
      const all = await level.values().all()
      return { entries: all.length, sum: tasteTexts(all) }
    }),
  },
  {
    name: 'range-100',
    title: `range of ${RANGE}, all(), an entry`,
    start: ranges(async (level, gte) => {
      const all = await level.iterator({ gte, limit: RANGE }).all()
      return { entries: all.length, sum: tasteAll(all) }
    }, false),
  },
  {
    name: 'range-for-await',
    title: `range of ${RANGE}, for await, an entry`,
    start: ranges(async (level, gte) => {
      let sum = 0
      let entries = 0
      for await (const [key, value] of level.iterator({ gte, limit: RANGE })) {
        sum += taste(key) + taste(value)
        entries++
      }
      return { entries, sum }
    }, false),
  },
  {
    name: 'reverse-100',
    title: `range of ${RANGE}, reverse, all(), an entry`,
    start: ranges(async (level, lte) => {
      const all = await level.iterator({ lte, reverse: true, limit: RANGE }).all()
      return { entries: all.length, sum: tasteAll(all) }
    }, true),
  },
  {
    name: 'seek',
    title: 'seek and next',
    note: `${SEEKS} random seeks of one iterator, which is then closed`,
    async start(stage) {
      const level = await stage.loaded()
      const { reads } = stage.data
      return walk(reads, SEEKS, async (from, to) => {
        const iterator = level.iterator()
        let sum = 0
        for (let i = from; i < to; i++) {
          iterator.seek(reads[i])
          const [key, value] = /** @type {[string, string]} */ (await iterator.next())
          if (key !== reads[i]) throw new Error('sought one, got another')
          sum += taste(value)
        }
        await iterator.close()
        return sum
      })
    },
  },
]
