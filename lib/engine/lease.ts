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
import type { Gate } from './gate.js'

/** What a lease holds, for the time when there is no lease any more. */
export interface Grip {
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
  readonly #leases: Leases
  /** Place on the list of fresh leases; REGISTERED; or ENDED. */
  at = ENDED
  /** Where it was opened, in development. */
  readonly site: { stack?: string } | null

  constructor(leases: Leases) {
    this.#leases = leases
    // Here, where the frames above do not know the lease yet: they would keep it.
    this.site = leases.siteOf(Lease)
  }

  /** The last thing in a constructor: one that a vm timeout cuts off before that holds nothing to look at. */
  protected begin(): void {
    this.at = this.#leases.add(this)
  }

  /** What to leave the finalizer. */
  abstract makeGrip(): Grip

  get ended(): boolean {
    return this.at === ENDED
  }

  /** True the first time: what is held is the caller's to give up. */
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
