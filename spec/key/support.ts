/** Shared by the key specs: bytes of an encoded key, independent orders, expecting an error. */
import { expect } from 'vitest'
import { type ErrorFields, ZVerseError } from '../../lib/errors.js'
import { KeyBuffer, type KeyCodec } from '../../lib/key/codec.js'

/** The encoded bytes, after checking the pad bytes. The buffer is dirty before, as in real use. */
export function encoded<In>(codec: KeyCodec<In, unknown>, key: In): Uint8Array {
  return bytesIn(into => codec.encode(key, into))
}

export function encodedPrefix(codec: KeyCodec<never, unknown>, prefix: unknown): Uint8Array {
  return bytesIn(into => codec.encodePrefix(prefix, into))
}

function bytesIn(encode: (into: KeyBuffer) => void): Uint8Array {
  const into = new KeyBuffer()
  into.words.fill(0xdeadbeef)
  encode(into)
  const words = (into.bytes + 3) >>> 2
  const all = Buffer.alloc(words * 4)
  for (let i = 0; i < words; i++) all.writeUInt32BE(into.words[i], i * 4)
  expect([...all.subarray(into.bytes)]).toEqual(new Array(words * 4 - into.bytes).fill(0))
  expect(into.words[words]).toBe(0xdeadbeef)
  return new Uint8Array(all.subarray(0, into.bytes))
}

/** Encodes and decodes at an odd place among other words. */
export function roundTrip<In>(codec: KeyCodec<In, unknown>, key: In): unknown {
  const into = new KeyBuffer()
  codec.encode(key, into)
  const count = (into.bytes + 3) >>> 2
  const words = new Uint32Array(count + 12).fill(0xffffffff)
  words.set(into.words.subarray(0, count), 7)
  return codec.decode(words, 7, into.bytes)
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Math.sign(Buffer.compare(a, b))
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return (
    prefix.length <= bytes.length && Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0
  )
}

/** Expects a ZVerseError of this code with these fields and returns its message. */
export function refused(code: string, run: () => void, fields: ErrorFields = {}): string {
  let thrown: unknown
  try {
    run()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(ZVerseError)
  expect(thrown).toMatchObject({ code, ...fields })
  return (thrown as ZVerseError).message
}

/** All that a careless caller might pass as a key. */
export function strangers(): unknown[] {
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('hostile')
      },
      getPrototypeOf() {
        throw new Error('hostile')
      },
    },
  )
  return [undefined, Symbol('s'), 1n, () => 1, {}, new Date(0), new Map(), hostile, revoked.proxy]
}
