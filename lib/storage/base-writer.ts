/**
 * Writes a base (base-format.ts), step by step, while other threads go on committing.
 *
 * Any thread. It reads what the given records lead to: catalogs, trees, entries. The caller has them pinned, so
 * none of that changes or goes. It takes no lock, calls no user code, asks no point index and syncs nothing.
 * Invariant: between two steps at most one block is written.
 */

import { crc32 } from 'node:zlib'
import { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import { type Description, NAMES_STORE, UNNAMED } from '../engine/names.js'
import { assert } from '../errors.js'
import type { Tag } from '../history/tags.js'
import {
  entryWords,
  isInPieces,
  keyBytesOf,
  unmarkPieces,
  valueAt,
  valueBytesOf,
  versionOf,
} from '../memory/entry.js'
import { P_DATA, P_NEXT, P_WORDS, R_CATALOG, R_STATE, R_VERSION, S_LIVE } from '../memory/layout.js'
import { timeOf, untilOf } from '../memory/record.js'
import { load48, store48 } from '../memory/words.js'
import type { AllBounds } from '../options.js'
import { nextStoreIn, stateOf } from '../tree/catalog.js'
import { Cursor, WHOLE } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'
import { entriesBelow } from '../tree/node.js'
import {
  BLOCK_HEAD,
  BLOCK_WORDS,
  baseHead,
  baseSeed,
  blockBytes,
  blockSeed,
  bytesOf,
  END_WORDS,
  FLAG_MORE,
  HEAD_WORDS,
  KIND_CHANGES,
  KIND_END,
  KIND_ENTRIES,
  KIND_STORE,
  KIND_UPKEEP,
  KIND_VERSION,
  STORE_WORDS,
  VERSION_WORDS,
} from './base-format.js'
import type { OpenFile } from './files.js'
import type { Salt } from './log-format.js'

/** What a base is to hold. The caller keeps the records pinned until the writer is done. */
export interface BaseContent {
  /** Records, oldest first: that of the base's version is the last; those before it are tagged or pinned. */
  readonly records: readonly number[]
  /** Their tags, by version, as `Tags.all` gives them; tags of other versions are left out. */
  readonly tags: readonly Tag[]
  readonly bounds: AllBounds
}

/** The size of a base. */
export interface BaseSize {
  /** Entries of the image. */
  readonly entries: number
  readonly bytes: number
}

/** References taken from a cursor at a time. */
const FEW = 64

/** Writes a base to an empty file; yields how many bytes it has written, after each block. */
export function* writeBase(
  engine: Engine,
  file: OpenFile,
  salt: Salt,
  number: number,
  content: BaseContent,
  blockWords: number = BLOCK_WORDS,
): Generator<number, BaseSize, void> {
  const { W } = engine
  const [first] = content.records
  assert(first !== undefined, 'a base has a version')
  const version = load48(W, first + R_VERSION)
  const time = timeOf(W, first)
  const head = { version, time, nextStore: nextStoreIn(W, W[first + R_CATALOG]) }
  file.write(baseHead(salt, number, head), 0)
  const blocks = new Blocks(file, baseSeed(salt, number), blockWords)
  return yield* new BaseWriter(engine, blocks, content).all()
}

/** Writes blocks to a file, one after the other. */
class Blocks {
  at = 4 * HEAD_WORDS
  /** Blocks so far, and the check of their checks. */
  count = 0
  check = 0
  /** Words of body that a block may have. */
  readonly most: number
  readonly #words: Uint32Array
  readonly #bytes: Uint8Array
  /** The body of the next block. */
  readonly body: Uint32Array
  readonly #file: OpenFile
  readonly #seed: number

  constructor(file: OpenFile, seed: number, most: number) {
    this.#file = file
    this.#seed = seed
    this.most = most
    this.#words = new Uint32Array(BLOCK_HEAD + most + 1)
    this.#bytes = bytesOf(this.#words)
    this.body = this.#words.subarray(BLOCK_HEAD, BLOCK_HEAD + most)
  }

  /** Writes a block of the first `count` words of the body; returns how long the file is then. */
  write(kind: number, count: number, flags = 0): number {
    const words = this.#words
    const end = BLOCK_HEAD + count
    words[1] = kind | (flags << 8)
    words[2] = count
    words[3] = 0
    const check = crc32(this.#bytes.subarray(4, 4 * end), blockSeed(this.#seed, this.at))
    words[0] = check
    // The next block begins at a multiple of 8 bytes.
    words[end] = 0
    const size = blockBytes(count)
    this.#file.write(this.#bytes.subarray(0, size), this.at)
    this.check = crc32(this.#bytes.subarray(0, 4), this.check)
    this.count++
    this.at += size
    return this.at
  }
}

type Steps = Generator<number, void, void>

interface Named {
  readonly name: string
  readonly description: Description
}

class BaseWriter {
  readonly #engine: Engine
  readonly #W: Uint32Array
  readonly #blocks: Blocks
  readonly #content: BaseContent
  readonly #batch = new Batch()
  /** The next tag of the content. */
  #tag = 0
  #entries = 0
  /** The named stores last read, and the root they were read from. */
  #names: readonly Named[] = []
  #namesRoot = 0

  constructor(engine: Engine, blocks: Blocks, content: BaseContent) {
    this.#engine = engine
    this.#W = engine.W
    this.#blocks = blocks
    this.#content = content
  }

  *all(): Generator<number, BaseSize, void> {
    const { records, bounds } = this.#content
    yield* this.#image(records[0])
    yield* this.#tags(records[0])
    for (let i = 1; i < records.length; i++) {
      yield* this.#version(records[i - 1], records[i])
      yield* this.#tags(records[i])
    }
    for (const { record, name, version, time, until } of this.#content.tags) {
      if (record === 0) this.#batch.deepTag(name, version, time, until)
      if (this.#isFull) yield* this.#flush(KIND_UPKEEP)
    }
    this.#batch.bounds(bounds)
    yield* this.#flush(KIND_UPKEEP)
    yield this.#end()
    return { entries: this.#entries, bytes: this.#blocks.at }
  }

  #end(): number {
    const blocks = this.#blocks
    const { body } = blocks
    store48(body, 0, blocks.count)
    store48(body, 2, this.#entries)
    body[4] = blocks.check
    body[5] = 0
    return blocks.write(KIND_END, END_WORDS)
  }

  // ── The image ─────────────────────────────────────────────────────────────────────────────────

  *#image(record: number): Steps {
    yield* this.#store(UNNAMED, this.#rootOf(record, UNNAMED))
    if (this.#engine.names.stateIn(record) === 0) return
    yield* this.#store(NAMES_STORE, this.#rootOf(record, NAMES_STORE))
    for (const { description } of this.#namesIn(record)) {
      yield* this.#store(description.id, this.#rootOf(record, description.id))
    }
  }

  /** The named stores of a snapshot. */
  #namesIn(record: number): readonly Named[] {
    const { names } = this.#engine
    const root = names.rootIn(record)
    if (root !== this.#namesRoot) this.#names = names.all(record)
    this.#namesRoot = root
    return root === 0 ? [] : this.#names
  }

  /** Root of a store's tree in a snapshot that has the store. */
  #rootOf(record: number, id: number): number {
    const W = this.#W
    if (id === UNNAMED) return W[record + R_STATE + S_LIVE]
    return W[stateOf(W, W[record + R_CATALOG], id) + S_LIVE]
  }

  *#store(id: number, root: number): Steps {
    const W = this.#W
    const blocks = this.#blocks
    const { body, most } = blocks
    const count = entriesBelow(W, root)
    body[0] = id
    body[1] = count
    this.#entries += count
    yield blocks.write(KIND_STORE, STORE_WORDS)
    const cursor = new Cursor(W, root, WHOLE, false, Number.POSITIVE_INFINITY)
    const refs = new Array<number>(FEW).fill(0)
    let used = 0
    for (let n = cursor.fill(refs, 0, FEW); n > 0; n = cursor.fill(refs, 0, FEW)) {
      for (let i = 0; i < n; i++) {
        const entry = refs[i]
        const size = entryWords(keyBytesOf(W, entry), valueBytesOf(W, entry))
        if (used + size > most) {
          if (used > 0) yield blocks.write(KIND_ENTRIES, used)
          used = 0
        }
        if (size > most) {
          yield* this.#large(entry, size)
          continue
        }
        this.#copy(entry, size, used)
        used += size
      }
    }
    if (used > 0) yield blocks.write(KIND_ENTRIES, used)
  }

  /** Copies an entry of `size` words to word `to` of the body. */
  #copy(entry: number, size: number, to: number): void {
    const W = this.#W
    const { body } = this.#blocks
    if (isInPieces(W, entry)) this.#engine.gatherer.copy(entry, body, to)
    else if (size > FEW) body.set(W.subarray(entry, entry + size), to)
    else for (let i = 0; i < size; i++) body[to + i] = W[entry + i]
  }

  /** Writes an entry that is larger than a block. */
  *#large(entry: number, size: number): Steps {
    const W = this.#W
    const blocks = this.#blocks
    const { body, most } = blocks
    let used = 0
    let left = size
    for (const { from, count } of runsOf(W, entry, size)) {
      for (let done = 0; done < count; ) {
        const n = Math.min(count - done, most - used)
        body.set(W.subarray(from + done, from + done + n), used)
        if (left === size) unmarkPieces(body, 0)
        used += n
        left -= n
        done += n
        if (used < most && left > 0) continue
        yield blocks.write(KIND_ENTRIES, used, left > 0 ? FLAG_MORE : 0)
        used = 0
      }
    }
  }

  // ── Differences ───────────────────────────────────────────────────────────────────────────────

  /** Writes the version of a record as its difference to the one before. */
  *#version(before: number, after: number): Steps {
    const W = this.#W
    const { body } = this.#blocks
    store48(body, 0, load48(W, after + R_VERSION))
    store48(body, 2, timeOf(W, after))
    store48(body, 4, untilOf(W, before))
    body[6] = nextStoreIn(W, W[after + R_CATALOG])
    body[7] = 0
    yield this.#blocks.write(KIND_VERSION, VERSION_WORDS)
    yield* this.#diff(before, after, UNNAMED)
    if (W[before + R_CATALOG] !== W[after + R_CATALOG]) yield* this.#stores(before, after)
    yield* this.#flush(KIND_CHANGES)
  }

  *#stores(before: number, after: number): Steps {
    const made = yield* this.#catalogue(before, after)
    for (const { description } of this.#namesIn(after)) {
      yield* this.#diff(made.has(description.id) ? 0 : before, after, description.id)
    }
  }

  /** The stores that the later version has dropped, and those it has made; returns the ids of these. */
  *#catalogue(before: number, after: number): Generator<number, Set<number>, void> {
    const { names, W } = this.#engine
    const cursor = new DiffCursor(W, names.rootIn(before), names.rootIn(after), WHOLE)
    const made: (Named & { born: number })[] = []
    while (cursor.next()) {
      const { before: old, after: entry } = cursor
      if (old !== 0) {
        this.#batch.drop(names.describeEntry(old).id, names.nameIn(W, old))
        yield* this.#flushFull()
      }
      if (entry === 0) continue
      const description = names.describeEntry(entry)
      made.push({ name: names.nameIn(W, entry), description, born: versionOf(W, entry) })
    }
    // The ids of stores that are made only rise.
    made.sort((a, b) => a.description.id - b.description.id)
    for (const { name, description, born } of made) {
      const { id, keys, values } = description
      this.#batch.make(id, name, keys, values, born)
      yield* this.#flushFull()
    }
    return new Set(made.map(({ description }) => description.id))
  }

  /** The changes of one store; of a store that is new where `before` is 0. */
  *#diff(before: number, after: number, id: number): Steps {
    const W = this.#W
    const batch = this.#batch
    const from = before === 0 ? 0 : this.#rootOf(before, id)
    const to = this.#rootOf(after, id)
    if (from === to) return
    batch.store(id)
    if (to === 0) batch.clear()
    const cursor = new DiffCursor(W, to === 0 ? 0 : from, to, WHOLE)
    while (cursor.next()) {
      const { before: old, after: entry } = cursor
      if (entry === 0) batch.bury(W, old, load48(W, after + R_VERSION))
      else batch.copy(W, entry, this.#engine.gatherer)
      if (!this.#isFull) continue
      yield* this.#flush(KIND_CHANGES)
      batch.store(id)
    }
  }

  /** The tags of a version. */
  *#tags(record: number): Steps {
    const version = load48(this.#W, record + R_VERSION)
    const { tags } = this.#content
    for (; this.#tag < tags.length && tags[this.#tag].version <= version; this.#tag++) {
      const tag = tags[this.#tag]
      if (tag.version === version && tag.record !== 0) this.#batch.tag(tag.name, version)
      if (this.#isFull) yield* this.#flush(KIND_UPKEEP)
    }
    yield* this.#flush(KIND_UPKEEP)
  }

  get #isFull(): boolean {
    return this.#batch.words.length > this.#blocks.most >>> 1
  }

  *#flushFull(): Steps {
    if (this.#isFull) yield* this.#flush(KIND_CHANGES)
  }

  /** Writes the changes so far, if there are any. */
  *#flush(kind: number): Steps {
    const blocks = this.#blocks
    const { words } = this.#batch
    for (let from = 0; from < words.length; from += blocks.most) {
      const part = words.subarray(from, from + blocks.most)
      blocks.body.set(part)
      const isLast = from + part.length === words.length
      yield blocks.write(kind, part.length, isLast ? 0 : FLAG_MORE)
    }
    this.#batch.reset()
  }
}

/** The runs of words that an entry of `size` words lies in, if its value were in one piece. */
function* runsOf(W: Uint32Array, entry: number, size: number) {
  if (!isInPieces(W, entry)) {
    yield { from: entry, count: size }
    return
  }
  const first = valueAt(W, entry)
  yield { from: entry, count: first - entry }
  for (let piece = first; piece !== 0; piece = W[piece + P_NEXT]) {
    yield { from: piece + P_DATA, count: W[piece + P_WORDS] }
  }
}
