/**
 * What a write transaction does to the indexes of one store: the one place where they are kept up.
 *
 * `Writer` tells it of each change of an entry before and after it makes it; each index notes what that gives it, and makes
 * its changes before a read of it inside the transaction, and before the commit. For the owner of the writer lock.
 */
import { KeyBuffer } from '../key/codec.js'
import { copyKey } from '../memory/entry.js'
import { Cursor, WHOLE } from '../tree/cursor.js'
import type { Follower } from '../tree/draft.js'
import type { Encoded } from './bytes.js'
import type { BothValues, Drafts, IndexDraft } from './index-draft.js'
import { unfitValue } from './unfit.js'

export class StoreFollower implements Follower {
  readonly #W: Uint32Array
  readonly #values: BothValues
  readonly indexes: readonly IndexDraft[]
  /** How values are encoded; null where no index looks at them. */
  readonly #encoded: Encoded | null
  #key: KeyBuffer | null = null

  constructor(W: Uint32Array, values: BothValues, indexes: readonly IndexDraft[]) {
    this.#W = W
    this.#values = values
    this.indexes = indexes
    const reader = indexes.find(({ known }) => known.defined.encoded !== null)
    this.#encoded = reader?.known.defined.encoded ?? null
  }

  /** Begins anew, in another transaction. */
  begin(drafts: Drafts): this {
    for (const index of this.indexes) index.begin(drafts)
    return this
  }

  ready(): void {
    for (const index of this.indexes) if (index.isFull(false)) index.flush()
  }

  look(old: number, entry: number, key: KeyBuffer): void {
    const { before, after } = this.#values
    const encoded = this.#encoded
    if (old !== 0 && encoded !== null) before.open(old, encoded)
    if (entry !== 0 && encoded !== null) after.open(entry, encoded)
    for (const index of this.indexes) {
      const unfit = index.look(this.#values, old, entry, key)
      if (unfit !== null) throw unfitValue(index.known, unfit)
    }
  }

  note(key: KeyBuffer): void {
    for (const index of this.indexes) index.note(key)
  }

  clear(): void {
    for (const index of this.indexes) index.clear()
  }

  flush(): void {
    for (const index of this.indexes) if (index.hasChanges) index.flush()
  }

  /** Fills the indexes, which are empty, with what a tree has. @throws as `look` and `flush` */
  fill(root: number): void {
    const W = this.#W
    const cursor = new Cursor(W, root, WHOLE, false, Number.POSITIVE_INFINITY)
    const key = (this.#key ??= new KeyBuffer())
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      copyKey(W, entry, key)
      for (const index of this.indexes) if (index.isFull(true)) index.flush()
      this.look(0, entry, key)
      this.note(key)
    }
    this.flush()
  }

  prove(): void {
    for (const index of this.indexes) index.prove()
  }

  goBack(): void {
    for (const index of this.indexes) index.goBack()
  }
}
