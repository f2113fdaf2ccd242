/**
 * The shared part of the write queue: for each handle that submits a block with three rings, one a lane.
 *
 * A submission lies in one piece in its lane's ring (queue-layout.ts draws it). Its thread writes it and then stores HEAD, so
 * that a thread that dies in between has submitted nothing. Invariants:
 * 1. HEAD is its thread's. TAIL, NEXT and Q_GROUP are the owner's of the writer lock, whichever thread that is.
 * 2. The owner notes what it takes in NEXT, then the group's number in Q_GROUP, before the group's version is
 *    published; and stores TAIL after that. The version's record has the number, too. So, wherever the owner dies, the next
 *    one that looks finds out by the present record whether what was noted has been taken: see {@link settleBlock}.
 * 3. DONE says that the outcome in a submission is final: for a version that it can be read. It only rises.
 * 4. A block whose thread is gone (Q_GONE) has nothing more to be taken; the owner empties it for the line's next thread.
 */
import { tipOf } from '../memory/atomic.js'
import { H_DECIDED, H_PUMP_IDLE, LANES, R_GROUP, T_ID, T_QUEUE } from '../memory/layout.js'
import {
  L_AT,
  L_DONE,
  L_HEAD,
  L_NEXT,
  L_SIZE,
  L_TAIL,
  LANE_WORDS,
  Q_ASLEEP,
  Q_GONE,
  Q_GROUP,
  Q_LANES,
  Q_OUT,
  Q_RINGS,
  U_OUTCOME,
  U_WORDS,
  WITHDRAWN,
} from '../memory/queue-layout.js'
import { eachLine } from './table.js'
import { wake, wordOf } from './wake.js'

/** Words of the smallest block that is worth having, and of the largest. */
const LEAST = 2 ** 11
const MOST = 2 ** 16
/** Values of Q_OUT. */
const NOTED = 1
const TAKEN = 2

/** Words of a block in an arena of so many words: a power of two, and what stands before the rings. */
export function blockWords(arena: number): number {
  const share = 2 ** Math.floor(Math.log2(arena / 2 ** 9))
  return Q_RINGS + Math.max(LEAST, Math.min(MOST, share))
}

/** The lane's words in a block. */
export function laneAt(block: number, lane: number): number {
  return block + Q_LANES + lane * LANE_WORDS
}

/** Lays out a new block, of zeros: for its thread. */
export function layOut(W: Uint32Array, block: number): void {
  const all = blockWords(W.length) - Q_RINGS
  let at = block + Q_RINGS
  // Half of the words for the normal lane.
  for (const [lane, size] of [all / 4, all / 2, all / 4].entries()) {
    const own = laneAt(block, lane)
    W[own + L_AT] = at
    W[own + L_SIZE] = size
    at += size
  }
}

/**
 * Empties the block of a thread that is gone, which may not have come to lay it out. Positions go on: an owner that
 * tells late what the thread's submissions have become knows old ones, and they must mean nothing to the next thread.
 */
function empty(W: Uint32Array, block: number): void {
  layOut(W, block)
  W[block + Q_ASLEEP] = 0
  for (let lane = 0; lane < LANES; lane++) {
    const at = laneAt(block, lane)
    for (const position of [L_TAIL, L_NEXT, L_DONE]) Atomics.store(W, at + position, W[at + L_HEAD])
  }
  Atomics.store(W, block + Q_GONE, 0)
}

/** False for a new block, and where {@link layOut} of it was cut off. */
export function isLaidOut(W: Uint32Array, block: number): boolean {
  return W[laneAt(block, LANES - 1) + L_SIZE] !== 0
}

/** True if a submission of so many words may ever be put into the lane: two of them have room. */
export function fits(W: Uint32Array, lane: number, words: number): boolean {
  return words * 2 <= W[lane + L_SIZE]
}

/**
 * Where a submission of so many words is to be written, in its lane's ring; 0 while there is no room.
 * @param read up to where the thread has read outcomes: what is before that is free
 */
