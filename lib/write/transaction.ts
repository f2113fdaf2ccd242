/**
 * A write transaction: its changes so far, and its end, which it sees to itself.
 *
 * For the thread of the handle. `engine.active` refers to it from the taking of the turn to the end. The
 * caller that makes one calls `close` in a `finally`, whatever happened: that undoes a transaction that was
 * not committed; where there is no stack left for it, the next owner of the lock does. Invariants:
 * 1. NEW, then OPEN, then COMMITTING, then ENDED; one that keeps the turn (a load) goes from COMMITTING to IDLE,
 *    and from there to OPEN again. Only commit.ts makes it COMMITTING. From anywhere it may become BROKEN.
 * 2. Assignments come before calls wherever it ends: they work even at the end of the stack.
 * 3. A change that throws a ZVerseError leaves the drafts as they were; after any other error their state is
 *    unknown, and the transaction is over.
 */

import { type Active, type Engine, replicated } from '../engine/engine.js'
import type { Stamp } from '../engine/mutation.js'
import { INDEX_KEYS, NAMES_STORE, nameOfIndex, UNNAMED } from '../engine/names.js'
import { ZVerseError } from '../errors.js'
import type { Defined, Known } from '../indexes/definition.js'
import { tipOf } from '../memory/atomic.js'
import {
  H_DIRTY,
  H_HISTORY_VERSIONS,
  H_PHASE,
  H_TAG_CHANGES,
  MAX_VERSION,
  R_CATALOG,
  R_STATE,
  R_VERSION,
  S_LIVE,
  WRITING_NOT,
  WRITING_VERB,
} from '../memory/layout.js'
import { load48, store48 } from '../memory/words.js'
import { transactionClosed } from '../read/source.js'
import type { StoreCore } from '../read/store-core.js'
import { isRunning, WRITING_FRAME } from '../threads/running.js'
import { nextStoreIn, stateOf } from '../tree/catalog.js'
import type { Range } from '../tree/cursor.js'
import type { Draft } from '../tree/draft.js'
import type { Expected } from '../tree/writer.js'
import { canUndo } from '../versions/recovery.js'
import { fillIndex, follow, indexesIn } from './indexing.js'

/** A group of submissions (lib/queue/committer.ts). */
export interface Group {
  readonly number: number
  /** The version has been published, and this thread has the lock. Neither allocates nor throws. */
  taken(): void
}

const NEW = 0
/** It keeps the turn, and nothing is under way. */
const IDLE = 1
const OPEN = 2
const COMMITTING = 3
const ENDED = 4
/** Nobody can tell what state its drafts are in: it can only be closed. */
const BROKEN = 5

export class Transaction implements Active {
  readonly engine: Engine
  /** WRITING_…: why it writes. */
  readonly kind: number
  /** The stores it has changed, or looked at to change them. Few, mostly one. */
  drafts: Draft[] = []
  /** The record it began from, and its version. */
  base = 0
  seen = 0
  /** Root of the catalog, and id of the next store, that it will publish. */
  catalog = 0
  nextStore = 0
  /** Version and time of the commit, where they are given. */
  stamp: Stamp | undefined = undefined
  /** The past goes with the commit, tags and pins apart. */
  forgets = false
  /** Indexes are kept up. Not where what it is to do has come from a log, with their changes. */
  follows = true
  /** The group of the write queue that it commits: its number, and what notes that it was. */
  group: Group | null = null

  state = NEW
  /** A user holds it open: it belongs to no call. */
  isUsers = false
  /** It keeps the turn from one commit to the next. */
  #keeps = false
  /** The draft asked for last: most transactions have one. */
  #lastCore: StoreCore | null = null
  #lastDraft: Draft | null = null

  /** @param kind WRITING_…: why it writes */
  constructor(engine: Engine, kind: number) {
    this.engine = engine
    this.kind = kind
  }

  // ── Its beginning ─────────────────────────────────────────────────────────────────────────────

  /**
   * Takes the turn, which recovers from a dead owner, and begins a new version.
   * @param held this thread has the lock already
   * @param stamp version and time of the commit
   * @param forgets the past goes with the commit: no tombstones are written
   * @throws ZVerseError `ZVERSE_WRITER_BUSY`, `ZVERSE_NESTED_TRANSACTION`, `ZVERSE_CLOSED`, `ZVERSE_FULL`
   */
  begin(held = false, stamp?: Stamp, forgets = stamp?.forgets === true): void {
    this.#take(held)
    const { W, epochs, writer } = this.engine
    const { past, space, arena } = epochs
    const base = tipOf(W)
    const version = stamp?.version ?? load48(W, base + R_VERSION) + 1
    if (version > MAX_VERSION) {
      const message = 'there are no version numbers left: load a dump of it into a new database'
      throw new ZVerseError('ZVERSE_FULL', message)
    }
    this.state = OPEN
    space.begin(version, version, true)
    const hasPast = arena.floats[H_HISTORY_VERSIONS / 2] > 0 || epochs.versions.sealed.isOn
    writer.begin(!forgets && hasPast)
    space.suffices = past.provide()
    this.stamp = stamp
    this.forgets = forgets
    this.base = base
    this.seen = load48(W, base + R_VERSION)
    this.catalog = W[base + R_CATALOG]
    this.nextStore = nextStoreIn(W, this.catalog)
  }

