/**
 * The shared memory of one database, seen from one thread: typed views and nothing else.
 *
 * A reference is a word index, 0 … 2³²-1, so it reaches 16 GiB through one `Uint32Array`; it must
 * never pass `|0`. A `Uint8Array` cannot span more than 4 GiB, so bytes are reached through
 * windows. Any thread may hold an Arena; layout.ts says which thread may write which word.
 *
 * The memory of a buffer begins where the system's allocator puts it. On Linux that is, for large
 * buffers, 16 bytes behind the start of a page: a record laid out in a line of 64 bytes would straddle
 * two cache lines. (Dependent loads of its two ends, in 64 MiB: 400 ns; from one cache line: 240.) So
 * the words begin at the next page. On other systems they begin where the buffer does.
 */
import { Buffer } from 'node:buffer'
import process from 'node:process'

import { ZVerseError } from '../errors.js'
import { isRefusal } from './granted.js'

/** Words a byte window advances by: 1 GiB. */
const WINDOW_WORDS = 2 ** 28
/** Bytes a window reaches beyond its stride, so that small things never straddle two windows. */
const OVERLAP_BYTES = 2 ** 24

/** Bytes of a buffer beyond its arena. */
const PAGE_BYTES = 4096
/** Where in the buffer the arena begins; the same in all threads of a process. */
const BEGIN = process.platform === 'linux' ? PAGE_BYTES - 16 : 0

export class Arena {
  readonly buffer: SharedArrayBuffer
  /** Every word. Plain reads and writes; ordered only by what epoch/ does with {@link signed}. */
  readonly words: Uint32Array
  /** The first words again, signed, for `Atomics.wait` and `notify` (header words only). */
  readonly signed: Int32Array
  /** The first page again as float64s: header field `at` is `floats[at / 2]`. */
  readonly floats: Float64Array
  readonly #windows: Buffer[] = []

  /** Bytes of the arena in a buffer. */
  static bytesIn(buffer: SharedArrayBuffer): number {
    return buffer.byteLength - PAGE_BYTES
  }

  /**
   * A new arena of zeros; the system commits its pages as they are touched.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming `maxBytes` if the system refuses that much
   */
  static reserve(bytes: number): Arena {
    try {
      return new Arena(new SharedArrayBuffer(bytes + PAGE_BYTES))
    } catch (cause) {
      if (!isRefusal(cause)) throw cause
      const message =
        `maxBytes is more than the system gives: ${bytes} bytes of address space were refused. Ask for less, ` +
        'close what is not used any more, or allow the process more (ulimit -v, the limit of a container)'
      throw new ZVerseError('ZVERSE_INVALID_OPTION', message, { option: 'maxBytes', cause })
    }
  }

  /** @param buffer the buffer of an arena */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    const bytes = Arena.bytesIn(buffer)
    this.words = new Uint32Array(buffer, BEGIN, bytes / 4)
    this.signed = new Int32Array(buffer, BEGIN, 1024)
    this.floats = new Float64Array(buffer, BEGIN, 512)
    for (let from = 0; from < bytes; from += WINDOW_WORDS * 4) {
      const length = Math.min(bytes - from, WINDOW_WORDS * 4 + OVERLAP_BYTES)
      this.#windows.push(Buffer.from(buffer as unknown as ArrayBuffer, BEGIN + from, length))
    }
  }

  /**
   * The window in which the byte at word `at` lies; its offset there is {@link offsetIn}`(at)`.
   * Covers 16 MiB from there at the least, or to the arena's end.
   * @internal
   */
  window(at: number): Buffer {
    return this.#windows[(at / WINDOW_WORDS) >>> 0]
  }

  /** Byte offset of word `at` in {@link window}`(at)`. */
  offsetIn(at: number): number {
    return (at % WINDOW_WORDS) * 4
  }

  /** A view of `length` bytes (any number) from word `at` on: shared memory, never hand it out. */
  view(at: number, length: number): Uint8Array {
    return new Uint8Array(this.buffer, BEGIN + at * 4, length)
  }
}
