/**
 * `dump`: a version, or all of them, as plain records, read as the caller asks for them.
 *
 * From the start a dump pins all it will read: a version; with history the run of versions, by a pin
 * that moves up with the dump, and each tagged version below the run. So a dump shows the database as it
 * was when it began, whatever other threads write meanwhile, and costs a writer no more than the memory
 * that it keeps.
 */

import type { Engine } from '../engine/engine.js'
import { Lease } from '../engine/lease.js'
import type { Description } from '../engine/names.js'
import { NAMES, type View, viewIn } from '../engine/view.js'
import type { Tag } from '../history/tags.js'
import { versionOf } from '../memory/entry.js'
import { R_CATALOG, R_TIME, R_UNTIL, R_VERSION } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { invalidOption } from '../options.js'
import { END, type Hold, iterating, Steps, type ZVerseIterator } from '../read/iterator.js'
import type { StoreCore } from '../read/store-core.js'
import type { Pin, RunHold } from '../threads/slots.js'
import { WHOLE } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'
import type { CustomCodec } from '../value/custom.js'
import { type Codecs, codecsIn } from './codecs.js'
import { type DumpRecord, FORMAT } from './record.js'

export interface DumpOptions extends View {
  /** All versions that can be read, up to the view's; else the view's alone. */
  history?: boolean | undefined
  /** The custom codecs of named stores. */
  codecs?: readonly CustomCodec[] | undefined
}

/** Begins a dump of the database whose unnamed store is `main`. */
export function dump(main: StoreCore, options: unknown): ZVerseIterator<DumpRecord> {
  const { given, codecs } = codecsIn(main, options, ['history', ...NAMES.view], 'dump')
  const { history } = given
  if (history !== undefined && typeof history !== 'boolean') {
    throw invalidOption('history', 'must be a boolean')
  }
  const held = new Holdings(main.engine, viewIn(given), history === true)
  return iterating(new DumpLease(main.engine, held), () => {
    const records = new Dump(main, codecs, held, history === true).records()
    return new Steps(() => {
      const { done, value } = records.next()
      return done ? END : value
    })
  })
}

/** The versions that a dump has pinned, each until the dump has gone past it. */
class Holdings {
  readonly #engine: Engine
  /** The records of the versions to dump, oldest first. */
  readonly records: number[] = []
  /** The first version of the run among them. */
  oldest = 0
  /** Their tags. */
  readonly tags: Tag[] = []
  /** Pins of the tagged versions below the run, oldest first; the last is that of the view's version. */
  readonly #pins: Pin[] = []
  #run: RunHold | null = null

  constructor(engine: Engine, view: View | undefined, history: boolean) {
    this.#engine = engine
    const { slots } = engine.epochs
    const record = engine.reader.enter(view)
    const pin = slots.acquire(record)
    slots.exit()
    if (history) this.#holdPast(record)
    this.#pins.push(pin)
    this.records.push(record)
  }