  /** Takes the turn and begins a change of the tag tree, whose nodes have births of their own. */
  beginTags(): void {
    this.#take(false)
    const { W, epochs, writer } = this.engine
    const change = load48(W, H_TAG_CHANGES) + 1
    store48(W, H_TAG_CHANGES, change)
    this.state = OPEN
    epochs.space.begin(change, MAX_VERSION, false)
    writer.reset()
  }

  /** Takes the turn and begins a change that allocates nothing. */
  beginUpkeep(): void {
    this.#take(false)
    this.state = OPEN
    this.engine.epochs.space.begin(MAX_VERSION, MAX_VERSION, true)
  }

  /** Takes the turn for several commits in a row, each with a beginning of its own; `close` gives it back. */
  keepTurn(): void {
    const { engine } = this
    this.#claim()
    engine.epochs.turn.keep(this.kind)
    this.#keeps = true
    this.state = IDLE
  }

  #take(held: boolean): void {
    if (this.state === NEW) this.#claim()
    this.engine.epochs.turn.take(this.kind, held || this.state === IDLE)
    this.state = IDLE
  }

  /** From here on `engine.active` is this transaction, which sets it back itself. */
  #claim(): void {
    const { engine } = this
    if (engine.gate.barred !== 0) engine.gate.refuse()
    if (engine.isReplica && !engine.isReplicating) throw replicated()
    if (engine.active !== null) engine.notWriting()
    engine.active = this
  }

  // ── Its end ───────────────────────────────────────────────────────────────────────────────────

  /** True while it can be changed and committed. */
  get isOpen(): boolean {
    return this.state === OPEN && this.engine.active === this
  }

  /** True where its commits follow each other in one turn. */
  get keepsTurn(): boolean {
    return this.#keeps
  }

  /** True where it has the turn, also between two commits. */
  get isHeld(): boolean {
    return this.state !== NEW && this.state !== ENDED && this.engine.active === this
  }

  /**
   * False where the call that it belongs to was cut off without unwinding. A transaction that a user has open
   * belongs to no call, until it is being committed.
   */
  get isAlive(): boolean {
    if (this.engine.epochs.turn.kind === WRITING_NOT) return false
    const isStanding = this.isUsers && (this.state === OPEN || this.state === IDLE)
    return isStanding || isRunning(WRITING_FRAME)
  }

  /** Ends a transaction that was cut off; the arena stays dirty, and the next owner of the lock recovers. */
  forget(): void {
    this.#end()
    this.engine.epochs.turn.stopKeeping()
  }

  /** It is being committed, and takes no more changes whatever comes of that. For commit.ts. */
  seal(): void {
    this.state = COMMITTING
  }

  /** The commit is done. For commit.ts. */
  settle(): void {
    // It may have been closed meanwhile, by user code.
    if (this.state === ENDED) return
    if (this.#keeps) {
      this.state = IDLE
      this.#forgetDrafts()
    } else this.#end()
  }

  /**
   * The commit was cut off. If it is still under way, this call or else the next owner of the lock undoes it
   * or, where it can be read already, recovers. For commit.ts. Throws nothing.
   */
  cutOff(): void {
    this.settle()
    const { turn } = this.engine.epochs
    try {
      if (turn.busy) this.#undo()
      else if (!this.engine.gate.isClosed) turn.letGo()
    } catch {
      // There is no stack left, or no memory: the arena stays dirty.
    }
  }

  /** Undoes the changes under way; keeps the turn if it was taken to be kept. */
  undo(): void {
    if (this.#keeps) {
      this.state = IDLE
      if (this.engine.epochs.turn.busy) this.#undo()
      this.#forgetDrafts()
    } else this.close()
  }

  /** Undoes the changes under way, and ends. Idempotent. */
  close(): void {
    const { engine } = this
    const isOurs = this.state !== ENDED && engine.active === this
    this.state = ENDED
    if (isOurs) engine.active = null
    if (isOurs) this.giveUp()
  }

  /**
   * Undoes the changes under way of a transaction that was just marked as ended, by assignments: where there may be
   * no stack left for a call, the caller makes them.
   */
  giveUp(): void {
    const { turn } = this.engine.epochs
    turn.stopKeeping()
    if (turn.busy) this.#undo()
    this.#forgetDrafts()
  }

  #end(): void {
    const { engine } = this
    this.state = ENDED
    if (engine.active === this) engine.active = null
    this.#forgetDrafts()
  }

  #undo(): void {
    const { W, epochs } = this.engine
    const { turn, space, past, allocator } = epochs
    if (W[H_DIRTY] !== 0) {
      if (canUndo(W, allocator)) space.abort()
      else turn.mend()
      W[H_PHASE] = 1
      past.refill()
      W[H_PHASE] = 0
    }
    turn.give()
  }

  // ── What it changes ───────────────────────────────────────────────────────────────────────────

  /** The version a commit would make. */
  get version(): number {
    return this.engine.epochs.space.version
  }

  /** True if a commit has something to publish; indexes may follow what was undone since. */
  get hasChanges(): boolean {
    for (const { changed, isIndex } of this.drafts) if (changed !== 0 && !isIndex) return true
    return false
  }

  /** Puts the key and value that are in the engine's buffers. */
  put(core: StoreCore, ifVersion: Expected, born = this.version): void {
    const { writer, key, value } = this.engine
    // As `change`, without making a function for each put.
    if (!this.isOpen) this.#refuse()
    let whole = false
    try {
      writer.put(this.draft(core), key, value, ifVersion, born)
      whole = true
    } catch (error) {
      whole = error instanceof ZVerseError
      throw error
    } finally {
      if (!whole) this.state = BROKEN
      if (!whole) this.close()
    }
    value.shrink()
  }

  /** Deletes the key that is in the engine's buffer. */
  delete(core: StoreCore, ifVersion: Expected): void {
    const { writer, key } = this.engine
    this.change(() => writer.delete(this.draft(core), key, ifVersion))
  }

  /** Deletes all keys in `range`: the whole store where it is open on both sides. */
  clear(core: StoreCore, range: Range): void {
    const { W, epochs, writer } = this.engine
    this.change(() => {
      const draft = this.draft(core)
      if (range.lower === null && range.upper === null && range.box === null) {
        draft.clear(W, epochs.space, this.version)
        return
      }
      const { root } = draft.live
      const clear = () => writer.clearRange(draft, root, range)
      // The nodes of a tree that this transaction has changed must not be changed in place.
      if (root === draft.baseRoot && this.#isVerb) clear()
      else this.#atomically(clear)
    })
  }

  /** Several changes as one: if `body` throws a ZVerseError, all drafts are as they were. */
  all(body: () => void): void {
    this.change(this.#isVerb ? body : () => this.#atomically(body))
  }

  /** It belongs to one verb: if that throws, all of it is undone anyhow. */
  get #isVerb(): boolean {
    return this.kind === WRITING_VERB
  }

  /** Changes drafts. After an error that is no ZVerseError the transaction is over. */
  change(body: () => void): void {
    if (!this.isOpen) this.#refuse()
    let whole = false
    try {
      body()
      whole = true
    } catch (error) {
      whole = error instanceof ZVerseError
      throw error
    } finally {
      // First by an assignment: there may be no stack left for a call.
      if (!whole) this.state = BROKEN
      if (!whole) this.close()
    }
  }

  /** User code in the middle of the verb has ended the transaction, or closed the database. */
  #refuse(): void {
    this.engine.gate.checkOpen()
    throw transactionClosed('write')
  }

  #atomically(body: () => void): void {
    const { epochs, writer } = this.engine
    const { space } = epochs
    // What waits is of before, and is no part of what may be undone.
    for (const { follower } of this.drafts) follower?.flush()
    const saved = this.drafts.map(draft => ({ draft, fields: draft.save() }))
    const point = space.savepoint()
    try {
      body()
    } catch (error) {
      space.rollback(point)
      writer.reset()
      // Drafts that came later go.
      this.drafts.length = saved.length
      this.#lastDraft = null
      for (const { draft, fields } of saved) {
        draft.restore(fields)
        draft.follower?.goBack()
      }
      throw error
    }
  }

  // ── Stores ────────────────────────────────────────────────────────────────────────────────────

  /** Makes a store; returns its id. @param born the version that made it, where that is not this one */
  createStore(name: string, keys: string, values: string, born = 0): number {
    const { names, writer } = this.engine
    const id = this.nextStore
    const value = names.valueOf({ id, keys, values })
    const version = born === 0 ? this.version : born
    writer.put(this.draftOf(NAMES_STORE), names.keyOf(name), value, undefined, version)
    this.nextStore = id + 1
    this.#add(id, 0).isIndex = keys === INDEX_KEYS
    return id
  }

  /** Drops a store that exists, with its indexes. */
  dropStore(name: string, id: number): void {
    if (this.follows) for (const index of this.indexesOf(id)) this.dropIndex(index)
    this.#drop(name, id)
  }

  #drop(name: string, id: number): void {
    const { names, writer, epochs } = this.engine
    writer.delete(this.draftOf(NAMES_STORE), names.keyOf(name), undefined)
    const known = this.known(id)
    const draft = known ?? this.#add(id, stateOf(this.engine.W, this.catalog, id))
    this.#lastDraft = null
    epochs.space.retireTree(draft.live.root, draft.live.words)
    draft.dropGraves(epochs.space)
    draft.dropped = true
  }

  /** The draft of a store. @throws ZVerseError `ZVERSE_UNKNOWN_STORE` */
  draft(core: StoreCore): Draft {
    if (core === this.#lastCore && this.#lastDraft !== null) return this.#lastDraft
    const draft = this.draftOf(this.idOf(core))
    this.#lastCore = core
    this.#lastDraft = draft
    return draft
  }

  /** Root of the tree that reads inside the transaction see. @throws ZVerseError `ZVERSE_UNKNOWN_STORE` */
  root(core: StoreCore): number {
    if (core.isIndex) for (const { follower } of this.drafts) follower?.flush()
    const known = this.known(this.idOf(core))
    return known === undefined ? core.rootIn(this.base, false) : known.live.root
  }

  /** The draft of store `id`, if it has one already. */
  known(id: number): Draft | undefined {
    for (const draft of this.drafts) if (draft.id === id) return draft
    return undefined
  }

  /** True if there is a store `id`. */
  has(id: number): boolean {
    return id === UNNAMED || this.known(id) !== undefined || this.#stateOf(id) !== 0
  }

  /** The draft of store `id`, which exists. */
  draftOf(id: number): Draft {
    return this.known(id) ?? this.#add(id, this.#stateOf(id))
  }

  /** The id of the store that a handle stands for now. @throws ZVerseError `ZVERSE_UNKNOWN_STORE` */
  idOf(core: StoreCore): number {
    const { id } = core
    if (this.has(id)) return id
    const found = core.described(this.base)
    if (found === undefined) throw core.unknown()
    return found.id
  }

  #stateOf(id: number): number {
    return id === UNNAMED ? this.base + R_STATE : stateOf(this.engine.W, this.catalog, id)
  }

  #add(id: number, state: number): Draft {
    const { W, writer } = this.engine
    const draft = writer.draft().begin(W, id, state, writer.notes)
    // Pushing to an empty array makes room for seventeen.
    if (this.drafts.length === 0) this.drafts = [draft]
    else this.drafts.push(draft)
    if (this.follows && id !== NAMES_STORE && !draft.isIndex) follow(this, draft)
    return draft
  }

  // ── Indexes ───────────────────────────────────────────────────────────────────────────────────

  /** The indexes of store `id`, as the transaction has them. */
  indexesOf(id: number): readonly Known[] {
    return indexesIn(this, id)
  }

  /** Makes an index of a store, and fills it; returns its id. */
  createIndex(of: number, name: string, defined: Defined): number {
    const id = this.createStore(nameOfIndex(of, name), INDEX_KEYS, defined.text)
    this.change(() => fillIndex(this, { id, of, name, defined }))
    return id
  }

  dropIndex({ of, name, id }: Known): void {
    const parent = this.known(of)
    parent?.follower?.flush()
    this.#drop(nameOfIndex(of, name), id)
    if (parent !== undefined) follow(this, parent)
  }

  /** Root of the tree of store `id`. */
  rootOf(id: number): number {
    const known = this.known(id)
    if (known !== undefined) return known.live.root
    const state = this.#stateOf(id)
    return state === 0 ? 0 : this.engine.W[state + S_LIVE]
  }

  #forgetDrafts(): void {
    const { writer } = this.engine
    while (this.drafts.length > 0) writer.spare(this.drafts.pop() as Draft)
    this.#lastDraft = null
  }
}

/** Runs `body` with a transaction that has not begun, and ends it unless a user has got it by then. */
export function inTurn<T>(engine: Engine, kind: number, body: (tx: Transaction) => T): T {
  const tx = new Transaction(engine, kind)
  try {
    return body(tx)
  } finally {
    const isOurs = tx.state !== ENDED && !tx.isUsers && engine.active === tx
    // By assignments first: there may be no stack left for a call.
    if (isOurs) tx.state = ENDED
    if (isOurs) engine.active = null
    if (isOurs) tx.giveUp()
    // What it says, or throws, may follow from a version that is staged.
    if (engine.log !== null && !tx.isUsers && tx.seen !== 0) engine.log.settle(tx.seen)
  }
}
