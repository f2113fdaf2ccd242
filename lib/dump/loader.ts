/**
 * The front of a load: takes the records of a dump, one by one, and makes batches of them.
 *
 * Without history all records are one transaction, whose version is like any other. With history each
 * version of the dump becomes one here, with its number and time. Invariant: an entry is born after the
 * version before it in the dump and at or before its own, so that lookups by birth (point index, cached
 * values) decide as for one that was written here.
 */

import { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { Stamp } from '../engine/mutation.js'
import type { ZVerseError } from '../errors.js'
import { definedBy, GRAPH, graphOf } from '../indexes/definition.js'
import { describe } from '../key/describe.js'
import { versionOf } from '../memory/entry.js'
import { MAX_VERSION } from '../memory/layout.js'
import { invalidOption } from '../options.js'
import type { StoreCore } from '../read/store-core.js'
import type { Codecs } from './codecs.js'
import { Intake } from './intake.js'
import { badDump, fieldsOf, headerIn, indexNameIn, storeIn, textIn, versionIn } from './record.js'

/** A version of a history. */
interface Block {
  readonly version: number
  readonly timestamp: number
  readonly until: number | undefined
}

/** A version that is being made. */
interface UnderWay {
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
  readonly #intake: Intake
  /** The changes of the present record. */
  readonly #batch = new Batch()
  readonly #stores = new Map<string, StoreCore>()
  readonly #tags = new Set<string>()
  #hasBegun = false
  #isWhole = false
  #hasHistory = false
  /** The first version of the history's run. */
  #oldest = 0
  /** The last version of a history. */
  #block: Block | undefined
  /** The version that is being made, if there is one. */
  #underWay: UnderWay | undefined
  /** The time for the version that the database has already. */
  #baseTime: number | undefined

  /** @param kind WRITING_…: how the records come */
  constructor(main: StoreCore, codecs: Codecs, kind: number) {
    this.#main = main
    this.#engine = main.engine
    this.#codecs = codecs
    this.#intake = new Intake(main, kind)
  }

  /** Takes the next record. If it throws, the caller calls {@link fail}. */
  take(record: unknown): void {
    if (this.#hasBegun) this.#goOn(record)
    else this.#begin(record)
  }

  #begin(record: unknown): void {
    const { keys, values, history, oldest = 0 } = headerIn(record)
    const main = this.#main
    if (keys !== main.keys.name) throw otherCodec('keys', keys, main.keys.name)
    if (values !== main.values.name) throw otherCodec('values', values, main.values.name)
    this.#intake.begin(history)
    this.#hasBegun = true
    this.#hasHistory = history
    this.#oldest = oldest
    if (!history) this.#open(this.#intake.newest + 1)
  }

  #goOn(record: unknown): void {
    this.#intake.check()
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
      case 'index':
        this.#makeIndex(fields)
        break
      case 'drop-index':
        this.#dropIndex(fields)
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

  /** Ends the load after its last record; returns the version then. */
  finish(): number {
    if (!this.#isWhole) throw badDump('it ends before its end: it was cut short')
    this.#intake.check()
    this.#commit()
    this.#setBaseTime()
    const { newest } = this.#intake
    this.#intake.finish()
    return newest
  }

  /** Undoes the load. Throws nothing. */
  fail(): void {
    this.#intake.fail()
  }

  // ── Versions ──────────────────────────────────────────────────────────────────────────────────

  /** Begins the transaction that makes `version`. */
  #open(version: number, stamp?: Stamp): void {
    const after = this.#intake.newest
    this.#intake.open(stamp)
    this.#underWay = { version, after, touched: new Set() }
  }

  /** Commits the version under way, if there is one. */
  #commit(): void {
    if (this.#underWay === undefined) return
    this.#intake.commit()
    this.#underWay = undefined
  }

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
    const { newest, isFirst } = this.#intake
    // Version 0, as a rule: it is empty, and the database has it.
    if (version === newest && isFirst) this.#baseTime = timestamp
    else if (version > newest) this.#beginStamped(version, timestamp, undefined)
    else throw this.#numbersUsed(version)
  }

  #beginStamped(version: number, time: number, last: Block | undefined): void {
    if (last !== undefined && this.#intake.newest !== last.version) {
      const message = `the database was written to after version ${last.version} of the dump`
      throw this.#intake.conflict(message)
    }
    // Undoing the load may need one more version.
    if (version === MAX_VERSION) throw badDump(`no version can come after version ${version}`)
    const follows = last !== undefined && version === last.version + 1
    const forgets = !follows || version === this.#oldest
    const ended = follows ? undefined : last?.until
    this.#open(version, { version, time, ended, forgets })
  }

  #numbersUsed(version: number): ZVerseError {
    const { newest } = this.#intake
    const message = `the dump begins at version ${version}, the database has been at ${newest} already`
    return this.#intake.conflict(`${message}: load it into a new one`)
  }

  #setBaseTime(): void {
    if (this.#baseTime === undefined) return
    this.#intake.setTime(this.#baseTime)
    this.#baseTime = undefined
  }

  #tag(fields: Record<string, unknown>): void {
    if (!this.#hasHistory) throw badDump('it has tags, and says that it has no history')
    const name = textIn(fields, 'name')
    this.#commit()
    if (this.#block === undefined) throw badDump(`tag ${JSON.stringify(name)} is of no version`)
    if (this.#tags.has(name)) throw badDump(`tag ${JSON.stringify(name)} comes twice`)
    this.#engine.tags.check(name)
    this.#intake.tag(name)
    this.#tags.add(name)
  }

  // ── Entries ───────────────────────────────────────────────────────────────────────────────────

  #put(fields: Record<string, unknown>): void {
    const core = this.#storeOf(fields)
    const { version, after } = this.#versionUnderWay()
    const born = fields.version === undefined ? version : versionIn(fields, 'version')
    if (born <= after || born > version) {
      const message = `an entry of version ${born} in version ${version}, after version ${after}`
      throw badDump(message)
    }
    const { key, value } = this.#engine
    // Read before anything is encoded: a getter's code could use the memory for it.
    const { key: givenKey, value: givenValue } = fields
    core.encodeValue(givenValue)
    this.#find(core, givenKey)
    this.#batch.store(core.id)
    this.#batch.put(key, value, undefined, born)
    value.shrink()
    this.#apply()
  }

  #delete(fields: Record<string, unknown>): void {
    if (!this.#hasHistory) throw badDump('it deletes, and says that it has no history')
    const core = this.#storeOf(fields)
    const { version } = this.#versionUnderWay()
    if (!this.#find(core, fields.key)) throw badDump('it deletes a key that is not there')
    this.#batch.store(core.id)
    this.#batch.delete(this.#engine.key, undefined, version)
    this.#apply()
  }

  /** Encodes the record's key; true if the store has it, from before the version under way. */
  #find(core: StoreCore, given: unknown): boolean {
    const { key, W } = this.#engine
    core.encodeKey(given, key)
    // Codecs may have run the caller's code.
    this.#intake.check()
    if (!this.#hasHistory) return false
    const entry = core.find(this.#intake.rootOf(core), key)
    if (entry === 0) return false
    if (versionOf(W, entry) > this.#versionUnderWay().after) throw badDump('a key comes twice')
    return true
  }

  #versionUnderWay(): UnderWay {
    if (this.#underWay !== undefined) return this.#underWay
    // In the version that the database had before, or after a version's tags.
    if (this.#baseTime !== undefined) throw this.#numbersUsed(this.#intake.newest)
    throw badDump('an entry or a store that is in no version')
  }

  // ── Stores ────────────────────────────────────────────────────────────────────────────────────

  #storeOf(fields: Record<string, unknown>): StoreCore {
    const name = storeIn(fields)
    if (name === undefined) return this.#main
    const core = this.#stores.get(name)
    if (core === undefined) throw badDump(`store ${JSON.stringify(name)} has not been made`)
    this.#versionUnderWay().touched.add(name)
    return core
  }

  #makeStore(fields: Record<string, unknown>): void {
    const name = textIn(fields, 'store')
    const keys = textIn(fields, 'keys')
    const values = textIn(fields, 'values')
    const { touched } = this.#versionUnderWay()
    if (this.#stores.has(name)) throw badDump(`store ${JSON.stringify(name)} is made twice`)
    // Before the store is made: a codec may be missing.
    const core = this.#codecs.core(this.#engine, this.#intake.nextStore, name, keys, values)
    const id = this.#idOf(core)
    if (id !== undefined) core.id = id
    else {
      this.#batch.make(core.id, name, keys, values)
      this.#apply()
    }
    this.#stores.set(name, core)
    touched.add(name)
  }

  /** The id of a store that exists already, with the same codecs. */
  #idOf(core: StoreCore): number | undefined {
    const { names, epochs } = this.#engine
    if (this.#hasHistory) return undefined
    const found = names.describe(epochs.versions.tip, core.name as string)
    if (found === undefined) return undefined
    for (const kind of ['keys', 'values'] as const) {
      if (found[kind] !== core[kind].name)
        throw otherCodec(kind, core[kind].name, found[kind], core)
    }
    return found.id
  }

  #dropStore(fields: Record<string, unknown>): void {
    const name = textIn(fields, 'store')
    const { touched } = this.#versionUnderWay()
    const core = this.#stores.get(name)
    if (core === undefined)
      throw badDump(`store ${JSON.stringify(name)} is not there to be dropped`)
    if (touched.has(name)) throw badDump(`store ${JSON.stringify(name)} is dropped after use`)
    this.#batch.drop(core.id, name)
    this.#apply()
    this.#stores.delete(name)
  }

  // ── Indexes ───────────────────────────────────────────────────────────────────────────────────

  #makeIndex(fields: Record<string, unknown>): void {
    const core = this.#storeOf(fields)
    const name = indexNameIn(fields)
    const { keys, values } = core
    const codecs = { keys: keys.name, values: values.name }
    const isGraph = (fields.definition as { kind?: unknown } | undefined)?.kind === 'graph'
    if (isGraph !== (name === GRAPH)) {
      throw badDump("the index of kind 'graph' has the name '', and no other has")
    }
    const defined = isGraph ? graphOf(codecs) : definedBy(fields.definition, codecs)
    this.#versionUnderWay()
    this.#intake.makeIndex(core, name, defined)
  }

  #dropIndex(fields: Record<string, unknown>): void {
    const core = this.#storeOf(fields)
    const name = indexNameIn(fields)
    this.#versionUnderWay()
    if (!this.#intake.dropIndex(core, name))
      throw badDump(`index ${JSON.stringify(name)} is not there to be dropped`)
  }

  /** Applies a record before the next one is read: so an error is of the present record's line. */
  #apply(): void {
    this.#intake.apply(this.#batch)
    this.#batch.reset()
  }
}

function typeText(type: unknown): string {
  return typeof type === 'string' ? JSON.stringify(type) : describe(type)
}

function otherCodec(kind: string, dumped: string, have: string, core?: StoreCore): ZVerseError {
  const where = core === undefined ? 'the database' : `store ${JSON.stringify(core.name)}`
  return invalidOption(kind, `of the dump are ${dumped}, of ${where} ${have}`)
}
