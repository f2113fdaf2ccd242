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
 *     DERIVED  index id, bytes, the bytes     what a function gave for the PUT that follows (lib/indexes/packed.ts)
 *     CLEAR    –                             the store is emptied
 *     MAKE     store id, name, names of the codecs of keys and values   [the version that made it, 2 words]
 *     DROP     store id, name
 *     TAG      version (2), name             UNTAG    name
 *     DEEP_TAG version, its time, that of the next (2 each), name: of a version that is on disk alone
 *     PRUNE    version (2)                   TIME     ms since 1970 (2)
 *     BOUNDS   versions, ms, bytes (float64, 2 words each); the same for the past on disk, where there is one, then 1 if
 *              its blocks are deflated, and the bits of a filter for each key
 *
 * A name is its length in bytes, then UTF-8 in whole words. Invariant: only {@link eachChange} takes it apart.
 */
import { Buffer } from 'node:buffer'
import { ZVerseError } from '../errors.js'
import { packBytes, unpackBytes } from '../key/pack.js'
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
import type { AllBounds, DiskBounds } from '../options.js'
import type { Expected } from '../tree/writer.js'

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
const DEEP_TAG = 12
const DERIVED = 13
const KIND = 0xff
/** Flags: a version is expected; the key is expected to be absent. */
const EXPECTS = 0x100
const EXPECTS_NONE = 0x200

/** Words of a change before its contents. */
const HEAD = 2
/** Words that a loop copies faster than `set`, which needs a view. */
const SMALL = 64
/** Words of a batch at first. */
const ROOM = 256

/** Gets each change of a batch, in order. An entry lies at word `entry` of `words`. */
export interface BatchVisitor {
  store(id: number): void
  put(words: Uint32Array, entry: number, expected: Expected): void
  delete(words: Uint32Array, entry: number, expected: Expected): void
  derived(id: number, keys: Uint8Array): void
  clear(): void
  make(id: number, name: string, keys: string, values: string, born: number): void
  drop(id: number, name: string): void
  tag(name: string, version: number): void
  deepTag(name: string, version: number, time: number, until: number): void
  untag(name: string): void
  prune(before: number): void
  time(ms: number): void
  bounds(bounds: AllBounds): void
}

export class Batch {
  #words: Uint32Array
  #used = 0
  readonly #most: number
  readonly #spill: ((words: Uint32Array) => void) | undefined

  /**
   * @param spill gets the words in use, and the batch goes on empty, where a change would make them more than `most`.
   * A batch that may spill is only made: all that it has been is what went to `spill`, and then its words
   * @param words for its changes
   */
  constructor(
    most = 2 ** 30,
    spill?: (words: Uint32Array) => void,
    words: Uint32Array = new Uint32Array(ROOM),
  ) {
    this.#words = words
    this.#most = most
    this.#spill = spill
  }

  /** A batch of the words of another one, which may come in parts. */
  static of(...parts: readonly Uint32Array[]): Batch {
    const size = parts.reduce((sum, { length }) => sum + length, 0)
    const [first] = parts
    const isOne = first !== undefined && parts.length === 1
    const words = granted('a batch', () => (isOne ? first : new Uint32Array(size)))
    const batch = new Batch(undefined, undefined, words)
    batch.#used = isOne ? size : 0
    for (const part of isOne ? [] : parts) {
      batch.#words.set(part, batch.#used)
      batch.#used += part.length
    }
    return batch
  }

  /** The words in use; valid until the next change. */
  get words(): Uint32Array {
    return this.#words.subarray(0, this.#used)
  }

  /** How many words are in use. */
  get length(): number {
    return this.#used
  }

  /** Copies them to word `at` of `words`. */
  copyTo(words: Uint32Array, at: number): void {
    const from = this.#words
    const used = this.#used
    if (used > SMALL) words.set(from.subarray(0, used), at)
    else for (let i = 0; i < used; i++) words[at + i] = from[i]
  }

