/**
 * The mutation that fills the first version of a database, which is empty, with the trees of a transaction.
 *
 * For the owner of the writer lock, while no other thread has the database and nothing of it has been read. It makes
 * no version: the record of the one there is gets what the drafts have. The transaction's version is that one, so
 * what was begun and not published is undone by recovery, which marks.
 */

import type { Mutation } from '../engine/mutation.js'
import { NAMES_STORE, UNNAMED } from '../engine/names.js'
import { ChangeList } from '../memory/change-list.js'
import { H_CURRENT, R_CATALOG, R_STATE } from '../memory/layout.js'
import { withNextStore, withState } from '../tree/catalog.js'
import type { Transaction } from '../write/transaction.js'

export class Image implements Mutation {
  isPublished = false
  readonly endsPast = false
  readonly stamp = undefined
  readonly #tx: Transaction
  readonly #W: Uint32Array

  constructor(tx: Transaction) {
    this.#tx = tx
    this.#W = tx.engine.W
  }

  prepare(): void {
    const W = this.#W
    const tx = this.#tx
    const { space } = tx.engine.epochs
    const { names } = tx.engine
    for (const { description } of names.indexes(tx.known(NAMES_STORE)?.live.root ?? 0)) {
      tx.draftOf(description.id).isIndex = true
    }
    for (const draft of tx.drafts) {
      const hasHead = draft.id !== NAMES_STORE && !draft.isIndex
      if (hasHead && tx.engine.writer.indexed) draft.makeHead(W, space)
      draft.sealRest(W, space)
      if (draft.id === UNNAMED) continue
      tx.catalog = withState(W, space, tx.catalog, draft.id, draft.makeState(W, space))
    }
    tx.catalog = withNextStore(W, space, tx.catalog, tx.nextStore)
  }

  /** There is no log yet: what it would hear of is in a base. */
  describe(): void {}

  publish(): void {
    const W = this.#W
    const { drafts, catalog, engine } = this.#tx
    const record = W[H_CURRENT]
    const { version } = engine.epochs.space
    // As if nothing were known of the changes: the indexes are built from the trees.
    const changes = new ChangeList()
    changes.begin(false, true)
    for (const { id, index, live } of drafts) {
      if (index !== 0) engine.index.apply(index, live.root, changes, version)
      if (id === UNNAMED) this.#tx.known(id)?.write(W, record + R_STATE)
    }
    W[record + R_CATALOG] = catalog
    this.isPublished = true
  }

  settled(): void {}

  release(): void {
    this.#tx.engine.epochs.space.finish()
  }
}
