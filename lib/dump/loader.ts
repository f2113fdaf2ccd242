/**
 * Takes the records of a dump, one by one, and makes transactions of them.
 *
 * Without history all of them are one transaction, whose version is like any other. With history each
 * version of the dump becomes one here, with its number and time; the writer's turn is kept from the
 * first to the last, so that nobody can write between them. Others see the versions as they come.
 * Invariants:
 * 1. An entry is born after the version before it in the dump and at or before its own, so that whoever
 *    finds it by birth (point index, kept values) decides as for one that was written here.
 * 2. If a record is refused, nothing of the dump stays: what can be read of a history by then is taken
 *    away again, its tags included, by one more version.
 */

import type { Stamp } from '../epoch/past.js'
import { oldestHintAge } from '../epoch/reclaim.js'
import { ZVerseError } from '../errors.js'
import { describe } from '../key/describe.js'
import { versionOf } from '../memory/entry.js'
import { MAX_VERSION, R_STATE, R_TIME, S_LIVE, WRITING_OPEN } from '../memory/layout.js'
import { load48, store48 } from '../memory/words.js'
import { invalidOption } from '../options.js'
import { WHOLE } from '../snapshot/cursor.js'
import type { Active, Engine } from '../transaction/engine.js'
import { WriteLease } from '../transaction/lease.js'
import { transactionClosed } from '../transaction/source.js'
import type { StoreCore } from '../transaction/store-core.js'
import { tag, untag } from '../transaction/tagging.js'
import type { Codecs } from './codecs.js'
import { badDump, fieldsOf, headerIn, storeIn, textIn, versionIn } from './record.js'

/** Numbers that the next version may skip while others may be reading, and half of what all may skip. */
const FAR = 2 ** 28

/** A version of a history. */
interface Block {
  readonly version: number
  readonly timestamp: number
  readonly until: number | undefined
}

/** What a history's version is made of, while it is being made. */
interface Making {
  readonly version: number
  /** The version before it: its entries are born after that. */
  readonly after: number
  /** Stores it has made, or written to. */
  readonly touched: Set<string>
}

export class Loader {
  readonly #main: StoreCore
  readonly #engine: Engine
  readonly #codecs: Codecs
  readonly #active: Active
  /** Where the records take their time: ends the load if they are dropped and never come. */
  #lease: WriteLease | undefined
  readonly #stores = new Map<string, StoreCore>()
  readonly #tags = new Set<string>()
  #hasBegun = false
  #isWhole = false
  #hasHistory = false
  /** Where the run of a history begins. */
  #oldest = 0
  /** The last version of a history. */
  #block: Block | undefined
  /** The transaction under way, if there is one. */
  #making: Making | undefined
  /** The time that the version there is already is to have. */
  #baseTime: number | undefined
  /** What the present version's time was before. */
  #timeBefore = 0
  /** Some of the history can be read already. */
  #isVisible = false

  /** @param kind WRITING_…: how the records come */
  constructor(main: StoreCore, codecs: Codecs, kind: number) {
    this.#main = main
    this.#engine = main.engine
    this.#codecs = codecs
    this.#active = { open: true, kind }
  }

