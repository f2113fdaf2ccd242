/**
 * The read verbs on one store at one version, with or without the writes of a transaction.
 */
import type {
  Bounds,
  Difference,
  Entry,
  HistoryOptions,
  HistoryRecord,
} from '../support/contract.js'
import { DECISIONS } from './decisions.js'
import type { Draft } from './draft.js'
import { entryAt, type KeyLog, lastWrite, type StoreLog, type Write } from './log.js'

/** The part of its database that a reader needs. */
export interface Times {
  readonly oldestVersion: number
  timestampOf(version: number): number
}

export class Reader {
  readonly at: number
  readonly #times: Times
  readonly #store: StoreLog
  readonly #draft: Draft | undefined

  constructor(times: Times, store: StoreLog, at: number, draft?: Draft) {
    this.#times = times
    this.#store = store
    this.at = at
    this.#draft = draft
  }

  get(key: unknown): unknown {
    return this.#entry(this.#store.log(key))?.value
  }

  has(key: unknown): boolean {
    return this.#entry(this.#store.log(key)) !== undefined
  }

  getMany(keys: readonly unknown[]): unknown[] {
    return keys.map(key => this.get(key))
  }

  getEntry(key: unknown): Entry | undefined {
    const log = this.#store.log(key)
    const entry = this.#entry(log)
    return entry && { key: log.key, value: entry.value, version: entry.version }
  }

  getEntries(bounds: Bounds = {}): Entry[] {
    const found: Entry[] = []
    for (const log of this.#store.within(bounds)) {
      const entry = this.#entry(log)
      if (entry) found.push({ key: log.key, value: entry.value, version: entry.version })
    }
    return cut(found, bounds)
  }

  entries(bounds: Bounds = {}): [unknown, unknown][] {
    return this.getEntries(bounds).map(entry => [entry.key, entry.value])
  }

  keys(bounds: Bounds = {}): unknown[] {
    return this.getEntries(bounds).map(entry => entry.key)
  }

  values(bounds: Bounds = {}): unknown[] {
    return this.getEntries(bounds).map(entry => entry.value)
  }

  get size(): number {
    return this.getEntries().length
  }

  count(bounds: Bounds = {}): number {
    return this.getEntries(bounds).length
  }

  history(key: unknown, options: HistoryOptions = {}): HistoryRecord[] {
    const log = this.#store.log(key)
    const floor = Math.min(this.#times.oldestVersion, this.at)
    const records: HistoryRecord[] = []
    const record = (write: Write, timestamp: number | undefined) => {
      const { version, value, deleted } = write
      records.push({ version, timestamp, value: deleted ? undefined : value, deleted })
    }
    const first = entryAt(log, floor)
    if (first) {
      record(first, first.version === floor ? this.#times.timestampOf(floor) : undefined)
    }
    for (const write of log.writes) {
      if (write.version <= floor || write.version > this.at) continue
      record(write, this.#times.timestampOf(write.version))
    }
    const own = this.#draft?.net(this.#store, log)
    if (own) record(own, undefined)
    const born = DECISIONS.historySpansDrop ? 0 : (this.#store.lifeAt(this.at)?.from ?? Infinity)
    const { from = 0, to = Infinity } = options
    const inside = records.filter(({ version }) => {
      return version >= from && version <= to && version >= born
    })
    return cut(inside, options)
  }

  #entry(log: KeyLog): Write | undefined {
    const own = this.#draft?.own(this.#store, log)
    if (own) return own.deleted ? undefined : own
    return entryAt(log, this.at)
  }
}

/** Applies `reverse`, then `limit`. */
export function cut<T>(items: T[], options: { reverse?: boolean; limit?: number }): T[] {
  const ordered = options.reverse ? [...items].reverse() : items
  return options.limit === undefined ? ordered : ordered.slice(0, options.limit)
}

/** Each key in `bounds` whose entry at version `from` is not the one at `to`. */
export function difference(store: StoreLog, from: number, to: number, bounds: Bounds) {
  const found: Difference[] = []
  for (const log of store.within(bounds)) {
    const before = entryAt(log, from)
    const after = entryAt(log, to)
    if (before?.version === after?.version) continue
    found.push({ key: log.key, before: before?.value, after: after?.value })
  }
  return cut(found, bounds)
}

/** The changes of the commit `version` to keys in `bounds`, in key order. */
export function changesOf(store: StoreLog, version: number, bounds: Bounds) {
  const changes: { type: string; key: unknown; value: unknown }[] = []
  for (const log of store.within(bounds)) {
    const write = lastWrite(log, version)
    if (write?.version !== version) continue
    const type = write.deleted ? DECISIONS.deletionType : 'put'
    changes.push({ type, key: log.key, value: write.deleted ? undefined : write.value })
  }
  return changes
}
