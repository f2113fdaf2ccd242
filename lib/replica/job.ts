/** What a replica's thread wants in the log beside groups of submissions: one change each, or proof of what is newest. */
import type { Signal } from '../engine/signal.js'
import type { Change, Deferral } from './deferral.js'

export interface Job {
  /** How often it may be evaluated again because another node was first. */
  readonly retries: number
  readonly signal: Signal | undefined
  /**
   * Evaluates it on what is applied now.
   * @returns the change it makes; null where it makes none, and wants proof of what it saw; undefined: it is done
   * @throws why it has failed
   */
  evaluate(deferral: Deferral): Change | null | undefined
  /** It is in the log, and applied. */
  done(): void
  fail(error: unknown): void
}

/** A job whose outcome is a promise: the result of a verb that writes. */
export class VerbJob<T> implements Job {
  readonly promise: Promise<T>
  readonly retries: number
  readonly signal: Job['signal']
  readonly #verb: () => T
  readonly #proves: boolean
  #result: T | undefined
  #resolve: (result: T) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  /** @param proves even where it has changed nothing, what it has seen must be the newest there is */
  constructor(verb: () => T, proves: boolean, retries: number, signal: Job['signal']) {
    this.#verb = verb
    this.#proves = proves
    this.retries = retries
    this.signal = signal
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  evaluate(deferral: Deferral): Change | null | undefined {
    const { result, change } = deferral.run(this.#verb)
    this.#result = result
    return change === null && !this.#proves ? undefined : change
  }

  done(): void {
    this.#resolve(this.#result as T)
  }

  fail(error: unknown): void {
    this.#reject(error)
  }
}
