/** Sealed versions: with the oldest version that memory has, they are what memory had. */
import { describe, expect, it } from 'vitest'
import type { Found } from '../../lib/engine/deep.js'
import { UNNAMED } from '../../lib/engine/names.js'
import { entryWords, isInPieces, keyBytesOf, valueBytesOf } from '../../lib/memory/entry.js'
import { E_KEY, R_CATALOG, R_STATE, S_LIVE } from '../../lib/memory/layout.js'
import { compareKeys } from '../../lib/memory/words.js'
import { Directory } from '../../lib/storage/files.js'
import { BlockCache } from '../../lib/storage/past/block-cache.js'
import { Deep } from '../../lib/storage/past/deep.js'
import { Run } from '../../lib/storage/past/run.js'
import { RunWriter } from '../../lib/storage/past/run-writer.js'
import { seal } from '../../lib/storage/past/seal.js'
import { stateOf } from '../../lib/tree/catalog.js'
import { type Bound, Cursor, type Range, WHOLE } from '../../lib/tree/cursor.js'
import { make, step } from '../dump/support.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))
const SALT = new Uint8Array(16)

describe(`sealed versions, seeds ${SEED} and on`, () => {
  it('answer as memory did', () => {
    for (let run = 0; run < runs(150); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const made = make(seed, 0)
      const { db } = made
      db.setHistory({})
      for (let n = 10 + random.int(60); n > 0; n--) step(made, random)
      const { engine } = db._test
      const { W, epochs } = engine
      const { oldest, newest } = epochs.versions
      // All that a store has at a version: its entries, as words, in the order of keys.
      const entriesOf = (version: number, id: number): number[][] => {
        const record = epochs.versions.record(version)
        const named = id === UNNAMED ? record + R_STATE : stateOf(W, W[record + R_CATALOG], id)
        if (named === 0) return []
        const cursor = new Cursor(W, W[named + S_LIVE] as number, WHOLE, false, 2 ** 30)
        const all: number[][] = []
        for (let entry = cursor.next(); entry !== 0; entry = cursor.next())
          all.push(wordsOf(W, entry))
        return all
      }
      const wordsOf = (words: Uint32Array, entry: number): number[] => {
        const size = entryWords(keyBytesOf(words, entry), valueBytesOf(words, entry))
        const whole = new Uint32Array(size)
        if (isInPieces(words, entry)) engine.gatherer.copy(entry, whole, 0)
        else whole.set(words.subarray(entry, entry + size))
        return [...whole]
      }
      const told = ({ words, entry }: Found) => wordsOf(words, entry)
      const to = oldest + random.int(newest - oldest + 1)
      const records: number[] = []
      for (let version = oldest; version <= to; version++) {
        records.push(epochs.versions.record(version))
      }
      const directory = new Directory(new Disk(), 'db')
      directory.make()
      const cuts = [0, records.length - 1]
      for (let n = random.int(4); n > 0; n--) cuts.push(random.int(records.length))
      cuts.sort((a, b) => a - b)
      const past = cuts.slice(1).map((end, i) => {
        const begin = cuts[i] as number
        const number = i + 1
        const file = directory.open(`run-${number}`, 'create')
        const span = { from: oldest + begin, to: oldest + end }
        const writer = new RunWriter(file, SALT, number, span, { blockWords: 200 })
        for (const _ of seal(engine, records.slice(begin, end + 1), writer));
        writer.end()
        file.close()
        const cache = new BlockCache(2 ** 16)
        return Run.open(directory.open(`run-${number}`, 'read'), SALT, number, cache)
      })
      for (let n = 0; n < 12; n++) {
        const until = oldest + random.int(to - oldest + 1)
        const at = oldest + random.int(until - oldest + 1)
        const deep = new Deep(W, epochs.versions.record(until), past, at)
        for (let id = UNNAMED; id < 6; id++) {
          const expected = entriesOf(at, id)
          const where = `seed ${seed}, store ${id}, at ${at}, until ${until}`
          const bound = () => {
            const words = random.chance(0.3) || expected.length === 0 ? null : random.pick(expected)
            return words && { ...keyIn(words), after: random.chance(0.5) }
          }
          const range = { lower: bound(), upper: bound(), box: null }
          for (const reverse of [false, true]) {
            const walked: number[][] = []
            const walk = deep.walk(id, range, reverse)
            for (let at = walk.next(); at !== null; at = walk.next()) walked.push(told(at))
            const inside = expected.filter(words => isInside(words, range))
            expect(walked, where).toEqual(reverse ? inside.reverse() : inside)
          }
          for (const words of expected) {
            expect(told(deep.find(id, keyIn(words)) as Found), where).toEqual(words)
          }
          // A key of the version in memory that was not there yet, too.
          for (const words of entriesOf(until, id)) {
            const text = keyIn(words).words.join()
            if (expected.some(other => keyIn(other).words.join() === text)) continue
            expect(deep.find(id, keyIn(words)), where).toBeNull()
          }
        }
      }
      for (const each of past) each.close()
      db.close()
    }
  })
})

/** The key of an entry. */
function keyIn(entry: readonly number[]): { words: Uint32Array; bytes: number } {
  const words = Uint32Array.from(entry)
  const bytes = keyBytesOf(words, 0)
  return { words: words.slice(E_KEY, E_KEY + ((bytes + 3) >>> 2)), bytes }
}

function isInside(entry: readonly number[], { lower, upper }: Range): boolean {
  const { words, bytes } = keyIn(entry)
  const order = (bound: Bound) => compareKeys(words, 0, bytes, bound.words, 0, bound.bytes)
  if (lower !== null && (lower.after ? order(lower) <= 0 : order(lower) < 0)) return false
  return upper === null || (upper.after ? order(upper) <= 0 : order(upper) < 0)
}
