/**
 * A store as a write transaction changes it: its trees, counts and graveyards, not yet published.
 *
 * The graveyard has two generations. Tombstones go to the younger; when all of the older one lie at
 * or before the low-water mark, no reader can ask for them: the older generation is dropped whole and
 * the younger takes its place (docs/decisions/0002). A tombstone outlives its use by one window at most.
 */

import type { KeyBuffer } from '../key/codec.js'
import { birthOf } from '../memory/birth.js'
import { ChangeList } from '../memory/change-list.js'
import { hashOf } from '../memory/hash.js'
import {
  NO_REST,
  REST_WORDS,
  S_LIVE,
  S_LIVE_WORDS,
  S_REST,
  SR_CLEARED,
  SR_GRAVE,
  SR_GRAVE_NEWEST,
  SR_GRAVE_OLD,
  SR_GRAVE_OLD_NEWEST,
  SR_GRAVE_OLD_WORDS,
  SR_GRAVE_WORDS,
  SR_INDEX,
  SR_IS_INDEX,
  STATE_WORDS,
} from '../memory/layout.js'
import { HEAD_WORDS } from '../memory/point-layout.js'
import { load48, store48 } from '../memory/words.js'
import { WHOLE } from './cursor.js'
import { DiffCursor } from './diff.js'
import { entriesBelow } from './node.js'
import type { Tree } from './own-path.js'
import type { Workspace } from './workspace.js'

/** Keeps the indexes of a store up with its draft (lib/indexes/follower.ts). */
export interface Follower {
  /**
   * A change is about to begin: what waits may be written, in other trees.
   * @throws ZVerseError `ZVERSE_FULL`
   */
  ready(): void
  /**
   * An entry of the key in a buffer is about to go, and another to come, either 0.
   * @throws ZVerseError where the one that comes cannot be indexed, or there is no memory; nothing has changed then
   */
  look(old: number, entry: number, key: KeyBuffer): void
  /** What was looked at has happened, for the key in a buffer. */
  note(key: KeyBuffer): void
  /** The store has been emptied. */
  clear(): void
  /** Brings the indexes up to what has happened. @throws ZVerseError `ZVERSE_FULL` */
  flush(): void
  /** Before the commit, when all else is done. @throws ZVerseError `ZVERSE_NOT_UNIQUE` */
  prove(): void
  /** What happened since the last {@link flush} is undone. */
  goBack(): void
}

export class Draft {
  id = 0
  /** Word of the state in the snapshot from which the transaction began; 0 for a new store. */
  base = 0
  baseRoot = 0
  live: Tree = { root: 0, words: 0 }
  grave: Tree = { root: 0, words: 0 }
  graveOld: Tree = { root: 0, words: 0 }
  cleared = 0
  graveNewest = 0
  graveOldNewest = 0
  /** Keys whose entry is not the base's. */
  changed = 0
  /** Entries of the base have been deleted or cleared. */
  removed = false
  /** The store itself is dropped. */
  dropped = false
  /** Head of the point index; 0: there is none. */
  index = 0
  /** What few commits change, as the base has it, or as it was sealed. */
  rest = NO_REST
  /** It is an index: a store without a graveyard and a point index. */
  isIndex = false
  /** Null where the store has no indexes. */
  follower: Follower | null = null
  readonly changes = new ChangeList()

  /**
   * Begins anew with the state at word `base`. A draft is used again: commits of one put are many.
   * @param noted changes will be noted
   */
  begin(W: Uint32Array, id: number, base: number, noted: boolean): this {
    this.id = id
    this.base = base
    const isNew = base === 0
    this.live.root = isNew ? 0 : W[base + S_LIVE]
    this.live.words = isNew ? 0 : W[base + S_LIVE_WORDS]
    const rest = isNew ? NO_REST : W[base + S_REST]
    this.rest = rest
    this.grave.root = W[rest + SR_GRAVE]
    this.grave.words = W[rest + SR_GRAVE_WORDS]
    this.graveOld.root = W[rest + SR_GRAVE_OLD]
    this.graveOld.words = W[rest + SR_GRAVE_OLD_WORDS]
    this.cleared = load48(W, rest + SR_CLEARED)
    this.graveNewest = load48(W, rest + SR_GRAVE_NEWEST)
    this.graveOldNewest = load48(W, rest + SR_GRAVE_OLD_NEWEST)
    this.index = W[rest + SR_INDEX]
    this.baseRoot = this.live.root
    this.isIndex = W[rest + SR_IS_INDEX] !== 0
    this.changes.begin(this.baseRoot === 0, noted && !this.isIndex)
    this.follower = null
    this.changed = 0
    this.removed = false
    this.dropped = false
    return this
  }