export function roomFor(W: Uint32Array, lane: number, read: number, words: number): number {
  const size = W[lane + L_SIZE]
  const head = W[lane + L_HEAD]
  const begin = head & (size - 1)
  const skipped = begin + words > size ? size - begin : 0
  if ((head + skipped + words - read) >>> 0 > size) return 0
  const ring = W[lane + L_AT]
  if (skipped === 0) return ring + begin
  W[ring + begin + U_WORDS] = 0
  return ring
}

/** Submits what was written at `at`, the answer of {@link roomFor}. */
export function submitAt(W: Uint32Array, lane: number, at: number, words: number): void {
  const size = W[lane + L_SIZE]
  const head = W[lane + L_HEAD]
  const isSkipped = at === W[lane + L_AT] && (head & (size - 1)) !== 0
  const begin = isSkipped ? head + size - (head & (size - 1)) : head
  Atomics.store(W, lane + L_HEAD, begin + words)
}

/** Positions, from `position` on, that lead to a submission: the same, or the ring's begin. */
export function skipTo(W: Uint32Array, lane: number, position: number): number {
  const size = W[lane + L_SIZE]
  const begin = position & (size - 1)
  if (W[W[lane + L_AT] + begin + U_WORDS] !== 0) return position
  return (position + size - begin) >>> 0
}

/** The word at which the submission at a position lies. */
export function unitAt(W: Uint32Array, lane: number, position: number): number {
  return W[lane + L_AT] + (position & (W[lane + L_SIZE] - 1))
}

/** True if the thread of the block is gone, and nobody has emptied the block yet. */
export function isGone(W: Uint32Array, block: number): boolean {
  return Atomics.load(W, block + Q_GONE) !== 0
}

/** Up to where its thread has submitted. */
export function headOf(W: Uint32Array, lane: number): number {
  return Atomics.load(W, lane + L_HEAD)
}

/** Up to where submissions are decided. */
export function doneOf(W: Uint32Array, lane: number): number {
  return Atomics.load(W, lane + L_DONE)
}

/** Submissions are decided up to `position`, unless others have decided more. */
export function decideTo(W: Uint32Array, lane: number, position: number): void {
  for (let done = Atomics.load(W, lane + L_DONE); ((position - done) | 0) > 0; ) {
    const before = Atomics.compareExchange(W, lane + L_DONE, done, position >>> 0)
    if (before === done) return
    done = before
  }
}

/** Wakes the thread that waits for outcomes of its submissions, if it does. @param line its line */
export function tellDecided(signed: Int32Array, W: Uint32Array, line: number, block: number): void {
  if (Atomics.load(W, block + Q_ASLEEP) === 0) return
  wake(signed, decidedWord(W[line + T_ID]))
}

/** The word on which the thread waits whose id plus 1 is `id`. */
export function decidedWord(id: number): number {
  return wordOf(H_DECIDED, id)
}

export function setAsleep(W: Uint32Array, block: number, isAsleep: boolean): void {
  if (block !== 0) Atomics.store(W, block + Q_ASLEEP, isAsleep ? 1 : 0)
}

/** True if the block has submissions that nobody has taken. */
function hasWork(W: Uint32Array, block: number): boolean {
  if (Atomics.load(W, block + Q_GONE) !== 0) return false
  for (let lane = 0; lane < LANES; lane++) {
    const at = laneAt(block, lane)
    if (Atomics.load(W, at + L_HEAD) !== Atomics.load(W, at + L_TAIL)) return true
  }
  return false
}

/** True if any thread has. */
export function anyWork(W: Uint32Array): boolean {
  let found = false
  eachLine(W, line => {
    const block = Atomics.load(W, line + T_QUEUE)
    found = block !== 0 && hasWork(W, block)
    return found
  })
  return found
}

/** Wakes the thread that commits for others, if it sleeps. */
export function tellPump(signed: Int32Array): void {
  if (Atomics.load(signed, H_PUMP_IDLE) === 0) return
  if (Atomics.exchange(signed, H_PUMP_IDLE, 0) !== 0) Atomics.notify(signed, H_PUMP_IDLE)
}

