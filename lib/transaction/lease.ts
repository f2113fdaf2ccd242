/**
 * What users open and may forget to close: read transactions, iterators, write transactions.
 *
 * A lease is the object that everything made from such a thing holds on to; when it is collected,
 * nobody can use or close it any more, and what it held is given up. Registering with a
 * FinalizationRegistry costs 500 ns, ten times what a pin costs, so only leases that outlive the turn
 * of the event loop they were made in are registered. Invariants:
 * 1. A lease that is open is either on the list of fresh ones or registered.
 * 2. A grip does not refer to its lease: it is what the finalizer is left with.
 */
import type { Pin } from '../epoch/slots.js'
import type { Active, Engine } from './engine.js'

/** What a lease holds. */
export interface Grip {
  readonly engine: Engine
  /** What to call it in a warning. */
  readonly what: string
  /** Gives up what is held. */
  end(): void
}

/** The grip on a pinned version. */
export class PinGrip implements Grip {
  readonly what: string
  readonly engine: Engine
  readonly pin: Pin

  constructor(engine: Engine, pin: Pin, what: string) {
    this.engine = engine
    this.pin = pin
    this.what = what
  }

  end(): void {
    if (!this.engine.closed) this.engine.epochs.slots.release(this.pin)
  }
}

/** The grip on the writer lock. */
export class WriteGrip implements Grip {
  readonly what = 'write transaction'
  readonly engine: Engine
  readonly state: Active

  constructor(engine: Engine, state: Active) {
    this.engine = engine
    this.state = state
  }

  end(): void {
    if (!this.engine.closed) this.engine.cutOff(this.state)
  }
}

export class Lease {
  readonly engine: Engine
  readonly grip: Grip
  /** Place on the list of fresh leases; REGISTERED; or ENDED. */
  at: number

  constructor(engine: Engine, grip: Grip) {
    this.engine = engine
    this.grip = grip
    this.at = engine.leases.add(this)
  }

  get ended(): boolean {
    return this.at === ENDED
  }

  /** The user is done with it. Gives up what is held, once. */
  release(): void {
    if (this.leave()) this.grip.end()
  }

  /** What was held has been given up already; true the first time. */
  leave(): boolean {
    if (this.at === ENDED) return false
    this.engine.leases.remove(this)
    return true
  }
}

const REGISTERED = -1
const ENDED = -2

/** The leases of one engine. */
export class Leases {
  readonly #fresh: Lease[] = []
  readonly #registry = new FinalizationRegistry<[Grip, { stack?: string }]>(([grip, site]) => {
    if (grip.engine.closed) return
    grip.end()
    this.#warn(grip.what, site.stack)
  })
  readonly #sites = new WeakMap<Lease, { stack?: string }>()
  readonly #mode = process.env.NODE_ENV
  #scheduled = false
  #warned = false

  add(lease: Lease): number {
    if (this.#mode === 'development') {
      const site: { stack?: string } = {}
      Error.captureStackTrace(site, Lease)
      this.#sites.set(lease, site)
    }
    if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => this.#register()).unref()
    }
    return this.#fresh.push(lease) - 1
  }

  remove(lease: Lease): void {
    const { at } = lease
    lease.at = ENDED
    if (at === REGISTERED) {
      this.#registry.unregister(lease.grip)
      return
    }
    const last = this.#fresh.pop() as Lease
    if (last === lease) return
    this.#fresh[at] = last
    last.at = at
  }

  /** The turn is over. */
  #register(): void {
    this.#scheduled = false
    for (const lease of this.#fresh) {
      lease.at = REGISTERED
      this.#registry.register(lease, [lease.grip, this.#sites.get(lease) ?? {}], lease.grip)
    }
    this.#fresh.length = 0
  }

  #warn(what: string, stack: string | undefined): void {
    if (this.#warned || this.#mode === 'production') return
    this.#warned = true
    const place = stack === undefined ? '' : ` It was opened${stack.replace(/^[^\n]*/, '')}`
    const hint = 'NODE_ENV=development tells where it was opened.'
    const detail = `Close it, or exhaust it, or use 'using'.${place || ` ${hint}`}`
    process.emitWarning(`a ${what} was dropped without being closed`, {
      type: 'ZVerseWarning',
      code: 'ZVERSE_NOT_CLOSED',
      detail,
    })
  }
}
