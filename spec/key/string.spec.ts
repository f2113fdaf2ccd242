/** String keys: round trip, code point order, prefixes, and every refusal. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_KEY_BYTES } from '../../lib/key/codec.js'
import { stringKeys } from '../../lib/key/string.js'
import { scaled } from '../support/runs.js'
import {
  compareBytes,
  encoded,
  encodedPrefix,
  refused,
  roundTrip,
  startsWith,
  strangers,
} from './support.js'

const codec = stringKeys()
const text = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('a', '\0', '\x7f', '\x80', 'é', '\uffff', '\ud7ff', '😀') }),
)

function byCodePoint(a: string, b: string): number {
  const x = Array.from(a, c => c.codePointAt(0) as number)
  const y = Array.from(b, c => c.codePointAt(0) as number)
  for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i] < y[i] ? -1 : 1
  return Math.sign(x.length - y.length)
}

describe('string keys', () => {
  test('come back, and are UTF-8', () => {
    fc.assert(
      fc.property(text, key => {
        expect(roundTrip(codec, key)).toBe(key)
        expect(Buffer.from(encoded(codec, key)).equals(Buffer.from(key, 'utf8'))).toBe(true)
      }),
      { numRuns: scaled(2000) },
    )
  })

  test('come back at every length, ASCII and not', () => {
    for (const unit of ['x', 'é', '\uffff', '😀']) {
      for (let n = 0; n <= 200; n++) {
        expect(roundTrip(codec, unit.repeat(n))).toBe(unit.repeat(n))
        expect(roundTrip(codec, `${'a'.repeat(n)}${unit}`)).toBe(`${'a'.repeat(n)}${unit}`)
      }
    }
  })

  test('are ordered by code point', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(compareBytes(encoded(codec, a), encoded(codec, b))).toBe(byCodePoint(a, b))
      }),
      { numRuns: scaled(2000) },
    )
    // JavaScript's < has these the other way round.
    expect(compareBytes(encoded(codec, '\uffff'), encoded(codec, '😀'))).toBe(-1)
  })

  test('have a prefix exactly if their bytes have', () => {
    fc.assert(
      fc.property(text, text, fc.boolean(), (a, b, joined) => {
        const key = joined ? b + a : a
        expect(startsWith(encoded(codec, key), encodedPrefix(codec, b))).toBe(key.startsWith(b))
      }),
    )
  })

  test('may take MAX_KEY_BYTES bytes and no more', () => {
    for (const [unit, size] of [
      ['x', 1],
      ['é', 2],
      ['€', 3],
      ['😀', 4],
    ] as const) {
      const most = unit.repeat(MAX_KEY_BYTES / size)
      expect(roundTrip(codec, most)).toBe(most)
      const fields = { size: MAX_KEY_BYTES + size, max: MAX_KEY_BYTES }
      refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, most + unit), fields)
      refused('ZVERSE_KEY_TOO_LARGE', () => encodedPrefix(codec, most + unit), fields)
    }
    const size = 3 * 2 ** 20
    refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, '€'.repeat(2 ** 20)), { size })
  })

  test('are refused with lone surrogates', () => {
    for (const key of ['\ud800', 'a\ud800b', '\udc00', '\udc00\ud800', '\ud800\ud800', 'é\udfff']) {
      for (const pad of ['', 'x'.repeat(40), 'x'.repeat(20_000)]) {
        refused('ZVERSE_INVALID_KEY', () => encoded(codec, pad + key))
        refused('ZVERSE_INVALID_OPTION', () => encodedPrefix(codec, pad + key), {
          option: 'prefix',
        })
      }
    }
  })

  test('are refused if not strings, in plain words', () => {
    for (const key of [...strangers(), null, 1, true, ['a'], new Uint8Array(1)]) {
      const message = refused('ZVERSE_INVALID_KEY', () => encoded(codec, key as string))
      expect(message).toContain('must be a string')
      refused('ZVERSE_INVALID_OPTION', () => encodedPrefix(codec, key), { option: 'prefix' })
    }
    expect(refused('ZVERSE_INVALID_KEY', () => encoded(codec, 1 as never))).toContain('a number')
  })
})
