/**
 * Bytes that are gone when they are to be stored: their buffer was transferred, or resized to less than a view
 * needs, before or in the middle of it. They are refused, never stored as empty.
 */
import { describe, expect, it } from 'vitest'
import { toJson } from '../../lib/index.js'
import { checkDb, snapshot } from '../support/compare.js'
import { open } from '../support/engine.js'
import { expectCode, expectRefused } from '../support/expect.js'

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void
}

const resizable = (bytes: number) => {
  const Buffer = ArrayBuffer as unknown as new (
    n: number,
    o: { maxByteLength: number },
  ) => Resizable
  return new Buffer(bytes, { maxByteLength: 64 })
}

function detach<T extends ArrayBuffer>(buffer: T): T {
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}

const TYPED = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array],
  ...[Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
]

/** Views whose bytes are gone, by how they went. */
function gone(): Record<string, object> {
  const all: Record<string, object> = {}
  for (const Typed of TYPED) {
    const typed = new Typed(4)
    detach(typed.buffer)
    all[`${Typed.name}, transferred`] = typed
    const buffer = resizable(32)
    all[`${Typed.name}, cut off`] = new Typed(buffer, 8, 2)
    all[`${Typed.name} to the end, cut off`] = new Typed(buffer, 8)
    buffer.resize(4)
  }
  const shared = Buffer.from(new ArrayBuffer(8))
  detach(shared.buffer as ArrayBuffer)
  all.Buffer = shared
  all.ArrayBuffer = detach(new ArrayBuffer(8))
  all['resizable ArrayBuffer'] = detach(resizable(8))
  const view = new DataView(new ArrayBuffer(8))
  detach(view.buffer)
  all.DataView = view
  return all
}

const bytes = () => {
  const typed = Uint8Array.of(1, 2, 3)
  detach(typed.buffer)
  return typed
}

describe('a value whose bytes are gone', () => {
  it.each(Object.entries(gone()))('%s is refused, wherever it lies', (_, value) => {
    const db = open()
    db.put('k', 'before')
    for (const put of [value, [1, value], { a: { b: value } }, new Map([[1, value]])]) {
      expectRefused(db, () => db.put('k', put), 'INVALID_VALUE')
      expectRefused(db, () => db.update('k', () => put), 'INVALID_VALUE')
      expectRefused(db, () => db.transact(tx => tx.put('k', put)), 'INVALID_VALUE')
      const operations = [
        { type: 'put', key: 'a', value: 1 },
        { type: 'put', key: 'k', value: put },
      ] as const
      expectRefused(db, () => db.batch(operations), 'INVALID_VALUE')
      expectCode(() => toJson(put), 'INVALID_VALUE')
    }
    expectCode(() => db.put('k', new Set([value])), 'INVALID_VALUE')
    expectCode(() => db.put('k', new Map([[value, 1]])), 'INVALID_VALUE')
    db.close()
  })

  it('is refused by the codec binary, and of a codec of your own', () => {
    const db = open({ values: 'binary' })
    expect(expectRefused(db, () => db.put('k', bytes()), 'INVALID_VALUE').message).toMatch(
      /transfer/,
    )
    const values = { name: 'gone', encode: bytes, decode: () => 1 }
    const own = open({ values })
    const { message } = expectRefused(own, () => own.put('k', 1), 'INVALID_VALUE')
    expect(message).toMatch(/'gone'.*transfer/)
    db.close()
    own.close()
  })

  it('that is only empty is stored', () => {
    const db = open()
    const buffer = resizable(0)
    const empty = [new Uint8Array(0), new Uint8Array(new ArrayBuffer(8), 3, 0), new Float64Array(0)]
    for (const value of [...empty, new Uint8Array(buffer)]) {
      db.put('k', value)
      expect(db.get('k')).toHaveLength(0)
      expect(toJson(value)).toContain('""')
    }
    db.put('k', buffer)
    expect(db.get('k')).toEqual(new ArrayBuffer(0))
    db.close()
  })
})

