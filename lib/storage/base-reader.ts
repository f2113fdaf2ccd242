/**
 * Reads a base (base-format.ts) into a database that was formatted for it and is empty.
 *
 * For the one thread that has the database yet. The image becomes the version that the arena was formatted with: its
 * trees are built from the leaves up. The versions after it are commits, each with its number and time. If it
 * throws, the database has part of the base or nothing: the caller gives it up, or formats it anew.
 */

import { crc32 } from 'node:zlib'
import { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import { UNNAMED } from '../engine/names.js'
import { assert } from '../errors.js'
import { entryWords, keyBytesOf, valueAt } from '../memory/entry.js'
import {
  E_KEY,
  E_LENGTH,
  E_META,
  E_PIECES,
  P_DATA,
  P_NEXT,
  P_WORDS,
  R_VERSION,
  WRITING_VERB,
} from '../memory/layout.js'
import { isTagged, timeOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import type { Pin } from '../threads/slots.js'
import { BulkTree, Unsorted } from '../tree/bulk.js'
import { commit, commitVersion } from '../write/commit.js'
import { apply, replay } from '../write/replay.js'
import { inTurn, type Transaction } from '../write/transaction.js'
import {
  type BaseHead,
  BLOCK_HEAD,
  BLOCK_WORDS,
  baseSeed,
  blockBytes,
  blockSeed,
  bytesOf,
  damaged,
  END_WORDS,
  FLAG_MORE,
  HEAD_WORDS,
  KIND_CHANGES,
  KIND_END,
  KIND_ENTRIES,
  KIND_STORE,
  KIND_UPKEEP,
  KIND_VERSION,
  MOST_WORDS,
  readBaseHead,
  STORE_WORDS,
  strange,
  VERSION_WORDS,
} from './base-format.js'
import { Image } from './base-image.js'
import type { OpenFile } from './files.js'
import type { Salt } from './log-format.js'

/** Words that are copied one by one. */
const FEW = 64

/** What was read. */
export interface BaseRead {
  /** The base's version, the present one now. */
  readonly version: number
  /** Entries of the image. */
  readonly entries: number
  readonly bytes: number
  /**
   * Pins of the versions before it that have no tag, oldest first: what follows in the log may tag them. The
   * caller releases them.
   */
  readonly pins: readonly Pin[]
}

/** Hears how many bytes of how many have been read. */
export type Progress = (done: number, total: number) => void

/**
 * Reads a base into a database that {@link readBaseHead}'s version and time are of, and nothing else.
 * @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`: the block at that byte is not what was written;
 * `ZVERSE_FORMAT` where a later zverse wrote it; `ZVERSE_FULL`; `ZVERSE_IO`
 */
export function readBase(
  engine: Engine,
  file: OpenFile,
  salt: Salt,
  number: number,
  onProgress: Progress = () => {},
): BaseRead {
  const head = readBaseHead(file, salt, number)
  return inTurn(engine, WRITING_VERB, tx => {
    tx.keepTurn()
    const blocks = new Blocks(file, baseSeed(salt, number), file.size)
    return new BaseReader(tx, blocks, head).all(onProgress)
  })
}

/**
 * Reads a base to its end, to compare its checksums; yields after each block.
 * @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_FORMAT`, `ZVERSE_IO`, as {@link readBase}
 */
export function* verifyBase(file: OpenFile, salt: Salt, number: number): Generator<void, void> {
  readBaseHead(file, salt, number)
  const blocks = new Blocks(file, baseSeed(salt, number), file.size)
  do {
    blocks.next()
    yield
  } while (blocks.kind !== KIND_END)
  blocks.expectEnd()
}

/** Reads blocks from a file, one after the other. */
class Blocks {
  /** Where the block read last begins, and the next one. */
  begin = 0
  at = 4 * HEAD_WORDS
  /** Of the block read last. */
  kind = 0
  hasMore = false
  /** Valid until the next block is read. */
  body = new Uint32Array(0)
  /** Blocks before the one read last, and the check of their checks. */
  before = -1
  checkBefore = 0
  readonly size: number
  readonly #file: OpenFile
  readonly #seed: number
  #words = new Uint32Array(BLOCK_HEAD + BLOCK_WORDS + 1)
  #check = 0

  constructor(file: OpenFile, seed: number, size: number) {
    this.#file = file
    this.#seed = seed
    this.size = size
  }

  /** Reads the next block. @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_FORMAT` */
  next(): void {
    const at = this.at
    this.begin = at
    const head = bytesOf(this.#words.subarray(0, BLOCK_HEAD))
    if (this.#file.read(head, at) < head.length) throw this.damage()
    const count = this.#words[2]
    if (count > MOST_WORDS || at + blockBytes(count) > this.size) throw this.damage()
    this.#ensure(count)
    const words = this.#words
    const body = words.subarray(BLOCK_HEAD, BLOCK_HEAD + count)
    if (this.#file.read(bytesOf(body), at + 4 * BLOCK_HEAD) < 4 * count) throw this.damage()
    const checked = bytesOf(words.subarray(1, BLOCK_HEAD + count))
    if (crc32(checked, blockSeed(this.#seed, at)) !== words[0]) throw this.damage()
    this.kind = words[1] & 0xff
    const flags = words[1] >>> 8
    this.hasMore = flags === FLAG_MORE
    this.body = body
    this.before++
    this.checkBefore = this.#check
    this.#check = crc32(head.subarray(0, 4), this.#check)
    this.at = at + blockBytes(count)
    if (this.kind > KIND_END || flags > FLAG_MORE) {
      throw strange(this.#file, `a block of kind ${this.kind} with flags ${flags}`)
    }
  }

  #ensure(count: number): void {
    const needed = BLOCK_HEAD + count
    if (needed <= this.#words.length) return
    const larger = new Uint32Array(needed)
    larger.set(this.#words.subarray(0, BLOCK_HEAD))
    this.#words = larger
  }

  /** The error for the block that was read last. */
  damage(offset = this.begin): Error {
    return damaged(this.#file, offset)
  }

  /** Throws unless the block read last may be as it is. */
  expect(holds: boolean): void {
    if (!holds) throw this.damage()
  }

  /** Throws unless the block read last tells of all blocks before it, and nothing is behind it. */
  expectEnd(): void {
    const { body } = this
    this.expect(body.length === END_WORDS)
    this.expect(load48(body, 0) === this.before && body[4] === this.checkBefore)
    if (this.at !== this.size) throw this.damage(this.at)
  }
}

class BaseReader {
  readonly #tx: Transaction
  readonly #engine: Engine
  readonly #W: Uint32Array
  readonly #blocks: Blocks
  readonly #pins: Pin[] = []
  /** The image is still being read. */
  #inImage = true
  /** The tree of the store under way, its id and how many entries it is to have. */
  #tree: BulkTree | null = null
  #id = 0
  #left = 0
  /** The large entry under way. */
  #large: LargeEntry | null = null
  #entries = 0
  /** A version is under way, with this id of its next store. */
  #hasVersion = false
  #nextStore = 0
  /** Parts of a batch that goes on. */
  #parts: Uint32Array[] = []
  #partsKind = 0

  constructor(tx: Transaction, blocks: Blocks, { version, time, nextStore }: BaseHead) {
    this.#tx = tx
    this.#engine = tx.engine
    this.#W = tx.engine.W
    this.#blocks = blocks
    const record = this.#engine.epochs.versions.current
    const isReady =
      load48(this.#W, record + R_VERSION) === version && timeOf(this.#W, record) === time
    assert(isReady, 'the arena was formatted for the base')
    // A base has the indexes.
    tx.follows = false
    tx.begin(false, { version, time, ended: undefined, forgets: true })
    tx.nextStore = nextStore
  }

  all(onProgress: Progress): BaseRead {
    const blocks = this.#blocks
    do {
      blocks.next()
      try {
        this.#take()
      } catch (error) {
        throw error instanceof Unsorted ? blocks.damage() : error
      }
      onProgress(blocks.at, blocks.size)
    } while (blocks.kind !== KIND_END)
    const { newest } = this.#engine.epochs.versions
    return { version: newest, entries: this.#entries, bytes: blocks.size, pins: this.#pins }
  }

  /** Takes the block that was read. */
  #take(): void {
    const { kind } = this.#blocks
    this.#blocks.expect(this.#parts.length === 0 || kind === this.#partsKind)
    this.#blocks.expect(this.#large === null || kind === KIND_ENTRIES)
    switch (kind) {
      case KIND_STORE:
        this.#endStore()
        this.#beginStore()
        break
      case KIND_ENTRIES:
        this.#takeEntries()
        break
      case KIND_VERSION:
        this.#endVersion()
        this.#beginVersion()
        break
      case KIND_CHANGES:
        this.#blocks.expect(this.#hasVersion)
        this.#takeBatch(batch => apply(this.#tx, batch))
        break
      case KIND_UPKEEP:
        this.#endVersion()
        this.#takeBatch(batch => replay(this.#tx, batch, undefined))
        break
      default:
        this.#blocks.expect(kind === KIND_END)
        this.#endVersion()
        this.#end()
    }
  }

  #end(): void {
    const blocks = this.#blocks
    blocks.expectEnd()
    blocks.expect(load48(blocks.body, 2) === this.#entries)
  }

  // ── The image ─────────────────────────────────────────────────────────────────────────────────

  #beginStore(): void {
    const { body } = this.#blocks
    const { W, epochs } = this.#engine
    const id = body[0] | 0
    this.#blocks.expect(this.#inImage && body.length === STORE_WORDS && id >= UNNAMED)
    this.#blocks.expect(id < this.#tx.nextStore && this.#tx.known(id) === undefined)
    this.#tree = new BulkTree(W, epochs.space)
    this.#id = id
    this.#left = body[1]
    this.#entries += this.#left
  }

  #endStore(): void {
    if (this.#tree === null) return
    this.#blocks.expect(this.#left === 0)
    this.#tx.draftOf(this.#id).live = this.#tree.finish()
    this.#engine.epochs.space.leaveToRecovery()
    this.#tree = null
  }

  #takeEntries(): void {
    const { body, hasMore } = this.#blocks
    const tree = this.#tree
    if (tree === null) throw this.#blocks.damage()
    if (this.#large !== null || hasMore) this.#takePart(tree)
    else this.#takeWhole(tree, body)
    this.#engine.epochs.space.leaveToRecovery()
  }

  /** Takes whole entries. There are millions, so what does not change is looked up once. */
  #takeWhole(tree: BulkTree, body: Uint32Array): void {
    const W = this.#W
    const { space } = this.#engine.epochs
    const end = body.length
    for (let at = 0; at < end; ) {
      const size = this.#sizeAt(body, at)
      this.#blocks.expect(at + size <= end)
      const entry = this.#allocate(body, at, size)
      if (space.inPieces) {
        new LargeEntry(W, entry, size, body[at + E_META], true).take(body, at, size)
      } else copyWords(body, at, size, W, entry)
      tree.add(entry)
      at += size
    }
  }

  /** Words of the entry at word `at` of a body. */
  #sizeAt(body: Uint32Array, at: number): number {
    this.#blocks.expect(at + E_KEY <= body.length && this.#left > 0)
    this.#left--
    return entryWords(keyBytesOf(body, at), body[at + E_LENGTH])
  }

  /**
   * A block of the arena for the entry of `size` words at word `at` of a body. The transaction does not spend, so it
   * may use the reserve: a database that was full fits memory of the same size again.
   */
  #allocate(body: Uint32Array, at: number, size: number): number {
    const { space } = this.#engine.epochs
    if (size > space.largest) throw space.full()
    return space.allocateEntry(keyBytesOf(body, at), (body[at + E_LENGTH] + 3) >>> 2)
  }

  /** A part of an entry that is larger than a block. */
  #takePart(tree: BulkTree): void {
    const { body, hasMore } = this.#blocks
    let large = this.#large
    if (large === null) {
      const size = this.#sizeAt(body, 0)
      const entry = this.#allocate(body, 0, size)
      const { inPieces } = this.#engine.epochs.space
      large = new LargeEntry(this.#W, entry, size, body[E_META], inPieces)
    }
    this.#blocks.expect(hasMore ? body.length < large.left : body.length === large.left)
    large.take(body, 0, body.length)
    this.#large = hasMore ? large : null
    if (!hasMore) tree.add(large.entry)
  }

  #endImage(): void {
    if (!this.#inImage) return
    this.#endStore()
    this.#blocks.expect(this.#tx.known(UNNAMED) !== undefined)
    this.#inImage = false
    commit(this.#tx, new Image(this.#tx))
  }

  // ── Versions ──────────────────────────────────────────────────────────────────────────────────

  #beginVersion(): void {
    const { body } = this.#blocks
    const { versions, slots } = this.#engine.epochs
    const version = load48(body, 0)
    this.#blocks.expect(body.length === VERSION_WORDS && version > versions.newest)
    const { current } = versions
    if (!isTagged(this.#W, current)) {
      slots.enter()
      this.#pins.push(slots.acquire(current))
      slots.exit()
    }
    const stamp = { version, time: load48(body, 2), ended: load48(body, 4), forgets: true }
    this.#tx.begin(false, stamp)
    this.#hasVersion = true
    this.#nextStore = body[6]
  }

  /** The image, or the version, is whole: commits it. */
  #endVersion(): void {
    this.#endImage()
    if (!this.#hasVersion) return
    this.#hasVersion = false
    this.#tx.nextStore = this.#nextStore
    commitVersion(this.#tx, true)
  }

  /** Does the batch in the body, once it is whole. */
  #takeBatch(act: (batch: Batch) => void): void {
    const { body, hasMore, kind } = this.#blocks
    if (hasMore || this.#parts.length > 0) this.#parts.push(body.slice())
    this.#partsKind = kind
    if (hasMore) return
    const parts = this.#parts
    this.#parts = []
    const batch = parts.length === 0 ? Batch.of(body) : Batch.of(...parts)
    this.#blocks.expect(batch.isOfStores === (kind === KIND_CHANGES))
    act(batch)
  }
}

/** Copies words. A function of its own: the engine has it compiled well before the loop around it. */
function copyWords(from: Uint32Array, at: number, count: number, W: Uint32Array, to: number): void {
  if (count > FEW) W.set(from.subarray(at, at + count), to)
  else for (let i = 0; i < count; i++) W[to + i] = from[at + i]
}

/** An entry that is being copied: in parts, or into pieces, which are linked. */
class LargeEntry {
  readonly entry: number
  /** Words that are still to come. */
  left: number
  readonly #W: Uint32Array
  readonly #meta: number
  /** The piece under way; 0: the entry's own words. */
  #piece = 0
  /** Where the next word goes, and how many have room there. */
  #to: number
  #room: number

  /** @param meta META of the entry where its value lies in one piece */
  constructor(W: Uint32Array, entry: number, size: number, meta: number, inPieces: boolean) {
    this.#W = W
    this.entry = entry
    this.left = size
    this.#meta = inPieces ? meta + E_PIECES : meta
    W[entry + E_META] = this.#meta
    this.#to = entry
    this.#room = inPieces ? valueAt(W, entry) - entry : size
  }

  /** Copies `count` of the words that are left; at first, at least those before the key. */
  take(words: Uint32Array, from: number, count: number): void {
    const W = this.#W
    this.left -= count
    for (let done = 0; done < count; ) {
      if (this.#room === 0) this.#goOn()
      const n = Math.min(this.#room, count - done)
      W.set(words.subarray(from + done, from + done + n), this.#to)
      this.#to += n
      this.#room -= n
      done += n
    }
    // The words that were copied do not tell of pieces.
    W[this.entry + E_META] = this.#meta
  }

  /** Goes on in the next piece. */
  #goOn(): void {
    const W = this.#W
    this.#piece = this.#piece === 0 ? valueAt(W, this.entry) : W[this.#piece + P_NEXT]
    assert(this.#piece !== 0, 'an entry has room for its words')
    this.#to = this.#piece + P_DATA
    this.#room = W[this.#piece + P_WORDS]
  }
}
