/**
 * What users open and may forget to close: read transactions, iterators, write transactions.
 *
 * A lease is the object that everything made from such a thing holds on to; when it is collected,
 * nobody can use or close it any more, and what it held is given up. Registering with a
 * FinalizationRegistry costs 500 ns, ten times what a pin costs, so only leases that outlive the
 * synchronous run of code they were made in are registered. Invariants:
 * 1. A lease that is open is either on the list of fresh ones or registered.
 * 2. A grip does not refer to its lease: it is what the finalizer is left with.
 */
import process from 'node:process'
import type { Pin } from '../epoch/slots.js'
import { R_VERSION } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import type { Active, Engine } from './engine.js'

/** What a lease holds, for the time when there is no lease any more. */
interface Grip {
  readonly engine: Engine
  /** What to call it in a warning. */
  readonly what: string
  /** Where it was opened, in development. */
  readonly site: { stack?: string } | null
  /** Gives up what is held; false if that was nothing any more. */
  end(): boolean
}

/** Place of a lease that is not fresh. */
const REGISTERED = -1
const ENDED = -2

export abstract class Lease {
  readonly engine: Engine
  /** Place on the list of fresh leases; REGISTERED; or ENDED. */
  at = ENDED
  /** Where it was opened, in development. */
  readonly site: { stack?: string } | null

  constructor(engine: Engine) {
    this.engine = engine
    // Here, where the frames above do not know the lease yet: they would keep it.
    this.site = engine.leases.siteOf(Lease)
  }

  /** The last thing in a constructor: one that a vm timeout cuts off before that holds nothing to look at. */
  protected begin(): void {
    this.at = this.engine.leases.add(this)
  }

  /** What to leave the finalizer. */
  abstract makeGrip(): Grip

  get ended(): boolean {
    return this.at === ENDED
  }

  /** True the first time: what is held is the caller's to give up. */
  leave(): boolean {
    if (this.at === ENDED) return false
    this.engine.leases.remove(this)
    return true
  }
}

/** A lease on a version that is pinned. */
export class PinLease extends Lease {
  #pin: Pin
  readonly #what: string

  constructor(engine: Engine, pin: Pin, what: string) {
    super(engine)
    this.#pin = pin
    this.#what = what
    this.begin()
  }

  /** The user is done with it. Idempotent. */
  release(): void {
    if (this.leave() && !this.engine.closed) this.engine.epochs.slots.release(this.#pin)
  }

  /** The version that is pinned. */
  protected get version(): number {
    return load48(this.engine.W, this.#pin.record + R_VERSION)
  }

  /**
   * Pins `version` after `release`. While it can be read, so can all that was found in it before.
   * @throws ZVerseError `ZVERSE_VERSION_NOT_RETAINED`
   */
  protected takeUp(version: number): void {
    const { engine } = this
    const record = engine.enter({ at: version })
    this.#pin = engine.epochs.slots.acquire(record)
    engine.epochs.slots.exit()
    this.begin()
  }

  makeGrip(): Grip {
    const pin = this.#pin
    const { engine, site } = this
    const end = () => {
      engine.epochs.slots.release(pin)
      return true
    }
    return { engine, what: this.#what, site, end }
  }
}

/** A lease on the writer's turn. */
export class WriteLease extends Lease {
  readonly #state: Active
  readonly #what: string

  constructor(engine: Engine, state: Active, what = 'write transaction') {
    super(engine)
    this.#state = state
    this.#what = what
    this.begin()
  }

  makeGrip(): Grip {
    const state = this.#state
    const { engine, site } = this
    const end = () => {
      // An error may have ended it before.
      if (engine.active !== state) return false
      engine.cutOff(state)
      return true
    }
    return { engine, what: this.#what, site, end }
  }
}

/** The leases of one engine. */
export class Leases {
  readonly #fresh: Lease[] = []
  readonly #registry = new FinalizationRegistry<Grip>(grip => {
    if (!grip.engine.closed && grip.end()) this.#warn(grip)
  })
  readonly #mode = process.env.NODE_ENV
  #scheduled = false
  #warned = false

  /** Where `made` was called from, in development. */
  siteOf(made: typeof Lease): { stack?: string } | null {
    if (this.#mode !== 'development') return null
    const site = {}
    Error.captureStackTrace(site, made)
    return site
  }

  add(lease: Lease): number {
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#registerLater()
    }
    return this.#fresh.push(lease) - 1
  }

  remove(lease: Lease): void {
    const { at } = lease
    lease.at = ENDED
    if (at === REGISTERED) {
      this.#registry.unregister(lease)
      return
    }
    const last = this.#fresh.pop() as Lease
    if (last === lease) return
    this.#fresh[at] = last
    last.at = at
  }

  /** `await` is the one way to be called later that nothing can be put in the place of. */
  async #registerLater(): Promise<void> {
    await undefined
    this.#scheduled = false
    for (const lease of this.#fresh) {
      lease.at = REGISTERED
      this.#registry.register(lease, lease.makeGrip(), lease)
    }
    this.#fresh.length = 0
  }

  #warn({ what, site }: Grip): void {
    if (this.#warned || this.#mode === 'production') return
    this.#warned = true
    const place = site?.stack?.replace(/^[^\n]*/, 'It was opened')
    const detail = place ?? 'NODE_ENV=development tells where it was opened.'
    process.emitWarning(`a ${what} was dropped without being closed`, {
      type: 'ZVerseWarning',
      code: 'ZVERSE_NOT_CLOSED',
      detail: `Close it, or exhaust it, or declare it with 'using'. ${detail}`,
    })
  }
}
