/**
 * The oracle: a database that follows the documentation in the plainest way.
 *
 * Every write ever made stays in its key's log (`log.ts`); a version is a number to look it up by.
 * Retention is arithmetic on version numbers. Slow, small, and meant to be read against the
 * contract sentence by sentence; where the contract is silent, `decisions.ts` decides.
 */
import { isDeepStrictEqual } from 'node:util'
import type {
  Bounds,
  Commit,
  Condition,
  Difference,
  History,
  Operation,
  StoreInfo,
  VersionInfo,
  ViewOptions,
} from '../support/contract.js'
import { DECISIONS } from './decisions.js'
import { Draft } from './draft.js'
import { OracleError } from './errors.js'
import type { KeyKind } from './keys.js'
import { entryAt, StoreLog } from './log.js'
import { changesOf, difference, Reader } from './reader.js'

/** A read transaction of the oracle. */
export class Pin {
  readonly version: number
  readonly timestamp: number
  closed = false

  constructor(version: number, timestamp: number) {
    this.version = version
    this.timestamp = timestamp
  }
}

/** A view as the contract has it, but that `snapshot` is a {@link Pin}. */
export interface OracleView extends Omit<ViewOptions, 'snapshot'> {
  snapshot?: Pin | undefined
}

export type OracleSide = number | string | Date | Pin

export interface OracleOptions {
  keys: KeyKind
  values: string
  history: History
  now: () => number
  firstVersion?: number
}

export class Oracle {
  readonly first: number
  version: number
  oldestVersion: number
  /** The same by all bounds but those that only the engine can know. */
  #certain: number
  history: History
  readonly unnamed: StoreLog
  readonly tags = new Map<string, number>()
  /** The open write transaction of this thread. */
  writing: Draft | undefined
  readonly #now: () => number
  /** Indexed by version - first. */
  readonly #timestamps: number[]
  readonly #stores = new Map<string, StoreLog>()

  constructor(options: OracleOptions) {
    this.first = this.version = this.oldestVersion = this.#certain = options.firstVersion ?? 0
    this.history = options.history
    this.#now = options.now
    this.#timestamps = [Math.floor(options.now())]
    this.unnamed = new StoreLog(undefined, options.keys, options.values)
    this.unnamed.lives.push({ from: 0, to: Number.POSITIVE_INFINITY })
  }

  // --- versions ---

  timestampOf(version: number): number {
    const timestamp = this.#timestamps[version - this.first]
    if (timestamp === undefined) throw new Error(`no version ${version}`)
    return timestamp
  }

  /** Whether the version can be read by number. */
  isRetained(version: number): boolean {
    if (version >= this.oldestVersion && version <= this.version) return true
    return [...this.tags.values()].includes(version)
  }

  versions(): VersionInfo[] {
    const numbers = new Set(this.tags.values())
    for (let v = this.oldestVersion; v <= this.version; v++) numbers.add(v)
    return [...numbers]
      .sort((a, b) => a - b)
      .map(version => {
        const tags = [...this.tags].filter(([, tagged]) => tagged === version)
        return {
          version,
          timestamp: this.timestampOf(version),
          tags: tags.map(([name]) => name).sort(),
        }
      })
  }

  /** The version that a view names. */
  resolve(view: OracleView = {}): number {
    if (view.snapshot !== undefined) return this.side(view.snapshot)
    return this.side(view.at ?? view.asOf ?? this.version)
  }

  side(side: OracleSide): number {
    if (side instanceof Pin) {
      if (side.closed) throw new OracleError('TRANSACTION_CLOSED')
      return side.version
    }
    if (typeof side === 'string') {
      const tagged = this.tags.get(side)
      if (tagged === undefined) throw new OracleError('UNKNOWN_TAG')
      return tagged
    }
    const version = side instanceof Date ? this.#versionAsOf(side.getTime()) : side
    if (version > this.version) throw new OracleError('FUTURE_VERSION', { requested: side })
    const isReadable =
      side instanceof Date && !DECISIONS.datesFindTagged
        ? version >= this.oldestVersion
        : this.isRetained(version)
    if (!isReadable) {
      const fields = side instanceof Date ? {} : { requested: side }
      throw new OracleError('VERSION_NOT_RETAINED', { ...fields, newest: this.version })
    }
    return version
  }

