/**
 * The lines of this thread's handles, and their end without `close`: the thread gives them back when
 * it exits in an orderly way, and when a handle is dropped and collected. (A terminated thread runs
 * none of this: other threads bury it, lines.ts.)
 */
import process from 'node:process'
import { threadId as here, isMainThread } from 'node:worker_threads'
import type { Arena } from '../memory/arena.js'
import { H_LOCK, T_WRITING, WRITING_NOT } from '../memory/layout.js'
import { claimLine, closeForGood, freeLine, leaveRoles } from './lines.js'
import { leaveTrace, type Trace, takeTrace } from './liveness.js'
import { giveOn } from './next.js'

/** A line and its thread. */
export interface Claim {
  readonly arena: Arena
  readonly line: number
  readonly threadId: number
  readonly trace: Trace
  /** Called when no thread has the database open any more. */
  onLast: (() => void) | null
}

/**
 * Claims of this thread on databases that other threads use too. (A database of one thread goes with
 * its last handle, and no list must keep it.)
 */
const open = new Set<Claim>()
const dropped = new FinalizationRegistry<Claim>(claim => abandon(claim))

/**
 * Claims a line for a handle of this thread.
 * @param isKeeper as of `claimLine`
 * @throws ZVerseError `ZVERSE_READERS_FULL`
 */
export function claimFor(arena: Arena, threadId: number, isKeeper = false): Claim {
  const trace = leaveTrace()
  try {
    const line = claimLine(arena, threadId, trace, isKeeper)
    return { arena, line, threadId, trace, onLast: null }
  } catch (error) {
    takeTrace(trace)
    throw error
  }
}

/** Gives the claim back when the thread exits or `engine` is collected, if not before. */
export function giveBackWith(engine: object, claim: Claim): void {
  // A test's handle that poses as another thread is not this thread's to give back.
  if (open.has(claim) || claim.threadId !== here) return
  if (open.size === 0 && !isMainThread) process.on('exit', abandonAll)
  open.add(claim)
  dropped.register(engine, claim, claim)
}

/** Gives a line back, and releases the pins that are left in it. */
export function giveBack(claim: Claim): void {
  if (open.delete(claim)) {
    dropped.unregister(claim)
    if (open.size === 0 && !isMainThread) process.off('exit', abandonAll)
  }
  leaveRoles(claim.arena, claim.threadId)
  freeLine(claim.arena, claim.line)
  takeTrace(claim.trace)
  if (claim.onLast !== null && closeForGood(claim.arena)) claim.onLast()
}

/** Gives back the line of a handle that can do nothing more, even in the middle of a transaction. */
function abandon(claim: Claim): void {
  const { arena, line, threadId } = claim
  if (!open.has(claim)) return
  if (arena.words[line + T_WRITING] !== WRITING_NOT) {
    arena.words[line + T_WRITING] = WRITING_NOT
    // The arena stays dirty, so the next owner undoes the transaction.
    Atomics.compareExchange(arena.signed, H_LOCK, threadId + 1, 0)
  }
  giveBack(claim)
  giveOn(arena.signed, arena.words, threadId + 1)
}

function abandonAll(): void {
  for (const claim of [...open]) abandon(claim)
}
