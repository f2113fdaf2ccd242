/**
 * The interface of key codecs, and the buffer they write to.
 *
 * Keys are stored as big-endian 32-bit words, so that one unsigned compare of words decides four
 * bytes. Invariant: the order of two encoded keys (their bytes compared one by one, unsigned, the
 * shorter first where one is a prefix of the other) is the order the codec promises to its users.
 * Any thread; no shared memory is written here.
 */

/** The longest encoded key, in bytes: 14 bits in an entry's header, and whole words. */
export const MAX_KEY_BYTES = 16_380

/** Words that hold the longest key, and one of slack that readers of bit windows may touch. */
const MAX_KEY_WORDS = MAX_KEY_BYTES / 4 + 1

/** Words that a key is written to. */
export interface KeySpace {
  readonly words: Uint32Array
  bytes: number
}

/** One encoded key, made over and over in the same memory. */
export class KeyBuffer implements KeySpace {
  /** Big-endian words: byte 0 of the key is the top byte of word 0. Pad bytes are 0. */
  readonly words = new Uint32Array(MAX_KEY_WORDS)
  /** Bytes of the key; words in use are `(bytes + 3) >>> 2`. */
  bytes = 0

  /** Makes this a copy of `other`. */
  copy(other: KeyBuffer): void {
    const n = (other.bytes + 3) >>> 2
    for (let i = 0; i < n; i++) this.words[i] = other.words[i]
    this.bytes = other.bytes
  }
}

/** Turns user keys into ordered words and back. Users pass `In` and get `Out`. */
export interface KeyCodec<In = unknown, Out = In> {
  /** Stored with a store's definition, compared when it is opened again. */
  readonly name: string
  /**
   * Encodes `key` into `into`, pad bytes included.
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_KEY_TOO_LARGE { size, max }`; `into` is then
   * undefined and nothing else has changed.
   */
  encode(key: In, into: KeyBuffer): void
  /**
   * Encodes a prefix: the keys that have it are exactly those whose bytes begin with these bytes.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming `prefix` if it has the wrong type.
   */
  encodePrefix(prefix: unknown, into: KeyBuffer): void
  /** Decodes the key of `bytes` bytes whose first word is `words[at]`; the result shares nothing. */
  decode(words: Uint32Array, at: number, bytes: number): Out
}
