/**
 * A database and the oracle, written to through one object, so that a test says each write once.
 */
import type { KeyKind } from '../oracle/keys.js'
import type { StoreLog } from '../oracle/log.js'
import { Oracle } from '../oracle/oracle.js'
import { checkDb, compareAll } from './compare.js'
import type { Database, History, Operation, StoreHandle } from './contract.js'
import { type Hooks, open } from './engine.js'

const NAMED = { name: 's', keys: 'string', values: 'msgpack' } as const

export class Paired {
  readonly db: Database
  readonly oracle: Oracle
  /** Stands still unless a test moves it: each side asks it as often as it likes. */
  readonly clock = { now: Date.UTC(2024, 0, 1) }
  store: StoreHandle | undefined

  constructor(options: { keys?: KeyKind; [option: string]: unknown } = {}, hooks: Hooks = {}) {
    const now = () => this.clock.now
    const history = (options.history ?? { versions: 1000 }) as History
    this.db = open({ history, ...options }, { now, ...hooks })
    const keys = options.keys ?? 'string'
    this.oracle = new Oracle({ keys, values: 'msgpack', history, now })
  }

  get storeLog(): StoreLog {
    return this.oracle.storeLog(NAMED.name)
  }

  put(key: unknown, value: unknown): void {
    this.db.put(key, value)
    this.oracle.put(this.oracle.unnamed, key, value)
  }

  delete(key: unknown): void {
    this.db.delete(key)
    this.oracle.delete(this.oracle.unnamed, key)
  }

  batch(operations: readonly Operation[]): void {
    this.db.batch(operations)
    this.oracle.batch(this.oracle.unnamed, operations)
  }

  tag(name: string): void {
    this.db.tag(name)
    this.oracle.tag(name)
  }

  openStore(): StoreHandle {
    this.store = this.db.store(NAMED.name, { keys: NAMED.keys, values: NAMED.values })
    this.oracle.store(NAMED.name, NAMED.keys, NAMED.values)
    return this.store
  }

  batchInStore(operations: readonly Operation[]): void {
    if (!this.store) throw new Error('no store yet')
    this.store.batch(operations)
    this.oracle.batch(this.storeLog, operations)
  }

  /** Every version of everything agrees, and every byte is accounted for. */
  verify(): void {
    compareAll(this.db, this.oracle, this.store ? [{ name: NAMED.name, handle: this.store }] : [])
    checkDb(this.db)
  }
}
