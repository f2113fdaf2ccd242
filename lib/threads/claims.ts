/**
 * The lines of this thread's handles, and what becomes of them without `close`: given back when the
 * thread exits in an orderly way, and when a handle is dropped and collected. (A thread that is
 * terminated runs none of this: then others bury it, lines.ts.)
 */
import process from 'node:process'
import { threadId as here, isMainThread } from 'node:worker_threads'
import type { Arena } from '../memory/arena.js'
import { H_LOCK, T_WRITING, WRITING_NOT } from '../memory/layout.js'
import { claimLine, freeLine } from './lines.js'
import { leaveTrace, type Trace, takeTrace } from './liveness.js'

/** A line and whose it is. */
export interface Claim {
  readonly arena: Arena
  readonly line: number
  readonly threadId: number
  readonly trace: Trace
}

/**
 * Claims of this thread on databases that others use too. (A database of one thread goes with its
 * last handle, and must not be kept by a list.)
 */
const open = new Set<Claim>()
const dropped = new FinalizationRegistry<Claim>(claim => abandon(claim))

/**
 * Claims a line for a handle of this thread.
 * @throws ZVerseError `ZVERSE_READERS_FULL`
 */
export function claimFor(arena: Arena, threadId: number): Claim {
  const trace = leaveTrace()
  try {
    return { arena, line: claimLine(arena, threadId, trace), threadId, trace }
  } catch (error) {
    takeTrace(trace)
    throw error
  }
}

/** Gives the claim back when the thread exits or `engine` has been collected, if not before. */
export function giveBackWith(engine: object, claim: Claim): void {
  // A test's handle that poses as another thread is not ours to give back.
  if (open.has(claim) || claim.threadId !== here) return
  if (open.size === 0 && !isMainThread) process.on('exit', abandonAll)
  open.add(claim)
  dropped.register(engine, claim, claim)
}

/** Gives a line back that holds nothing any more, or whose pins are to be given up with it. */
export function giveBack(claim: Claim): void {
  if (open.delete(claim)) {
    dropped.unregister(claim)
    if (open.size === 0 && !isMainThread) process.off('exit', abandonAll)
  }
  freeLine(claim.arena, claim.line)
  takeTrace(claim.trace)
}

/** Gives a line back whose handle can do nothing more, be it in the middle of a transaction. */
function abandon(claim: Claim): void {
  const { arena, line, threadId } = claim
  if (!open.has(claim)) return
  if (arena.words[line + T_WRITING] !== WRITING_NOT) {
    arena.words[line + T_WRITING] = WRITING_NOT
    // Dirty, so the next owner undoes.
    if (Atomics.compareExchange(arena.signed, H_LOCK, threadId + 1, 0) === threadId + 1) {
      Atomics.notify(arena.signed, H_LOCK)
    }
  }
  giveBack(claim)
}

function abandonAll(): void {
  for (const claim of [...open]) abandon(claim)
}
