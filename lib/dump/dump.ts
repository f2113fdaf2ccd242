/**
 * `dump`: a version, or all of them, as plain records, read as the caller asks for them.
 *
 * From the start a dump pins all it will read: a version; with history the run of versions, by a pin
 * that moves up with the dump, and each tagged version below the run. So a dump shows the database as it
 * was when it began, whatever other threads write meanwhile, and costs a writer no more than the memory
 * that it keeps.
 */

import type { Found } from '../engine/deep.js'
import type { Engine } from '../engine/engine.js'
import { Lease } from '../engine/lease.js'
import type { Description } from '../engine/names.js'
import { NAMES, type View, viewIn } from '../engine/view.js'
import type { Tag } from '../history/tags.js'
import { versionOf } from '../memory/entry.js'
import { R_CATALOG, R_VERSION } from '../memory/layout.js'
import { timeOf, untilOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { invalidOption } from '../options.js'
import { DeepPin } from '../read/deep.js'
import { END, type Hold, iterating, Steps, type ZVerseIterator } from '../read/iterator.js'
import { Differing, type HeldVersion } from '../read/sides.js'
import type { StoreCore } from '../read/store-core.js'
import type { Pin, RunHold } from '../threads/slots.js'
import { WHOLE } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'
import type { CustomCodec } from '../value/custom.js'
import { type Codecs, codecsIn } from './codecs.js'
import { DeepRun, indexesOf, namesOf, storeOf, storesIn } from './deep-run.js'
import { droppedIndexes, madeIndexes } from './index-records.js'
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
  /** The versions to dump, oldest first: tagged ones below the run, then those of it that are in memory. */
  readonly versions: HeldVersion[] = []
  /** Their tags, and those of the run's deep versions. */
  readonly tags: Tag[] = []
  /** The first version of the run. */
  oldest = 0
  /** How many of `versions` come before the deep part of the run, and the last version of that; none: -1. */
  deepAt = 0
  deepTo = -1
  /** Pins of the tagged versions below the run, oldest first; the last is that of the view's version. */
  readonly #pins: Pin[] = []
  #run: RunHold | null = null
  #deep: DeepPin | null = null

  constructor(engine: Engine, view: View | undefined, history: boolean) {
    this.#engine = engine
    const { slots } = engine.epochs
    let record = engine.reader.enter(view)
    while (record === 0) {
      slots.exit()
      this.#deep = DeepPin.of(engine, view as View, version => new DeepPin(engine, version, 'dump'))
      if (this.#deep === null) {
        record = engine.reader.enter(view)
        continue
      }
      const { version } = this.#deep
      if (history) this.#holdPast(version, 0)
      else this.versions.push({ version, record })
      return
    }
    const pin = slots.acquire(record)
    slots.exit()
    const version = load48(engine.W, record + R_VERSION)
    if (history) this.#holdPast(version, record)
    this.#pins.push(pin)
    this.versions.push({ version, record })
  }

  /** @param record 0: the version is a deep one */
  #holdPast(version: number, record: number): void {
    const { epochs, tags, reader } = this.#engine
    const { slots, versions } = epochs
    // Tags and the run in one look, so that no version is missed between the two.
    slots.enterAll()
    const { newest } = versions
    const readable = versions.readableBefore(newest)
    const inMemory = Math.max(readable, versions.oldestBefore(newest))
    const run: HeldVersion[] = []
    for (let at = inMemory; at < version; at++) {
      const record = versions.record(at)
      // Another thread has moved the low-water mark past it meanwhile: the run begins after it, or is deep up to there.
      if (record === 0) run.length = 0
      else run.push({ version: at, record })
    }
    const first = run[0]?.version ?? version
    const isDeep = reader.past !== null && readable < first
    this.oldest = isDeep ? Math.min(readable, version) : first
    for (const tag of tags.all()) {
      if (tag.version > version) continue
      this.tags.push(tag)
      if (tag.version >= this.oldest || tag.version === this.versions.at(-1)?.version) continue
      if (tag.record !== 0) this.#pins.push(slots.acquire(tag.record))
      this.versions.push({ version: tag.version, record: tag.record })
    }
    if (run.length > 0) this.#run = slots.acquireRun(first)
    slots.exit()
    this.deepAt = this.versions.length
    if (isDeep || record === 0) this.deepTo = record === 0 ? version : first - 1
    // Tagged versions that are deep are kept by the files as long as nothing before them is let go of.
    const deep = this.versions.find(({ record }) => record === 0)?.version ?? this.oldest
    if (this.deepTo >= 0) this.#pinDeep(Math.min(deep, this.oldest))
    this.versions.push(...run)
  }

  #pinDeep(version: number): void {
    const before = this.#deep
    this.#deep = new DeepPin(this.#engine, version, 'dump')
    before?.release()
  }

  /** Releases the versions before number `i`. */
  past(i: number): void {
    const { epochs } = this.#engine
    const { record } = this.versions[i - 1]
    if (record !== 0 && this.#pins[0]?.record === record) {
      epochs.slots.release(this.#pins.shift() as Pin)
    } else if (this.#run !== null && i >= this.deepAt) {
      epochs.slots.moveRun(this.#run, this.versions[i].version)
    }
  }

  letGo(): void {
    const { slots } = this.#engine.epochs
    for (const pin of this.#pins) slots.release(pin)
    if (this.#run !== null) slots.releaseRun(this.#run)
    this.#deep?.release()
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

/** The named stores of a version. */
type Names = ReadonlyMap<string, Description>

/** Differences turned into records at a time. */
const FEW = 64

class Dump {
  readonly #main: StoreCore
  readonly #engine: Engine
  readonly #codecs: Codecs
  readonly #held: Holdings
  readonly #history: boolean
  /** By id, which no other store ever has. */
  readonly #cores = new Map<number, StoreCore>()

  constructor(main: StoreCore, codecs: Codecs, held: Holdings, history: boolean) {
    this.#main = main
    this.#engine = main.engine
    this.#codecs = codecs
    this.#held = held
    this.#history = history
  }

  *records(): Generator<DumpRecord, void> {
    const { versions, deepTo } = this.#held
    const last = versions.at(-1)
    const top = last === undefined || last.version < deepTo ? { version: deepTo, record: 0 } : last
    const { version } = top
    yield {
      ...{ type: 'zverse', format: FORMAT, history: this.#history },
      ...(this.#history ? { oldest: this.#held.oldest } : {}),
      ...{ keys: this.#main.keys.name, values: this.#main.values.name },
      ...{ version, timestamp: this.#timeOf(top) },
    }
    if (this.#history) yield* this.#versions()
    else yield* this.#changes(null, top)
    yield { type: 'end' }
  }

  #timeOf({ version, record }: HeldVersion): number {
    const { W, reader } = this.#engine
    return record === 0 ? reader.timesOf(version).time : timeOf(W, record)
  }

  *#versions(): Generator<DumpRecord, void> {
    const { versions, deepAt, deepTo, oldest } = this.#held
    let before: HeldVersion | null = null
    for (const [i, version] of versions.entries()) {
      if (i === deepAt && deepTo >= 0) before = yield* this.#deepRun(before)
      const isBeforeDeep = i + 1 === deepAt && deepTo >= 0
      const next = isBeforeDeep ? oldest : versions[i + 1]?.version
      yield* this.#version(before, version, next ?? version.version + 1)
      if (i > 0) this.#held.past(i)
      before = version
    }
    if (deepAt === versions.length && deepTo >= 0) yield* this.#deepRun(before)
  }

  /** @param next the version that is dumped after it */
  *#version(
    before: HeldVersion | null,
    held: HeldVersion,
    next: number,
  ): Generator<DumpRecord, void> {
    const { version } = held
    const timestamp = this.#timeOf(held)
    if (next === version + 1) yield { type: 'version', version, timestamp }
    else yield { type: 'version', version, timestamp, until: this.#until(held) }
    yield* this.#changes(before, held)
    yield* this.#tags(version)
  }

  #until({ version, record }: HeldVersion): number {
    const { W } = this.#engine
    if (record !== 0) return untilOf(W, record)
    return this.#held.tags.find(tag => tag.version === version)?.until as number
  }

  *#tags(version: number): Generator<DumpRecord, void> {
    for (const tag of this.#held.tags) {
      if (tag.version === version) yield { type: 'tag', name: tag.name }
    }
  }

  /** The deep versions of the run; returns the last. */
  *#deepRun(before: HeldVersion | null): Generator<DumpRecord, HeldVersion> {
    const { oldest, deepTo } = this.#held
    const first = { version: oldest, record: 0 }
    yield* this.#version(before, first, oldest + 1)
    const commits = new DeepRun(this.#engine, this.#main, (name, of) => this.#coreOf(name, of))
    for (const records of commits.after(oldest, deepTo)) {
      yield* records
      yield* this.#tags((records[0] as { version: number }).version)
    }
    return { version: deepTo, record: 0 }
  }

  /** The differences of two versions; all of the second where `before` is null. */
  *#changes(before: HeldVersion | null, after: HeldVersion): Generator<DumpRecord, void> {
    const engine = this.#engine
    const { W } = engine
    const isKnown = before !== null && before.record !== 0 && after.record !== 0
    if (isKnown && W[before.record + R_CATALOG] === W[after.record + R_CATALOG]) {
      yield* this.#entries(this.#main, before, after)
      return
    }
    const was: Names = before === null ? new Map() : namesOf(engine, before)
    const is = namesOf(engine, after)
    const [had, has] = [before === null ? [] : indexesOf(engine, before), indexesOf(engine, after)]
    yield* droppedIndexes(had, has, storesIn(is))
    yield* this.#entries(this.#main, before, after)
    for (const [store, { id }] of was) {
      if (is.get(store)?.id !== id) yield { type: 'drop', store }
    }
    for (const [store, description] of is) {
      const { id, keys, values } = description
      const isNew = was.get(store)?.id !== id
      if (isNew) yield { type: 'store', store, keys, values }
      yield* this.#entries(this.#coreOf(store, description), isNew ? null : before, after)
    }
    yield* madeIndexes(had, has, storesIn(is))
  }

  *#entries(
    core: StoreCore,
    before: HeldVersion | null,
    after: HeldVersion,
  ): Generator<DumpRecord, void> {
    const { id } = core
    if ((before === null || before.record !== 0) && after.record !== 0) {
      yield* this.#inMemory(core, before?.record ?? 0, after)
      return
    }
    const walk = new Differing(this.#engine, before, after, WHOLE, () => [id, id])
    for (let more = true; more; ) {
      const records: DumpRecord[] = []
      more = walk.few(FEW, ({ before, after: found }) => {
        const { words, entry } = (found ?? before) as Found
        const key = core.keyIn(words, entry)
        if (found === null) records.push({ type: 'del', ...storeOf(core), key })
        else {
          const born = versionOf(words, entry)
          records.push(this.#put(core, key, core.valueIn(words, entry), born, after.version))
        }
      })
      yield* records
    }
  }

  *#inMemory(core: StoreCore, before: number, after: HeldVersion): Generator<DumpRecord, void> {
    const { W } = this.#engine
    const root = core.rootIn(after.record, true)
    const from = before === 0 ? 0 : core.rootIn(before, true)
    if (from === root) return
    const cursor = new DiffCursor(W, from, root, WHOLE)
    while (cursor.next()) {
      const entry = cursor.after
      if (entry === 0) {
        yield { type: 'del', ...storeOf(core), key: core.keyOf(cursor.before) }
        continue
      }
      const born = versionOf(W, entry)
      const key = core.keyOf(entry)
      yield this.#put(core, key, core.valueOf(entry), born, after.version)
    }
  }

  #put(core: StoreCore, key: unknown, value: unknown, born: number, version: number): DumpRecord {
    const record = { type: 'put' as const, ...storeOf(core), key, value }
    return born === version || !this.#history ? record : { ...record, version: born }
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
