/**
 * Puts and deletes on the drafts of stores: a transaction's changes of trees, graveyards and change lists.
 *
 * One for each handle, for the owner of the writer lock, between `begin` and the transaction's end.
 * Invariant: each operation either takes effect as a whole or throws with the draft as it was.
 */

import { ZVerseError } from '../errors.js'
import { KeyBuffer } from '../key/codec.js'
import {
  copyKey,
  type EncodedValue,
  entryWords,
  type KeyWords,
  NO_VALUE,
  versionOf,
  writeEntry,
} from '../memory/entry.js'
import { hashKey } from '../memory/hash.js'
import { H_GENERATIONS, H_POINT_INDEX } from '../memory/layout.js'
import { writeInPieces } from '../memory/pieces.js'
import { walk } from './box-cursor.js'
import type { BulkTree } from './bulk.js'
import type { Range } from './cursor.js'
import { Draft } from './draft.js'
import { type Prefetch, TreeEditor } from './editor.js'
import { find } from './search.js'
import type { Workspace } from './workspace.js'

/** The version that an entry must have; null: its key must be absent; undefined: no condition. */
export type Expected = number | null | undefined

/** Drafts that are kept. */
const SPARE = 4

export class Writer {
  /** Drafts of earlier transactions, to be used again. */
  readonly #spare: Draft[] = []
  /** Changes are noted in the drafts' lists: for point indexes, or for references. */
  notes = false
  /** Stores have point indexes. */
  readonly indexed: boolean

  readonly #W: Uint32Array
  readonly #space: Workspace
  readonly #index: Prefetch
  /** The same, where there are point indexes. */
  readonly #ahead: Prefetch | null
  readonly #editor: TreeEditor
  readonly #graves: TreeEditor
  readonly #key = new KeyBuffer()
  #buries = true
  /** Tombstones written: a second try does without them. */
  #buried = 0

  /** @param editor of trees; the tag tree's, too */
  constructor(W: Uint32Array, space: Workspace, editor: TreeEditor, index: Prefetch) {
    this.#W = W
    this.#space = space
    this.#index = index
    this.#editor = editor
    this.#graves = new TreeEditor(W, space)
    this.indexed = W[H_POINT_INDEX] !== 0
    this.#ahead = this.indexed ? index : null
  }

  /** A draft, which is to begin. */
  draft(): Draft {
    return this.#spare.pop() ?? new Draft()
  }

