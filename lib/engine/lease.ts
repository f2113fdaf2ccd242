/**
 * Leases: users open read transactions, iterators and write transactions, and may forget to close them.
 *
 * Every object made from such a transaction or iterator refers to its lease; when the lease is
 * collected, no user can use or close it any more, and the finalizer releases its pin or turn.
 * Registering with a FinalizationRegistry costs 500 ns, ten times a pin's cost, so only leases that
 * outlive the synchronous run of code they were made in are registered. Invariants:
 * 1. A lease that is open is either on the list of fresh ones or registered.
 * 2. A grip does not refer to its lease: the finalizer is left with the grip alone.
 */
import process from 'node:process'
import type { Gate } from './gate.js'

/** The pin or turn of a lease, for the time when there is no lease any more. */
export interface Grip {
  /** Its name in a warning. */
  readonly what: string
  /** The call that opened it, in development. */
  readonly site: { stack?: string } | null
  /** Releases the pin or turn; false if it was released before. */
  end(): boolean
}

/** Place of a lease that is not fresh. */
const REGISTERED = -1
const ENDED = -2

export abstract class Lease {
  readonly #leases: Leases
  /** Place on the list of fresh leases; REGISTERED; or ENDED. */
  at = ENDED
  /** The call that opened it, in development. */
  readonly site: { stack?: string } | null

  constructor(leases: Leases) {
    this.#leases = leases
    // Here, where the frames above do not refer to the lease yet: they would keep it.
    this.site = leases.siteOf(Lease)
  }

  /** The last call of a constructor: a lease that a vm timeout cuts off before that is on no list. */
  protected begin(): void {
    this.at = this.#leases.add(this)
  }

  /** The grip to leave to the finalizer. */
  abstract makeGrip(): Grip

  get ended(): boolean {
    return this.at === ENDED
  }

  /** True the first time: the caller then releases the pin or turn. */
  leave(): boolean {
    if (this.at === ENDED) return false
    this.#leases.remove(this)
    return true
  }
}

/** The leases of one engine. */
export class Leases {
  readonly #gate: Gate
  readonly #fresh: Lease[] = []
  readonly #registry = new FinalizationRegistry<Grip>(grip => {
    if (!this.#gate.isClosed && grip.end()) this.#warn(grip)
  })
  readonly #mode = process.env.NODE_ENV
  #scheduled = false
  #warned = false

  constructor(gate: Gate) {
    this.#gate = gate
  }

  /** The call site of `made`, in development. */
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

  /** `await` is the one way to run later that no test or mock can replace. */
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
