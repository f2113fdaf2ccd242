/**
 * The table of threads: lines claimed and given back, tracks, the burial of dead threads.
 *
 * Any thread may call any of this at any time; nothing here needs the writer lock. Invariants:
 * 1. A line belongs to the thread that stored its T_ID by CAS from 0. A thread may have several lines,
 *    one for each handle.
 * 2. Thread ids are never used again within a process; lines are. So the lock and the table of
 *    tracks contain ids, and a burier takes a dead thread's lock away by the thread's id.
 * 3. A burial goes line by line: CAS of T_ID to BURIED and the burier's id, slots idle, T_ID 0 last.
 *    If the burier dies meanwhile, the thread that buries it finds that mark and goes on.
 * 4. Neither the line's thread nor a burier writes to a line after it is given back.
 */
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import {
  BURIED,
  H_CLOSED,
  H_DRAINER,
  H_FIRST_LINE,
  H_HIGH_WATER,
  H_KEEPER,
  H_KEEPING,
  H_LOCK,
  H_MAX_THREADS,
  H_PUMP,
  H_SEALING,
  H_SYNCER,
  H_TRACKS_AT,
  H_WAITERS,
  H_WATCHERS,
  LANES,
  OVERFLOW_WORDS,
  T_DEEP,
  T_DEPTH,
  T_ID,
  T_OVERFLOW,
  T_PINS,
  T_PINS_USED,
  T_PROOF,
  T_QUEUE,
  T_SLOT,
  T_SPILL,
  T_TASK,
  T_WAITING,
  T_WATCHING,
  T_WRITING,
  THREAD_WORDS,
  THREADS_AT,
  TRACK_WORDS,
  WRITING_NOT,
} from '../memory/layout.js'
import { Q_GONE } from '../memory/queue-layout.js'
import { lives, type Trace } from './liveness.js'
import { giveOn } from './next.js'
import { eachLine, eachUser } from './table.js'

// ── Lines ───────────────────────────────────────────────────────────────────────────────────────

/**
 * Claims a line for thread `threadId`; buries dead threads first where all lines are taken.
 * @param isKeeper the line is for a thread of zverse's own
 * @returns its word offset
 * @throws ZVerseError `ZVERSE_READERS_FULL`
 */
export function claimLine(arena: Arena, threadId: number, trace: Trace, isKeeper = false): number {
  const W = arena.words
  let line = claim(W, threadId, isKeeper)
  if (line === 0 && sweep(arena, threadId)) line = claim(W, threadId, isKeeper)
  if (line === 0) {
    const message =
      `all places for threads are taken (maxThreads: ${W[H_MAX_THREADS]}): close handles that are not used, ` +
      'track workers, or open with a larger maxThreads'
    throw new ZVerseError('ZVERSE_READERS_FULL', message)
  }
  W[line + T_TASK] = trace.task
  Atomics.store(W, line + T_PROOF, trace.proof)
  if (Atomics.load(W, H_CLOSED) === 0) return line
  freeLine(arena, line)
  const message =
    'the database was closed by its last handle: keep one open until others have attached'
  throw new ZVerseError('ZVERSE_CLOSED', message)
}

/** True if any thread of a user has the database open. */
function isOpen(W: Uint32Array): boolean {
  let found = false
  eachUser(W, line => {
    found ||= Atomics.load(W, line + T_ID) !== 0
    return found
  })
  return found
}

/** Closes the database for good if no thread has it open: true for one caller; none can attach any more. */
export function closeForGood(arena: Arena): boolean {
  const W = arena.words
  if (isOpen(W)) return false
  if (Atomics.compareExchange(W, H_CLOSED, 0, 1) !== 0) return false
  // A thread that claims a line now sees that it is closed, or is seen here.
  if (!isOpen(W)) return true
  Atomics.store(W, H_CLOSED, 0)
  return false
}

/** True if no thread but the one of `line` has the database open. Buries the dead. */
export function isLast(arena: Arena, line: number, me: number): boolean {
  const W = arena.words
  sweep(arena, me)
  let others = false
  eachUser(W, other => {
    others ||= other !== line && Atomics.load(W, other + T_ID) !== 0
    return others
  })
  return !others
}

function claim(W: Uint32Array, threadId: number, isKeeper: boolean): number {
  const first = W[H_FIRST_LINE]
  const [from, to] = isKeeper ? [0, first] : [first, first + W[H_MAX_THREADS]]
  for (let i = from; i < to; i++) {
    const line = THREADS_AT + i * THREAD_WORDS
    // Before the line is used, so that no scan misses it.
    for (let high = Atomics.load(W, H_HIGH_WATER); high <= i; ) {
      high = Atomics.compareExchange(W, H_HIGH_WATER, high, i + 1)
    }
    if (Atomics.compareExchange(W, line + T_ID, 0, threadId + 1) === 0) return line
  }
  return 0
}

