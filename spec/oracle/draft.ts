/**
 * The writes of one transaction that is not committed yet: the last word on each key it touched.
 */
import type { Bounds, Condition, Operation } from '../support/contract.js'
import { OracleError } from './errors.js'
import { entryAt, type KeyLog, type StoreLog, type Write } from './log.js'

export class Draft {
  /** The version that was present when it began. */
  readonly base: number
  /** The version that a commit would make. */
  readonly version: number
  #writes = new Map<StoreLog, Map<KeyLog, Write>>()

  constructor(base: number) {
    this.base = base
    this.version = base + 1
  }

  /** The last change of this draft to a key, if any. */
  own(store: StoreLog, log: KeyLog): Write | undefined {
    return this.#writes.get(store)?.get(log)
  }

  /** The same, unless it has no effect: a deletion of a key that the base did not have. */
  net(store: StoreLog, log: KeyLog): Write | undefined {
    const write = this.own(store, log)
    return write?.deleted && entryAt(log, this.base) === undefined ? undefined : write
  }

  /** All changes that come to something. */
  *changes(): Generator<{ log: KeyLog; write: Write }> {
    for (const [store, writes] of this.#writes) {
      for (const log of writes.keys()) {
        const write = this.net(store, log)
        if (write) yield { log, write }
      }
    }
  }

  put(store: StoreLog, key: unknown, value: unknown, condition: Condition = {}): void {
    const log = this.#expect(store, key, condition)
    this.#write(store, log, { version: this.version, value, deleted: false })
  }

  delete(store: StoreLog, key: unknown, condition: Condition = {}): void {
    const log = this.#expect(store, key, condition)
    this.#write(store, log, { version: this.version, value: undefined, deleted: true })
  }

  update(store: StoreLog, key: unknown, change: (old: unknown) => unknown): void {
    const value = change(this.#entry(store, store.log(key))?.value)
    if (value === undefined) this.delete(store, key)
    else this.put(store, key, value)
  }

  batch(store: StoreLog, operations: readonly Operation[]): void {
    const before = new Map(this.#writes.get(store))
    try {
      for (const { type, key, value, ifVersion } of operations) {
        if (type === 'put') this.put(store, key, value, { ifVersion })
        else this.delete(store, key, { ifVersion })
      }
    } catch (error) {
      this.#writes.set(store, before)
      throw error
    }
  }

  clear(store: StoreLog, bounds: Bounds = {}): void {
    for (const log of store.within(bounds)) this.delete(store, log.key)
  }

  #entry(store: StoreLog, log: KeyLog): Write | undefined {
    const own = this.own(store, log)
    if (own) return own.deleted ? undefined : own
    return entryAt(log, this.base)
  }

  #expect(store: StoreLog, key: unknown, { ifVersion: expected }: Condition): KeyLog {
    const log = store.log(key)
    if (expected !== undefined) {
      const actual = this.#entry(store, log)?.version ?? null
      if (actual !== expected) throw new OracleError('CONFLICT', { expected, actual })
    }
    return log
  }

  #write(store: StoreLog, log: KeyLog, write: Write): void {
    let writes = this.#writes.get(store)
    if (!writes) this.#writes.set(store, (writes = new Map()))
    writes.set(log, write)
  }
}
