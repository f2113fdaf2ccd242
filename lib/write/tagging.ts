/**
 * Tags versions, and removes tags: a mutation of the tag tree, which makes no version.
 */

import type { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { Mutation } from '../engine/mutation.js'
import { checkView, type View } from '../engine/view.js'
import { release } from '../memory/atomic.js'
import { H_AGAIN, H_TAG_ROOT, PAGE, R_TAGS, R_VERSION, WRITING_VERB } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { ADDING } from '../tree/room.js'
import type { EpochManager } from '../versions/manager.js'
import { FREE_BUDGET } from '../versions/past.js'
import { commit } from './commit.js'
import { inTurn, type Transaction } from './transaction.js'

/** A new tag tree, with a record that gets a tag, and one that loses it (0: none). */
class NewTags implements Mutation {
  isPublished = false
  readonly stamp = undefined
  readonly describe: (batch: Batch) => void
  readonly #W: Uint32Array
  readonly #epochs: EpochManager
  readonly #root: number
  readonly #added: number
  readonly #removed: number

  constructor(
    { W, epochs }: Engine,
    root: number,
    added: number,
    removed: number,
    describe: (batch: Batch) => void,
  ) {
    this.describe = describe
    this.#W = W
    this.#epochs = epochs
    this.#root = root
    this.#added = added
    this.#removed = removed
  }

  prepare(): void {
    const { space, limbo, past } = this.#epochs
    while (!limbo.hasRoomFor(space.retired.count)) {
      if (!past.makeRoom(PAGE, ADDING)) throw space.full()
    }
  }

  publish(): void {
    const W = this.#W
    const { space, limbo, versions } = this.#epochs
    // In limbo before they are unlinked: recovery keeps limbo, but for the blocks that are still in use.
    const { newest } = versions
    const { items, count } = space.retired
    for (let i = 0; i < count; i++) limbo.add(items[i], newest)
    if (this.#added !== 0) W[this.#added + R_TAGS]++
    release(W, H_TAG_ROOT, this.#root)
    this.isPublished = true
    if (this.#removed !== 0) W[this.#removed + R_TAGS]--
  }

  release(): void {
    const { space, past } = this.#epochs
    space.finish()
    this.#W[H_AGAIN] = 1
    past.reclaim(FREE_BUDGET, true)
  }
}

/** Tags the version of a view; an existing tag moves. Returns the version. */
export function tag(engine: Engine, name: string, view: View | undefined): number {
  engine.tags.check(name)
  const at = checkView(view, 'tag')
  return inTurn(engine, WRITING_VERB, tx => putTag(tx, name, at))
}

/** Removes a tag; returns the version that had it. @throws ZVerseError `ZVERSE_UNKNOWN_TAG` */
export function untag(engine: Engine, name: string): number {
  engine.tags.check(name)
  return inTurn(engine, WRITING_VERB, tx => takeTag(tx, name))
}

/** {@link tag}, as the whole of a transaction that has not begun. */
export function putTag(tx: Transaction, name: string, view: View | undefined): number {
  const { engine } = tx
  const { W, epochs, tags, reader } = engine
  tx.beginTags()
  // Pinned, for the tag tree may need room, at the cost of the oldest versions.
  const record = reader.enter(view)
  const pin = epochs.slots.acquire(record)
  epochs.slots.exit()
  try {
    const version = load48(W, record + R_VERSION)
    const before = tags.find(name)
    const tree = { root: tags.root, words: 0 }
    if (before !== 0) tags.remove(tree, name, load48(W, before + R_VERSION))
    tags.add(tree, name, version, record)
    commit(tx, new NewTags(engine, tree.root, record, before, batch => batch.tag(name, version)))
    return version
  } finally {
    epochs.slots.release(pin)
  }
}

/** {@link untag}, as the whole of a transaction that has not begun. */
export function takeTag(tx: Transaction, name: string): number {
  const { engine } = tx
  const { W, epochs, tags, reader } = engine
  tx.beginTags()
  const record = reader.enter({ at: name })
  epochs.slots.exit()
  const version = load48(W, record + R_VERSION)
  const tree = { root: tags.root, words: 0 }
  tags.remove(tree, name, version)
  commit(tx, new NewTags(engine, tree.root, 0, record, batch => batch.untag(name)))
  return version
}
