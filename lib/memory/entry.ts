/**
 * An entry: a key, what one version wrote for it, and that version (layout.ts draws it).
 *
 * The one place that knows how an entry lies in memory. Pure functions on words; whoever may read an entry may
 * call those that read, on any thread. Entries are immutable: {@link writeEntry} is for a block that nobody sees yet.
 */
import { E_ASCII, E_KEY, E_LENGTH, E_META, E_PIECES } from './layout.js'
import { compareKeys, keyBits, sharedBits } from './words.js'

const TWO32 = 2 ** 32
/** Where META has the key's length: bits 16 to 29. Below is the version's high half, above are flags. */
const KEY_SHIFT = 16
const KEY_MASK = 0x3fff
// An imported constant costs more in a hot loop.
const META = E_META
const KEY = E_KEY
/** Words copied one by one; longer runs go through `set`. */
const FEW_WORDS = 64

/** An encoded key: bytes as big-endian words, from word 0 on. */
export interface KeyWords {
  readonly words: Uint32Array
  readonly bytes: number
}

/** An encoded value: bytes in memory order, from word `at` of `words` on. */
export interface EncodedValue {
  readonly words: Uint32Array
  readonly at: number
  readonly length: number
  /** It is a string of ASCII characters only. */
  readonly ascii: boolean
}

/** The value of a tombstone. */
export const NO_VALUE: EncodedValue = { words: new Uint32Array(0), at: 0, length: 0, ascii: false }

/** A text that no other key has. */
export function nameOf({ words, bytes }: KeyWords): string {
  let text = ''
  for (let i = 0; i < bytes; i += 2) {
    text += String.fromCharCode((words[i >>> 2] >>> (i % 4 === 0 ? 16 : 0)) & 0xffff)
  }
  return text + String.fromCharCode(bytes)
}

// ── Sizes ───────────────────────────────────────────────────────────────────────────────────────

/** Words an entry of `keyBytes` and `valueBytes` takes. */
export function entryWords(keyBytes: number, valueBytes: number): number {
  return E_KEY + ((keyBytes + 3) >>> 2) + Math.ceil(valueBytes / 4)
}

// ── Parts ───────────────────────────────────────────────────────────────────────────────────────

/** The version that wrote an entry. */
export function versionOf(W: Uint32Array, entry: number): number {
  return (W[entry + E_META] & 0xffff) * TWO32 + W[entry]
}

/** Bytes of the key of an entry. */
export function keyBytesOf(W: Uint32Array, entry: number): number {
  return (W[entry + E_META] >>> KEY_SHIFT) & KEY_MASK
}

/** The word behind an entry's key, by its META word: where its value begins, or its first piece. */
export function valueAtIn(entry: number, meta: number): number {
  return entry + KEY + ((((meta >>> KEY_SHIFT) & KEY_MASK) + 3) >>> 2)
}

/** {@link valueAtIn} without META. */
export function valueAt(W: Uint32Array, entry: number): number {
  return entry + E_KEY + ((keyBytesOf(W, entry) + 3) >>> 2)
}

/** Bytes of an entry's value. */
export function valueBytesOf(W: Uint32Array, entry: number): number {
  return W[entry + E_LENGTH]
}

/** Words that an entry's value takes. */
export function valueWords(W: Uint32Array, entry: number): number {
  return Math.ceil(W[entry + E_LENGTH] / 4)
}

/** True if the value of an entry is a string of ASCII characters only. */
export function isAscii(W: Uint32Array, entry: number): boolean {
  return W[entry + E_META] >= E_ASCII
}

