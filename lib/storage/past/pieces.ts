/**
 * A part of a past run of which a reader needs a few words at a time: pieces of PIECE words (the last has fewer), each
 * with a checksum of its own (run-format.ts).
 *
 *     piece    0 checksum of the words behind   1 zero   2 … the words
 */
import { bytesOf, damaged } from '../base-format.js'
import type { OpenFile } from '../files.js'
import { aligned, checkOf, wordsAt } from './run-format.js'

/** Words of a piece, and those before them. */
const PIECE = 2048
const HEAD = 2
const NONE = new Uint32Array(0)

/** Writes such a part, from a byte on. */
export class PieceWriter {
  readonly #file: OpenFile
  readonly #seed: number
  readonly #words = new Uint32Array(HEAD + PIECE)
  #used = 0
  #written = 0
  /** Where the part begins; and where it ends, once it has ended. */
  readonly byte: number
  end: number

  constructor(file: OpenFile, seed: number, byte: number) {
    this.#file = file
    this.#seed = seed
    this.byte = byte
    this.end = byte
  }

  /** Words so far. */
  get count(): number {
    return this.#written + this.#used
  }

  push(word: number): void {
    this.#words[HEAD + this.#used++] = word
    if (this.#used === PIECE) this.flush()
  }

  /** Writes the last piece: nothing comes behind it. */
  flush(): void {
    const used = this.#used
    if (used === 0) return
    const words = this.#words
    words[0] = checkOf(words.subarray(HEAD, HEAD + used), this.#seed, this.end)
    const bytes = aligned(HEAD + used)
    words.fill(0, HEAD + used)
    this.#file.write(bytesOf(words).subarray(0, bytes), this.end)
    this.end += bytes
    this.#written += used
    this.#used = 0
  }
}

/** Reads it. */
export class Pieces {
  readonly #file: OpenFile
  readonly #seed: number
  readonly #byte: number
  readonly count: number
  /** The piece that was read last. */
  #words: Uint32Array | null = null
  #piece = 0

  constructor(file: OpenFile, seed: number, byte: number, count: number) {
    this.#file = file
    this.#seed = seed
    this.#byte = byte
    this.count = count
  }

  /** Words `from` … `end − 1`. @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`, `ZVERSE_IO` */
  slice(from: number, end: number): Uint32Array {
    if (from === end) return NONE
    const piece = Math.floor(from / PIECE)
    const begin = piece * PIECE
    if (end <= begin + PIECE) return this.#read(piece).subarray(from - begin, end - begin)
    const words = new Uint32Array(end - from)
    for (let at = from; at < end; ) {
      const piece = Math.floor(at / PIECE)
      const some = this.#read(piece).subarray(at - piece * PIECE, end - piece * PIECE)
      words.set(some, at - from)
      at += some.length
    }
    return words
  }

  /** Reads all of it. @throws as {@link slice} */
  verify(): void {
    for (let piece = 0; piece * PIECE < this.count; piece++) this.#read(piece)
  }

  #read(piece: number): Uint32Array {
    if (this.#words !== null && this.#piece === piece) return this.#words
    const byte = this.#byte + piece * 4 * (HEAD + PIECE)
    const count = Math.min(PIECE, this.count - piece * PIECE)
    const all = wordsAt(this.#file, byte, HEAD + count)
    const words = all.subarray(HEAD)
    if (all[0] !== checkOf(words, this.#seed, byte) || all[1] !== 0) throw damaged(this.#file, byte)
    this.#words = words
    this.#piece = piece
    return words
  }
}
