/** Lossless JSON: every value comes back, plain JSON stays as it is, and nonsense is refused. */

import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { fromJson, toJson, type ZVerseError } from '../../lib/index.js'
import { scaled } from '../support/runs.js'
import { expectSame } from './support.js'
import { table, value } from './values.js'

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE', message: expect.stringMatching(message) })

function offsetOf(text: string): number | undefined {
  try {
    fromJson(text)
  } catch (error) {
    return (error as ZVerseError).offset
  }
  return undefined
}

describe('lossless JSON', () => {
  for (const [kind, values] of Object.entries(table)) {
    test(`${kind} come back, alone and within others`, () => {
      for (const one of values) {
        expectSame(fromJson(toJson(one)), one)
        const around = { a: one, b: [one, new Map([[one, new Set([one])]])] }
        expectSame(fromJson(toJson(around)), around)
      }
    })
  }

  test('anything comes back, on one line', () => {
    fc.assert(
      fc.property(value, one => {
        const text = toJson(one)
        expect(text).not.toMatch(/[\n\r]/)
        expectSame(fromJson(text), one)
      }),
      { numRuns: scaled(1500) },
    )
  })

  test('of plain JSON nothing is changed, nor copied', () => {
    fc.assert(
      fc.property(fc.jsonValue(), one => {
        // Without -0, which JSON loses.
        const text = JSON.stringify(one)
        fc.pre(!text.includes('"$'))
        const plain = JSON.parse(text)
        expect(toJson(plain)).toBe(text)
        expect(fromJson(text)).toStrictEqual(plain)
      }),
    )
  })

  test('objects that look like a kind come back as objects', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('$date', '$map', '$object', '$', '$typed', '$what'),
        value,
        (name, one) => {
          const posing = { [name]: one }
          expect(fromJson(toJson(posing))).toStrictEqual(posing)
          expect(fromJson(toJson([{ [name]: posing }]))).toStrictEqual([{ [name]: posing }])
        },
      ),
    )
    expect(fromJson(toJson({ $bigint: '5', other: undefined }))).toEqual({ $bigint: '5' })
    expect(fromJson(toJson({ other: undefined, $what: 1n }))).toEqual({ $what: 1n })
    expect(fromJson(toJson({ $what: undefined }))).toEqual({})
    expect(toJson({ $date: 1, other: 2 })).toBe('{"$date":1,"other":2}')
  })

  test('a property named __proto__ is a property', () => {
    const odd = JSON.parse('{"__proto__": {"a": 1}, "b": {"__proto__": 1}}')
    odd.c = 1n
    const back = fromJson(toJson(odd)) as object
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(Object.entries(back)).toEqual(Object.entries(odd))
  })

  test('is readable', () => {
    expect(toJson(new Date(0))).toBe('{"$date":"1970-01-01T00:00:00.000Z"}')
    expect(toJson([12n, Number.NaN, -0])).toBe(
      '[{"$bigint":"12"},{"$number":"NaN"},{"$number":"-0"}]',
    )
    expect(toJson(Uint8Array.of(0, 1, 2))).toBe('{"$bytes":"AAEC"}')
    expect(toJson(Float32Array.of(1))).toBe('{"$typed":["Float32Array","AACAPw=="]}')
    expect(toJson({ a: undefined, b: 1 })).toBe('{"b":1}')
  })

  test('refuses what it could not give back', () => {
    const loop: unknown[] = []
    loop.push({ loop })
    class Own {}
    for (const [one, message] of [
      [undefined, /undefined/],
      [[undefined], /undefined/],
      [() => 1, /function/],
      [Symbol('s'), /symbol/],
      [new Own(), /class Own/],
      [/x/, /RegExp/],
      [loop, /itself/],
    ] as const) {
      expect(() => toJson(one)).toThrow(invalid(message))
    }
    let deep: unknown[] = []
    for (let i = 0; i < 20_000; i++) deep = [deep]
    expect(() => toJson(deep)).toThrow(invalid(/too deep/))
    const twice = [1]
    expect(toJson([twice, twice])).toBe('[[1],[1]]')
  })

  test('refuses instances of classes, also of those that extend what JSON can say', () => {
    class Own {
      a = 1
    }
    class OwnDate extends Date {}
    class OwnMap extends Map<unknown, unknown> {}
    class OwnSet extends Set<unknown> {}
    class OwnArray extends Array {}
    class OwnBytes extends Uint8Array {}
    class OwnFloats extends Float64Array {}
    class OwnBuffer extends ArrayBuffer {}
    class OwnNull {}
    Object.setPrototypeOf(OwnNull.prototype, null)
    const instances: object[] = [
      ...[new Own(), new OwnDate(5), new OwnMap([[1, 2]]), new OwnSet([1]), OwnArray.of(1, 2)],
      ...[new OwnBytes(2), new OwnFloats(2), new OwnBuffer(2), new OwnNull(), new (class {})()],
      ...[Object.create({ a: 1 }), Object.create(Date.prototype), Object.create([])],
      ...[new Error('e'), /r/, Promise.resolve(), new WeakMap(), new DataView(new ArrayBuffer(1))],
    ]
    for (const instance of instances) {
      for (const value of [instance, [instance], { a: instance }, new Map([[1, instance]])]) {
        expect(() => toJson(value)).toThrowError(
          expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE' }),
        )
      }
    }
  })

  test('takes the same of another realm, Buffers, and the dates of a fake clock', () => {
    const foreign = runInNewContext(
      '({ a: [new Date(5), new Map([[1, 2]]), new Set([3]), Uint8Array.of(4), [5]] })',
    )
    const text =
      '{"a":[{"$date":"1970-01-01T00:00:00.005Z"},{"$map":[[1,2]]},{"$set":[3]},{"$bytes":"BA=="},[5]]}'
    expect(toJson(foreign)).toBe(text)
    expect(toJson(Buffer.from([4]))).toBe('{"$bytes":"BA=="}')
    const before = new Date(5)
    vi.useFakeTimers({ now: 5 })
    try {
      const during = new Date()
      expect([before, during].map(toJson)).toEqual(Array(2).fill(toJson(foreign.a[0])))
      vi.useRealTimers()
      expect([before, during].map(toJson)).toEqual(Array(2).fill(toJson(foreign.a[0])))
    } finally {
      vi.useRealTimers()
    }
  })

  test('refuses what is no JSON, or means nothing', () => {
    expect(() => fromJson('{"a":}')).toThrow(invalid(/no JSON: "}" at character 6/))
    expect(() => fromJson('')).toThrow(invalid(/no JSON/))
    expect(() => fromJson(undefined as never)).toThrow(
      invalid(/must be a string of JSON, not undefined/),
    )
    expect(() => fromJson('['.repeat(200_000) + ']'.repeat(200_000))).toThrow(
      expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE' }),
    )
    for (const text of [
      '{"$date":"yesterday"}',
      '{"$date":1}',
      '{"$bigint":"1.5"}',
      '{"$bigint":1}',
      '{"$number":"1"}',
      '{"$bytes":"?"}',
      '{"$bytes":"AAE"}',
      '{"$buffer":[1]}',
      '{"$typed":["Array","AAEC"]}',
      '{"$typed":["Float64Array","AAEC"]}',
      '{"$typed":"AAEC"}',
      '{"$map":[[1]]}',
      '{"$map":{}}',
      '{"$set":{}}',
      '{"$object":[]}',
      '{"$object":null}',
      '{"$colour":"red"}',
      '[{"a":{"$colour":"red"}}]',
    ]) {
      expect(() => fromJson(text), text).toThrow(invalid(/means nothing/))
    }
  })

  test('tell so at once of a line that was cut off within a long string', () => {
    const line = '{"type":"put","key":"'
    expect(offsetOf(line + 'a'.repeat(1e6))).toBe(line.length - 1)
    expect(offsetOf(line + 'a\\n'.repeat(1e6))).toBe(line.length - 1)
    expect(offsetOf(`["${'a\\n'.repeat(1e6)}" x`)).toBe(3e6 + 4)
  })

  test('tell where a text stops being JSON', () => {
    const json = fc.jsonValue().map(one => JSON.stringify(one, null, 1))
    const character = fc.constantFrom(...'{}[],:"\\x0-+.e1 \n\u0001tn')
    fc.assert(
      fc.property(json, fc.nat(), character, fc.boolean(), (text, n, wrong, isCut) => {
        const at = n % (text.length + 1)
        const spoilt = isCut ? text.slice(0, at) : text.slice(0, at) + wrong + text.slice(at)
        let offset = -1
        try {
          JSON.parse(spoilt)
        } catch {
          offset = offsetOf(spoilt) ?? -1
          // JSON could go on after the text before it, but not with it.
          expect(offset).toBeGreaterThanOrEqual(0)
          expect(offset).toBeLessThanOrEqual(spoilt.length)
        }
        if (offset < 0) expect(() => fromJson(spoilt)).not.toThrow(/no JSON/)
      }),
      { numRuns: scaled(1000) },
    )
    for (const [text, offset] of [
      ['', 0],
      ['{"a" 1}', 5],
      ['[1,]', 3],
      ['[1 2]', 3],
      ['{"a":1,}', 7],
      ['01', 0],
      ['"a\\x"', 0],
      ['nul', 0],
      ['[1] x', 4],
      ['{"a":[1,{"b":tru}]}', 13],
      ['[1', 2],
    ] as const) {
      expect(offsetOf(text), text).toBe(offset)
    }
  })
})