/** True if the value of an entry lies in pieces. */
export function isInPieces(W: Uint32Array, entry: number): boolean {
  return (W[entry + E_META] & E_PIECES) !== 0
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────

/** META of an entry whose pieces are being linked: how long its key is, and that pieces follow. */
export function markInPieces(W: Uint32Array, entry: number, keyBytes: number): void {
  W[entry + E_META] = keyBytes * 2 ** KEY_SHIFT + E_PIECES
}

/** META of an entry says no more that it lies in pieces: its value has been brought together. */
export function unmarkPieces(W: Uint32Array, entry: number): void {
  W[entry + E_META] &= ~E_PIECES
}

/**
 * Writes all of an entry but its value.
 * @param born the version that it tells
 * @returns the word behind the key
 */
export function writeHead(
  W: Uint32Array,
  entry: number,
  born: number,
  key: KeyWords,
  value: EncodedValue,
  inPieces: boolean,
): number {
  const flags = (value.ascii ? E_ASCII : 0) + (inPieces ? E_PIECES : 0)
  W[entry] = born
  W[entry + E_META] = flags + key.bytes * 2 ** KEY_SHIFT + Math.floor(born / TWO32)
  W[entry + E_LENGTH] = value.length
  const keyWords = (key.bytes + 3) >>> 2
  const source = key.words
  for (let i = 0; i < keyWords; i++) W[entry + E_KEY + i] = source[i]
  return entry + E_KEY + keyWords
}

/** Writes an entry into a block of {@link entryWords}; `born` as in {@link writeHead}. */
export function writeEntry(
  W: Uint32Array,
  entry: number,
  born: number,
  key: KeyWords,
  value: EncodedValue,
): void {
  const at = writeHead(W, entry, born, key, value, false)
  const { length } = value
  // As it fits, this does not overflow.
  const n = (length + 3) >>> 2
  const source = value.words
  const from = value.at
  if (n > FEW_WORDS) W.set(source.subarray(from, from + n), at)
  else for (let i = 0; i < n; i++) W[at + i] = source[from + i]
  if ((length & 3) !== 0) W[at + n - 1] &= padMask(length)
}

/** What is kept of a value's last word: pad bytes are 0, so that equal values are equal words. */
export function padMask(length: number): number {
  const rest = length & 3
  return rest === 0 ? -1 : (1 << (8 * rest)) - 1
}

// ── Keys ────────────────────────────────────────────────────────────────────────────────────────

/** The value of an entry in one piece, where it is. */
export function valueIn(W: Uint32Array, entry: number): EncodedValue {
  const length = valueBytesOf(W, entry)
  return { words: W, at: valueAt(W, entry), length, ascii: isAscii(W, entry) }
}

/** Copies an entry's key. */
export function copyKey(
  W: Uint32Array,
  entry: number,
  into: { readonly words: Uint32Array; bytes: number },
): void {
  const bytes = keyBytesOf(W, entry)
  const { words } = into
  const n = (bytes + 3) >>> 2
  for (let i = 0; i < n; i++) words[i] = W[entry + E_KEY + i]
  into.bytes = bytes
}

/** {@link keyBits} of an entry's key. */
export function entryBits(W: Uint32Array, entry: number, depth: number): number {
  return keyBits(W, entry + E_KEY, (keyBytesOf(W, entry) + 3) >>> 2, depth)
}

/** Compares the key in `words` with an entry's. */
export function compareToEntry(
  words: Uint32Array,
  bytes: number,
  W: Uint32Array,
  entry: number,
): number {
  return compareKeys(words, 0, bytes, W, entry + E_KEY, keyBytesOf(W, entry))
}

/** Compares the keys of two entries, from word `skip` on. */
export function compareEntries(W: Uint32Array, a: number, b: number, skip = 0): number {
  if (a === b) return 0
  const [bytes, others] = [keyBytesOf(W, a) - 4 * skip, keyBytesOf(W, b) - 4 * skip]
  return compareKeys(W, a + E_KEY + skip, bytes, W, b + E_KEY + skip, others)
}

/** {@link sharedBits} of two entries' keys. */
export function sharedBitsOfEntries(W: Uint32Array, a: number, b: number): number {
  return sharedBits(W, a + E_KEY, keyBytesOf(W, a), W, b + E_KEY, keyBytesOf(W, b))
}

/** {@link sharedBits} of the key in `words` and an entry's, if the key is the larger one; else -1. */
export function sharedIfAbove(
  words: Uint32Array,
  bytes: number,
  W: Uint32Array,
  entry: number,
): number {
  const other = (W[entry + META] >>> KEY_SHIFT) & KEY_MASK
  const n = ((bytes < other ? bytes : other) + 3) >>> 2
  for (let i = 0; i < n; i++) {
    const x = words[i]
    const y = W[entry + KEY + i]
    if (x !== y) return x < y ? -1 : i * 32 + Math.clz32(x ^ y)
  }
  return bytes > other ? n * 32 : -1
}
