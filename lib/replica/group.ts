/**
 * A group of submissions on its way into the log: of all threads, as the write queue chooses them.
 *
 * For the thread that replicates. It takes submissions when the group is chosen, so that nobody takes them back while the log
 * has them, and tells their outcomes once the log has answered. In between the group may be evaluated several times, each
 * time on what is applied then.
 */
import type { Engine } from '../engine/engine.js'
import { ZVerseError } from '../errors.js'
import { WRITING_CALLBACK } from '../memory/layout.js'
import { U_OUTCOME } from '../memory/queue-layout.js'
import { Backlog } from '../queue/backlog.js'
import { applyOne } from '../queue/committer.js'
import { setError, setVersion } from '../queue/outcome.js'
import { Selection, type Unit } from '../queue/selection.js'
import { inCallback } from '../threads/running.js'
import { commitVersion } from '../write/commit.js'
import { Applier } from '../write/replay.js'
import { inTurn, type Transaction } from '../write/transaction.js'
import type { Change, Deferral } from './deferral.js'

/** Submissions that a group may have. */
const ANY = 2 ** 30

export class Group {
  readonly #engine: Engine
  readonly #chosen: Selection
  /** Submissions have been taken, and their outcomes are not told yet. */
  #isTaken = false
  /** The first that has no outcome yet, and how many are evaluated together. */
  #from = 0
  #most = ANY

  constructor(engine: Engine) {
    this.#engine = engine
    // What has no room in a ring comes into one, or to `Replicator.take`: it is in no group.
    const none = [new Backlog(), new Backlog(), new Backlog()]
    this.#chosen = new Selection(engine.W, engine.epochs.line, none)
  }

  /** How many submissions it has. */
  get size(): number {
    return this.#isTaken ? this.#chosen.units.length : 0
  }

  /** All that it has is in the log, or has failed: {@link tell} may follow. */
  get isDone(): boolean {
    return this.#from === this.#chosen.units.length
  }

  /** Takes what has been submitted; false where that is nothing. */
  choose(): boolean {
    const chosen = this.#chosen
    this.#engine.epochs.turn.exclusively(() => {
      chosen.choose(false, ANY)
      if (chosen.units.length === 0) return
      chosen.take()
      this.#isTaken = true
    })
    this.#from = 0
    this.#most = ANY
    return this.#isTaken
  }

  /** The submissions that are evaluated next, together. */
  get #next(): readonly Unit[] {
    return this.#chosen.units.slice(this.#from, this.#from + this.#most)
  }

  /** Those that were evaluated last are in the log. */
  advance(): void {
    this.#from = Math.min(this.#chosen.units.length, this.#from + this.#most)
  }

  /**
   * The change that the next submissions make together, each as one; null where they make none. Where they cannot be
   * committed together, they are evaluated one by one; one that cannot at all has failed, and makes none.
   */
  evaluate(deferral: Deferral): Change | null {
    for (;;) {
      try {
        const first = deferral.run(() => this.#evaluate(false))
        if (!first.result || !this.#engine.writer.couldForget) return first.change
        // As for any write, history is what goes first where there is no room.
        return deferral.run(() => this.#evaluate(true)).change
      } catch (error) {
        const [unit, ...others] = this.#next
        if (others.length > 0) this.#most = 1
        else {
          const { words, at } = unit as Unit
          setError(this.#engine, words, at, error)
          return null
        }
      }
    }
  }

  /** True if there was no room for one of them. */
  #evaluate(forgets: boolean): boolean {
    let isFull = false
    const next = this.#next
    inTurn(this.#engine, WRITING_CALLBACK, tx =>
      inCallback(() => {
        tx.begin(false, undefined, forgets)
        const applier = new Applier(tx)
        for (const unit of next) isFull = this.#apply(tx, applier, unit) || isFull
        const version = tx.hasChanges ? tx.version : tx.seen
        for (const { words, at } of next) {
          if (words[at + U_OUTCOME] === 0) setVersion(words, at, version)
        }
        commitVersion(tx)
      }),
    )
    return isFull
  }

  #apply(tx: Transaction, applier: Applier, unit: Unit): boolean {
    const { words, at } = unit
    words[at + U_OUTCOME] = 0
    try {
      applyOne(tx, applier, unit)
    } catch (error) {
      if (!(error instanceof ZVerseError)) throw error
      setError(this.#engine, words, at, error)
      return error.code === 'ZVERSE_FULL'
    }
    return false
  }

  /** None of the rest is in the log, or nobody can tell of the next ones. */
  fail(error: ZVerseError): void {
    for (const { words, at } of this.#next) setError(this.#engine, words, at, error)
    this.advance()
  }

  /** Tells the outcomes that the last evaluation has found, or {@link fail}. */
  tell(): void {
    this.#chosen.tell(this.#engine.epochs.arena.signed)
    this.#chosen.clear()
    this.#isTaken = false
  }
}