describe('a key whose bytes are gone', () => {
  it.each(['binary', 'tuple'])('is refused by %s', keys => {
    const db = open({ keys })
    const gone = bytes()
    const named = keys === 'tuple' ? ['a', [gone]] : gone
    db.put(keys === 'tuple' ? [] : new Uint8Array(0), 'the empty one')
    const asks: (() => unknown)[] = [
      () => db.put(named, 1),
      () => db.get(named),
      () => db.has(named),
      () => db.getMany([named]),
      () => db.getEntry(named),
      () => db.delete(named),
      () => db.update(named, () => 1),
      () => db.batch([{ type: 'del', key: named }]),
      () => db.range({ gte: named }),
      () => db.history(named),
      () => db.clear({ lt: named }),
    ]
    for (const ask of asks) {
      expect(expectRefused(db, ask, 'INVALID_KEY').message).toMatch(/transfer/)
    }
    const prefix = keys === 'tuple' ? [gone] : gone
    expectRefused(db, () => db.range({ prefix }), 'INVALID_OPTION', { option: 'prefix' })
    db.close()
  })
})

describe('what goes in the middle', () => {
  /** An object that does something when it is read. */
  const then = (does: () => void) => ({
    get x() {
      does()
      return 1
    },
  })

  it('is refused if it is gone when it is read, and whole if it was read before', () => {
    const db = open({ keys: 'tuple' })
    const part = () => {
      const typed = new Uint8Array(resizable(40)).fill(7)
      return { typed, buffer: typed.buffer as Resizable }
    }
    for (const go of [
      ({ buffer }: ReturnType<typeof part>) => detach(buffer),
      ({ buffer }: ReturnType<typeof part>) => buffer.resize(0),
    ]) {
      const cut = part()
      const fixed = new Uint8Array(cut.buffer, 8, 8)
      const before = part()
      db.put('before', [before.typed, then(() => go(before))])
      expect(db.get('before')).toEqual([new Uint8Array(40).fill(7), { x: 1 }])
      const old = snapshot(db)
      expectCode(() => db.put('after', [then(() => go(cut)), fixed]), 'INVALID_VALUE')
      const key = part()
      const view = new Uint8Array(key.buffer, 8, 8)
      expectCode(
        () =>
          db.put(
            [view],
            then(() => go(key)),
          ),
        'INVALID_KEY',
      )
      expect(snapshot(db)).toEqual(old)
    }
    checkDb(db)
    db.close()
  })

  it('is what it is by then, if it only shrinks or grows', () => {
    const db = open()
    const buffer = resizable(8)
    const typed = new Uint8Array(buffer).fill(1)
    db.put('less', [then(() => buffer.resize(2)), typed])
    expect(db.get('less')).toEqual([{ x: 1 }, Uint8Array.of(1, 1)])
    db.put('more', [then(() => buffer.resize(4)), typed, new Map([[1, typed]])])
    const four = Uint8Array.of(1, 1, 0, 0)
    expect(db.get('more')).toEqual([{ x: 1 }, four, new Map([[1, four]])])
    checkDb(db)
    db.close()
  })

  it('may be shared memory that changes, and grows: a copy is stored', () => {
    const Shared = SharedArrayBuffer as unknown as new (
      n: number,
      o: { maxByteLength: number },
    ) => SharedArrayBuffer & { grow(bytes: number): void }
    for (const values of ['msgpack', 'binary']) {
      const db = open({ values })
      const buffer = new Shared(100, { maxByteLength: 10_000 })
      const typed = new Uint8Array(buffer).fill(3)
      db.put('k', typed)
      buffer.grow(9000)
      typed.fill(4)
      expect(db.get('k')).toEqual(new Uint8Array(100).fill(3))
      db.put('k', typed)
      expect(db.get('k')).toEqual(new Uint8Array(9000).fill(4))
      checkDb(db)
      db.close()
    }
  })
})
