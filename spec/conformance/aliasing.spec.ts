/**
 * Versions share no bytes that a caller can change, iterators none with later writes, and values
 * handed out none with the database or with other callers.
 */
import { describe, expect, it } from 'vitest'
import { checkDb, contents, snapshot } from '../support/compare.js'
import type { Database, Entry } from '../support/contract.js'
import { open } from '../support/engine.js'
import { Random } from '../support/random.js'

/** Opens, runs and proves soundness, also with everything ended. */
function withDb(options: Record<string, unknown>, body: (db: Database) => void): void {
  const db = open(options)
  try {
    body(db)
    checkDb(db)
  } finally {
    db.close()
  }
}

const key = (i: number) => `key ${String(i).padStart(4, '0')}`

describe('versions', () => {
  it('stay what they were, whatever is written after them', () => {
    withDb({}, db => {
      const random = new Random(1)
      const seen = new Map<number, Entry[]>([[0, []]])
      for (let i = 0; i < 120; i++) {
        const version = db.transact(tx => {
          for (let n = random.int(40); n >= 0; n--) {
            const at = key(random.int(300))
            if (random.chance(0.3)) tx.delete(at)
            else tx.put(at, { i, n })
          }
          return tx.version
        })
        if (version === db.version) seen.set(version, contents(db))
        if (i % 40 === 39) seen.set(db.clear({ gte: key(50), lt: key(150) }), contents(db))
      }
      for (const [at, entries] of seen) expect(contents(db, { at })).toEqual(entries)
    })
  })

  it('stay what they were under a transaction that is rolled back', () => {
    withDb({}, db => {
      db.batch(Array.from({ length: 400 }, (_, i) => ({ type: 'put', key: key(i), value: i })))
      const before = snapshot(db)
      const tx = db.beginWrite()
      for (let i = 0; i < 400; i += 3) tx.delete(key(i))
      for (let i = 0; i < 400; i += 2) tx.put(key(i), 'changed'.repeat(i % 50))
      tx.clear({ gte: key(100), lt: key(200) })
      expect(snapshot(db)).toEqual(before)
      tx.abort()
      expect(snapshot(db)).toEqual(before)
    })
  })

  it('end with the transaction that pinned them, not before', () => {
    withDb({ history: { versions: 0 } }, db => {
      db.put('a', 1)
      const read = db.beginRead()
      const cursor = db.range()
      for (let i = 2; i < 50; i++) db.put('a', i)
      expect(read.get('a')).toBe(1)
      expect(db.get('a', { snapshot: read })).toBe(1)
      expect(cursor.toArray()).toEqual([['a', 1]])
      read.close()
    })
  })
})

describe('iterators', () => {
  it('show the state they were made in while the same transaction writes on', () => {
    withDb({}, db => {
      db.batch(Array.from({ length: 300 }, (_, i) => ({ type: 'put', key: key(i), value: i })))
      db.transact(tx => {
        tx.put(key(1), 'own')
        const expected = contents(tx)
        const cursor = tx.getEntries()
        const seen: Entry[] = []
        for (const entry of cursor) {
          seen.push(entry)
          tx.put(entry.key, 'rewritten')
          tx.delete(key(seen.length * 7))
          tx.put(`${entry.key} more`, 'new')
        }
        expect(seen).toEqual(expected)
      })
    })
  })

  it('many at a time in one transaction, each at its own state', () => {
    withDb({}, db => {
      db.transact(tx => {
        const held = Array.from({ length: 60 }, (_, i) => {
          tx.put(key(i), i)
          if (i % 3 === 2) tx.delete(key(i - 2))
          return { cursor: tx.entries(), expected: tx.entries().toArray() }
        })
        for (let i = 0; i < 60; i++) tx.put(key(i), 'all other')
        for (const { cursor, expected } of held) expect(cursor.toArray()).toEqual(expected)
      })
    })
  })

  it('do not see that a key they have not reached is deleted and cleared', () => {
    withDb({ keys: 'binary', values: 'binary' }, db => {
      const bytes = (i: number) => Uint8Array.of(i >> 8, i)
      const operations = Array.from({ length: 1000 }, (_, i) => {
        return { type: 'put' as const, key: bytes(i), value: bytes(i) }
      })
      db.batch(operations)
      const forward = db.range()
      const backward = db.range({ reverse: true })
      forward.next()
      backward.next()
      db.clear()
      const all = operations.map(({ key, value }) => [key, value])
      expect(forward.toArray()).toEqual(all.slice(1))
      expect(backward.toArray()).toEqual(all.slice(0, -1).reverse())
      expect(db.size).toBe(0)
    })
  })
})

