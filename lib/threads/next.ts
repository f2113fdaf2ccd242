/**
 * Who writes next: of those that wait, the one that has not had the lock for longest is called, and the next turn is
 * its own. So threads that write in loops take turns, and one that writes now and then waits for two tenures at most,
 * however many the loopers are; each turn taken makes its thread the last, so all get one.
 *
 * Any thread. Each thread waits on a word of its own (with those whose ids are the same modulo WAKES), which
 * counts calls: it loads the word before it tries the lock, so no call falls between the two. Invariants:
 * 1. Whoever leaves the lock free, and sees that threads wait, calls one of them, unless the next turn is given already.
 * 2. A thread to which the next turn is given, and that leaves without the lock, gives it on.
 * 3. The next turn is never left to a thread that does not wait: who gives it looks again whether that thread waits,
 *    and a thread that waits no more looks whether it has the turn. One of the two sees the other.
 */
import {
  BURIED,
  H_LOCK,
  H_TURN,
  H_WAITERS,
  H_WAKE,
  T_ID,
  T_TICKET,
  T_WAITING,
  TURN_PRESENT,
} from '../memory/layout.js'
import { eachLine } from './table.js'
import { wake, wordOf } from './wake.js'

/** The word on which the thread waits whose id plus 1 is `id`. */
export function wakeWord(id: number): number {
  return wordOf(H_WAKE, id)
}

/** Wakes a thread. @param id its id plus 1 */
export function call(signed: Int32Array, id: number): void {
  wake(signed, wakeWord(id))
}

/** Gives the next turn to the waiter that has not had the lock for longest, and wakes it. */
export function callNext(signed: Int32Array, W: Uint32Array): void {
  let next = 0
  let nextLine = 0
  let first = 0
  let shy = 0
  let firstShy = 0
  eachLine(W, line => {
    if (Atomics.load(W, line + T_WAITING) === 0) return false
    const id = Atomics.load(W, line + T_ID)
    if (id === 0 || id >= BURIED) return false
    const ticket = W[line + T_TICKET]
    const isShy = (ticket & 1) !== 0
    if (isShy && (shy === 0 || ((ticket - firstShy) | 0) < 0)) {
      shy = id
      firstShy = ticket
    } else if (!isShy && (next === 0 || ((ticket - first) | 0) < 0)) {
      next = id
      nextLine = line
      first = ticket
    }
    return false
  })
  // It may take a free lock as anyone may; it is not waited for.
  if (shy !== 0 && (next === 0 || ((firstShy - first) | 0) < 0)) call(signed, shy)
  if (next === 0 || Atomics.compareExchange(signed, H_TURN, 0, next) !== 0) return
  // It may have had the lock meanwhile, or have left, or be dead and buried: then it takes no turn up.
  const waits =
    Atomics.load(W, nextLine + T_WAITING) !== 0 && Atomics.load(W, nextLine + T_ID) === next
  if (waits) call(signed, next)
  else giveOn(signed, W, next)
}

/**
 * The thread whose id plus 1 is `id` did not take its turn up: it is given none until it has been awake. It may not wait
 * at all, where a vm timeout cut its wait off.
 */
export function setAside(W: Uint32Array, id: number): void {
  eachLine(W, line => {
    if (Atomics.load(W, line + T_ID) === id) Atomics.or(W, line + T_TICKET, 1)
    return false
  })
}

/** The next turn was given to the thread whose id plus 1 is `id`, which does not take it: gives it on. */
export function giveOn(signed: Int32Array, W: Uint32Array, id: number): void {
  const turn = Atomics.load(signed, H_TURN)
  if ((turn & ~TURN_PRESENT) === id) Atomics.compareExchange(signed, H_TURN, turn, 0)
  if (Atomics.load(signed, H_LOCK) !== 0 || Atomics.load(signed, H_WAITERS) === 0) return
  if (Atomics.load(signed, H_TURN) === 0) callNext(signed, W)
}
