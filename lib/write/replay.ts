/** Does the changes of a batch again: in a transaction that is open, or as a commit of its own. */

import type { Batch, BatchVisitor } from '../engine/batch.js'
import type { Stamp } from '../engine/mutation.js'
import { UNNAMED } from '../engine/names.js'
import { ZVerseError } from '../errors.js'
import { copyKey, valueIn, versionOf } from '../memory/entry.js'
import type { Draft } from '../tree/draft.js'
import type { Expected } from '../tree/writer.js'
import type { Bounds } from '../versions/retention.js'
import { commitVersion } from './commit.js'
import { putTag, takeTag } from './tagging.js'
import type { Transaction } from './transaction.js'
import { prune, setBounds, setTime } from './upkeep.js'

/** Does the changes of a batch, in a transaction that is ready for them. */
class Replay implements BatchVisitor {
  readonly #tx: Transaction
  #draft: Draft | null

  constructor(tx: Transaction, draft: Draft | null) {
    this.#tx = tx
    this.#draft = draft
  }

  store(id: number): void {
    this.#draft = this.#tx.draftOf(id)
  }

  put(words: Uint32Array, entry: number, expected: Expected): void {
    const { writer, key } = this.#tx.engine
    copyKey(words, entry, key)
    const born = versionOf(words, entry)
    const version = born === 0 ? this.#tx.version : born
    writer.put(this.#draft as Draft, key, valueIn(words, entry), expected, version)
  }

  delete(words: Uint32Array, entry: number, expected: Expected): void {
    const { writer, key } = this.#tx.engine
    copyKey(words, entry, key)
    writer.delete(this.#draft as Draft, key, expected)
  }

  clear(): void {
    const { W, epochs } = this.#tx.engine
    const draft = this.#draft as Draft
    draft.clear(W, epochs.space, this.#tx.version)
  }

  make(id: number, name: string, keys: string, values: string): void {
    const tx = this.#tx
    if (id < tx.nextStore) {
      const message = `a batch makes store ${id}, here the next one is ${tx.nextStore}`
      throw new ZVerseError('ZVERSE_FORMAT', `${message}: it is of another database`)
    }
    // Numbers are missing where a transaction has dropped a store that it had made.
    tx.nextStore = id
    tx.createStore(name, keys, values)
  }

  drop(id: number, name: string): void {
    this.#tx.dropStore(name, id)
  }

  tag(name: string, version: number): void {
    putTag(this.#tx, name, { at: version })
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

  bounds(bounds: Bounds): void {
    setBounds(this.#tx, bounds)
  }
}

/**
 * Applies a batch of changes of stores to a transaction that is open.
 * @param draft the store of the changes before the first that names one
 */
export function apply(tx: Transaction, batch: Batch, draft: Draft = tx.draftOf(UNNAMED)): void {
  batch.each(new Replay(tx, draft))
}

/**
 * Does a batch, made of one commit of another database, as one commit of this one.
 * @param tx one that has not begun, or keeps the turn
 * @param stamp version and time of the commit; for a batch of stores only
 */
export function replay(tx: Transaction, batch: Batch, stamp: Stamp | undefined): void {
  if (!batch.isOfStores) {
    batch.each(new Replay(tx, null))
    return
  }
  tx.begin(false, stamp)
  apply(tx, batch)
  commitVersion(tx, true)
}
