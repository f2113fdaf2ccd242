/**
 * What a value codec is, and the buffer it writes to.
 *
 * Values are stored as bytes in memory order, beginning at a word. Encoding happens in private
 * memory before the writer lock is taken (user code may run in it); decoding copies out of shared
 * memory, so that nothing handed out is a window on it.
 */
import type { Arena } from '../memory/arena.js'

/** One encoded value, made over and over; grows as needed. */
export class ValueBuffer {
  /** At least `length` bytes, and whole words. May be replaced by a larger one while encoding. */
  bytes: Uint8Array = new Uint8Array(4096)
  /** The same memory as words, for copying word by word. */
  words: Uint32Array = new Uint32Array(this.bytes.buffer)
  /** Bytes of the value. */
  length = 0
  /** True only if the value is a string all of whose characters are ASCII (below 128). */
  ascii = false

  /** Makes room for `size` bytes (what was there may be lost). */
  reserve(size: number): void {
    if (size <= this.bytes.length) return
    const room = Math.max(size, Math.min(this.bytes.length * 2, 1 << 26))
    this.use(new Uint8Array(Math.ceil(room / 8) * 8), 0)
  }

  /** Takes `bytes` (offset 0 of its buffer, whole words) as the memory, holding `length` bytes. */
  use(bytes: Uint8Array, length: number): void {
    this.bytes = bytes
    this.words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2)
    this.length = length
  }

  /** Gives back what an unusually large value needed. */
  shrink(): void {
    if (this.bytes.length > 1 << 20) this.use(new Uint8Array(4096), 0)
  }
}

/** Turns user values into bytes and back. */
export interface ValueCodec<In = unknown, Out = In> {
  /** Stored with a store's definition, compared when it is opened again. */
  readonly name: string
  /** True if decoding cannot run user code. (Encoding may: getters, Proxies, `toJSON`.) */
  readonly pure: boolean
  /**
   * Encodes `value` into `into`, setting `length` and `ascii`.
   * @throws ZVerseError `ZVERSE_INVALID_VALUE`, `ZVERSE_VALUE_TOO_LARGE`.
   */
  encode(value: In, into: ValueBuffer): void
  /** Bytes before the characters of a value of `length` bytes for which `ascii` was set. */
  headerOf(length: number): number
  /**
   * Decodes `length` bytes that begin at word `at` of the arena.
   * @param ascii what `encode` had set.
   */
  decode(arena: Arena, at: number, length: number, ascii: boolean): Out
}
