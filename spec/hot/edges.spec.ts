/**
 * Faults that attacks found: each of these tests failed when it was written.
 */

import { describe, expect, it } from 'vitest'
import { H_DIRTY, H_PHASE, R_STATE, S_REST, SR_INDEX, T_READS } from '../../lib/memory/layout.js'
import { D_SEGMENTS, G_DEPTH, X_DIRECTORY } from '../../lib/memory/point-layout.js'
import { segmentIn } from '../../lib/point/table.js'
import { attachWith, type ZVerse } from '../../lib/zverse.js'
import type { Database } from '../support/contract.js'
import type { ZVerseError } from '../support/engine.js'
import { counts, type HotDb, insides, openHot } from './support.js'

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))
const parse = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString())

describe('getEntry reads nothing after user code has run', () => {
  it('a getter of a value that is about to be frozen writes', () => {
    let onGet = () => {}
    const decode = (bytes: Uint8Array) => {
      const x = parse(bytes)
      return {
        get x() {
          onGet()
          return x
        },
      }
    }
    const options = { values: { name: 'getter', encode: bytesOf, decode }, cache: { bytes: 1e6 } }
    const db = openHot({ ...options, history: { versions: 0 } }, { poison: true })
    const version = db.put('a', 1)
    onGet = () => {
      onGet = () => {}
      for (let i = 0; i < 40; i++) db.put('a', i)
    }
    const entry = db.getEntry('a')
    expect(String(entry?.key).slice(0, 20)).toBe('a')
    expect(entry?.version).toBe(version)
  })

  it('a codec closes the handle, and another one writes', () => {
    let onDecode = () => {}
    const decode = (bytes: Uint8Array) => {
      const value = parse(bytes)
      onDecode()
      return value
    }
    const values = { name: 'closes', encode: bytesOf, decode }
    const db = openHot({ values, history: { versions: 0 } }, { poison: true })
    const version = db.put('a', 1)
    const handle = (db as unknown as ZVerse).share()
    const other = attachWith(handle, { values }, { now: Date.now }) as unknown as HotDb
    onDecode = () => {
      onDecode = () => {}
      db.close()
      for (let i = 0; i < 40; i++) other.put('a', i)
    }
    let entry: { key: unknown; version: number } | undefined
    try {
      entry = db.getEntry('a')
    } catch (error) {
      // That would be as good.
      expect((error as ZVerseError).code).toBe('ZVERSE_CLOSED')
      return
    }
    expect(String(entry?.key).slice(0, 20)).toBe('a')
    expect(entry?.version).toBe(version)
  })
})

it('a handle costs one load where versions are in the upper half of 32 bits, too', () => {
  const db = openHot({}, { firstVersion: 2 ** 32 - 3 })
  const ref = db.ref('a')
  expect(ref.stale).toBe(false)
  const { W, epochs } = insides(db)
  const before = W[epochs.line + T_READS]
  for (let i = 0; i < 50; i++) expect(ref.stale).toBe(false)
  expect(W[epochs.line + T_READS]).toBe(before)
})

it('after a recovery, which drops the tables, stats tell of none', () => {
  const db = openHot()
  for (let i = 0; i < 100; i++) db.put(`key ${i}`, i)
  expect(counts(db).indexedKeys).toBe(100)
  // As a writer leaves it that dies in the middle of a commit.
  const { W } = insides(db)
  W[H_PHASE] = 1
  W[H_DIRTY] = 1
  expect(db.delete('no such key')).toBe(db.version)
  expect(W[headOf(db) + X_DIRECTORY]).toBe(0)
  expect(counts(db)).toMatchObject({ indexedKeys: 0, indexBytes: 0 })
})

function headOf(db: Database): number {
  const { W, epochs } = insides(db)
  return W[W[epochs.versions.current + R_STATE + S_REST] + SR_INDEX]
}

it('check notices a segment that is deeper than its directory', () => {
  const db = openHot()
  db.batch(Array.from({ length: 100 }, (_, i) => ({ type: 'put', key: `${i}`, value: i })))
  const { W } = insides(db)
  W[segmentIn(W[W[headOf(db) + X_DIRECTORY] + D_SEGMENTS]) + G_DEPTH]++
  expect(db.check().ok).toBe(false)
})

it('no write is refused for the sake of the index', () => {
  const fits = (pointIndex: boolean) => {
    const db = openHot({ pointIndex, maxBytes: 2 ** 20, history: { versions: 0 } })
    let i = 0
    try {
      for (; ; i++) db.put(`key ${i}`, i)
    } catch (error) {
      expect((error as ZVerseError).code).toBe('ZVERSE_FULL')
    }
    return i
  }
  const [without, beside] = [fits(false), fits(true)]
  // Its head, and how blocks happen to lie, may make some difference.
  expect(beside / without).toBeGreaterThan(0.98)
})

it('getMany runs no user code once it has begun to read', () => {
  const db = openHot({ history: { versions: 0 } }, { poison: true })
  db.put('a', 'A')
  db.put('b', 'B')
  let asked = 0
  const write = () => {
    for (let i = 0; i < 40; i++) db.put('b', `${i}`)
  }
  class Odd extends Array<string> {
    override slice(): string[] {
      throw new Error('called')
    }
    static override get [Symbol.species](): ArrayConstructor {
      throw new Error('called')
    }
  }
  const keys = new Proxy(Odd.from(['a', 'b', 'a']), {
    get(target, name) {
      if (name === 'length') asked++
      // While keys are fetched, and never after.
      if (asked > 0) write()
      return Reflect.get(target, name)
    },
  })
  expect(db.getMany(keys)).toEqual(['A', '39', 'A'])
})
