/** The database as a source, at any version. */
import type { Engine } from '../engine/engine.js'
import type { View } from '../engine/view.js'
import type { Known } from '../indexes/definition.js'
import type { KeyBuffer } from '../key/codec.js'
import type { Pin } from '../threads/slots.js'
import type { Range } from '../tree/cursor.js'
import { indexesAt, rootAt } from './at.js'
import { DeepPin } from './deep.js'
import { DeepHeld, DeepReads } from './deep-source.js'
import { type Finder, finderIn } from './finder.js'
import type { Held } from './held.js'
import { PinLease } from './pin-lease.js'
import { countBelow, entryIn, type Source } from './source.js'
import type { StoreCore } from './store-core.js'

/** The database, at any version. */
export class DatabaseSource implements Source {
  readonly core: StoreCore
  readonly views = true
  readonly #engine: Engine
  /** Record and store state of the read of single keys that is under way; 0 for a deep version. */
  #record = 0
  #state = 0
  readonly #deep: DeepReads

  constructor(core: StoreCore) {
    this.core = core
    this.#engine = core.engine
    this.#deep = new DeepReads(core)
  }

  gate(): void {
    const { gate } = this.#engine
    if (gate.barred !== 0) gate.refuse()
  }

  count(view: View | undefined, range: Range | undefined): number {
    const { reader } = this.#engine
    const record = reader.enter(view)
    try {
      if (record !== 0)
        return countBelow(this.core, this.core.rootIn(record, view !== undefined), range)
      this.#deep.enter(reader.deep)
      return this.#deep.count(range)
    } finally {
      this.leave()
    }
  }

  enter(view: View | undefined): void {
    const { reader } = this.#engine
    const record = reader.enter(view)
    this.#record = record
    if (record === 0) {
      this.#enterDeep(reader.deep)
      return
    }
    const state = this.core.stateIn(record)
    if (state === 0 && view === undefined) {
      this.leave()
      throw this.core.unknown()
    }
    this.#state = state
  }

  #enterDeep(version: number): void {
    try {
      this.#deep.enter(version)
    } catch (error) {
      this.leave()
      throw error
    }
  }

  find(key: KeyBuffer): number {
    if (this.#record === 0) return this.#deep.find(key)
    return this.core.lookUp(this.#record, this.#state, key)
  }

  ahead(hashes: readonly number[], from: number, to: number): void {
    if (this.#record !== 0) this.core.lookAhead(this.#state, hashes, from, to)
  }

  valueOf(entry: number): unknown {
    return this.#record === 0 ? this.#deep.valueOf() : this.core.sharedValueOf(entry)
  }

  entryOf(entry: number) {
    return this.#record === 0 ? this.#deep.entryOf() : entryIn(this.core, entry, this)
  }

  leave(): void {
    this.#engine.epochs.slots.exit()
    if (this.#deep.isUnderWay) this.#deep.leave()
  }

  hold(view: View | undefined): Held {
    const engine = this.#engine
    for (;;) {
      const record = engine.reader.enter(view)
      if (record === 0) {
        this.leave()
        const pin = DeepPin.of(engine, view as View, version => new DeepHeld(engine, version))
        if (pin !== null) return pin
        continue
      }
      try {
        const root = this.core.rootIn(record, view !== undefined)
        return new PinnedRoot(engine, engine.epochs.slots.acquire(record), root)
      } finally {
        this.leave()
      }
    }
  }

  past(view: View | undefined): number {
    const record = this.#engine.reader.enter(view, true)
    if (view !== undefined || this.core.stateIn(record) !== 0) return record
    this.leave()
    throw this.core.unknown()
  }

  draftRoot(): null {
    return null
  }

  indexes(held: Held): readonly Known[] {
    return indexesAt(this.core, held)
  }

  rootOf(core: StoreCore, held: Held): number {
    return rootAt(core, held)
  }

  of(core: StoreCore): DatabaseSource {
    return new DatabaseSource(core)
  }

  finder(core: StoreCore, held: Held): Finder {
    return finderIn(core, held)
  }
}

/** A root in a version that is pinned for an iterator. */
class PinnedRoot extends PinLease implements Held {
  readonly root: number
  readonly deep = -1
  /** The version to pin again, while at rest. */
  #resting = 0

  constructor(engine: Engine, pin: Pin, root: number) {
    super(engine, pin, 'iterator')
    this.root = root
  }

  check(): void {
    this.engine.gate.check()
    if (this.ended) this.takeUp(this.#resting)
  }

  rest(): void {
    if (this.ended || this.engine.gate.isClosed) return
    this.#resting = this.version
    this.release()
  }
}