  /** Writes the state to the words at `at`, but for its birth. The rest has been {@link sealRest sealed}. */
  write(W: Uint32Array, at: number): void {
    W[at + S_LIVE] = this.live.root
    W[at + S_LIVE_WORDS] = this.live.words
    W[at + S_REST] = this.rest
  }

  /**
   * Makes the rest of the state anew where it has changed; that of a store that is dropped goes.
   * @throws ZVerseError `ZVERSE_FULL`
   */
  sealRest(W: Uint32Array, space: Workspace): void {
    const old = this.rest
    if (!this.dropped && this.#isRest(W, old)) return
    this.rest = this.dropped ? NO_REST : space.allocate(REST_WORDS)
    if (!this.dropped) this.#writeRest(W, this.rest, space.version)
    if (old !== NO_REST) space.retireBlock(old, birthOf(W, old), REST_WORDS)
  }

  #writeRest(W: Uint32Array, at: number, birth: number): void {
    store48(W, at, birth)
    W[at + SR_INDEX] = this.index
    W[at + SR_IS_INDEX] = Number(this.isIndex)
    W[at + SR_GRAVE] = this.grave.root
    W[at + SR_GRAVE_OLD] = this.graveOld.root
    W[at + SR_GRAVE_WORDS] = this.grave.words
    W[at + SR_GRAVE_OLD_WORDS] = this.graveOld.words
    store48(W, at + SR_CLEARED, this.cleared)
    store48(W, at + SR_GRAVE_NEWEST, this.graveNewest)
    store48(W, at + SR_GRAVE_OLD_NEWEST, this.graveOldNewest)
  }

  /** True if the rest is as it lies at word `at`: a graveyard's words and ages change with its root only. */
  #isRest(W: Uint32Array, at: number): boolean {
    return (
      W[at + SR_INDEX] === this.index &&
      W[at + SR_IS_INDEX] === Number(this.isIndex) &&
      W[at + SR_GRAVE] === this.grave.root &&
      W[at + SR_GRAVE_OLD] === this.graveOld.root &&
      load48(W, at + SR_CLEARED) === this.cleared
    )
  }

  /** Gives the store an empty head for its point index. @throws ZVerseError `ZVERSE_FULL` */
  makeHead(W: Uint32Array, space: Workspace): void {
    this.index = space.allocate(HEAD_WORDS)
    W.fill(0, this.index, this.index + HEAD_WORDS)
    store48(W, this.index, space.version)
  }

  /** A block with the state of a named store. @throws ZVerseError `ZVERSE_FULL` */
  makeState(W: Uint32Array, space: Workspace): number {
    const state = space.allocate(STATE_WORDS)
    this.write(W, state)
    store48(W, state, space.version)
    return state
  }

  /** Makes a torn list of changes whole, by comparing trees. */
  completeChanges(W: Uint32Array): void {
    const { changes } = this
    if (!changes.isTorn) return
    changes.beginAnew()
    const before = changes.isCleared ? 0 : this.baseRoot
    const cursor = new DiffCursor(W, before, this.live.root, WHOLE)
    while (cursor.next()) {
      const entry = cursor.after === 0 ? cursor.before : cursor.after
      changes.add(hashOf(W, entry), cursor.before, cursor.after)
    }
  }

  /** Drops graveyards that no reader of a version from `oldest` on can ask for. */
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

  /** Empties the store: drops its trees whole. */
  clear(W: Uint32Array, space: Workspace, version: number): void {
    if (this.live.root === 0) return
    this.follower?.clear()
    this.changes.clear()
    space.retireTree(this.live.root, this.live.words)
    this.live = { root: 0, words: 0 }
    this.changed = entriesBelow(W, this.baseRoot)
    this.removed = true
    if (this.baseRoot === 0) return
    this.dropGraves(space)
    this.cleared = version
  }

  dropGraves(space: Workspace): void {
    space.retireTree(this.grave.root, this.grave.words)
    space.retireTree(this.graveOld.root, this.graveOld.words)
    this.grave = { root: 0, words: 0 }
    this.graveOld = { root: 0, words: 0 }
  }

  /** The fields that {@link restore} brings back. */
  save(): Saved {
    const { graveOld, cleared, graveNewest, graveOldNewest, changed, removed } = this
    const { isCleared } = this.changes
    const fields = { graveOld, cleared, graveNewest, graveOldNewest, changed, removed }
    return { fields, isCleared, live: { ...this.live }, grave: { ...this.grave } }
  }

  restore({ fields, isCleared, live, grave }: Saved): void {
    Object.assign(this, fields)
    this.live = live
    this.grave = grave
    this.changes.goBack(isCleared)
  }
}

/** The part of a draft that may change after a savepoint. */
export interface Saved {
  readonly fields: Pick<
    Draft,
    'graveOld' | 'cleared' | 'graveNewest' | 'graveOldNewest' | 'changed' | 'removed'
  >
  readonly isCleared: boolean
  readonly live: Tree
  readonly grave: Tree
}
