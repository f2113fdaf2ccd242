/**
 * A batch: the one byte form of a commit, in private memory of one thread.
 *
 * The `batch` verb and a load apply a batch, and a commit log would keep one: a mutation's `describe` makes
 * it from the changes about to be committed, and replay.ts does them again. Its words are changes, in the
 * order in which they are to be done:
 *
 *     0 kind | flags   1 words of what follows   2 …
 *     STORE    store id: the store of the changes that follow
 *     PUT      [version expected, 2 words]   an entry, as it lies in the arena (layout.ts), in one piece
 *     DELETE   [version expected, 2 words]   an entry without a value: a tombstone
 *     CLEAR    –                             the store is emptied
 *     MAKE     store id, name, names of the codecs of keys and values
 *     DROP     store id, name
 *     TAG      version (2), name             UNTAG    name
 *     PRUNE    version (2)                   TIME     ms since 1970 (2)
 *     BOUNDS   versions, ms, bytes (float64, 2 words each)
 *
 * A name is its length in bytes, then UTF-8 in whole words. Invariant: only {@link Batch.each} takes it apart.
 */
import { Buffer } from 'node:buffer'
import { ZVerseError } from '../errors.js'
import {
  copyKey,
  type EncodedValue,
  entryWords,
  isInPieces,
  type KeyWords,
  keyBytesOf,
  NO_VALUE,
  valueBytesOf,
  writeEntry,
} from '../memory/entry.js'
import { granted } from '../memory/granted.js'
import type { Gatherer } from '../memory/pieces.js'
import { load48, store48 } from '../memory/words.js'
import type { Expected } from '../tree/writer.js'
import type { Bounds } from '../versions/retention.js'

const STORE = 1
const PUT = 2
const DELETE = 3
const CLEAR = 4
const MAKE = 5
const DROP = 6
const TAG = 7
const UNTAG = 8
const PRUNE = 9
const TIME = 10
const BOUNDS = 11
const KIND = 0xff
/** Flags: a version is expected; the key is expected to be absent. */
const EXPECTS = 0x100
const EXPECTS_NONE = 0x200

/** Words of a change before its contents. */
const HEAD = 2
/** Words of a batch at first. */
const ROOM = 256

/** Gets each change of a batch, in order. An entry lies at word `entry` of `words`. */
export interface BatchVisitor {
  store(id: number): void
  put(words: Uint32Array, entry: number, expected: Expected): void
  delete(words: Uint32Array, entry: number, expected: Expected): void
  clear(): void
  make(id: number, name: string, keys: string, values: string): void
  drop(id: number, name: string): void
  tag(name: string, version: number): void
  untag(name: string): void
  prune(before: number): void
  time(ms: number): void
  bounds(bounds: Bounds): void
}

export class Batch {
  #words = new Uint32Array(ROOM)
  #used = 0

  /** The words in use; valid until the next change. */
  get words(): Uint32Array {
    return this.#words.subarray(0, this.#used)
  }

  get isEmpty(): boolean {
    return this.#used === 0
  }

