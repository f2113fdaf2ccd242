/**
 * Tags versions, and removes tags: a mutation of the tag tree, which makes no version.
 */

import type { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { Mutation } from '../engine/mutation.js'
import { checkView, type View } from '../engine/view.js'
import type { Tag } from '../history/tags.js'
import { H_AGAIN, PAGE, R_VERSION, WRITING_VERB } from '../memory/layout.js'
import { setTagged, timeOf, untilOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { DeepPin } from '../read/deep.js'
import type { Tree } from '../tree/own-path.js'
import { ADDING } from '../tree/room.js'
import type { EpochManager } from '../versions/manager.js'
import { FREE_BUDGET } from '../versions/past.js'
import { turnTags } from '../versions/tip.js'
import { commit } from './commit.js'
import { inTurn, type Transaction } from './transaction.js'

/** A new tag tree, with a record that gets a tag, and one that loses its last (0: none). */
class NewTags implements Mutation {
  isPublished = false
  readonly stamp = undefined
  readonly endsPast = false
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
    if (this.#added !== 0) setTagged(W, this.#added, true)
    turnTags(W, this.#root)
    this.isPublished = true
    if (this.#removed !== 0) setTagged(W, this.#removed, false)
  }

  release(): void {
    const { space, past } = this.#epochs
    space.finish()
    this.#W[H_AGAIN] = 1
    past.reclaim(FREE_BUDGET, true)
  }

  settled(): void {}
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
  const { W, epochs, reader } = engine
  tx.beginTags()
  let record = reader.enter(view)
  while (record === 0) {
    epochs.slots.exit()
    const pin = DeepPin.of(engine, view as View, version => new DeepPin(engine, version, 'tag'))
    if (pin !== null) return putDeepTag(tx, name, pin)
    record = reader.enter(view)
  }
  // Pinned, for the tag tree may need room, at the cost of the oldest versions.
  const pin = epochs.slots.acquire(record)
  epochs.slots.exit()
  try {
    const version = load48(W, record + R_VERSION)
    const times = { time: timeOf(W, record), until: untilOf(W, record) }
    replaceTag(tx, { name, version, record, ...times })
    return version
  } finally {
    epochs.slots.release(pin)
  }
}

/** Tags a deep version and ends its pin: what it has on disk is kept from then on. */
function putDeepTag(tx: Transaction, name: string, pin: DeepPin): number {
  const { version } = pin
  try {
    replaceTag(tx, { name, version, record: 0, ...tx.engine.reader.timesOf(version) })
    return version
  } finally {
    pin.release()
  }
}

/** Adds a tag, in a transaction of tags that has begun; one of that name goes. */
export function replaceTag(tx: Transaction, tag: Tag): void {
  const { engine } = tx
  const { tags } = engine
  const { name, version, record, time, until } = tag
  const before = tags.find(name)
  const tree = { root: tags.root, words: 0 }
  if (before !== undefined) tags.remove(tree, name, before.version)
  tags.add(tree, tag)
  const describe = (batch: Batch) =>
    record === 0 ? batch.deepTag(name, version, time, until) : batch.tag(name, version)
  const untagged = before === undefined ? 0 : withoutTag(engine, tree, before)
  commit(tx, new NewTags(engine, tree.root, record, untagged, describe))
}

/** The record of a tag that was removed from the tree, if its version has no other tag there; else 0. */
function withoutTag({ tags }: Engine, { root }: Tree, { record, version }: Tag): number {
  return tags.findVersion(version, root) === undefined ? record : 0
}

/** {@link untag}, as the whole of a transaction that has not begun. */
export function takeTag(tx: Transaction, name: string): number {
  const { engine } = tx
  const { epochs, tags, reader } = engine
  tx.beginTags()
  epochs.slots.enterAll()
  let found: Tag
  try {
    found = reader.tagNamed(name)
  } finally {
    epochs.slots.exit()
  }
  const { version } = found
  const tree = { root: tags.root, words: 0 }
  tags.remove(tree, name, version)
  const untagged = withoutTag(engine, tree, found)
  commit(tx, new NewTags(engine, tree.root, 0, untagged, batch => batch.untag(name)))
  return version
}
