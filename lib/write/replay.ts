/** Does the changes of a batch again: in a transaction that is open, or as a commit of its own. */

import { type Batch, type BatchVisitor, eachChange } from '../engine/batch.js'
import type { Stamp } from '../engine/mutation.js'
import { UNNAMED } from '../engine/names.js'
import type { View } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import type { Tag } from '../history/tags.js'
import { copyKey, valueIn, versionOf } from '../memory/entry.js'
import type { AllBounds } from '../options.js'
import { BulkTree } from '../tree/bulk.js'
import type { Draft } from '../tree/draft.js'
import type { Expected } from '../tree/writer.js'
import { commitVersion } from './commit.js'
import { putTag, replaceTag, takeTag } from './tagging.js'
import type { Transaction } from './transaction.js'
import { prune, setBounds, setTime } from './upkeep.js'

/** Versions that are kept for tags to come: they may have left the window when they were tagged. */
export interface Kept {
  /** Those that are pinned in memory. */
  readonly views: ReadonlyMap<number, View>
  /** Those of the deep past, by a tag that each has had. */
  readonly deep: ReadonlyMap<number, Tag>
}

/** Words of a batch from which on it may build trees. */
const MANY = 4096

/** Does the changes of a batch, in a transaction that is ready for them. */
class Replay implements BatchVisitor {
  readonly #tx: Transaction
  #draft: Draft | null
  readonly #kept: Kept | undefined
  /** Puts into a store that is empty may be many: then its tree is built as long as their keys rise. */
  readonly #builds: boolean
  #tree: BulkTree | null = null

  constructor(tx: Transaction, draft: Draft | null, builds: boolean, kept?: Kept) {
    this.#tx = tx
    this.#draft = draft
    this.#builds = builds
    this.#kept = kept
  }

  /** After the last change. */
  end(): void {
    if (this.#tree !== null) this.#tx.engine.writer.build(this.#draft as Draft, this.#tree)
    this.#tree = null
  }

  store(id: number): void {
    this.end()
    this.#draft = this.#tx.draftOf(id)
  }

  put(words: Uint32Array, entry: number, expected: Expected): void {
    const { writer, key, epochs, W, derived } = this.#tx.engine
    const draft = this.#draft as Draft
    copyKey(words, entry, key)
    const born = versionOf(words, entry)
    const version = born === 0 ? this.#tx.version : born
    const isEmpty =
      this.#builds && this.#tree === null && draft.live.root === 0 && draft.follower === null
    if (isEmpty && !draft.removed) this.#tree = new BulkTree(W, epochs.space)
    const tree = this.#tree
    if (tree !== null && expected === undefined && tree.isNext(key.words, 0, key.bytes)) {
      epochs.space.spend()
      tree.add(writer.makeEntry(key, valueIn(words, entry), version))
      return
    }
    this.end()
    try {
      writer.put(draft, key, valueIn(words, entry), expected, version)
    } finally {
      derived.clear()
    }
  }

  derived(id: number, keys: Uint8Array): void {
    this.#tx.engine.derived.give(id, keys)
  }

  delete(words: Uint32Array, entry: number, expected: Expected): void {
    this.end()
    const { writer, key } = this.#tx.engine
    copyKey(words, entry, key)
    writer.delete(this.#draft as Draft, key, expected)
  }

  clear(): void {
    this.end()
    const { W, epochs } = this.#tx.engine
    const draft = this.#draft as Draft
    draft.clear(W, epochs.space, this.#tx.version)
  }

  make(id: number, name: string, keys: string, values: string, born: number): void {
    this.end()
    const tx = this.#tx
    if (id < tx.nextStore) {
      const message = `a batch makes store ${id}, here the next one is ${tx.nextStore}`
      throw new ZVerseError('ZVERSE_FORMAT', `${message}: it is of another database`)
    }
    // Numbers are missing where a transaction has dropped a store that it had made.
    tx.nextStore = id
    tx.createStore(name, keys, values, born)
  }

  drop(id: number, name: string): void {
    this.end()
    this.#tx.dropStore(name, id)
  }

  tag(name: string, version: number): void {
    const deep = this.#kept?.deep.get(version)
    if (deep !== undefined) this.deepTag(name, version, deep.time, deep.until)
    else putTag(this.#tx, name, this.#kept?.views.get(version) ?? { at: version })
  }

  deepTag(name: string, version: number, time: number, until: number): void {
    this.#tx.beginTags()
    replaceTag(this.#tx, { name, version, record: 0, time, until })
  }

  untag(name: string): void {
    takeTag(this.#tx, name)
  }

  prune(before: number): void {
    prune(this.#tx, before)
  }

  time(ms: number): void {
    setTime(this.#tx, ms)
  }

  bounds(bounds: AllBounds): void {
    setBounds(this.#tx, bounds)
  }
}

/** Applies batches that each begin with their store, to a transaction that is open. */
export class Applier {
  readonly #replay: Replay

  constructor(tx: Transaction) {
    this.#replay = new Replay(tx, null, false)
  }

  /** Applies the batch in words `from` to `end`. */
  apply(words: Uint32Array, from: number, end: number): void {
    eachChange(words, from, end, this.#replay)
  }
}

/**
 * Applies a batch of changes of stores to a transaction that is open.
 * @param draft the store of the changes before the first that names one
 */
export function apply(tx: Transaction, batch: Batch, draft: Draft = tx.draftOf(UNNAMED)): void {
  const all = new Replay(tx, draft, batch.words.length >= MANY)
  batch.each(all)
  all.end()
}

/**
 * Does a batch, made of one commit of another database, as one commit of this one.
 * @param tx one that has not begun, or keeps the turn
 * @param stamp version and time of the commit; for a batch of stores only
 */
export function replay(tx: Transaction, batch: Batch, stamp: Stamp | undefined, kept?: Kept): void {
  if (!batch.isOfStores) {
    batch.each(new Replay(tx, null, false, kept))
    return
  }
  tx.begin(false, stamp)
  apply(tx, batch)
  commitVersion(tx, true)
}
