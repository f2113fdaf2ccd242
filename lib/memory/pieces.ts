/**
 * Values that lie in several pieces, because no run of free words was long enough when they were put.
 *
 * An entry in pieces (E_PIECES) has the first one behind its key; each piece links to the next (layout.ts
 * draws it). Pure functions on words, for any thread; a Gatherer belongs to one thread. Invariants:
 * 1. Pieces share the fate of their entry: reached through it alone, immutable like it, and free when it
 *    is. So a thread that may read an entry may read its pieces, and the protocol knows of entries only.
 * 2. The words of all pieces, in order, are those of the value; pad bytes of the last one are 0.
 */
import { Arena } from './arena.js'
import {
  type EncodedValue,
  isInPieces,
  type KeyWords,
  padMask,
  unmarkPieces,
  valueAt,
  valueBytesOf,
  valueWords,
  writeHead,
} from './entry.js'
import { P_DATA, P_NEXT, P_WORDS } from './layout.js'

/** The most bytes of private memory that a Gatherer keeps for the next value. */
const KEPT = 2 ** 20
/** The fewest bytes of an arena. */
const LEAST = 4096

/**
 * Visits the pieces of an entry that are blocks of their own: none, if the entry is one block. The walk ends
 * whatever the pieces' words say: it stops at an empty one, and after as many words as the value has.
 */
export function eachPiece(
  W: Uint32Array,
  entry: number,
  visit: (ref: number, words: number) => void,
): void {
  if (!isInPieces(W, entry)) return
  let left = valueWords(W, entry)
  for (let piece = W[valueAt(W, entry) + P_NEXT]; piece !== 0 && left > 0; ) {
    const words = W[piece + P_WORDS]
    const next = W[piece + P_NEXT]
    visit(piece, P_DATA + words)
    left -= words > 0 ? words : left
    piece = next
  }
}

/** True unless the pieces of an entry have more or fewer words than its value. */
export function isValueWhole(W: Uint32Array, entry: number): boolean {
  if (!isInPieces(W, entry)) return true
  const all = valueWords(W, entry)
  let piece = valueAt(W, entry)
  let words = W[piece + P_WORDS]
  for (piece = W[piece + P_NEXT]; piece !== 0 && words < all; piece = W[piece + P_NEXT]) {
    if (!(W[piece + P_WORDS] > 0)) return false
    words += W[piece + P_WORDS]
  }
  return piece === 0 && words === all
}

/** Writes an entry into pieces that are linked; as `writeEntry`. */
export function writeInPieces(
  W: Uint32Array,
  entry: number,
  born: number,
  key: KeyWords,
  value: EncodedValue,
): void {
  let piece = writeHead(W, entry, born, key, value, true)
  for (let from = value.at; ; piece = W[piece + P_NEXT]) {
    const to = from + W[piece + P_WORDS]
    W.set(value.words.subarray(from, to), piece + P_DATA)
    from = to
    if (W[piece + P_NEXT] === 0) break
  }
  // The last piece is not empty.
  W[piece + P_DATA + W[piece + P_WORDS] - 1] &= padMask(value.length)
}

/** True if an entry's value is the `length` bytes from `words[at]` on, whose pad bytes are 0. */
export function hasValue(
  W: Uint32Array,
  entry: number,
  words: Uint32Array,
  at: number,
  length: number,
): boolean {
  if (valueBytesOf(W, entry) !== length) return false
  const begin = valueAt(W, entry)
  if (!isInPieces(W, entry)) return sameWords(W, begin, words, at, valueWords(W, entry))
  for (let piece = begin, to = at; piece !== 0; piece = W[piece + P_NEXT]) {
    if (!sameWords(W, piece + P_DATA, words, to, W[piece + P_WORDS])) return false
    to += W[piece + P_WORDS]
  }
  return true
}

function sameWords(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number, n: number): boolean {
  for (let i = 0; i < n; i++) if (a[aAt + i] !== b[bAt + i]) return false
  return true
}

/** Copies a value that lies in pieces into one arena of private memory, for codecs to read. */
export class Gatherer {
  readonly #W: Uint32Array
  #kept: Arena | null = null

  constructor(arena: Arena) {
    this.#W = arena.words
  }

  /** Private memory with the value of an entry in pieces from word 0 on, until the next call. */
  gather(entry: number): Arena {
    const W = this.#W
    const room = this.#room(valueWords(W, entry) * 4)
    let to = 0
    for (let piece = valueAt(W, entry); piece !== 0; piece = W[piece + P_NEXT]) {
      const from = piece + P_DATA
      const count = W[piece + P_WORDS]
      room.words.set(W.subarray(from, from + count), to)
      to += count
    }
    return room
  }

  /**
   * Calls `use` with words that have the value of an entry, which lies in `words`, in one piece, and where it begins in
   * them.
   */
  open<T>(words: Uint32Array, entry: number, use: (words: Uint32Array, at: number) => T): T {
    if (words === this.#W && isInPieces(words, entry)) return use(this.gather(entry).words, 0)
    return use(words, valueAt(words, entry))
  }

  /** Private memory with words from word 0 on, until the next call. */
  copyOf(words: Uint32Array, from: number, count: number): Arena {
    const room = this.#room(count * 4)
    for (let i = 0; i < count; i++) room.words[i] = words[from + i]
    return room
  }

  /** Private memory with bytes from word 0 on, until the next call. */
  hold(bytes: Uint8Array): Arena {
    const room = this.#room(bytes.length)
    room.view(0, bytes.length).set(bytes)
    return room
  }

  /** Copies an entry in pieces to words from `to` on, where it then lies in one. */
  copy(entry: number, words: Uint32Array, to: number): void {
    const W = this.#W
    const head = valueAt(W, entry) - entry
    words.set(W.subarray(entry, entry + head), to)
    unmarkPieces(words, to)
    words.set(this.gather(entry).words.subarray(0, valueWords(W, entry)), to + head)
  }

  #room(bytes: number): Arena {
    const kept = this.#kept
    if (kept !== null && bytes <= kept.words.length * 4) return kept
    if (bytes > KEPT) return Arena.reserve(bytes)
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, LEAST)))
    this.#kept = Arena.reserve(size)
    return this.#kept
  }
}
