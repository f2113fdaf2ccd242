/** A lease on a pinned version, for read transactions and iterators. */

import type { Engine } from '../engine/engine.js'
import { type Grip, Lease } from '../engine/lease.js'
import { R_VERSION } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import type { Pin } from '../threads/slots.js'

export class PinLease extends Lease {
  readonly engine: Engine
  #pin: Pin
  readonly #what: string

  constructor(engine: Engine, pin: Pin, what: string) {
    super(engine.leases)
    this.engine = engine
    this.#pin = pin
    this.#what = what
    this.begin()
  }

  /** Releases the pin. Idempotent. */
  release(): void {
    if (this.leave() && !this.engine.gate.isClosed) this.engine.epochs.slots.release(this.#pin)
  }

  /** Its record. */
  get record(): number {
    return this.#pin.record
  }

  /** The version that is pinned. */
  get version(): number {
    return load48(this.engine.W, this.#pin.record + R_VERSION)
  }

  /**
   * Pins `version` after `release`. While it can be read, all references found in it before are valid.
   * @throws ZVerseError `ZVERSE_VERSION_NOT_RETAINED`
   */
  protected takeUp(version: number): void {
    const { epochs, reader } = this.engine
    const record = reader.enterMemory({ at: version })
    this.#pin = epochs.slots.acquire(record)
    epochs.slots.exit()
    this.begin()
  }

  makeGrip(): Grip {
    const pin = this.#pin
    const { slots } = this.engine.epochs
    const end = () => {
      slots.release(pin)
      return true
    }
    return { what: this.#what, site: this.site, end }
  }
}
