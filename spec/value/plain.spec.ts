/** The 'string', 'json', 'binary' and custom codecs, and the resolver. */
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { binaryValues } from '../../lib/value/binary.js'
import { jsonValues } from '../../lib/value/json.js'
import { valueCodec } from '../../lib/value/resolve.js'
import { stringValues } from '../../lib/value/string.js'
import { scaled } from '../support/runs.js'
import { encoded, expectSame, refused, roundTrip, strangers } from './support.js'

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom('a', '\0', '\x7f', '\x80', '€', '\uffff', '😀', '\ufeff') }),
)
const lone = ['\ud800', 'a\udc00', '\udc00\ud800', `${'x'.repeat(500)}\ud800`, 'é\ud800']

describe('string values', () => {
  const codec = stringValues()

  test('come back, are UTF-8, and are flagged if ASCII', () => {
    fc.assert(
      fc.property(text, value => {
        expect(roundTrip(codec, value)).toBe(value)
        const { bytes, ascii } = encoded(codec, value)
        expect(Buffer.from(value, 'utf8').equals(bytes)).toBe(true)
        expect(ascii).toBe(bytes.every(byte => byte < 128))
      }),
      { numRuns: scaled(1000) },
    )
  })

  test('come back at every length', () => {
    for (const unit of ['x', 'é', '€', '😀']) {
      const many = [5000, 65_536, 3_000_000]
      for (const n of [...Array(300).keys(), ...many]) {
        const value = unit.repeat(n)
        expect(roundTrip(codec, value) === value, `${unit} ${n}`).toBe(true)
      }
    }
    const past16MiB = `${'0123456789abcdef'.repeat(2 ** 20)}end`
    expect(roundTrip(codec, past16MiB) === past16MiB).toBe(true)
  })

  test('are refused with lone surrogates or if not strings', () => {
    for (const value of lone) refused('ZVERSE_INVALID_VALUE', () => encoded(codec, value))
    for (const value of [...strangers(), null, 1, new String('a')]) {
      refused('ZVERSE_INVALID_VALUE', () => encoded(codec, value as string))
    }
  })

  test('too long to be read back are refused', () => {
    const value = 'é'.repeat(2 ** 28)
    refused('ZVERSE_VALUE_TOO_LARGE', () => encoded(codec, value), { size: 2 ** 29 })
  })
})

describe('json values', () => {
  const codec = jsonValues()

  test('come back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        expect(roundTrip(codec, value)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    expect(roundTrip(codec, '\ud800')).toBe('\ud800')
    expect(roundTrip(codec, new Date(0))).toBe('1970-01-01T00:00:00.000Z')
    expect(encoded(codec, 'a').ascii).toBe(false)
  })

  test('are refused where JSON has no form or throws', () => {
    for (const value of [undefined, () => 1, Symbol('s'), { toJSON() {} }]) {
      refused('ZVERSE_INVALID_VALUE', () => encoded(codec, value))
    }
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    refused('ZVERSE_INVALID_VALUE', () => encoded(codec, cyclic))
    refused('ZVERSE_INVALID_VALUE', () => encoded(codec, { a: 1n }))
    const cause = new Error('boom')
    const thrower = {
      toJSON() {
        throw cause
      },
    }
    refused('ZVERSE_INVALID_VALUE', () => encoded(codec, thrower), { cause })
  })
})

describe('binary values', () => {
  const codec = binaryValues()

  test('come back', () => {
    for (const maxLength of [70, 5000]) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength }), value => {
          expectSame(roundTrip(codec, value), value)
        }),
      )
    }
  })

  test('come back plain, on a buffer of their own', () => {
    for (const size of [0, 3, 48, 49, 1000, 2 ** 24 + 1]) {
      const shared = new Uint8Array(new SharedArrayBuffer(size + 8), 4, size).fill(5)
      class Mine extends Uint8Array {}
      const foreign = runInNewContext(`new Uint8Array(${size}).fill(5)`)
      const mine = new Mine(size).fill(5)
      for (const value of [shared, Buffer.alloc(size, 5), mine, foreign]) {
        const back = roundTrip(codec, value) as Uint8Array
        expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype)
        expect(Object.prototype.toString.call(back.buffer)).toBe('[object ArrayBuffer]')
        expect(back.buffer.byteLength).toBe(size)
        expect(back.every(byte => byte === 5)).toBe(true)
      }
    }
  })

  test('of other types are refused', () => {
    const others = [null, 'a', [1], new ArrayBuffer(1), new DataView(new ArrayBuffer(1))]
    for (const value of [...strangers(), ...others, new Int8Array(1), new Uint16Array(1)]) {
      refused('ZVERSE_INVALID_VALUE', () => encoded(codec, value as Uint8Array))
    }
  })
})

describe('custom codecs', () => {
  test('get bytes they may keep, and give bytes that are copied', () => {
    const scratch = new Uint8Array(4)
    const kept: Uint8Array[] = []
    const codec = valueCodec({
      name: 'mine',
      encode(value: number) {
        scratch.fill(value)
        return scratch
      },
      decode(bytes: Uint8Array) {
        kept.push(bytes)
        return bytes[0]
      },
    })
    expect(codec.name).toBe('mine')
    expect(codec.pure).toBe(false)
    const first = encoded(codec, 1)
    encoded(codec, 2)
    expect([...first.bytes]).toEqual([1, 1, 1, 1])
    expect([roundTrip(codec, 7), roundTrip(codec, 8)]).toEqual([7, 8])
    expect(kept.map(bytes => [...bytes])).toEqual([
      [7, 7, 7, 7],
      [8, 8, 8, 8],
    ])
    expect(Object.getPrototypeOf(kept[0])).toBe(Uint8Array.prototype)
  })

  test('may throw, and must encode to bytes', () => {
    const boom = new Error('boom')
    const codec = valueCodec({
      name: 'mine',
      encode(value: unknown) {
        if (value === 0) throw boom
        return value
      },
      decode() {
        throw boom
      },
    })
    expect(() => encoded(codec, 0)).toThrow(boom)
    expect(() => roundTrip(codec, new Uint8Array(1))).toThrow(boom)
    for (const value of [...strangers(), 'a', new ArrayBuffer(1), [1]]) {
      refused('ZVERSE_INVALID_VALUE', () => encoded(codec, value))
    }
  })
})

describe('valueCodec', () => {
  test('knows the built-in codecs by name', () => {
    for (const name of ['msgpack', 'json', 'string', 'binary']) {
      expect(valueCodec(name)).toMatchObject({ name, pure: true })
    }
  })

  test('refuses all else, naming the option', () => {
    const good = { name: 'a', encode: () => new Uint8Array(), decode: () => 1 }
    const bad = [undefined, null, '', 'Json', 1, Symbol('s'), {}, [], { ...good, name: '' }]
    const worse = [
      { ...good, name: 'json' },
      { ...good, encode: 1 },
      { ...good, decode: null },
    ]
    for (const option of [...bad, ...worse, { ...good, name: 1 }]) {
      refused('ZVERSE_INVALID_OPTION', () => valueCodec(option), { option: 'values' })
    }
  })
})
