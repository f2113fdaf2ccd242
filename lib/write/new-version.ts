/** A commit's mutation of the stores: one new version, with all changes of a transaction. */

import type { Batch } from '../engine/batch.js'
import type { Mutation, Stamp } from '../engine/mutation.js'
import { NAMES_STORE, UNNAMED } from '../engine/names.js'
import { tipOf } from '../memory/atomic.js'
import { birthOf } from '../memory/birth.js'
import {
  H_COMMITS_SINCE_SCAN,
  H_REPLACED,
  H_RETIRED_SINCE_SCAN,
  R_CATALOG,
  R_GROUP,
  R_ITEMS,
  R_STATE,
  R_VERSION,
  S_LIVE,
  SR_INDEX,
  STATE_WORDS,
} from '../memory/layout.js'
import { HEAD_WORDS } from '../memory/point-layout.js'
import { replacedBetween, timeOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { dropTable } from '../point/dropped.js'
import { advance } from '../point/generations.js'
import { withNextStore, withState } from '../tree/catalog.js'
import { Cursor, WHOLE } from '../tree/cursor.js'
import type { Draft } from '../tree/draft.js'
import { FREE_BUDGET } from '../versions/past.js'
import { fillRecord, publishRecord } from '../versions/record.js'
import { followAll } from './indexing.js'
import type { Transaction } from './transaction.js'

export class NewVersion implements Mutation {
  readonly #tx: Transaction
  readonly #W: Uint32Array
  #record = 0
  /** The record before it; after a gap in the numbers not of the version before. */
  #previous = 0
  #allocations = 0
  /** The time; asking for it may run code that throws, after which there is no commit. */
  #now = 0

  constructor(tx: Transaction) {
    this.#tx = tx
    this.#W = tx.engine.W
  }

  get isPublished(): boolean {
    return this.#record !== 0 && this.#tx.engine.epochs.versions.tip === this.#record
  }

  prepare(): void {
    const W = this.#W
    const tx = this.#tx
    const { space, chunks, past } = tx.engine.epochs
    this.#previous = tipOf(W)
    followAll(tx.drafts)
    let unnamed: Draft | undefined
    for (const draft of tx.drafts) {
      this.#seal(draft)
      if (draft.id === UNNAMED) unnamed = draft
      else this.#catalogue(draft)
    }
    const time = this.#time()
    // From here on what is allocated goes when the version goes.
    space.closing = true
    tx.catalog = withNextStore(W, space, tx.catalog, tx.nextStore)
    const items = space.inlineItems
    const record = space.allocate(R_ITEMS + items)
    const state = this.#previous + R_STATE
    if (unnamed !== undefined) unnamed.write(W, record + R_STATE)
    else W.copyWithin(record + R_STATE + S_LIVE, state + S_LIVE, state + STATE_WORDS)
    W[record + R_CATALOG] = tx.catalog
    past.ensureSegment(space.version, space)
    fillRecord(W, space, chunks, record, items, time)
    if (tx.group !== null) W[record + R_GROUP] = tx.group.number
    this.#allocations = space.allocations
    this.#record = record
  }

  /** The version's time; never below its predecessor's. */
  #time(): number {
    const { stamp, forgets, engine } = this.#tx
    const last = timeOf(this.#W, this.#previous)
    // Where all of the past goes no bound needs the time; and no clock may throw while a load is undone.
    this.#now = forgets && stamp !== undefined ? last : engine.clock.after(last)
    return stamp?.time ?? Math.max(this.#now, last)
  }

  /** Retires graveyards that no reader can ask for, and gives the store a head for its point index. */
  #seal(draft: Draft): void {
    const { writer, epochs } = this.#tx.engine
    const { space } = epochs
    const hasGraves = draft.grave.root !== 0 || draft.graveOld.root !== 0
    if (hasGraves && !draft.dropped) draft.tidy(space, epochs.versions.oldest)
    if (writer.indexed && draft.id !== NAMES_STORE && !draft.isIndex) {
      if (draft.dropped) this.#dropHead(draft)
      else if (draft.index === 0) draft.makeHead(this.#W, space)
    }
    draft.sealRest(this.#W, space)
  }

  #dropHead(draft: Draft): void {
    const W = this.#W
    const head = W[draft.rest + SR_INDEX]
    if (head === 0) return
    this.#tx.engine.epochs.space.retireBlock(head, birthOf(W, head), HEAD_WORDS)
  }

  /** Puts the state of a named store into the catalog. */
  #catalogue(draft: Draft): void {
    const W = this.#W
    const tx = this.#tx
    const { space } = tx.engine.epochs
    const state = draft.dropped ? 0 : draft.makeState(W, space)
    if (draft.base !== 0) space.retireBlock(draft.base, birthOf(W, draft.base), STATE_WORDS)
    tx.catalog = withState(W, space, tx.catalog, draft.id, state)
  }

  get stamp(): Stamp {
    const W = this.#W
    const { stamp, forgets } = this.#tx
    const version = load48(W, this.#record + R_VERSION)
    const time = timeOf(W, this.#record)
    return { version, time, ended: stamp?.ended, forgets }
  }

  describe(batch: Batch): void {
    this.#describeStores(batch)
    for (const draft of this.#tx.drafts) {
      const { id, dropped, changes } = draft
      if (id === NAMES_STORE || dropped) continue
      if (draft.changed === 0) continue
      batch.store(id)
      if (changes.isCleared) batch.clear()
      if (draft.baseRoot === 0 || changes.isCleared) this.#describeAll(batch, draft)
      else this.#describeChanges(batch, draft)
    }
  }

  /** All that a store has, in the order of keys: it had nothing before. */
  #describeAll(batch: Batch, draft: Draft): void {
    const { W, gatherer } = this.#tx.engine
    const cursor = new Cursor(W, draft.live.root, WHOLE, false, Number.POSITIVE_INFINITY)
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      batch.copy(W, entry, gatherer)
    }
  }

  #describeChanges(batch: Batch, draft: Draft): void {
    const W = this.#W
    const { engine, version } = this.#tx
    draft.completeChanges(W)
    const { changes } = draft
    for (let i = 0; i < changes.count; i++) {
      const old = changes.oldAt(i)
      const entry = changes.entryAt(i)
      if (entry !== 0) batch.copy(W, entry, engine.gatherer)
      else if (old !== 0) batch.bury(W, old, version)
    }
  }

  /** The stores that it makes and drops: the changes in the store of their names. */
  #describeStores(batch: Batch): void {
    const { names, W } = this.#tx.engine
    const draft = this.#tx.known(NAMES_STORE)
    if (draft === undefined) return
    draft.completeChanges(this.#W)
    const { changes } = draft
    for (let i = 0; i < changes.count; i++) {
      const old = changes.oldAt(i)
      const entry = changes.entryAt(i)
      if (old !== 0) batch.drop(names.describeEntry(old).id, names.nameIn(W, old))
      if (entry === 0) continue
      const { id, keys, values } = names.describeEntry(entry)
      batch.make(id, names.nameIn(W, entry), keys, values)
    }
  }

  get endsPast(): boolean {
    const last = load48(this.#W, this.#previous + R_VERSION)
    return this.#tx.forgets || this.#tx.version !== last + 1
  }

  publish(): void {
    const { stamp, engine } = this.#tx
    const { arena, versions, space } = engine.epochs
    this.#index(space.version)
    const ended = stamp?.ended ?? timeOf(this.#W, this.#record)
    publishRecord(arena, versions, this.#record, ended)
  }

  /** Brings generations and point indexes up to `version`, before it can be read. */
  #index(version: number): void {
    const W = this.#W
    const { index, writer } = this.#tx.engine
    if (!writer.notes) return
    for (const draft of this.#tx.drafts) {
      const { changes, live } = draft
      if (draft.id === NAMES_STORE || draft.isIndex) continue
      if (changes.isTorn) draft.completeChanges(W)
      advance(W, changes, version, draft.dropped)
      if (!writer.indexed) continue
      if (!draft.dropped) index.apply(draft.index, live.root, changes, version)
      else if (draft.index !== 0) dropTable(W, draft.index, version)
    }
  }

  release(): void {
    const W = this.#W
    const tx = this.#tx
    const { arena, past, space, versions } = tx.engine.epochs
    const last = load48(W, this.#previous + R_VERSION)
    const { version } = space
    const replaced = replacedBetween(W, this.#previous, this.#record)
    tx.group?.taken()
    space.finish()
    arena.floats[H_REPLACED / 2] += replaced
    W[H_COMMITS_SINCE_SCAN]++
    W[H_RETIRED_SINCE_SCAN] = Math.min(W[H_RETIRED_SINCE_SCAN] + replaced, 0xffffffff)
    if (version !== last + 1) past.beginAnew(versions.oldestBefore(last), last, version)
    else if (tx.forgets) {
      versions.sealed.raiseFloor(version)
      past.shrink(versions.oldestBefore(version), version)
    } else past.applyBounds(versions.newest, this.#now)
    past.reclaim(FREE_BUDGET + 2 * this.#allocations, false)
  }

  settled(): void {
    const { turn, past, versions } = this.#tx.engine.epochs
    // While the version was staged the window reached back to one before it.
    turn.tryToTidy(() => past.applyBounds(versions.newest, this.#now))
  }
}