  /** Takes the next record. If it throws, {@link fail} is to be called. */
  take(record: unknown): void {
    if (this.#hasBegun) this.#goOn(record)
    else this.#begin(record)
  }

  #goOn(record: unknown): void {
    this.#checkTurn()
    if (this.#isWhole) throw badDump('it goes on after its end')
    const fields = fieldsOf(record)
    switch (fields.type) {
      case 'put':
        this.#put(fields)
        break
      case 'del':
        this.#delete(fields)
        break
      case 'store':
        this.#makeStore(fields)
        break
      case 'drop':
        this.#dropStore(fields)
        break
      case 'version':
        this.#beginVersion(fields)
        break
      case 'tag':
        this.#tag(fields)
        break
      case 'end':
        this.#isWhole = true
        break
      default:
        throw badDump(`there are no records of type ${typeText(fields.type)}`)
    }
  }

  /** All records have been taken: the version that there is now. */
  finish(): number {
    if (!this.#isWhole) throw badDump('it ends before its end: it was cut short')
    this.#checkTurn()
    this.#commit()
    this.#setBaseTime()
    const engine = this.#engine
    const { newest } = engine
    this.#lease?.leave()
    this.#active.open = false
    engine.active = null
    engine.epochs.stopKeepingTurn()
    return newest
  }

  /** Takes back what was done. Throws nothing. */
  fail(): void {
    const engine = this.#engine
    this.#lease?.leave()
    // The turn was never taken, or the database has been closed.
    if (engine.active !== this.#active) return
    try {
      engine.active = null
      if (engine.epochs.writing) engine.epochs.abort()
      if (this.#isVisible) this.#empty()
      else if (this.#hasHistory) this.#setTime(this.#timeBefore)
    } catch {
      // Memory, or the stack, is too short even for that; the caller hears of the cause.
    } finally {
      this.#active.open = false
      engine.active = null
      engine.epochs.stopKeepingTurn()
      // Then what was to take it away is still under way.
      if (engine.epochs.writing) engine.epochs.tryAbort()
    }
  }

  // ── Transactions ──────────────────────────────────────────────────────────────────────────────

  #begin(record: unknown): void {
    const { keys, values, history, oldest = 0 } = headerIn(record)
    const main = this.#main
    if (keys !== main.keys.name) throw otherCodec('keys', keys, main.keys.name)
    if (values !== main.values.name) throw otherCodec('values', values, main.values.name)
    const engine = this.#engine
    engine.gate()
    engine.notWriting()
    engine.epochs.keepTurn(this.#active.kind)
    engine.active = this.#active
    if (this.#active.kind === WRITING_OPEN)
      this.#lease = new WriteLease(engine, this.#active, 'load')
    this.#hasBegun = true
    this.#hasHistory = history
    this.#oldest = oldest
    this.#timeBefore = load48(engine.W, engine.epochs.current + R_TIME)
    if (history) this.#checkEmpty()
    else this.#open(engine.newest + 1)
  }

  /** A history is for a database that holds nothing. */
  #checkEmpty(): void {
    const { epochs, names, tags, W } = this.#engine
    const isEmpty =
      W[epochs.current + R_STATE + S_LIVE] === 0 &&
      names.list(epochs.current).length === 0 &&
      tags.all(epochs.tagRoot).length === 0
    if (isEmpty) return
    throw this.#conflict('a dump with history is for a database without keys, stores and tags')
  }

  #conflict(message: string): ZVerseError {
    return new ZVerseError('ZVERSE_CONFLICT', message, { expected: 0, actual: this.#engine.newest })
  }

  /** Begins the transaction that makes `version`. */
  #open(version: number, stamp?: Stamp): void {
    const engine = this.#engine
    const after = engine.newest
    this.#exclusively(() => engine.begin(this.#active, false, true, stamp))
    this.#making = { version, after, touched: new Set() }
  }

  /** Commits what is under way, if anything is. */
  #commit(): void {
    if (this.#making === undefined) return
    // Once more: since the version began, other threads may have come.
    if (this.#hasHistory) this.#checkReach(this.#making.version)
    this.#exclusively(() => this.#engine.writer.commit(this.#hasHistory))
    this.#making = undefined
    this.#isVisible = this.#hasHistory
  }

  /** Runs what begins or ends a transaction; the turn is ours before and after. */
  #exclusively(body: () => void): void {
    const engine = this.#engine
    engine.active = null
    try {
      body()
    } finally {
      engine.active = this.#active
    }
  }

  /** Throws if the load was cut off: by a codec that closed the database, say. */
  #checkTurn(): void {
    this.#engine.gate()
    if (this.#engine.active !== this.#active) throw transactionClosed('write')
  }

  // ── Versions ──────────────────────────────────────────────────────────────────────────────────

  #beginVersion(fields: Record<string, unknown>): void {
    if (!this.#hasHistory) throw badDump('it has versions, and says that it has no history')
    const version = versionIn(fields, 'version')
    const timestamp = versionIn(fields, 'timestamp')
    const until = fields.until === undefined ? undefined : versionIn(fields, 'until')
    if (until !== undefined && until < timestamp) throw badDump(`version ${version} ends too soon`)
    this.#commit()
    const last = this.#block
    this.#block = { version, timestamp, until }
    if (last === undefined) this.#beginFirst(version, timestamp)
    else if (version <= last.version || timestamp < (last.until ?? last.timestamp)) {
      throw badDump(`version ${version} comes after version ${last.version}`)
    } else {
      this.#setBaseTime()
      this.#beginStamped(version, timestamp, last)
    }
  }

  #beginFirst(version: number, timestamp: number): void {
    const { newest, epochs } = this.#engine
    // Version 0, as a rule: it holds nothing and is there.
    if (version === newest && epochs.oldest === newest) this.#baseTime = timestamp
    else if (version > newest) this.#beginStamped(version, timestamp, undefined)
    else throw this.#numbersUsed(version)
  }

  #beginStamped(version: number, time: number, last: Block | undefined): void {
    if (last !== undefined && this.#engine.newest !== last.version) {
      throw this.#conflict(`the database was written to after version ${last.version} of the dump`)
    }
    // One more may be needed to take all of them away.
    if (version === MAX_VERSION) throw badDump(`no version can come after version ${version}`)
    this.#checkReach(version)
    const follows = last !== undefined && version === last.version + 1
    const forgets = !follows || version === this.#oldest
    const ended = follows ? undefined : last?.until
    this.#open(version, { version, time, ended, forgets })
  }

  /** Hints of reads under way that were too old would look young again. */
  #checkReach(version: number): void {
    const { newest, epochs, W } = this.#engine
    const gap = version - newest
    if (gap === 1 || epochs.isAlone) return
    if (gap <= FAR && gap + oldestHintAge(W) <= 2 * FAR) return
    const message = `version ${version} is too far from ${newest} for a database that is being read`
    throw this.#conflict(`${message}: load the dump before it is shared, with no dump under way`)
  }

  #numbersUsed(version: number): ZVerseError {
    const { newest } = this.#engine
    const message = `the dump begins at version ${version}, the database has been at ${newest} already`
    return this.#conflict(`${message}: load it into a new one`)
  }

  /** Gives the version that was there its time. Nothing of the history can be read so far. */
  #setBaseTime(): void {
    if (this.#baseTime === undefined) return
    this.#setTime(this.#baseTime)
    this.#baseTime = undefined
  }

  #setTime(time: number): void {
    const { W, epochs } = this.#engine
    store48(W, epochs.current + R_TIME, time)
  }

