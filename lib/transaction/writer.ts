/**
 * A write transaction's work: puts and deletes on drafts of stores, and their publication.
 *
 * For the thread that holds the writer lock, between `engine.beginWriting` and its end. Invariants:
 * 1. Each operation either takes effect as a whole or throws with the drafts as they were.
 * 2. A transaction that changed nothing publishes nothing and makes no version.
 */

import { stateOf, withState } from '../epoch/catalog.js'
import { marked, WRITING_FRAME } from '../epoch/running.js'
import { dropTable } from '../epoch/tables.js'
import { ZVerseError } from '../errors.js'
import { advance } from '../hot/generations.js'
import type { KeyBuffer } from '../key/codec.js'
import {
  copyKey,
  type EncodedValue,
  entryWords,
  NO_VALUE,
  versionOf,
  writeEntry,
} from '../memory/entry.js'
import { hashKey } from '../memory/hash.js'
import {
  H_GENERATIONS,
  H_POINT_INDEX,
  HEAD_WORDS,
  R_CATALOG,
  R_NEXT_STORE,
  R_STATE,
  S_BIRTH,
  S_INDEX,
  STATE_WORDS,
  X_BIRTH,
} from '../memory/layout.js'
import { writeInPieces } from '../memory/pieces.js'
import { load48, store48 } from '../memory/words.js'
import { walk } from '../snapshot/box-cursor.js'
import type { Range } from '../snapshot/cursor.js'
import { TreeEditor } from '../snapshot/editor.js'
import { find } from '../snapshot/search.js'
import { Draft } from './draft.js'
import type { Engine } from './engine.js'
import { NAMES_STORE, type StoreCore, UNNAMED } from './store-core.js'

export class Writer {
  readonly #engine: Engine
  readonly #W: Uint32Array
  readonly #graves: TreeEditor
  /** Few, mostly one: a list is faster than a map that is emptied with every commit. */
  readonly #drafts: Draft[] = []
  readonly #indexed: boolean
  /** What is changed is noted: for point indexes, or for handles. */
  #noted = false
  /** The draft asked for last: most transactions have one. */
  #lastCore: StoreCore | null = null
  #lastDraft: Draft | null = null
  /** A draft of an earlier transaction, to be used again. */
  #spare: Draft | null = null
  #base = 0
  #catalog = 0
  #nextStore = 0
  #keepsPast = true
  /** Tombstones written: what a second try would do without. */
  #buried = 0

  constructor(engine: Engine) {
    this.#engine = engine
    this.#W = engine.W
    this.#graves = new TreeEditor(engine.W, engine.epochs.space)
    this.#indexed = engine.W[H_POINT_INDEX] !== 0
  }

  /** The version a commit would make. */
  get version(): number {
    return this.#engine.epochs.space.version
  }

  /** The record the transaction began from. */
  get base(): number {
    return this.#base
  }

  /** Begins; the engine has the lock. */
  begin(): void {
    const W = this.#W
    this.#forget()
    this.#graves.reset()
    this.#base = this.#engine.epochs.current
    this.#catalog = W[this.#base + R_CATALOG]
    this.#nextStore = W[this.#base + R_NEXT_STORE]
    this.#keepsPast = this.#engine.epochs.keepsPast
    this.#buried = 0
    this.#noted = this.#indexed || W[H_GENERATIONS] !== 0
  }

  /**
   * History is a bound, so a transaction that only failed for want of memory for tombstones can do
   * without: then nothing older than its version is kept, tags and pins apart.
   */
  get couldForget(): boolean {
    return this.#buried > 0 && !this.#engine.epochs.space.injected
  }

  /** Writes no tombstones in this transaction; the past goes with its commit. */
  forgetPast(): void {
    this.#keepsPast = false
    this.#engine.epochs.forgetPast()
  }

  // ── Drafts ────────────────────────────────────────────────────────────────────────────────────

