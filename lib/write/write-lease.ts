/** A lease on the writer's turn, for a write transaction or a load from an async iterable. */
import type { Engine } from '../engine/engine.js'
import { type Grip, Lease } from '../engine/lease.js'
import type { Transaction } from './transaction.js'

export class WriteLease extends Lease {
  readonly engine: Engine
  readonly tx: Transaction
  readonly #what: string

  constructor(tx: Transaction, what: string) {
    super(tx.engine.leases)
    this.engine = tx.engine
    this.tx = tx
    this.#what = what
    this.begin()
  }

  makeGrip(): Grip {
    const { tx } = this
    const end = () => {
      // An error may have ended the transaction before.
      if (!tx.isHeld) return false
      tx.close()
      return true
    }
    return { what: this.#what, site: this.site, end }
  }
}