  /** Takes a draft back. */
  spare(draft: Draft): void {
    draft.follower = null
    if (this.#spare.length < SPARE) this.#spare.push(draft)
  }

  /** Begins a transaction. @param buries it writes tombstones */
  begin(buries: boolean): void {
    this.reset()
    this.#buries = buries
    this.#buried = 0
    this.notes = this.indexed || this.#W[H_GENERATIONS] !== 0
  }

  /** Forgets positions in trees: after a rollback the trees are others. */
  reset(): void {
    this.#editor.reset()
    this.#graves.reset()
  }

  /**
   * `history` is an upper bound, so a transaction that failed only for want of memory for tombstones can do
   * without them: then no version before its own is kept, tags and pins apart.
   */
  get couldForget(): boolean {
    return this.#buried > 0 && !this.#space.injected
  }

  /**
   * Writes the value for `key`.
   * @param born the version in the entry, after the present one
   * @param takes it is part of a change that takes away, and may use what is reserved for those
   */
  put(
    draft: Draft,
    key: KeyBuffer,
    value: EncodedValue,
    ifVersion: Expected,
    born: number,
    takes = false,
  ): void {
    const editor = this.#editor
    const space = this.#space
    const { follower } = draft
    if (follower !== null) follower.ready()
    const hash = this.#expect(draft, key)
    const old = editor.locate(draft.live, key, draft.isIndex ? null : this.#ahead)
    if (ifVersion !== undefined) this.#check(ifVersion, old)
    if (!takes) space.spend()
    const entry = this.makeEntry(key, value, born)
    // An entry of this transaction may be used again as soon as it is replaced.
    const own = old !== 0 && space.isNew(old)
    const fresh = old === 0 ? !this.#inBase(draft, key) : !own
    try {
      if (follower !== null) follower.look(old, entry, key)
      if (old === 0) editor.insert(draft.live, entry)
      else editor.replace(draft.live, entry)
    } catch (error) {
      space.retireEntry(entry)
      throw error
    }
    if (fresh) draft.changed++
    if (follower !== null) follower.note(key)
    if (!this.notes || draft.isIndex) return
    if (own) draft.changes.replace(old, entry)
    else draft.changes.add(hash, old, entry)
  }

  /** The hash of a key that is about to be changed; 0 where changes are not noted. */
  #expect(draft: Draft, key: KeyBuffer): number {
    if (!this.notes || draft.isIndex) return 0
    const hash = hashKey(key.words, 0, key.bytes)
    if (this.indexed) this.#index.expect(draft.index, hash)
    return hash
  }

  /** Deletes `key`; false if it was absent. */
  delete(draft: Draft, key: KeyBuffer, ifVersion: Expected): boolean {
    const editor = this.#editor
    const space = this.#space
    const { follower } = draft
    if (follower !== null) follower.ready()
    const hash = this.#expect(draft, key)
    const old = editor.locate(draft.live, key, draft.isIndex ? null : this.#ahead)
    if (ifVersion !== undefined) this.#check(ifVersion, old)
    if (old === 0) return false
    const own = space.isNew(old)
    if (follower !== null) follower.look(old, 0, key)
    const known = !own || find(this.#W, draft.baseRoot, key.words, key.bytes) !== 0
    if (known && this.#buries && !draft.isIndex) this.#bury(draft, key)
    editor.remove(draft.live)
    if (!own) {
      draft.changed++
      draft.removed = true
    } else if (!known) draft.changed--
    if (follower !== null) follower.note(key)
    if (this.notes && !draft.isIndex) {
      if (own) draft.changes.replace(old, 0)
      else draft.changes.add(hash, old, 0)
    }
    return true
  }

  /** Puts a tombstone of `key` into the graveyard. */
  #bury(draft: Draft, key: KeyBuffer): void {
    this.#buried++
    const space = this.#space
    const old = this.#graves.locate(draft.grave, key)
    const tombstone = this.makeEntry(key, NO_VALUE, space.version)
    try {
      if (old === 0) this.#graves.insert(draft.grave, tombstone)
      else this.#graves.replace(draft.grave, tombstone)
    } catch (error) {
      space.retireEntry(tombstone)
      throw error
    }
    draft.graveNewest = space.version
  }

  /** Deletes the keys in `range` below `root`, a tree that does not change during the walk. */
  clearRange(draft: Draft, root: number, range: Range): void {
    const cursor = walk(this.#W, root, range, false, Number.POSITIVE_INFINITY)
    const key = this.#key
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      copyKey(this.#W, entry, key)
      this.delete(draft, key, undefined)
    }
  }

  /** True if the base has `key` although the transaction's tree has not. */
  #inBase(draft: Draft, key: KeyBuffer): boolean {
    return draft.removed && find(this.#W, draft.baseRoot, key.words, key.bytes) !== 0
  }

  #check(expected: number | null, entry: number): void {
    const actual = entry === 0 ? null : versionOf(this.#W, entry)
    if (actual === expected) return
    throw conflict(expected, actual)
  }

  /** Puts a tree in the place of a store that is empty, with entries of {@link makeEntry}. */
  build(draft: Draft, tree: BulkTree): void {
    draft.live = tree.finish()
    draft.changed += tree.count
    draft.changes.tear()
    this.reset()
  }

  /** A new entry, in no tree yet. @throws ZVerseError `ZVERSE_VALUE_TOO_LARGE`, `ZVERSE_FULL` */
  makeEntry(key: KeyWords, value: EncodedValue, born: number): number {
    const W = this.#W
    const space = this.#space
    const { largest } = space
    const size = entryWords(key.bytes, value.length)
    if (size > largest) {
      throw valueTooLarge(value.length, (largest - entryWords(key.bytes, 0)) * 4)
    }
    const entry = space.allocateEntry(key.bytes, (value.length + 3) >>> 2)
    if (space.inPieces) writeInPieces(W, entry, born, key, value)
    else writeEntry(W, entry, born, key, value)
    return entry
  }
}

/** The error for a key whose entry is not the expected one; `null`: an absent one. */
export function conflict(expected: number | null, actual: number | null): ZVerseError {
  const say = (version: number | null) => (version === null ? 'absent' : `version ${version}`)
  const message = `the entry is ${say(actual)}, not ${say(expected)}`
  return new ZVerseError('ZVERSE_CONFLICT', message, { expected, actual })
}

/** The error for a value of `size` bytes where none can have more than `max`. */
export function valueTooLarge(size: number, max: number): ZVerseError {
  const message =
    `the value takes ${size} bytes, the database holds ${max} at most: open it with a larger ` +
    'maxBytes, or store the value in parts'
  return new ZVerseError('ZVERSE_VALUE_TOO_LARGE', message, { size, max })
}
