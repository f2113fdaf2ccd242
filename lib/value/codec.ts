/**
 * The interface of value codecs, and the buffer they write to.
 *
 * Values are stored as bytes in memory order, beginning at a word. Encoding happens in private
 * memory before the writer lock is taken (user code may run in it); decoding copies out of shared
 * memory, so that no value handed out is a view of it.
 */
import type { Arena } from '../memory/arena.js'
import { grantedBytes } from '../memory/granted.js'

const SMALL = 4096

/** Memory as bytes and as words. Its fields never change, so no call that is cut off leaves them apart. */
export class ValueMemory {
  readonly bytes: Uint8Array
  /** The same, for copying word by word. */
  readonly words: Uint32Array

  /** @param bytes at offset 0 of its buffer, whole words */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2)
  }
}

/** One encoded value, made over and over; grows as needed. */
export class ValueBuffer {
  /** Word at which the value begins. */
  readonly at = 0
  /** Bytes of the value. */
  length = 0
  /** True only if the value is a string all of whose characters are ASCII (below 128). */
  ascii = false
  #memory = new ValueMemory(new Uint8Array(SMALL))
  /** At least `length` bytes, and the same as words. */
  bytes = this.#memory.bytes
  words = this.#memory.words

  /** May be replaced by a larger one while encoding. */
  get memory(): ValueMemory {
    return this.#memory
  }

  // No call comes between the assignments, so no exception and no timeout either.
  set memory(memory: ValueMemory) {
    this.#memory = memory
    this.bytes = memory.bytes
    this.words = memory.words
  }

  /** Makes room for `size` bytes; the old content may be lost. */
  reserve(size: number): void {
    if (size <= this.bytes.length) return
    const room = Math.max(size, Math.min(this.bytes.length * 2, 1 << 26))
    this.use(grantedBytes(Math.ceil(room / 8) * 8, 'a value'), 0)
  }

  /** Takes `bytes` (offset 0 of its buffer, whole words) as the memory, holding `length` bytes. */
  use(bytes: Uint8Array, length: number): void {
    this.memory = new ValueMemory(bytes)
    this.length = length
  }

  /** Gives back the memory of an unusually large value. */
  shrink(): void {
    if (this.bytes.length > 1 << 20) this.use(new Uint8Array(SMALL), 0)
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
   * @param ascii as `encode` set it.
   */
  decode(arena: Arena, at: number, length: number, ascii: boolean): Out
}