  #tag(fields: Record<string, unknown>): void {
    if (!this.#hasHistory) throw badDump('it has tags, and says that it has no history')
    const name = textIn(fields, 'name')
    this.#commit()
    if (this.#block === undefined) throw badDump(`tag ${JSON.stringify(name)} is of no version`)
    if (this.#tags.has(name)) throw badDump(`tag ${JSON.stringify(name)} comes twice`)
    this.#exclusively(() => tag(this.#engine, name, undefined))
    this.#tags.add(name)
    this.#isVisible = true
  }

  /** Takes away all that can be read of the history. */
  #empty(): void {
    const engine = this.#engine
    const { writer, epochs, names, tags } = engine
    for (const { name } of tags.all(epochs.tagRoot)) untag(engine, name)
    // Not after the dump's times, which may be of the future.
    const time = Math.max(this.#timeNow(), this.#timeBefore)
    const stamp = { version: epochs.newest + 1, time, ended: undefined, forgets: true }
    engine.begin(this.#active, false, true, stamp)
    for (const { name, description } of names.list(epochs.current)) {
      writer.dropStore(name, description.id)
    }
    writer.clear(writer.draft(this.#main), WHOLE, true)
    writer.commit(true)
  }

  /** The time; where a clock throws that of before, for what is undone is undone whatever happens. */
  #timeNow(): number {
    try {
      return this.#engine.epochs.timeAfter(this.#timeBefore)
    } catch {
      return this.#timeBefore
    }
  }

  // ── Entries ───────────────────────────────────────────────────────────────────────────────────

  #put(fields: Record<string, unknown>): void {
    const core = this.#storeOf(fields)
    const { version, after } = this.#transaction()
    const born = fields.version === undefined ? version : versionIn(fields, 'version')
    if (born <= after || born > version) {
      const message = `an entry of version ${born} in version ${version}, after version ${after}`
      throw badDump(message)
    }
    const engine = this.#engine
    const { writer, key, value } = engine
    // Read before anything is encoded: a getter's code could use the memory for it.
    const { key: givenKey, value: givenValue } = fields
    core.encodeValue(givenValue)
    this.#find(core, givenKey)
    writer.put(writer.draft(core), key, value, undefined, born)
    value.shrink()
  }

  #delete(fields: Record<string, unknown>): void {
    if (!this.#hasHistory) throw badDump('it deletes, and says that it has no history')
    const core = this.#storeOf(fields)
    this.#transaction()
    const { writer, key } = this.#engine
    if (!this.#find(core, fields.key)) throw badDump('it deletes a key that is not there')
    writer.delete(writer.draft(core), key, undefined)
  }

  /** Encodes the record's key; true if it is there, from before the version under way. */
  #find(core: StoreCore, given: unknown): boolean {
    const { writer, key, W } = this.#engine
    core.encodeKey(given, key)
    // Codecs may have run the caller's code.
    this.#checkTurn()
    if (!this.#hasHistory) return false
    const entry = core.find(writer.root(core), key)
    if (entry === 0) return false
    if (versionOf(W, entry) > this.#transaction().after) throw badDump('a key comes twice')
    return true
  }

  #transaction(): Making {
    if (this.#making !== undefined) return this.#making
    // In the version that was there before, or behind a version's tags.
    if (this.#baseTime !== undefined) throw this.#numbersUsed(this.#engine.newest)
    throw badDump('an entry or a store that is in no version')
  }

  // ── Stores ────────────────────────────────────────────────────────────────────────────────────

  #storeOf(fields: Record<string, unknown>): StoreCore {
    const name = storeIn(fields)
    if (name === undefined) return this.#main
    const core = this.#stores.get(name)
    if (core === undefined) throw badDump(`store ${JSON.stringify(name)} has not been made`)
    this.#transaction().touched.add(name)
    return core
  }

  #makeStore(fields: Record<string, unknown>): void {
    const name = textIn(fields, 'store')
    const keys = textIn(fields, 'keys')
    const values = textIn(fields, 'values')
    const { touched } = this.#transaction()
    if (this.#stores.has(name)) throw badDump(`store ${JSON.stringify(name)} is made twice`)
    const engine = this.#engine
    // Before the store is made: a codec may be missing.
    const core = this.#codecs.core(engine, 0, name, keys, values)
    core.id = this.#idOf(core) ?? engine.writer.createStore(name, keys, values)
    this.#stores.set(name, core)
    touched.add(name)
  }

  /** The id of a store that is there already, with the same codecs. */
  #idOf(core: StoreCore): number | undefined {
    const { names, epochs } = this.#engine
    if (this.#hasHistory) return undefined
    const entry = names.entryOf(epochs.current, core.name as string)
    if (entry === 0) return undefined
    const found = names.describe(entry)
    for (const kind of ['keys', 'values'] as const) {
      if (found[kind] !== core[kind].name)
        throw otherCodec(kind, core[kind].name, found[kind], core)
    }
    return found.id
  }

  #dropStore(fields: Record<string, unknown>): void {
    const name = textIn(fields, 'store')
    const { touched } = this.#transaction()
    const core = this.#stores.get(name)
    if (core === undefined)
      throw badDump(`store ${JSON.stringify(name)} is not there to be dropped`)
    if (touched.has(name)) throw badDump(`store ${JSON.stringify(name)} is dropped after use`)
    this.#engine.writer.dropStore(name, core.id)
    this.#stores.delete(name)
  }
}

function typeText(type: unknown): string {
  return typeof type === 'string' ? JSON.stringify(type) : describe(type)
}

function otherCodec(kind: string, dumped: string, have: string, core?: StoreCore): ZVerseError {
  const where = core === undefined ? 'the database' : `store ${JSON.stringify(core.name)}`
  return invalidOption(kind, `of the dump are ${dumped}, of ${where} ${have}`)
}
