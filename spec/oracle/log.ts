/**
 * All writes ever made to a store, key by key: the oracle's only data structure.
 *
 * Nothing is ever forgotten: the entry of a key at version v is its last write at or before v.
 * Retention is decided elsewhere, and only forbids questions.
 */
import type { Bounds } from '../support/contract.js'
import { type KeyKind, type KeyOrder, ORDERS } from './keys.js'

export interface Write {
  version: number
  value: unknown
  deleted: boolean
}

export interface KeyLog {
  readonly key: unknown
  readonly prepared: unknown
  /** By ascending version, at most one a version. */
  readonly writes: Write[]
}

/** The write that decides how `log`'s key stood at `version`, a deletion included. */
export function lastWrite(log: KeyLog, version: number): Write | undefined {
  for (let i = log.writes.length - 1; i >= 0; i--) {
    const write = log.writes[i] as Write
    if (write.version <= version) return write
  }
  return undefined
}

/** The state of `log`'s key at `version`: the write of its value, or `undefined` if absent. */
export function entryAt(log: KeyLog, version: number): Write | undefined {
  const write = lastWrite(log, version)
  return write === undefined || write.deleted ? undefined : write
}

export class StoreLog {
  /** `undefined` is the unnamed store. */
  readonly name: string | undefined
  readonly kind: KeyKind
  readonly values: string
  readonly order: KeyOrder
  /** Each key ever mentioned, in key order. */
  readonly sorted: KeyLog[] = []
  /** When stores of this name lived: [created, dropped). */
  readonly lives: { from: number; to: number }[] = []
  readonly #logs = new Map<string, KeyLog>()

  constructor(name: string | undefined, kind: KeyKind, values: string) {
    this.name = name
    this.kind = kind
    this.values = values
    this.order = ORDERS[kind]
  }

  lifeAt(version: number): { from: number; to: number } | undefined {
    return this.lives.find(life => life.from <= version && version < life.to)
  }

  /** The log of `key`, made (without a write) if there is none. */
  log(key: unknown): KeyLog {
    const identity = this.order.identity(key)
    let log = this.#logs.get(identity)
    if (log === undefined) {
      const prepared = this.order.prepare(this.order.normal(key))
      log = { key: this.order.normal(key), prepared, writes: [] }
      this.#logs.set(identity, log)
      this.sorted.splice(this.#place(prepared), 0, log)
    }
    return log
  }

  /** All logs in `bounds`, in key order, ascending, `reverse` and `limit` not applied. */
  within(bounds: Bounds): KeyLog[] {
    const { order } = this
    const tests: ((prepared: unknown) => boolean)[] = []
    const bound = (key: unknown, test: (sign: number) => boolean) => {
      if (key === undefined) return
      const limit = order.prepare(key)
      tests.push(prepared => test(order.compare(prepared, limit)))
    }
    bound(bounds.gt, sign => sign > 0)
    bound(bounds.gte, sign => sign >= 0)
    bound(bounds.lt, sign => sign < 0)
    bound(bounds.lte, sign => sign <= 0)
    if (bounds.prefix !== undefined) {
      const prefix = order.prepare(bounds.prefix)
      tests.push(prepared => order.startsWith(prepared, prefix))
    }
    return this.sorted.filter(log => tests.every(test => test(log.prepared)))
  }

  /** Index of the first log not below `prepared`. */
  #place(prepared: unknown): number {
    let low = 0
    let high = this.sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.order.compare((this.sorted[middle] as KeyLog).prepared, prepared) < 0) {
        low = middle + 1
      } else high = middle
    }
    return low
  }
}