  /** The last version committed at or before `ms`; before the first: version 0. */
  #versionAsOf(ms: number): number {
    for (let v = this.version; v >= this.first; v--) if (this.timestampOf(v) <= ms) return v
    return 0
  }

  // --- stores ---

  /** The store of this name, alive or not. */
  storeLog(name: string | undefined): StoreLog {
    const log = name === undefined ? this.unnamed : this.#stores.get(name)
    if (log === undefined) throw new OracleError('UNKNOWN_STORE')
    return log
  }

  /** Opens a store; if there is none, makes it in a commit of its own. */
  store(name: string, kind: KeyKind, values: string): StoreLog {
    let log = this.#stores.get(name)
    if (!log) this.#stores.set(name, (log = new StoreLog(name, kind, values)))
    if (!log.lifeAt(this.version)) {
      this.#mustNotBeWriting()
      this.#advance()
      log.lives.push({ from: this.version, to: Number.POSITIVE_INFINITY })
    }
    return log
  }

  /** A commit that changes no entry. */
  commitNothing(): number {
    this.#mustNotBeWriting()
    this.#advance()
    return this.version
  }

  dropStore(name: string): number {
    this.#mustNotBeWriting()
    const log = this.#stores.get(name)
    const life = log?.lifeAt(this.version)
    if (!log || !life) throw new OracleError('UNKNOWN_STORE')
    const draft = new Draft(this.version)
    draft.clear(log)
    const gone = [...draft.changes()]
    this.#advance()
    for (const { log, write } of gone) log.writes.push(write)
    life.to = this.version
    return this.version
  }

  stores(view?: OracleView): StoreInfo[] {
    const version = this.resolve(view)
    return [...this.#stores.values()]
      .filter(log => log.lifeAt(version))
      .map(log => ({ name: log.name as string, keys: log.kind, values: log.values }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  // --- reads ---

  /** The read verbs on a store under a view; `view` absent is the present. */
  reader(store: StoreLog, view?: OracleView): Reader {
    const isPresent = view?.at === undefined && !view?.asOf && !view?.snapshot
    const version = this.resolve(view)
    if (!store.lifeAt(version) && (isPresent || !DECISIONS.absentAtViewIsEmpty)) {
      throw new OracleError('UNKNOWN_STORE')
    }
    return new Reader(this, store, version)
  }

  /** The read verbs of a write transaction. */
  draftReader(store: StoreLog, draft: Draft): Reader {
    this.#mustLive(store, draft.base)
    return new Reader(this, store, draft.base, draft)
  }

  /** A read transaction; its end sets `closed`. */
  beginRead(view?: OracleView): Pin {
    const version = this.resolve(view)
    return new Pin(version, this.timestampOf(version))
  }

  diff(store: StoreLog, from: OracleSide, to: OracleSide, bounds: Bounds = {}): Difference[] {
    return difference(store, this.side(from), this.side(to), bounds)
  }

  /** The commits after `since` that changed something in `bounds`. */
  changes(store: StoreLog, since: number, bounds: Bounds = {}): Commit[] {
    if (since < this.oldestVersion) throw new OracleError('VERSION_NOT_RETAINED')
    const commits: Commit[] = []
    for (let version = since + 1; version <= this.version; version++) {
      const changes = changesOf(store, version, bounds)
      if (changes.length === 0) continue
      commits.push({ version, timestamp: this.timestampOf(version), changes })
    }
    return commits
  }

  // --- writes ---

  put(store: StoreLog, key: unknown, value: unknown, condition?: Condition): number {
    return this.write(store, draft => draft.put(store, key, value, condition))
  }

  delete(store: StoreLog, key: unknown, condition?: Condition): number {
    return this.write(store, draft => draft.delete(store, key, condition))
  }

  update(store: StoreLog, key: unknown, change: (old: unknown) => unknown): number {
    return this.write(store, draft => draft.update(store, key, change))
  }

  batch(store: StoreLog, operations: readonly Operation[]): number {
    return this.write(store, draft => draft.batch(store, operations))
  }

  clear(store: StoreLog, bounds?: Bounds): number {
    return this.write(store, draft => draft.clear(store, bounds))
  }

  restore(store: StoreLog, view: OracleView): number {
    return this.write(store, draft => {
      const then = this.resolve(view)
      for (const log of store.sorted) {
        const before = entryAt(log, then)
        const now = entryAt(log, this.version)
        if (before === undefined) draft.delete(store, log.key)
        else if (!now || !isDeepStrictEqual(now.value, before.value)) {
          draft.put(store, log.key, before.value)
        }
      }
    })
  }

  /** One commit on one store, by `body`. */
  write(store: StoreLog, body: (draft: Draft) => void): number {
    const draft = this.begin()
    try {
      this.#mustLive(store, draft.base)
      body(draft)
    } catch (error) {
      this.abort(draft)
      throw error
    }
    return this.commit(draft)
  }

  begin(): Draft {
    this.#mustNotBeWriting()
    this.writing = new Draft(this.version)
    return this.writing
  }

  abort(draft: Draft): void {
    if (this.writing !== draft) throw new OracleError('TRANSACTION_CLOSED')
    this.writing = undefined
  }

  commit(draft: Draft): number {
    this.abort(draft)
    const changes = [...draft.changes()]
    if (changes.length === 0) return this.version
    this.#advance()
    for (const { log, write } of changes) log.writes.push(write)
    return this.version
  }

  tag(name: string, view?: OracleView): number {
    this.#mustNotBeWriting()
    const version = this.resolve(view)
    this.tags.set(name, version)
    return version
  }

  untag(name: string): number {
    this.#mustNotBeWriting()
    const version = this.tags.get(name)
    if (version === undefined) throw new OracleError('UNKNOWN_TAG')
    this.tags.delete(name)
    return version
  }

  prune(before: number): void {
    this.#mustNotBeWriting()
    if (before > this.version) throw new OracleError('FUTURE_VERSION', { requested: before })
    this.oldestVersion = Math.max(this.oldestVersion, before)
    this.#certain = Math.max(this.#certain, before)
  }

  setHistory(history: History): void {
    this.#mustNotBeWriting()
    this.history = history
  }

  /**
   * Takes the engine's `oldestVersion` if only the engine can know it (a bound in bytes, memory
   * running short), and if it is possible.
   */
  adoptOldest(oldest: number): void {
    this.#adopt(oldest, this.oldestVersion)
  }

  /**
   * The same for a database that was opened again: versions that only a bound in bytes had released may be there
   * again. The log still has them, and what it makes takes fewer bytes than what has grown step by step.
   */
  adoptReopened(oldest: number): void {
    this.#adopt(oldest, this.#certain)
  }

  #adopt(oldest: number, least: number): void {
    if (oldest < least || oldest > this.version) {
      throw new Error(`oldestVersion is ${oldest}, must be in ${least} … ${this.version}`)
    }
    this.oldestVersion = oldest
  }

  /** Makes the next version and releases those that the bounds exclude. */
  #advance(): void {
    const now = Math.max(Math.floor(this.#now()), this.timestampOf(this.version))
    this.version++
    this.#timestamps.push(now)
    const { versions = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY } = this.history
    let oldest = Math.max(this.#certain, this.version - versions)
    while (oldest < this.version && now - this.timestampOf(oldest + 1) > ms) oldest++
    this.#certain = oldest
    this.oldestVersion = Math.max(oldest, this.oldestVersion)
  }

  #mustNotBeWriting(): void {
    if (this.writing) throw new OracleError('NESTED_TRANSACTION')
  }

  #mustLive(store: StoreLog, version: number): void {
    if (!store.lifeAt(version)) throw new OracleError('UNKNOWN_STORE')
  }
}
