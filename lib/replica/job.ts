/**
 * What a replica's thread wants in the log beside groups of submissions: one change each, or proof of what is newest.
 */
import type { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import { UNNAMED } from '../engine/names.js'
import type { Signal } from '../engine/signal.js'
import { WRITING_CALLBACK } from '../memory/layout.js'
import { inCallback } from '../threads/running.js'
import { commitVersion } from '../write/commit.js'
import { apply } from '../write/replay.js'
import { inTurn } from '../write/transaction.js'
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

/** A job whose outcome is a promise. */
abstract class Promised<T> implements Job {
  readonly promise: Promise<T>
  readonly retries: number = Number.POSITIVE_INFINITY
  readonly signal: Job['signal']
  protected result: T | undefined
  #resolve: (result: T) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  abstract evaluate(deferral: Deferral): Change | null | undefined

  done(): void {
    this.#resolve(this.result as T)
  }

  fail(error: unknown): void {
    this.#reject(error)
  }
}

/** The change of a verb that writes, and what that returns. */
export class VerbJob<T> extends Promised<T> {
  override readonly retries: number
  override readonly signal: Job['signal']
  readonly #verb: () => T
  readonly #proves: boolean
  #failure: { readonly error: unknown } | undefined

  /**
   * @param proves even where it has changed nothing, or failed, what it has seen must be the newest there is
   */
  constructor(verb: () => T, proves: boolean, retries: number, signal: Job['signal']) {
    super()
    this.#verb = verb
    this.#proves = proves
    this.retries = retries
    this.signal = signal
  }

  evaluate(deferral: Deferral): Change | null | undefined {
    this.#failure = undefined
    try {
      const { result, change } = deferral.run(this.#verb)
      this.result = result
      return change === null && !this.#proves ? undefined : change
    } catch (error) {
      if (!this.#proves) throw error
      // It may follow from what is not the newest any more.
      this.#failure = { error }
      return null
    }
  }

  override done(): void {
    if (this.#failure === undefined) super.done()
    else this.fail(this.#failure.error)
  }
}

/** A mark with a body, as long as it is wanted; whether it is there then. */
export class MarkJob extends Promised<boolean> {
  readonly #body: Uint32Array
  readonly #isWanted: () => boolean

  constructor(body: Uint32Array, isWanted: () => boolean) {
    super()
    this.#body = body
    this.#isWanted = isWanted
  }

  evaluate(): Change | undefined {
    this.result = this.#isWanted()
    return this.result ? { body: this.#body, stamp: undefined, isMark: true } : undefined
  }
}

/** Commits a submission, as one: the verb of a job. @returns its version */
export function committing(engine: Engine, batch: Batch): () => number {
  return () =>
    inTurn(engine, WRITING_CALLBACK, tx =>
      inCallback(() => {
        tx.begin()
        tx.all(() => apply(tx, batch, tx.draftOf(UNNAMED)))
        return commitVersion(tx)
      }),
    )
}