describe('what is handed out', () => {
  it('is a copy: bytes may be overwritten', () => {
    withDb({ keys: 'binary', values: 'binary' }, db => {
      for (const size of [1, 3, 8, 40, 300, 5000, 200_000]) {
        const name = new Uint8Array(Math.min(size, 300)).fill(7)
        const value = new Uint8Array(size).fill(9)
        db.put(name, value)
        // Arguments are the caller's too.
        value.fill(1)
        const handedIn = name.slice()
        name.fill(2)
        const outs = [
          db.get(handedIn),
          db.getEntry(handedIn)?.value,
          db.getMany([handedIn])[0],
          [...db.values({ gte: handedIn, lte: handedIn })][0],
        ] as Uint8Array[]
        for (const out of outs) {
          expect(Object.getPrototypeOf(out)).toBe(Uint8Array.prototype)
          expect(out.buffer).toBeInstanceOf(ArrayBuffer)
          expect(out.length).toBe(size)
          expect(out.every(byte => byte === 9)).toBe(true)
          out.fill(0)
        }
        const outKey = db.getEntry(handedIn)?.key as Uint8Array
        expect(outKey).toEqual(handedIn)
        expect(outKey.buffer).toBeInstanceOf(ArrayBuffer)
        outKey.fill(0)
        expect((db.get(handedIn) as Uint8Array).every(byte => byte === 9)).toBe(true)
        expect([...db.keys({ gte: handedIn, lte: handedIn })]).toEqual([handedIn])
      }
    })
  })

  it.each(['msgpack', 'json'])('is a copy: objects of %s may be changed', values => {
    withDb({ keys: 'tuple', values }, db => {
      const name = ['a', ['b']]
      const value = { list: [1, 2, { deep: true }], text: 'x' }
      db.put(name, value)
      value.list.push(9)
      ;(name[1] as string[]).push('c')
      const expected = { list: [1, 2, { deep: true }], text: 'x' }
      const first = db.get(['a', ['b']]) as typeof value
      const second = db.get(['a', ['b']]) as typeof value
      expect(first).not.toBe(second)
      first.list.length = 0
      expect(second).toEqual(expected)
      expect(db.get(['a', ['b']])).toEqual(expected)
      const entry = [...db.getEntries()][0]
      expect(entry?.key).toEqual(['a', ['b']])
      ;(entry?.key as unknown[]).length = 0
      expect([...db.keys()]).toEqual([['a', ['b']]])
    })
  })

  it('is a copy: typed arrays inside msgpack values', () => {
    withDb({}, db => {
      db.put('a', { bytes: Uint8Array.of(1, 2, 3), floats: Float64Array.of(0.5) })
      const out = db.get('a') as { bytes: Uint8Array; floats: Float64Array }
      out.bytes.fill(0)
      out.floats.fill(0)
      const expected = { bytes: Uint8Array.of(1, 2, 3), floats: Float64Array.of(0.5) }
      expect(db.get('a')).toEqual(expected)
    })
  })

  it('is a copy: bytes that a custom codec keeps', () => {
    const kept: Uint8Array[] = []
    const values = {
      name: 'keeper',
      encode: (value: unknown) => {
        const bytes = Buffer.from(String(value))
        kept.push(bytes)
        return bytes
      },
      decode: (bytes: Uint8Array) => {
        kept.push(bytes)
        return Buffer.from(bytes).toString()
      },
    }
    withDb({ values }, db => {
      db.put('a', 'first')
      expect(db.get('a')).toBe('first')
      for (const bytes of kept) bytes.fill(0)
      expect(db.get('a')).toBe('first')
      db.put('b', 'second')
      expect([db.get('a'), db.get('b')]).toEqual(['first', 'second'])
      for (const bytes of kept) bytes.fill(0)
      expect([...db.values()]).toEqual(['first', 'second'])
    })
  })

  it('versions and stores are plain data', () => {
    withDb({}, db => {
      db.put('a', 1)
      db.tag('t')
      db.store('s', { keys: 'string', values: 'json' })
      const versions = [...db.versions()]
      for (const info of versions) info.tags.push('forged')
      db.stores().length = 0
      expect([...db.versions()].flatMap(info => info.tags)).toEqual(['t'])
      expect(db.stores()).toEqual([{ name: 's', keys: 'string', values: 'json' }])
    })
  })
})
