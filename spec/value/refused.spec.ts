/** Refusals of MessagePack values, the places they name, and the user code inside values. */
import { describe, expect, test } from 'vitest'
import { ValueBuffer } from '../../lib/value/codec.js'
import { msgpackValues } from '../../lib/value/msgpack.js'
import { MAX_DEPTH } from '../../lib/value/pack.js'
import { encoded, refused, roundTrip } from './support.js'

const codec = msgpackValues()

class Point {
  x = 1
}
class SubArray extends Array {}
class SubMap extends Map {}
class SubDate extends Date {}
class SubBytes extends Uint8Array {}

const bad: Record<string, unknown> = {
  undefined: undefined,
  function: () => 1,
  symbol: Symbol('s'),
  instance: new Point(),
  inherited: Object.create({ a: 1 }),
  RegExp: /a/,
  Error: new Error('e'),
  Promise: Promise.resolve(),
  WeakMap: new WeakMap(),
  WeakRef: new WeakRef({}),
  URL: new URL('http://a'),
  'boxed number': Object(1),
  'boxed string': Object('a'),
  'boxed bigint': Object(1n),
  'boxed symbol': Object(Symbol('s')),
  'lone surrogate': '\ud800',
  'long lone surrogate': `${'x'.repeat(1000)}\udc00`,
  'hidden lone surrogate': 'é\ud800é',
  SharedArrayBuffer: new SharedArrayBuffer(8),
  DataView: new DataView(new ArrayBuffer(8)),
  'array subclass': SubArray.of(1),
  'Map subclass': new SubMap(),
  'Date subclass': new SubDate(),
  'bytes subclass': new SubBytes(1),
  'fake Date': Object.create(Date.prototype),
  'fake Map': Object.create(Map.prototype),
  'fake bytes': Object.create(Uint8Array.prototype),
  'Proxy of a Map': new Proxy(new Map(), {}),
  generator: (function* () {})(),
  'Map iterator': new Map().entries(),
}

describe('msgpack refuses', () => {
  for (const [name, value] of Object.entries(bad)) {
    test(`${name}, anywhere, and says where`, () => {
      const message = (of: unknown) => refused('ZVERSE_INVALID_VALUE', () => encoded(codec, of))
      expect(message(value)).toMatch(/^value /)
      expect(message({ user: { tags: [1, 2, value] } })).toContain('value.user.tags[2] ')
      expect(message({ 'a b': value })).toContain('value["a b"] ')
      expect(message({ k: new Map([[1, value]]) })).toContain('value.k["entry 0"] ')
      expect(
        message(
          new Map([
            [1, 1 as unknown],
            [value, 1],
          ]),
        ),
      ).toContain('value["key 1"] ')
      expect(message(new Set([value]))).toContain('value["element 0"] ')
      expect(roundTrip(codec, { a: [1] })).toStrictEqual({ a: [1] })
    })
  }

  test('holes, and property names with lone surrogates', () => {
    // biome-ignore lint/suspicious/noSparseArray: what is to be refused
    const message = refused('ZVERSE_INVALID_VALUE', () => encoded(codec, [1, , 2]))
    expect(message).toContain('value[1] is undefined')
    refused('ZVERSE_INVALID_VALUE', () => encoded(codec, { '\ud800': 1 }))
    refused('ZVERSE_INVALID_VALUE', () => encoded(codec, { a: undefined }))
  })

  test('what contains itself, at once', () => {
    const object: Record<string, unknown> = { name: 'x'.repeat(2 ** 20) }
    object.self = { inner: [object] }
    const map = new Map<unknown, unknown>()
    map.set('me', map)
    const set = new Set<unknown>()
    set.add([set])
    for (const value of [object, map, set]) {
      expect(refused('ZVERSE_INVALID_VALUE', () => encoded(codec, value))).toContain('itself')
    }
    const twice = { a: 1 }
    expect(roundTrip(codec, [twice, twice])).toStrictEqual([twice, twice])
  })

  test('what is nested too deep', () => {
    let deep: unknown = 1
    for (let i = 0; i < MAX_DEPTH; i++) deep = i % 2 === 0 ? [deep] : { a: deep }
    expect(encoded(codec, roundTrip(codec, deep))).toEqual(encoded(codec, deep))
    expect(refused('ZVERSE_INVALID_VALUE', () => encoded(codec, [deep]))).toContain('deep')
    let endless: unknown[] = []
    const bottomless = new Proxy([0], { get: (_, name) => (name === 'length' ? 1 : [bottomless]) })
    endless = [bottomless]
    refused('ZVERSE_INVALID_VALUE', () => encoded(codec, endless))
  })
})

describe('user code within msgpack values', () => {
  const boom = new Error('boom')

  test('may throw: it passes, and the codec works afterwards', () => {
    const into = new ValueBuffer()
    const value = {
      a: 'x'.repeat(10_000),
      get b() {
        throw boom
      },
    }
    for (let i = 0; i < 3; i++) {
      expect(() => encoded(codec, [value], into)).toThrow(boom)
      expect(encoded(codec, [i], into).bytes).toEqual(Uint8Array.of(0x91, i))
    }
    const hostile = new Proxy(
      {},
      {
        ownKeys() {
          throw boom
        },
      },
    )
    expect(() => encoded(codec, { hostile })).toThrow(boom)
  })

  test('may use the codec and the very buffer', () => {
    const into = new ValueBuffer()
    const value = {
      first: 'first',
      get second() {
        codec.encode({ nested: ['n'.repeat(9000)] }, into)
        expect(roundTrip(codec, { other: 1 })).toEqual({ other: 1 })
        return 2
      },
      third: [3],
    }
    const expected = { first: 'first', second: 2, third: [3] }
    const { bytes } = encoded(codec, value, into)
    expect(bytes).toEqual(encoded(codec, expected).bytes)
    expect(roundTrip(codec, value)).toStrictEqual(expected)
  })

  test('may change what is being read', () => {
    const map = new Map<number, unknown>([[0, 0]])
    map.set(1, {
      get grow() {
        map.set(2, 'late')
        return 1
      },
    })
    const grown = new Map<number, unknown>([
      [0, 0],
      [1, { grow: 1 }],
      [2, 'late'],
    ])
    expect(roundTrip(codec, map)).toStrictEqual(grown)
    const object: Record<string, unknown> = {
      get a() {
        delete object.b
        object.c = 1
        return 1
      },
      b: 2,
    }
    refused('ZVERSE_INVALID_VALUE', () => encoded(codec, object))
  })

  test('may lie: what it said once is stored', () => {
    let reads = 0
    const array = new Proxy([0], { get: (_, name) => (name === 'length' ? 3 : reads++) })
    expect(roundTrip(codec, array)).toStrictEqual([0, 1, 2])
    for (const length of [Infinity, -1, NaN, 'x', 1.5, 2 ** 32]) {
      const liar = new Proxy([0], { get: (_, name) => (name === 'length' ? length : 1) })
      refused('ZVERSE_INVALID_VALUE', () => encoded(codec, [liar]))
    }
    const typed = Uint8Array.of(1, 2)
    Object.defineProperty(typed, 'byteLength', { value: 50 })
    Object.defineProperty(typed, 'buffer', { value: new ArrayBuffer(50) })
    expect([...(roundTrip(codec, typed) as Uint8Array)]).toEqual([1, 2])
  })

  test('leaves nothing behind after large values', () => {
    const into = new ValueBuffer()
    codec.encode([new Uint8Array(2 ** 25)], into)
    into.shrink()
    codec.encode([1], into)
    codec.encode([1], into)
    expect(into.bytes.length).toBeLessThan(2 ** 20)
  })
})
