/**
 * A store as a write transaction changes it: its trees, counts and graveyards, not yet published.
 *
 * The graveyard has two generations. Tombstones go to the younger; when all of the older one lie at
 * or before the oldest version, nobody can ask for them: it is dropped whole and the younger takes
 * its place (docs/decisions/0002). A tombstone outlives its use by one window at the most.
 */
import type { Workspace } from '../epoch/workspace.js'
import { IndexLog } from '../hot/index-log.js'
import {
  S_BIRTH,
  S_CLEARED,
  S_COUNT,
  S_GRAVE,
  S_GRAVE_NEWEST,
  S_GRAVE_OLD,
  S_GRAVE_OLD_NEWEST,
  S_GRAVE_OLD_WORDS,
  S_GRAVE_WORDS,
  S_INDEX,
  S_LIVE,
  S_LIVE_WORDS,
} from '../memory/layout.js'
import { load48, store48 } from '../memory/words.js'
import type { Tree } from '../snapshot/editor.js'

/** Words of a state that a draft does not set: the spare one, and the birth. */
const UNUSED = [S_GRAVE_OLD_WORDS + 1, S_BIRTH, S_BIRTH + 1]

export class Draft {
  id = 0
  /** Word of the state in the snapshot the transaction began from; 0 for a new store. */
  base = 0
  baseRoot = 0
  baseCount = 0
  live: Tree = { root: 0, words: 0 }
  grave: Tree = { root: 0, words: 0 }
  graveOld: Tree = { root: 0, words: 0 }
  count = 0
  cleared = 0
  graveNewest = 0
  graveOldNewest = 0
  /** Keys whose entry is not the base's. */
  changed = 0
  /** Entries of the base have been deleted or cleared. */
  removed = false
  /** The store itself goes. */
  dropped = false
  /** Head of the point index; 0: there is none. */
  index = 0
  /** What the point index will want to know. */
  readonly log = new IndexLog()

  /** Begins anew with the state at word `base`. A draft is used again: commits of one put are many. */
  begin(W: Uint32Array, id: number, base: number): this {
    this.id = id
    this.base = base
    const isNew = base === 0
    this.live.root = isNew ? 0 : W[base + S_LIVE]
    this.live.words = isNew ? 0 : W[base + S_LIVE_WORDS]
    this.grave.root = isNew ? 0 : W[base + S_GRAVE]
    this.grave.words = isNew ? 0 : W[base + S_GRAVE_WORDS]
    this.graveOld.root = isNew ? 0 : W[base + S_GRAVE_OLD]
    this.graveOld.words = isNew ? 0 : W[base + S_GRAVE_OLD_WORDS]
    this.count = isNew ? 0 : W[base + S_COUNT]
    this.cleared = isNew ? 0 : load48(W, base + S_CLEARED)
    this.graveNewest = isNew ? 0 : load48(W, base + S_GRAVE_NEWEST)
    this.graveOldNewest = isNew ? 0 : load48(W, base + S_GRAVE_OLD_NEWEST)
    this.index = isNew ? 0 : W[base + S_INDEX]
    this.log.reset()
    this.baseRoot = this.live.root
    this.baseCount = this.count
    this.changed = 0
    this.removed = false
    this.dropped = false
    return this
  }

  /** Writes the state to the words at `at`. */
  write(W: Uint32Array, at: number): void {
    for (const word of UNUSED) W[at + word] = 0
    W[at + S_LIVE] = this.live.root
    W[at + S_GRAVE] = this.grave.root
    W[at + S_GRAVE_OLD] = this.graveOld.root
    W[at + S_COUNT] = this.count
    W[at + S_INDEX] = this.index
    W[at + S_LIVE_WORDS] = this.live.words
    W[at + S_GRAVE_WORDS] = this.grave.words
    W[at + S_GRAVE_OLD_WORDS] = this.graveOld.words
    store48(W, at + S_CLEARED, this.cleared)
    store48(W, at + S_GRAVE_NEWEST, this.graveNewest)
    store48(W, at + S_GRAVE_OLD_NEWEST, this.graveOldNewest)
  }

  /** Drops graveyards that no version from `oldest` on can be asked about. */
  tidy(space: Workspace, oldest: number): void {
    if (this.graveOld.root !== 0 && this.graveOldNewest <= oldest) {
      space.retireTree(this.graveOld.root, this.graveOld.words)
      this.graveOld = { root: 0, words: 0 }
    }
    if (this.grave.root === 0) return
    if (this.graveNewest <= oldest) {
      space.retireTree(this.grave.root, this.grave.words)
      this.grave = { root: 0, words: 0 }
    } else if (this.graveOld.root === 0) {
      this.graveOld = this.grave
      this.graveOldNewest = this.graveNewest
      this.grave = { root: 0, words: 0 }
    }
  }

  /** Empties the store: its trees go as they are. */
  clear(space: Workspace, version: number): void {
    if (this.live.root === 0) return
    this.log.clear()
    space.retireTree(this.live.root, this.live.words)
    this.live = { root: 0, words: 0 }
    this.count = 0
    this.changed = this.baseCount
    this.removed = true
    if (this.baseCount === 0) return
    this.dropGraves(space)
    this.cleared = version
  }

  dropGraves(space: Workspace): void {
    space.retireTree(this.grave.root, this.grave.words)
    space.retireTree(this.graveOld.root, this.graveOld.words)
    this.grave = { root: 0, words: 0 }
    this.graveOld = { root: 0, words: 0 }
  }

  /** What {@link restore} brings back. */
  save(): Saved {
    return { ...this, live: { ...this.live }, grave: { ...this.grave } }
  }

  restore(saved: Saved): void {
    Object.assign(this, saved)
    this.log.isTorn = true
  }
}

/** A draft's fields at a savepoint. */
export type Saved = Pick<
  Draft,
  'live' | 'grave' | 'graveOld' | 'count' | 'cleared' | 'graveNewest' | 'graveOldNewest' | 'changed'
>