  /** True if the batch changes stores; else it is one change of another kind. */
  get isOfStores(): boolean {
    return this.isEmpty || (this.#words[0] & KIND) <= DROP
  }

  /** Empties the batch. */
  reset(): void {
    this.#used = 0
    if (this.#words.length > 2 ** 18) this.#words = new Uint32Array(ROOM)
  }

  // ── Making ────────────────────────────────────────────────────────────────────────────────────

  store(id: number): void {
    this.#words[this.#add(STORE, 1)] = id
  }

  /**
   * Writes `value` for `key`.
   * @param born the version in the entry; 0: that of the commit
   * @throws ZVerseError `ZVERSE_FULL` where the process has no memory left, as do all methods that follow
   */
  put(key: KeyWords, value: EncodedValue, expected: Expected, born: number): void {
    const at = this.#addEntry(PUT, entryWords(key.bytes, value.length), expected)
    writeEntry(this.#words, at, born, key, value)
  }

  delete(key: KeyWords, expected: Expected, born: number): void {
    const at = this.#addEntry(DELETE, entryWords(key.bytes, 0), expected)
    writeEntry(this.#words, at, born, key, NO_VALUE)
  }

  /** Writes an entry that lies in `W`. @param gatherer gathers it where it lies in pieces */
  copy(W: Uint32Array, entry: number, gatherer: Gatherer): void {
    const size = entryWords(keyBytesOf(W, entry), valueBytesOf(W, entry))
    const at = this.#addEntry(PUT, size, undefined)
    if (!isInPieces(W, entry)) this.#words.set(W.subarray(entry, entry + size), at)
    else gatherer.copy(entry, this.#words, at)
  }

  /** Deletes the key of an entry that lies in `W`. */
  bury(W: Uint32Array, entry: number, born: number): void {
    const bytes = keyBytesOf(W, entry)
    const key = { words: new Uint32Array((bytes + 3) >>> 2), bytes }
    copyKey(W, entry, key)
    this.delete(key, undefined, born)
  }

  clear(): void {
    this.#add(CLEAR, 0)
  }

  make(id: number, name: string, keys: string, values: string): void {
    this.#named(MAKE, [id], [name, keys, values])
  }

  drop(id: number, name: string): void {
    this.#named(DROP, [id], [name])
  }

  tag(name: string, version: number): void {
    this.#named(TAG, [version, Math.floor(version / 2 ** 32)], [name])
  }

  untag(name: string): void {
    this.#named(UNTAG, [], [name])
  }

  prune(before: number): void {
    store48(this.#words, this.#add(PRUNE, 2), before)
  }

  time(ms: number): void {
    store48(this.#words, this.#add(TIME, 2), ms)
  }

  bounds({ versions, ms, bytes }: Bounds): void {
    const numbers = new Uint32Array(new Float64Array([versions, ms, bytes]).buffer)
    this.#words.set(numbers, this.#add(BOUNDS, numbers.length))
  }

  #named(kind: number, numbers: number[], names: string[]): void {
    const texts = names.map(name => Buffer.from(name))
    const size = texts.reduce((sum, { length }) => sum + 1 + Math.ceil(length / 4), numbers.length)
    let at = this.#add(kind, size)
    for (const number of numbers) this.#words[at++] = number
    for (const text of texts) {
      this.#words[at++] = text.length
      const room = this.#words.subarray(at, at + Math.ceil(text.length / 4)).fill(0)
      new Uint8Array(room.buffer, room.byteOffset).set(text)
      at += room.length
    }
  }

  #addEntry(kind: number, size: number, expected: Expected): number {
    if (expected === undefined) return this.#add(kind, size)
    const isNone = expected === null
    const at = this.#add(kind + (isNone ? EXPECTS_NONE : EXPECTS), 2 + size)
    store48(this.#words, at, expected ?? 0)
    return at + 2
  }

  /** Makes room for a change of `size` words; returns the word at which they begin. */
  #add(kind: number, size: number): number {
    const at = this.#used
    const needed = at + HEAD + size
    if (needed > this.#words.length) {
      const room = Math.max(needed, this.#words.length * 2)
      const larger = granted('a batch', () => new Uint32Array(room))
      larger.set(this.#words.subarray(0, at))
      this.#words = larger
    }
    this.#words[at] = kind
    this.#words[at + 1] = size
    this.#used = needed
    return at + HEAD
  }

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────

  /** Visits the changes in their order. @throws ZVerseError `ZVERSE_FORMAT` for one of an unknown kind */
  each(visitor: BatchVisitor): void {
    const words = this.#words
    const end = this.#used
    for (let at = 0; at < end; at += HEAD + words[at + 1]) {
      const flags = words[at]
      const from = at + HEAD
      switch (flags & KIND) {
        case STORE:
          visitor.store(words[from] | 0)
          break
        case PUT:
          visitor.put(words, entryAt(flags, from), expectedAt(words, flags, from))
          break
        case DELETE:
          visitor.delete(words, entryAt(flags, from), expectedAt(words, flags, from))
          break
        case CLEAR:
          visitor.clear()
          break
        default:
          visitRare(words, flags & KIND, from, visitor)
      }
    }
  }
}

function entryAt(flags: number, from: number): number {
  return (flags & (EXPECTS + EXPECTS_NONE)) === 0 ? from : from + 2
}

function expectedAt(words: Uint32Array, flags: number, from: number): Expected {
  if ((flags & EXPECTS_NONE) !== 0) return null
  return (flags & EXPECTS) === 0 ? undefined : load48(words, from)
}

function visitRare(words: Uint32Array, kind: number, from: number, visitor: BatchVisitor): void {
  let at = from
  const name = () => {
    const length = words[at++]
    const room = words.subarray(at, at + Math.ceil(length / 4))
    at += room.length
    return Buffer.from(room.buffer, room.byteOffset, length).toString()
  }
  const number = () => load48(words, (at += 2) - 2)
  switch (kind) {
    case MAKE:
      visitor.make(words[at++], name(), name(), name())
      break
    case DROP:
      visitor.drop(words[at++], name())
      break
    case TAG: {
      const version = number()
      visitor.tag(name(), version)
      break
    }
    case UNTAG:
      visitor.untag(name())
      break
    case PRUNE:
      visitor.prune(number())
      break
    case TIME:
      visitor.time(number())
      break
    case BOUNDS: {
      const [versions, ms, bytes] = new Float64Array(words.slice(at, at + 6).buffer)
      visitor.bounds({ versions, ms, bytes })
      break
    }
    default:
      throw new ZVerseError('ZVERSE_FORMAT', `a batch has a change of unknown kind ${kind}`)
  }
}
