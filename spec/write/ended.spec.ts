/**
 * A transaction that ends in the middle of a verb, or that a verb finds ended: what ends it undoes it, nothing is
 * written without the lock, and no handle gives the lock of another one.
 */
import { describe, expect, it } from 'vitest'
import { H_LOCK } from '../../lib/memory/layout.js'
import { List } from '../../lib/memory/list.js'
import type { WriteTransaction } from '../../lib/verbs/transactions.js'
import { attachWith, openWith, type ZVerse } from '../../lib/zverse.js'

type Db = ZVerse<string, unknown>

const OPTIONS = { maxBytes: 2 ** 22, history: { versions: 100 } }
const now = () => 5000
const open = (clock = now) => openWith(OPTIONS, { now: clock }) as Db
const attach = (db: Db, threadId?: number) => {
  return attachWith(
    db.share(),
    undefined,
    threadId === undefined ? { now } : { now, threadId },
  ) as Db
}
/** A thread that looks on, and writes afterwards. */
const WITNESS = 77

/** The database is whole, and another thread writes at once. */
function goesOn(witness: Db): void {
  expect(witness.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  expect(witness._test.engine.W[H_LOCK]).toBe(0)
  witness.put('later', 1)
  expect(witness.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}

const coded = (code: string) => expect.objectContaining({ code })
const overflow = () => new RangeError('Maximum call stack size exceeded')

/** A dump with history of a few versions. */
function history(): unknown[] {
  const source = open()
  for (const key of ['a', 'b', 'c']) source.put(key, key)
  source.tag('t')
  return [...source.dump({ history: true })]
}

describe('a load', () => {
  it('refused for what another handle of its thread has open leaves that one the lock', async () => {
    const a = open()
    const b = attach(a)
    a.put('x', 1)
    const dump = [...a.dump()]
    const tx = a.beginWrite()
    tx.put('y', 2)
    const held = a._test.engine.W[H_LOCK]
    expect(() => b.load(dump)).toThrow(coded('ZVERSE_NESTED_TRANSACTION'))
    async function* later() {
      yield* dump
    }
    await expect(b.load(later())).rejects.toThrow(coded('ZVERSE_NESTED_TRANSACTION'))
    expect(a._test.engine.W[H_LOCK]).toBe(held)
    expect(tx.commit()).toBe(2)
    goesOn(attach(a, WITNESS))
  })

  it('whose clock closes the database goes no further', () => {
    for (let n = 1; n < 8; n++) {
      let left = Number.POSITIVE_INFINITY
      const db = open(() => {
        if (--left === 0) db.close()
        return 5000
      })
      const witness = attach(db, WITNESS)
      left = n
      try {
        db.load(history() as Iterable<unknown>)
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_CLOSED' })
      }
      goesOn(witness)
    }
  })

  it('of a history that ends by an error that is not ours leaves nothing of it', () => {
    const db = open()
    const { writer } = db._test.engine
    const { put } = writer
    let puts = 0
    writer.put = (...args) => {
      if (++puts === 3) throw overflow()
      put.apply(writer, args)
    }
    expect(() => db.load(history() as Iterable<unknown>)).toThrow(RangeError)
    writer.put = put
    expect([...db.keys()]).toEqual([])
    expect(db.versions().length).toBe(1)
    goesOn(attach(db, WITNESS))
  })
})

describe('a commit', () => {
  it.each([
    ['closes the database', false],
    ['closes the database, and throws', true],
  ])('whose clock %s is undone', (_, throws) => {
    let isArmed = false
    const db = open(() => {
      if (isArmed) db.close()
      if (isArmed && throws) throw new Error('clock')
      return 5000
    })
    const witness = attach(db, WITNESS)
    db.put('x', 1)
    isArmed = true
    expect(() => db.put('x', 2)).toThrow(throws ? 'clock' : coded('ZVERSE_CLOSED'))
    expect(witness.get('x')).toBe(1)
    goesOn(witness)
  })

  it('whose log fails is undone, be it of a version or of tags', () => {
    for (const write of [(db: Db) => db.put('x', 2), (db: Db) => db.tag('t')]) {
      const hooks = { now, log: { append: (): void => {}, settle() {}, close() {} } }
      const db = openWith(OPTIONS, hooks) as Db
      const witness = attach(db, WITNESS)
      db.put('x', 1)
      const append = () => {
        throw new Error('no disk')
      }
      db._test.engine.log = { append, settle() {}, close() {} }
      expect(() => write(db)).toThrow('no disk')
      expect(witness.get('x')).toBe(1)
      expect(witness.versions().flatMap(({ tags }) => tags)).toEqual([])
      goesOn(witness)
    }
  })

  it('that is cut off while it puts blocks aside leaves none to be handed out twice', () => {
    const { push } = List.prototype
    for (let at = 1; at < 12; at++) {
      const db = open()
      for (let i = 0; i < 60; i++) db.put(`key ${i}`, 'x'.repeat(20))
      const rewrite = (tx: WriteTransaction<string, unknown>, count: number) => {
        for (let i = 0; i < count; i++) {
          for (let j = 0; j < 3; j++) tx.put(`key ${i}`, `${i} ${'y'.repeat((i * 5 + j * 8) % 60)}`)
        }
      }
      const tx = db.beginWrite()
      rewrite(tx, 30)
      let left = at
      List.prototype.push = function (item) {
        if (--left === 0) throw overflow()
        push.call(this, item)
      }
      try {
        tx.commit()
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      } finally {
        List.prototype.push = push
      }
      db.transact(next => rewrite(next, 60))
      for (let i = 0; i < 60; i++) {
        expect(db.get(`key ${i}`)).toBe(`${i} ${'y'.repeat((i * 5 + 16) % 60)}`)
      }
      goesOn(attach(db, WITNESS))
    }
  })
})

describe('a verb in a transaction', () => {
  const ends: [string, (db: Db, tx: WriteTransaction<string, unknown>) => unknown, string][] = [
    ['closes the database', db => db.close(), 'ZVERSE_CLOSED'],
    ['aborts it', (_, tx) => tx.abort(), 'ZVERSE_TRANSACTION_CLOSED'],
    ['commits it', (_, tx) => tx.commit(), 'ZVERSE_TRANSACTION_CLOSED'],
  ]
  it.each(ends)('whose callback %s writes nothing more', (_, end, code) => {
    const db = open()
    const witness = attach(db, WITNESS)
    db.put('x', 1)
    const tx = db.beginWrite()
    const update = () => {
      tx.update('x', () => {
        end(db, tx)
        return 7
      })
    }
    expect(update).toThrow(coded(code))
    expect(witness.get('x')).toBe(1)
    goesOn(witness)
  })

  it('whose value closes the database while it is read writes nothing more', () => {
    const db = open()
    const witness = attach(db, WITNESS)
    const tx = db.beginWrite()
    const value = {
      get x() {
        db.close()
        return 1
      },
    }
    expect(() => tx.put('b', value)).toThrow(coded('ZVERSE_CLOSED'))
    goesOn(witness)
  })

  it('of its own whose callback closes the database is undone', () => {
    const db = open()
    const witness = attach(db, WITNESS)
    db.put('x', 1)
    const update = () => {
      db.update('x', () => {
        db.close()
        return 7
      })
    }
    expect(update).toThrow(coded('ZVERSE_CLOSED'))
    expect(witness.get('x')).toBe(1)
    goesOn(witness)
  })

  it('is under way also while update decodes and encodes: another handle of the thread is refused', () => {
    const asked: unknown[] = []
    let other: Db | undefined
    const ask = () => {
      try {
        if (other !== undefined) asked.push(other.put('y', 1))
      } catch (error) {
        asked.push((error as { code: string }).code)
      }
    }
    const values = {
      name: 'mine',
      encode: (value: unknown) => {
        ask()
        return new TextEncoder().encode(String(value))
      },
      decode: (bytes: Uint8Array) => {
        ask()
        return new TextDecoder().decode(bytes)
      },
    }
    const db = openWith({ ...OPTIONS, values }, { now }) as unknown as Db
    db.put('x', 'one')
    other = attachWith(db.share(), { values }, { now }) as unknown as Db
    db.update('x', old => `${old}!`)
    expect(new Set(asked)).toEqual(new Set(['ZVERSE_NESTED_TRANSACTION']))
    other = undefined
    expect(db.get('x')).toBe('one!')
  })
})

describe('a store', () => {
  it.each([
    ['with the same codecs is that one', 'tuple'],
    ['with others is refused', 'string'],
  ] as const)('that another thread makes in between: made %s', (_, keys) => {
    const db = open()
    const other = attach(db, WITNESS)
    const { names } = db._test.engine
    const { describe } = names
    names.describe = (record, name) => {
      const found = describe.call(names, record, name)
      names.describe = describe
      other.store('s', { keys: 'tuple' }).put(['k'], 1)
      return found
    }
    const make = () => db.store('s', { keys: keys as 'tuple' })
    if (keys === 'tuple') expect(make().get(['k'])).toBe(1)
    else expect(make).toThrow(coded('ZVERSE_INVALID_OPTION'))
    expect(db.stores()).toHaveLength(1)
    expect(db.version).toBe(2)
    goesOn(other)
  })
})