  /** The draft of a store. @throws ZVerseError `ZVERSE_UNKNOWN_STORE` */
  draft(core: StoreCore): Draft {
    if (core === this.#lastCore && this.#lastDraft !== null) return this.#lastDraft
    const id = this.#idOf(core)
    const draft = this.#known(id) ?? this.#add(id, this.#stateOf(id))
    this.#lastCore = core
    this.#lastDraft = draft
    return draft
  }

  /** The id of the store that a handle stands for now. @throws ZVerseError `ZVERSE_UNKNOWN_STORE` */
  #idOf(core: StoreCore): number {
    const { id } = core
    if (id === UNNAMED || id === NAMES_STORE || this.#known(id) !== undefined) return id
    if (this.#stateOf(id) !== 0) return id
    const found = core.described(this.#base)
    if (found === undefined) throw core.unknown()
    return found.id
  }

  #stateOf(id: number): number {
    return id === UNNAMED ? this.#base + R_STATE : stateOf(this.#W, this.#catalog, id)
  }

  #add(id: number, state: number): Draft {
    const draft = (this.#spare ?? new Draft()).begin(this.#W, id, state)
    this.#spare = null
    this.#drafts.push(draft)
    return draft
  }

  #known(id: number): Draft | undefined {
    for (const draft of this.#drafts) if (draft.id === id) return draft
    return undefined
  }

  /** Root of the tree that reads inside the transaction see. */
  root(core: StoreCore): number {
    const known = this.#known(this.#idOf(core))
    return known === undefined ? core.rootIn(this.#base, false) : known.live.root
  }

  // ── Operations ────────────────────────────────────────────────────────────────────────────────

  /**
   * Writes the value for `key`.
   * @param born the version that the entry tells, after the last one that is there
   */
  put(
    draft: Draft,
    key: KeyBuffer,
    value: EncodedValue,
    ifVersion: number | null | undefined,
    born = this.version,
  ): void {
    const { editor, epochs } = this.#engine
    const hash = this.#expect(draft, key)
    const old = editor.locate(draft.live, key)
    if (ifVersion !== undefined) this.#check(ifVersion, old)
    epochs.spend()
    const entry = this.#entry(key, value, born)
    // An entry of this transaction may be used again as soon as it is replaced.
    const own = old !== 0 && epochs.space.isNew(old)
    const fresh = old === 0 ? !this.#inBase(draft, key) : !own
    try {
      if (old === 0) editor.insert(draft.live, entry)
      else editor.replace(draft.live, entry)
    } catch (error) {
      epochs.space.retireEntry(entry)
      throw error
    }
    if (old === 0) draft.count++
    if (fresh) draft.changed++
    if (!this.#noted) return
    if (own) draft.log.replace(old, entry)
    else draft.log.add(hash, old, entry)
  }

  /** The hash of a key that is about to be changed, where that matters. */
  #expect(draft: Draft, key: KeyBuffer): number {
    if (!this.#noted) return 0
    const hash = hashKey(key.words, 0, key.bytes)
    if (this.#indexed) this.#engine.index.expect(draft.index, hash)
    return hash
  }

  /** Deletes `key`; false if it was absent. */
  delete(draft: Draft, key: KeyBuffer, ifVersion: number | null | undefined): boolean {
    const { editor, epochs } = this.#engine
    const hash = this.#expect(draft, key)
    const old = editor.locate(draft.live, key)
    if (ifVersion !== undefined) this.#check(ifVersion, old)
    if (old === 0) return false
    const own = epochs.space.isNew(old)
    const known = !own || find(this.#W, draft.baseRoot, key.words, key.bytes) !== 0
    if (known && this.#keepsPast) this.#bury(draft, key)
    editor.remove(draft.live)
    draft.count--
    if (!own) {
      draft.changed++
      draft.removed = true
    } else if (!known) draft.changed--
    if (this.#noted) {
      if (own) draft.log.replace(old, 0)
      else draft.log.add(hash, old, 0)
    }
    return true
  }

  /** Notes in the graveyard that `key` is deleted in this version. */
  #bury(draft: Draft, key: KeyBuffer): void {
    this.#buried++
    const { space } = this.#engine.epochs
    const old = this.#graves.locate(draft.grave, key)
    const tombstone = this.#entry(key, NO_VALUE, space.version)
    try {
      if (old === 0) this.#graves.insert(draft.grave, tombstone)
      else this.#graves.replace(draft.grave, tombstone)
    } catch (error) {
      space.retireEntry(tombstone)
      throw error
    }
    draft.graveNewest = space.version
  }

  /**
   * Deletes all keys in `range`; the whole store where it is open on both sides.
   * @param alone the transaction ends if this throws
   */
  clear(draft: Draft, range: Range, alone: boolean): void {
    if (range.lower === null && range.upper === null && range.box === null) {
      draft.clear(this.#engine.epochs.space, this.version)
      return
    }
    const root = draft.live.root
    // What this transaction has not changed yet stays as it is while the walk goes on; else it must
    // be kept from being changed in place.
    const clear = () => {
      const cursor = walk(this.#W, root, range, false, Number.POSITIVE_INFINITY)
      const key = this.#engine.other
      for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
        copyKey(this.#W, entry, key)
        this.delete(draft, key, undefined)
      }
    }
    if (root === draft.baseRoot && alone) clear()
    else this.atomically(clear)
  }

  /** Runs several operations as one: if it throws, all drafts are as they were. */
  atomically(body: () => void): void {
    const { space } = this.#engine.epochs
    const { editor } = this.#engine
    const saved = this.#drafts.map(draft => ({ draft, fields: draft.save() }))
    const point = space.savepoint()
    try {
      body()
    } catch (error) {
      space.rollback(point)
      editor.reset()
      this.#graves.reset()
      // Drafts that came later go.
      this.#drafts.length = saved.length
      this.#lastDraft = null
      for (const { draft, fields } of saved) draft.restore(fields)
      throw error
    }
  }

  /** True if the base has `key` although the transaction's tree has not. */
  #inBase(draft: Draft, key: KeyBuffer): boolean {
    return draft.removed && find(this.#W, draft.baseRoot, key.words, key.bytes) !== 0
  }

  #check(expected: number | null, entry: number): void {
    const actual = entry === 0 ? null : versionOf(this.#W, entry)
    if (actual === expected) return
    const say = (version: number | null) => (version === null ? 'absent' : `version ${version}`)
    const message = `the entry is ${say(actual)}, not ${say(expected)}`
    throw new ZVerseError('ZVERSE_CONFLICT', message, { expected, actual })
  }

  /** A new entry. */
  #entry(key: KeyBuffer, value: EncodedValue, born: number): number {
    const W = this.#W
    const { space, largest } = this.#engine.epochs
    const size = entryWords(key.bytes, value.length)
    if (size > largest) {
      const max = (largest - entryWords(key.bytes, 0)) * 4
      const message =
        `the value takes ${value.length} bytes, the database holds ${max} at most: open it with a larger ` +
        'maxBytes, or store the value in parts'
      throw new ZVerseError('ZVERSE_VALUE_TOO_LARGE', message, { size: value.length, max })
    }
    const entry = space.allocateEntry(key.bytes, (value.length + 3) >>> 2)
    if (space.inPieces) writeInPieces(W, entry, born, key, value)
    else writeEntry(W, entry, born, key, value)
    return entry
  }

  // ── Stores ────────────────────────────────────────────────────────────────────────────────────

  /** Makes a store; returns its id. */
  createStore(name: string, keys: string, values: string): number {
    const { names } = this.#engine
    const id = this.#nextStore
    const value = names.core.encodeValue({ id, keys, values })
    const encoded = { words: value.words, at: 0, length: value.length, ascii: value.ascii }
    this.put(this.draft(names.core), names.keyOf(name), encoded, undefined)
    this.#nextStore = id + 1
    this.#add(id, 0)
    return id
  }

  /** Drops a store that is there. */
  dropStore(name: string, id: number): void {
    const { names, epochs } = this.#engine
    this.delete(this.draft(names.core), names.keyOf(name), undefined)
    const draft = this.#add(id, stateOf(this.#W, this.#catalog, id))
    this.#lastDraft = null
    epochs.space.retireTree(draft.live.root, draft.live.words)
    draft.dropGraves(epochs.space)
    draft.dropped = true
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Publishes what changed; the version, or the present one if nothing did.
   * @param always makes a version even then
   */
  commit(always = false): number {
    const W = this.#W
    const { epochs } = this.#engine
    let changed = 0
    for (const draft of this.#drafts) changed += draft.changed
    if (changed === 0 && !always) {
      this.#engine.active = null
      // The present one of this transaction: others may commit once the lock is free.
      const present = this.version - 1
      epochs.abort()
      return present
    }
    const oldest = epochs.oldest
    for (const draft of this.#drafts) {
      if (!draft.dropped) draft.tidy(epochs.space, oldest)
      this.#head(draft)
      if (draft.id !== UNNAMED) this.#catalogue(draft)
    }
    const record = epochs.prepare()
    const base = this.#base
    const unnamed = this.#known(UNNAMED)
    if (unnamed !== undefined) unnamed.write(W, record + R_STATE)
    else W.copyWithin(record + R_STATE, base + R_STATE, base + R_STATE + STATE_WORDS)
    W[record + R_CATALOG] = this.#catalog
    W[record + R_NEXT_STORE] = this.#nextStore
    this.#engine.active = null
    const { version } = this
    try {
      this.#index(version)
      return epochs.publish(record)
    } catch (error) {
      // Cut off (a stack overflow, say) after the version could be read: it is committed all the same.
      // Where the turn has been given back already, others may have committed since.
      const isCommitted = !epochs.writing || epochs.current === record
      epochs.tryAbort()
      if (isCommitted) return version
      throw error
    } finally {
      this.#forget()
    }
  }

  static {
    // The clock is the user's code where a test runner has put one of its own in its place.
    marked(WRITING_FRAME, Writer.prototype.commit)
  }

  /** Sees to it that a store has a head for its point index; one that is dropped gives it up. */
  #head(draft: Draft): void {
    if (!this.#indexed || draft.id === NAMES_STORE) return
    const W = this.#W
    const { space } = this.#engine.epochs
    if (draft.dropped) {
      const head = draft.base === 0 ? 0 : W[draft.base + S_INDEX]
      if (head !== 0) space.retireBlock(head, load48(W, head + X_BIRTH), HEAD_WORDS)
      return
    }
    if (draft.index !== 0) return
    draft.index = space.allocate(HEAD_WORDS)
    W.fill(0, draft.index, draft.index + HEAD_WORDS)
    store48(W, draft.index + X_BIRTH, space.version)
  }

  /** Makes generations and point indexes tell of `version`, which is prepared. */
  #index(version: number): void {
    if (!this.#noted) return
    const { epochs, index } = this.#engine
    epochs.beginIndexing()
    for (const draft of this.#drafts) {
      const { log, live, count } = draft
      if (draft.id === NAMES_STORE) continue
      advance(this.#W, log, version, draft.dropped)
      if (!this.#indexed) continue
      if (draft.dropped) {
        if (draft.index !== 0) dropTable(this.#W, draft.index, version)
        continue
      }
      const before = log.isCleared ? 0 : draft.baseRoot
      index.apply({ head: draft.index, before, after: live.root, count, log }, version)
    }
  }

  #forget(): void {
    while (this.#drafts.length > 0) this.#spare = this.#drafts.pop() as Draft
    this.#lastDraft = null
  }

  /** Puts the state of a named store into the catalog. */
  #catalogue(draft: Draft): void {
    const W = this.#W
    const { space } = this.#engine.epochs
    let state = 0
    if (!draft.dropped) {
      state = space.allocate(STATE_WORDS)
      draft.write(W, state)
      store48(W, state + S_BIRTH, space.version)
    }
    if (draft.base !== 0)
      space.retireBlock(draft.base, load48(W, draft.base + S_BIRTH), STATE_WORDS)
    this.#catalog = withState(W, space, this.#catalog, draft.id, state)
  }
}
