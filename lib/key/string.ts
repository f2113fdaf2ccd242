/**
 * String keys: UTF-8, whose bytewise order is code point order. Any thread; each codec object
 * belongs to one thread.
 *
 * Invariants: no lone surrogates are ever stored; pad bytes are 0.
 */
import { Buffer } from 'node:buffer'
import { ZVerseError } from '../errors.js'
import { isWellFormed, packAsciiBig, SHORT_TEXT, TextReader, writeUtf8 } from '../memory/text.js'
import { type KeyBuffer, type KeyCodec, MAX_KEY_BYTES } from './codec.js'
import { describe } from './describe.js'
import { packBytes, tooLarge, unpackBytes } from './pack.js'

const MAX = MAX_KEY_BYTES
const SHORT = SHORT_TEXT

class StringKeys implements KeyCodec<string> {
  readonly name = 'string'
  readonly #text = new TextReader()
  /** Room for the longest key if every UTF-16 unit of it became three bytes. */
  readonly #bytes = new Uint8Array(MAX * 3)

  encode(key: string, into: KeyBuffer): void {
    if (typeof key !== 'string') {
      throw new ZVerseError('ZVERSE_INVALID_KEY', `a key must be a string, not ${describe(key)}`)
    }
    const length = key.length
    if (length <= MAX && packAsciiBig(key, into.words)) {
      into.bytes = length
      return
    }
    if (!isWellFormed(key)) {
      throw new ZVerseError(
        'ZVERSE_INVALID_KEY',
        'a key must not contain lone surrogates: toWellFormed() replaces them',
      )
    }
    this.#encodeWide(key, into)
  }

  #encodeWide(key: string, into: KeyBuffer): void {
    if (key.length > MAX) throw tooLarge(Buffer.byteLength(key, 'utf8'))
    const size = writeUtf8(key, this.#bytes, 0)
    if (size > MAX) throw tooLarge(size)
    packBytes(this.#bytes, size, into)
  }

  encodePrefix(prefix: unknown, into: KeyBuffer): void {
    const bad =
      typeof prefix !== 'string'
        ? `must be a string, not ${describe(prefix)}`
        : isWellFormed(prefix)
          ? ''
          : 'must not contain lone surrogates'
    if (bad !== '') {
      throw new ZVerseError('ZVERSE_INVALID_OPTION', `prefix ${bad}`, { option: 'prefix' })
    }
    this.encode(prefix as string, into)
  }

  decode(words: Uint32Array, at: number, bytes: number): string {
    if (bytes <= SHORT) {
      const text = this.#text.shortBig(words, at, bytes)
      if (text !== undefined) return text
    }
    unpackBytes(words, at, bytes, this.#bytes)
    return this.#text.utf8(this.#bytes, 0, bytes)
  }
}

/** The codec of `keys: 'string'`. */
export function stringKeys(): KeyCodec<string> {
  return new StringKeys()
}
