/**
 * The one door for every durable change.
 *
 * {@link commit} is the whole of a commit, for any kind of change: read it first. For the owner of the writer
 * lock.
 */

import type { Engine } from '../engine/engine.js'
import type { Log, Mutation } from '../engine/mutation.js'
import { ZVerseError } from '../errors.js'
import { H_COMMIT_TIMES, H_PHASE, WRITING_VERB } from '../memory/layout.js'
import { monotonic } from '../threads/clock.js'
import { marked, WRITING_FRAME } from '../threads/running.js'
import { noteTime } from '../threads/times.js'
import { NewVersion } from './new-version.js'
import { inTurn, type Transaction } from './transaction.js'

/** Versions that a load commits before it waits until they can be read. */
const UNREAD = 256

/**
 * Makes a mutation durable and ends the transaction, or throws with nothing changed.
 *
 * The clock is user code where a test runner has replaced it: hence the mark.
 */
export const commit = marked(WRITING_FRAME, (tx: Transaction, mutation: Mutation): void => {
  const { W, epochs } = tx.engine
  const { turn, past, watch } = epochs
  const { log } = tx.engine
  // User code in a transaction is no part of the commit's time.
  if (turn.began !== 0 && tx.kind !== WRITING_VERB) turn.began = monotonic()
  tx.seal()
  const { version } = tx
  let isDone = false
  try {
    // 1. May fail, and is undone.
    mutation.prepare()
    // User code that has run may have closed the database.
    tx.engine.gate.checkOpen()
    if (log?.defer?.(mutation)) {
      tx.cutOff()
      return
    }
    log?.append(mutation)
    // 2. Cannot fail. If this thread dies here, the next owner of the lock recovers.
    W[H_PHASE] = 1
    mutation.publish()
    isDone = true
    if (log !== null && mutation.endsPast) settleQuietly(log, version)
    mutation.release()
    past.refill()
    W[H_PHASE] = 0
    // 3. Other threads go on.
    tx.settle()
    turn.give()
    turn.lookAround()
    if (turn.began !== 0) noteTime(W, H_COMMIT_TIMES, monotonic() - turn.began)
  } catch (error) {
    // A commit that was cut off (by the end of the stack, say) after it was published is committed.
    const isCommitted = isDone || mutation.isPublished
    tx.cutOff()
    if (!isCommitted) throw error
  }
  // 4. It is durable, where that is promised, and then readable.
  if (log !== null && mutation.stamp !== undefined) {
    if (tx.keepsTurn && version - epochs.versions.newest < UNREAD) return
    log.settle(version)
    mutation.settled()
  }
  try {
    watch.tell()
  } catch {
    // Whatever cuts that off, the commit has happened.
  }
})

/** Makes a version readable while this thread has the turn; {@link commit} throws what comes of it. */
function settleQuietly(log: Log, version: number): void {
  try {
    log.settle(version)
  } catch {
    // No version after it will be readable, and nothing is released beyond those that are.
  }
}

/**
 * Commits what a transaction has changed in its stores.
 * @param always makes a version even where nothing changed
 * @returns the new version; the present one if there is none
 * @throws ZVerseError `ZVERSE_FULL`; the transaction is undone and over then
 */
export function commitVersion(tx: Transaction, always = false): number {
  const { version } = tx
  if (always || tx.hasChanges) {
    commit(tx, new NewVersion(tx))
    return version
  }
  tx.undo()
  // The present version of this transaction: other threads may have committed since.
  return version - 1
}

/**
 * Runs `body` in a transaction of its own, and commits it.
 *
 * `history` is an upper bound: where only tombstones have no room, `body` runs once more without the past.
 * @param kind WRITING_…: why
 * @returns as {@link commitVersion}
 */
export function write(engine: Engine, kind: number, body: (tx: Transaction) => void): number {
  try {
    return attempt(engine, kind, body, false)
  } catch (error) {
    const isFull = error instanceof ZVerseError && error.code === 'ZVERSE_FULL'
    if (!isFull || !engine.writer.couldForget) throw error
  }
  return attempt(engine, kind, body, true)
}

function attempt(
  engine: Engine,
  kind: number,
  body: (tx: Transaction) => void,
  forgets: boolean,
): number {
  return inTurn(engine, kind, tx => {
    tx.begin(false, undefined, forgets)
    body(tx)
    return commitVersion(tx)
  })
}