  get isEmpty(): boolean {
    return this.#used === 0
  }

  /** True if the batch changes stores; else it is one change of another kind. */
  get isOfStores(): boolean {
    return this.isEmpty || (this.#words[0] & KIND) <= DROP || (this.#words[0] & KIND) === DERIVED
  }

  /** Empties the batch. */
  reset(): void {
    this.#used = 0
    if (this.#words.length > 2 ** 18) this.#words = new Uint32Array(ROOM)
  }

  // ── Making ────────────────────────────────────────────────────────────────────────────────────

  store(id: number): void {
    // Not in one expression, here and below: `#add` may put larger words in place of these.
    const at = this.#add(STORE, 1)
    this.#words[at] = id
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

  /** What a function gave an index for the value that the next `put` writes. */
  derived(id: number, keys: Uint8Array): void {
    const at = this.#add(DERIVED, 2 + ((keys.length + 3) >>> 2))
    const words = this.#words
    words[at] = id
    words[at + 1] = keys.length
    const into = { words: words.subarray(at + 2), bytes: 0 }
    packBytes(keys, keys.length, into)
  }

  delete(key: KeyWords, expected: Expected, born: number): void {
    const at = this.#addEntry(DELETE, entryWords(key.bytes, 0), expected)
    writeEntry(this.#words, at, born, key, NO_VALUE)
  }

  /** Writes an entry that lies in `W`. @param gatherer gathers it where it lies in pieces */
  copy(W: Uint32Array, entry: number, gatherer: Gatherer): void {
    const size = entryWords(keyBytesOf(W, entry), valueBytesOf(W, entry))
    const at = this.#addEntry(PUT, size, undefined)
    const words = this.#words
    if (isInPieces(W, entry)) gatherer.copy(entry, words, at)
    else if (size > SMALL) words.set(W.subarray(entry, entry + size), at)
    else for (let i = 0; i < size; i++) words[at + i] = W[entry + i]
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

  /** @param born the version that made the store, where that is not the batch's */
  make(id: number, name: string, keys: string, values: string, born = 0): void {
    const at = this.#named(MAKE, [id], [name, keys, values], born === 0 ? 0 : 2)
    if (born !== 0) store48(this.#words, at, born)
  }

  drop(id: number, name: string): void {
    this.#named(DROP, [id], [name])
  }

  tag(name: string, version: number): void {
    this.#named(TAG, [version, Math.floor(version / 2 ** 32)], [name])
  }

  /** A tag of a version on disk, with what the disk may not tell of it later. */
  deepTag(name: string, version: number, time: number, until: number): void {
    const numbers = [version, time, until].flatMap(n => [n, Math.floor(n / 2 ** 32)])
    this.#named(DEEP_TAG, numbers, [name])
  }

  untag(name: string): void {
    this.#named(UNTAG, [], [name])
  }

  prune(before: number): void {
    const at = this.#add(PRUNE, 2)
    store48(this.#words, at, before)
  }

  time(ms: number): void {
    const at = this.#add(TIME, 2)
    store48(this.#words, at, ms)
  }

  bounds(bounds: AllBounds): void {
    const { disk } = bounds
    const all = [bounds.versions, bounds.ms, bounds.bytes]
    if (disk !== null) {
      all.push(disk.versions, disk.ms, disk.bytes, Number(disk.deflate), disk.bitsPerKey)
    }
    const numbers = new Uint32Array(new Float64Array(all).buffer)
    const at = this.#add(BOUNDS, numbers.length)
    this.#words.set(numbers, at)
  }

  /** @returns where `spare` words begin behind it */
  #named(kind: number, numbers: number[], names: string[], spare = 0): number {
    const texts = names.map(name => Buffer.from(name))
    const size = texts.reduce((sum, { length }) => sum + 1 + Math.ceil(length / 4), numbers.length)
    let at = this.#add(kind, size + spare)
    for (const number of numbers) this.#words[at++] = number
    for (const text of texts) {
      this.#words[at++] = text.length
      const room = this.#words.subarray(at, at + Math.ceil(text.length / 4)).fill(0)
      new Uint8Array(room.buffer, room.byteOffset).set(text)
      at += room.length
    }
    return at
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
    if (this.#used + HEAD + size > this.#most && this.#spill !== undefined && this.#used > 0) {
      this.#spill(this.words)
      this.#used = 0
    }
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

  /** The tag that the batch puts on a version of memory, or on a deep one, or takes away (no version). */
  get asTag(): { name: string; version: number | undefined } | undefined {
    let tag: { name: string; version: number | undefined } | undefined
    const kind = this.isEmpty ? 0 : this.#words[0] & KIND
    if (kind !== TAG && kind !== DEEP_TAG && kind !== UNTAG) return undefined
    const visitor = {
      tag: (name: string, version: number) => {
        tag = { name, version }
      },
      deepTag: (name: string) => {
        tag = { name, version: undefined }
      },
      untag: (name: string) => {
        tag = { name, version: undefined }
      },
    }
    visitRare(this.#words, kind, HEAD, visitor as unknown as BatchVisitor)
    return tag
  }

  /** True if the batch gives the present version another time. */
  get isOfTime(): boolean {
    return !this.isEmpty && (this.#words[0] & KIND) === TIME
  }

  /** Visits the versions that tags are put on. */
  eachTag(visit: (version: number) => void): void {
    const words = this.#words
    for (let at = 0; at < this.#used; at += HEAD + words[at + 1]) {
      if ((words[at] & KIND) === TAG) visit(load48(words, at + HEAD))
    }
  }

  /** Visits the changes in their order. @throws ZVerseError `ZVERSE_FORMAT` for one of an unknown kind */
  each(visitor: BatchVisitor): void {
    eachChange(this.#words, 0, this.#used, visitor)
  }
}

/** Visits the changes of a batch that lies in words `from` to `end`. @throws as {@link Batch.each} */
export function eachChange(
  words: Uint32Array,
  from: number,
  end: number,
  visitor: BatchVisitor,
): void {
  for (let at = from; at < end; at += HEAD + words[at + 1]) {
    const flags = words[at]
    const begin = at + HEAD
    switch (flags & KIND) {
      case STORE:
        visitor.store(words[begin] | 0)
        break
      case PUT:
        visitor.put(words, entryAt(flags, begin), expectedAt(words, flags, begin))
        break
      case DELETE:
        visitor.delete(words, entryAt(flags, begin), expectedAt(words, flags, begin))
        break
      case CLEAR:
        visitor.clear()
        break
      default:
        visitRare(words, flags & KIND, begin, visitor)
    }
  }
}

function diskIn([versions, ms, bytes, deflate, bitsPerKey]: readonly number[]): DiskBounds {
  return { versions, ms, bytes, deflate: deflate === 1, bitsPerKey }
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
    case MAKE: {
      const [id, store, keys, values] = [words[at++], name(), name(), name()]
      visitor.make(id, store, keys, values, at < from + words[from - 1] ? number() : 0)
      break
    }
    case DERIVED: {
      const keys = new Uint8Array(words[at + 1])
      unpackBytes(words, at + 2, keys.length, keys)
      visitor.derived(words[at], keys)
      break
    }
    case DROP:
      visitor.drop(words[at++], name())
      break
    case TAG: {
      const version = number()
      visitor.tag(name(), version)
      break
    }
    case DEEP_TAG: {
      const [version, time, until] = [number(), number(), number()]
      visitor.deepTag(name(), version, time, until)
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
      const [versions, ms, bytes, ...disk] = new Float64Array(
        words.slice(at, from + words[from - 1]).buffer,
      )
      visitor.bounds({ versions, ms, bytes, disk: disk.length === 0 ? null : diskIn(disk) })
      break
    }
    default:
      throw new ZVerseError('ZVERSE_FORMAT', `a batch has a change of unknown kind ${kind}`)
  }
}
