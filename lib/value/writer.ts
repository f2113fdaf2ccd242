/**
 * Writes the scalars and headers of MessagePack into memory of its own that grows. Any thread; each
 * writer belongs to one thread. Runs no user code.
 *
 * Invariants: each method makes the room it needs; integers of 64 bits are bigints, numbers are
 * integers of at most 32 bits or doubles.
 */
import { Buffer } from 'node:buffer'
import { isWellFormed, writeUtf8 } from '../memory/text.js'
import { ValueBuffer } from './codec.js'
import { EXT_BIGINT } from './kinds.js'
import { checkSize, MAX_TEXT_BYTES, MAX_VALUE_BYTES, PACKED_TEXT, writeRun } from './text.js'

const PACKED = PACKED_TEXT

export class MsgpackWriter {
  protected readonly own = new ValueBuffer()
  /** `own.bytes`, while something is written. */
  protected bytes: Uint8Array = this.own.bytes
  /** Bytes written. */
  protected at = 0
  readonly #double = new Float64Array(1)
  readonly #doubleBytes = new Uint8Array(this.#double.buffer)

  /** False (and nothing written) if `text` has lone surrogates. */
  protected writeText(text: string): boolean {
    const length = text.length
    if (length > PACKED) return this.#writeLongText(text)
    this.room(length + 2)
    const bytes = this.bytes
    let at = this.at
    if (length < 32) {
      bytes[at++] = 0xa0 | length
    } else {
      bytes[at++] = 0xd9
      bytes[at++] = length
    }
    let seen = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      seen |= code
      bytes[at++] = code
    }
    if (seen >= 128) return this.#writeWideText(text)
    this.at = at
    return true
  }

  /** Short text that is not all ASCII: written where a two-byte header leaves it, then headed. */
  #writeWideText(text: string): boolean {
    this.room(text.length * 3 + 3)
    const from = this.at + 3
    const end = writeUtf8(text, this.bytes, from)
    if (end < 0) return false
    const size = end - from
    this.#textHeader(size)
    if (this.at !== from) this.bytes.copyWithin(this.at, from, end)
    this.at += size
    return true
  }

  #writeLongText(text: string): boolean {
    if (!isWellFormed(text)) return false
    const size = Buffer.byteLength(text, 'utf8')
    checkSize(size, MAX_TEXT_BYTES)
    this.room(size + 5)
    this.#textHeader(size)
    writeRun(text, this.bytes, this.at, size)
    this.at += size
    return true
  }

  #textHeader(size: number): void {
    if (size < 32) this.bytes[this.at++] = 0xa0 | size
    else this.sized(size, 0xd9, 0xda, 0xdb)
  }

  protected writeNumber(value: number): void {
    this.room(9)
    const bytes = this.bytes
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (value >= 0) {
        if (value < 0x80) bytes[this.at++] = value
        else this.sized(value, 0xcc, 0xcd, 0xce)
      } else if (value >= -0x20) {
        bytes[this.at++] = value
      } else if (value >= -0x80) {
        bytes[this.at++] = 0xd0
        bytes[this.at++] = value
      } else if (value >= -0x8000) {
        bytes[this.at++] = 0xd1
        bytes[this.at++] = value >> 8
        bytes[this.at++] = value
      } else {
        bytes[this.at++] = 0xd2
        this.word(value)
      }
    } else if (value > 0 && value >>> 0 === value) {
      bytes[this.at++] = 0xce
      this.word(value)
    } else {
      bytes[this.at++] = 0xcb
      this.#double[0] = value
      const from = this.#doubleBytes
      for (let i = 7; i >= 0; i--) bytes[this.at++] = from[i]
    }
  }

  protected writeBigInt(value: bigint): void {
    this.room(9)
    if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) {
      this.bytes[this.at++] = BigInt.asIntN(64, value) === value ? 0xd3 : 0xcf
      this.word(Number((value >> 32n) & 0xffffffffn))
      this.word(Number(value & 0xffffffffn))
      return
    }
    const negative = value < 0n
    // The two's complement of a negative number is the complement of the number one nearer to zero.
    let hex = (negative ? ~value : value).toString(16)
    if (hex.length % 2 === 1) hex = `0${hex}`
    // The top bit is the sign's.
    if (hex >= '8') hex = `00${hex}`
    const bytes = Buffer.from(hex, 'hex')
    if (negative) for (let i = 0; i < bytes.length; i++) bytes[i] = ~bytes[i]
    this.extHeader(bytes.length, EXT_BIGINT)
    this.copy(bytes)
  }

  protected copy(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** An extension whose size is not known yet; {@link close} says what it came to. */
  protected open(type: number): number {
    this.room(6)
    this.bytes[this.at] = 0xc9
    this.bytes[this.at + 5] = type
    this.at += 6
    return this.at
  }

  protected close(from: number): void {
    const end = this.at
    this.at = from - 5
    this.word(end - from)
    this.at = end
  }

  protected extHeader(size: number, type: number): void {
    this.room(6)
    // 1, 2, 4, 8 and 16 bytes have a header of their own.
    if (size <= 16 && (size & (size - 1)) === 0) this.bytes[this.at++] = 0xd4 + Math.log2(size)
    else this.sized(size, 0xc7, 0xc8, 0xc9)
    this.bytes[this.at++] = type
  }

  /** The shortest header that holds `size`; `tag8` is 0 where there is none of 8 bits. */
  protected sized(size: number, tag8: number, tag16: number, tag32: number): void {
    const bytes = this.bytes
    if (size < 0x100 && tag8 !== 0) {
      bytes[this.at++] = tag8
      bytes[this.at++] = size
    } else if (size < 0x10000) {
      bytes[this.at++] = tag16
      bytes[this.at++] = size >>> 8
      bytes[this.at++] = size
    } else {
      bytes[this.at++] = tag32
      this.word(size)
    }
  }

  /** The low 32 bits of `value`, big-endian. */
  protected word(value: number): void {
    const bytes = this.bytes
    bytes[this.at++] = value >>> 24
    bytes[this.at++] = value >>> 16
    bytes[this.at++] = value >>> 8
    bytes[this.at++] = value
  }

  protected room(size: number): void {
    if (this.at + size > this.bytes.length) this.#grow(this.at + size)
  }

  #grow(size: number): void {
    checkSize(size, MAX_VALUE_BYTES)
    const before = this.bytes
    this.own.reserve(Math.max(size, Math.min(before.length * 2, 2 ** 31)))
    this.bytes = this.own.bytes
    this.bytes.set(before.subarray(0, this.at))
  }
}