/** Gives a line back: its slots become idle, and the line free. */
export function freeLine(arena: Arena, line: number): void {
  const W = arena.words
  Atomics.store(W, line + T_SLOT, 0)
  Atomics.store(W, line + T_SPILL, 0)
  Atomics.store(W, line + T_DEEP, 0)
  const used = W[line + T_PINS_USED]
  for (let i = 0; i < used; i++) Atomics.store(W, line + T_PINS + i, 0)
  for (let block = W[line + T_OVERFLOW]; block !== 0; block = W[block]) {
    for (let i = 1; i < OVERFLOW_WORDS; i++) Atomics.store(W, block + i, 0)
  }
  Atomics.store(W, line + T_PINS_USED, 0)
  for (let lane = 0; lane < LANES; lane++) Atomics.store(W, line + T_DEPTH + lane, 0)
  // What is left in it goes with the thread; the next owner of the lock empties the block.
  const queue = W[line + T_QUEUE]
  if (queue !== 0) Atomics.store(W, queue + Q_GONE, 1)
  W[line + T_WRITING] = WRITING_NOT
  // First the flag: a death in between leaves a count too high, which costs a notification.
  for (const [flag, count] of [
    [T_WAITING, H_WAITERS],
    [T_WATCHING, H_WATCHERS],
  ]) {
    const waits = W[line + flag]
    W[line + flag] = 0
    Atomics.sub(W, count, waits)
  }
  W[line + T_TASK] = 0
  W[line + T_PROOF] = 0
  Atomics.store(W, line + T_ID, 0)
}

// ── Death ───────────────────────────────────────────────────────────────────────────────────────

/**
 * Frees the lock of a dead thread (the next owner recovers), its turn, the roles that it had, and its lines; then
 * buries the threads that it tracked, for they died with it.
 */
export function bury(arena: Arena, dead: number, me: number): void {
  const W = arena.words
  Atomics.compareExchange(W, H_LOCK, dead + 1, 0)
  for (const role of [H_SYNCER, H_KEEPING, H_SEALING, H_KEEPER, H_PUMP, H_DRAINER]) {
    if (Atomics.compareExchange(W, role, dead + 1, 0) === dead + 1) {
      Atomics.notify(arena.signed, role)
    }
  }
  // Its own lines last: as long as one is there, another thread can find out that it is dead.
  for (const id of [BURIED + dead + 1, dead + 1]) {
    eachLine(W, line => {
      const mine = Atomics.compareExchange(W, line + T_ID, id, BURIED + me + 1) === id
      if (mine) freeLine(arena, line)
      return false
    })
  }
  // It waits no more: the next turn is for somebody else.
  giveOn(arena.signed, W, dead + 1)
  for (const child of forget(W, dead)) bury(arena, child, me)
}

/**
 * Frees the roles that a call of the living thread `me`, a vm timeout cut it off, has left taken: those that no thread
 * has from one call to the next. For that thread, where it is in none of these calls.
 */
export function leaveRoles(arena: Arena, me: number): void {
  for (const role of [H_SEALING, H_SYNCER]) {
    if (Atomics.compareExchange(arena.words, role, me + 1, 0) === me + 1) {
      Atomics.notify(arena.signed, role)
    }
  }
}

/** True if a thread lives, false if it is dead, null where that cannot be told. */
export function isAlive(arena: Arena, threadId: number): boolean | null {
  const W = arena.words
  if (threadId === 0) return true
  let answer: boolean | null = null
  eachLine(W, line => {
    if (Atomics.load(W, line + T_ID) !== threadId + 1) return false
    const trace = { task: W[line + T_TASK], proof: Atomics.load(W, line + T_PROOF) }
    // The trace was that thread's only if the line is still its line.
    if (Atomics.load(W, line + T_ID) === threadId + 1) answer = lives(trace)
    return answer !== null
  })
  return answer
}

/** Buries all threads that are known to be dead; true if there were any. */
export function sweep(arena: Arena, me: number): boolean {
  const dead = new Set<number>()
  eachLine(arena.words, line => {
    const id = Atomics.load(arena.words, line + T_ID) % BURIED
    if (id !== 0 && id !== me + 1 && isAlive(arena, id - 1) === false) dead.add(id - 1)
    return false
  })
  for (const threadId of dead) bury(arena, threadId, me)
  return dead.size > 0
}

// ── Tracks ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Notes that `tracker` hears when `child` ends; false if that is noted already. Without room in the
 * table nothing is noted: the tracker still hears it, but its own burial does not lead to `child`.
 */
export function noteTrack(arena: Arena, child: number, tracker: number): boolean {
  const W = arena.words
  for (let i = 0; i < W[H_MAX_THREADS]; i++) {
    const at = W[H_TRACKS_AT] + i * TRACK_WORDS
    if (Atomics.load(W, at) === child + 1 && Atomics.load(W, at + 1) === tracker + 1) return false
  }
  for (let i = 0; i < W[H_MAX_THREADS]; i++) {
    const at = W[H_TRACKS_AT] + i * TRACK_WORDS
    if (Atomics.compareExchange(W, at, 0, child + 1) !== 0) continue
    Atomics.store(W, at + 1, tracker + 1)
    return true
  }
  return true
}

/** Takes the entries of a dead thread from the table; returns the ids of the threads it tracked. */
function forget(W: Uint32Array, dead: number): number[] {
  const children: number[] = []
  for (let i = 0; i < W[H_MAX_THREADS]; i++) {
    const at = W[H_TRACKS_AT] + i * TRACK_WORDS
    const child = Atomics.load(W, at)
    if (child === 0) continue
    const tracker = Atomics.load(W, at + 1)
    if (child !== dead + 1 && tracker !== dead + 1) continue
    if (child !== dead + 1) children.push(child - 1)
    Atomics.compareExchange(W, at + 1, tracker, 0)
    Atomics.compareExchange(W, at, child, 0)
  }
  return children
}