  #holdPast(top: number): void {
    const { W, epochs, tags } = this.#engine
    const { slots, versions } = epochs
    const version = load48(W, top + R_VERSION)
    // Tags and the run in one look, so that no version is missed between the two.
    slots.enterAll()
    const run: number[] = []
    for (let at = versions.oldestBefore(versions.newest); at < version; at++) {
      const record = versions.record(at)
      // Another thread has moved the low-water mark past it meanwhile: the run begins after it.
      if (record === 0) run.length = 0
      else run.push(record)
    }
    const first = run.length === 0 ? version : load48(W, run[0] + R_VERSION)
    this.oldest = first
    for (const tag of tags.all()) {
      if (tag.version > version) continue
      this.tags.push(tag)
      if (tag.version >= first || tag.record === this.records.at(-1)) continue
      this.#pins.push(slots.acquire(tag.record))
      this.records.push(tag.record)
    }
    if (run.length > 0) this.#run = slots.acquireRun(first)
    for (const record of run) this.records.push(record)
    slots.exit()
  }

  /** Releases the versions before record number `i`. */
  past(i: number): void {
    const { W, epochs } = this.#engine
    if (this.#pins[0].record === this.records[i - 1]) {
      epochs.slots.release(this.#pins.shift() as Pin)
    } else if (this.#run !== null) {
      epochs.slots.moveRun(this.#run, load48(W, this.records[i] + R_VERSION))
    }
  }

  letGo(): void {
    const { slots } = this.#engine.epochs
    for (const pin of this.#pins) slots.release(pin)
    if (this.#run !== null) slots.releaseRun(this.#run)
  }
}

/** The lease of a dump, which ends it where it is dropped or cut off. */
class DumpLease extends Lease implements Hold {
  readonly #engine: Engine
  readonly #held: Holdings

  constructor(engine: Engine, held: Holdings) {
    super(engine.leases)
    this.#engine = engine
    this.#held = held
    this.begin()
  }

  check(): void {
    this.#engine.gate.check()
  }

  /** An exception ends a dump. */
  rest(): void {
    this.release()
  }

  release(): void {
    if (this.leave() && !this.#engine.gate.isClosed) this.#held.letGo()
  }

  makeGrip() {
    const held = this.#held
    const end = () => {
      held.letGo()
      return true
    }
    return { what: 'dump', site: this.site, end }
  }
}

/** The named stores of a snapshot. */
type Names = ReadonlyMap<string, Description>

class Dump {
  readonly #main: StoreCore
  readonly #engine: Engine
  readonly #codecs: Codecs
  readonly #held: Holdings
  readonly #history: boolean
  /** By id, which no other store ever has. */
  readonly #cores = new Map<number, StoreCore>()
  /** The named stores last read, and the root they were read from. */
  #names: Names = new Map()
  #namesRoot = 0

  constructor(main: StoreCore, codecs: Codecs, held: Holdings, history: boolean) {
    this.#main = main
    this.#engine = main.engine
    this.#codecs = codecs
    this.#held = held
    this.#history = history
  }

  *records(): Generator<DumpRecord, void> {
    const { W } = this.#engine
    const { records } = this.#held
    const top = records[records.length - 1]
    const version = load48(W, top + R_VERSION)
    yield {
      ...{ type: 'zverse', format: FORMAT, history: this.#history },
      ...(this.#history ? { oldest: this.#held.oldest } : {}),
      ...{ keys: this.#main.keys.name, values: this.#main.values.name },
      ...{ version, timestamp: load48(W, top + R_TIME) },
    }
    if (this.#history) yield* this.#versions()
    else yield* this.#changes(0, top, version)
    yield { type: 'end' }
  }

  *#versions(): Generator<DumpRecord, void> {
    const { W } = this.#engine
    const { records, tags } = this.#held
    let tag = 0
    for (let i = 0; i < records.length; i++) {
      const record = records[i]
      const version = load48(W, record + R_VERSION)
      const timestamp = load48(W, record + R_TIME)
      const next = i + 1 < records.length ? load48(W, records[i + 1] + R_VERSION) : version + 1
      if (next === version + 1) yield { type: 'version', version, timestamp }
      else yield { type: 'version', version, timestamp, until: load48(W, record + R_UNTIL) }
      yield* this.#changes(i === 0 ? 0 : records[i - 1], record, version)
      for (; tag < tags.length && tags[tag].version === version; tag++) {
        yield { type: 'tag', name: tags[tag].name }
      }
      if (i > 0) this.#held.past(i)
    }
  }

  /** The differences of two snapshots; all of the second where `before` is 0. */
  *#changes(before: number, after: number, version: number): Generator<DumpRecord, void> {
    const { W } = this.#engine
    yield* this.#entries(this.#main, before, after, version)
    if (before !== 0 && W[before + R_CATALOG] === W[after + R_CATALOG]) return
    const was: Names = before === 0 ? new Map() : this.#namesIn(before)
    const is = this.#namesIn(after)
    for (const [store, { id }] of was) {
      if (is.get(store)?.id !== id) yield { type: 'drop', store }
    }
    for (const [store, description] of is) {
      const { id, keys, values } = description
      const isNew = was.get(store)?.id !== id
      if (isNew) yield { type: 'store', store, keys, values }
      const core = this.#coreOf(store, description)
      yield* this.#entries(core, isNew ? 0 : before, after, version)
    }
  }

  *#entries(
    core: StoreCore,
    before: number,
    after: number,
    version: number,
  ): Generator<DumpRecord, void> {
    const { W } = this.#engine
    const root = core.rootIn(after, true)
    const from = before === 0 ? 0 : core.rootIn(before, true)
    if (from === root) return
    const store = core.name === null ? {} : { store: core.name }
    const cursor = new DiffCursor(W, from, root, WHOLE)
    while (cursor.next()) {
      const entry = cursor.after
      if (entry === 0) {
        yield { type: 'del', ...store, key: core.keyOf(cursor.before) }
        continue
      }
      const born = versionOf(W, entry)
      const key = core.keyOf(entry)
      const value = core.valueOf(entry)
      if (born === version || !this.#history) yield { type: 'put', ...store, key, value }
      else yield { type: 'put', ...store, key, value, version: born }
    }
  }

  #namesIn(record: number): Names {
    const { names } = this.#engine
    const root = names.rootIn(record)
    if (root !== this.#namesRoot) {
      this.#namesRoot = root
      this.#names = new Map(names.list(record).map(({ name, description }) => [name, description]))
    }
    return this.#names
  }

  /** The store of one id: unlike a handle, it does not follow the name. */
  #coreOf(name: string, { id, keys, values }: Description): StoreCore {
    const known = this.#cores.get(id)
    if (known !== undefined) return known
    const core = this.#codecs.core(this.#engine, id, name, keys, values)
    this.#cores.set(id, core)
    return core
  }
}