/** The thread that commits for others is about to sleep, and then looks once more. */
export function setPumpIdle(signed: Int32Array, isIdle: boolean): void {
  Atomics.store(signed, H_PUMP_IDLE, isIdle ? 1 : 0)
}

// ── For the owner of the lock ─────────────────────────────────────────────────────────────────

/** Number of the group that comes next. */
export function nextGroup(W: Uint32Array): number {
  // 0 says that there is none.
  return (W[tipOf(W) + R_GROUP] + 1) >>> 0 || 1
}

/**
 * An owner that took submissions may have died: what it noted has been taken if the newest record has its group,
 * or a later one. Empties a block whose thread is gone.
 */
export function settleBlock(W: Uint32Array, block: number): void {
  const group = W[block + Q_GROUP]
  if (group !== 0) {
    const isTaken = ((W[tipOf(W) + R_GROUP] - group) | 0) >= 0
    if (isTaken) take(W, block, noted(W, block))
    else W[block + Q_GROUP] = 0
  }
  if (W[block + Q_OUT] === NOTED) W[block + Q_OUT] = 0
  if (Atomics.load(W, block + Q_GONE) !== 0) empty(W, block)
}

/** What was noted of a block. */
function noted(W: Uint32Array, block: number): number[] {
  return Array.from({ length: LANES }, (_, lane) => W[laneAt(block, lane) + L_NEXT])
}

/** Up to where submissions are taken. */
export function tailOf(W: Uint32Array, lane: number): number {
  return Atomics.load(W, lane + L_TAIL)
}

/** Notes what a group is about to take of a block. @param next the new TAIL of each lane */
export function note(W: Uint32Array, block: number, group: number, next: ArrayLike<number>): void {
  for (let lane = 0; lane < LANES; lane++) W[laneAt(block, lane) + L_NEXT] = next[lane]
  Atomics.store(W, block + Q_GROUP, group)
}

/** Before {@link note}, for the block of this thread: the group takes of what that has in no ring, too. */
export function noteOut(W: Uint32Array, block: number): void {
  W[block + Q_OUT] = NOTED
}

/** True if a group that was noted by {@link noteOut} last was taken. For a block that is settled. */
export function isOutTaken(W: Uint32Array, block: number): boolean {
  return W[block + Q_OUT] === TAKEN
}

/** Submissions are taken, up to the positions `next` of the lanes. */
export function take(W: Uint32Array, block: number, next: ArrayLike<number>): void {
  for (let lane = 0; lane < LANES; lane++)
    Atomics.store(W, laneAt(block, lane) + L_TAIL, next[lane])
  if (W[block + Q_OUT] === NOTED) W[block + Q_OUT] = TAKEN
  W[block + Q_GROUP] = 0
}

/** Submissions of one lane are taken, up to a position. */
export function takeTo(W: Uint32Array, lane: number, position: number): void {
  Atomics.store(W, lane + L_TAIL, position)
}

/**
 * Takes back what nobody has taken. For the thread of the block, which has the lock. HEAD stays, so that an owner whose
 * group has failed finds that what it knows is not there any more.
 */
export function withdraw(W: Uint32Array, block: number): void {
  settleBlock(W, block)
  for (let lane = 0; lane < LANES; lane++) {
    const at = laneAt(block, lane)
    const head = W[at + L_HEAD]
    for (let position = tailOf(W, at); position !== head; ) {
      position = skipTo(W, at, position)
      const unit = unitAt(W, at, position)
      W[unit + U_OUTCOME] = WITHDRAWN
      position = (position + W[unit + U_WORDS]) >>> 0
    }
    takeTo(W, at, head)
  }
}

/** True for a submission, before TAIL, that was taken back. */
export function isWithdrawn(W: Uint32Array, unit: number): boolean {
  return W[unit + U_OUTCOME] === WITHDRAWN
}
