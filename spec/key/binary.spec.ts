/** Binary keys: every Uint8Array in, a plain one out, bytewise order; and the codec resolver. */
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { binaryKeys } from '../../lib/key/binary.js'
import { MAX_KEY_BYTES } from '../../lib/key/codec.js'
import { keyCodec } from '../../lib/key/resolve.js'
import { encoded, encodedPrefix, refused, roundTrip, startsWith, strangers } from './support.js'

const codec = binaryKeys()
const bytes = fc.uint8Array({ maxLength: 40 })

describe('binary keys', () => {
  test('come back and are stored as they are', () => {
    fc.assert(
      fc.property(bytes, key => {
        expect(roundTrip(codec, key)).toEqual(key)
        expect(encoded(codec, key)).toEqual(key)
      }),
    )
  })

  test('come back plain, on a buffer of their own', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3)
    shared.set([1, 2, 3])
    class Mine extends Uint8Array {}
    const foreign = runInNewContext('new Uint8Array([1, 2, 3])')
    for (const key of [shared, Buffer.from([1, 2, 3]), Mine.of(1, 2, 3), foreign]) {
      const back = roundTrip(codec, key) as Uint8Array
      expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype)
      expect(back.buffer).toBeInstanceOf(ArrayBuffer)
      expect(back.buffer.byteLength).toBe(3)
      expect([...back]).toEqual([1, 2, 3])
    }
  })

  test('are as long as they are, whatever they say', () => {
    const liar = Uint8Array.of(1, 2)
    Object.defineProperty(liar, 'length', { value: 50_000 })
    Object.defineProperty(liar, 'byteLength', { value: 50_000 })
    expect([...encoded(codec, liar)]).toEqual([1, 2])
  })

  test('have a prefix exactly if their bytes have', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.boolean(), (a, b, joined) => {
        const key = joined ? Uint8Array.from([...b, ...a]) : a
        const has = b.every((byte, i) => key[i] === byte)
        expect(startsWith(encoded(codec, key), encodedPrefix(codec, b))).toBe(has)
      }),
    )
  })

  test('are refused if too large or of another type', () => {
    expect(encoded(codec, new Uint8Array(MAX_KEY_BYTES)).length).toBe(MAX_KEY_BYTES)
    const fields = { size: MAX_KEY_BYTES + 1, max: MAX_KEY_BYTES }
    const large = new Uint8Array(MAX_KEY_BYTES + 1)
    refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, large), fields)
    refused('ZVERSE_KEY_TOO_LARGE', () => encodedPrefix(codec, large), fields)
    const others = [null, 'a', 1, [1], new ArrayBuffer(1), new Uint16Array(1), new Int8Array(1)]
    for (const key of [...strangers(), ...others]) {
      refused('ZVERSE_INVALID_KEY', () => encoded(codec, key as Uint8Array))
      refused('ZVERSE_INVALID_OPTION', () => encodedPrefix(codec, key), { option: 'prefix' })
    }
  })
})

describe('keyCodec', () => {
  test('knows the built-in codecs by name', () => {
    for (const name of ['string', 'binary', 'tuple']) expect(keyCodec(name).name).toBe(name)
  })

  test('refuses all else, naming the option', () => {
    for (const option of [...strangers(), null, '', 'zorder', 'String', ['string'], 0]) {
      refused('ZVERSE_INVALID_OPTION', () => keyCodec(option), { option: 'keys' })
    }
  })
})
