/**
 * The block in which one handle has its part of the write queue, drawn; header words and the line's are in layout.ts.
 */
import { LANES } from './layout.js'

// ── Queue block: what one handle has submitted (docs/queue.md) ──────────────────────────────────
//   0 –   1 not 0: its thread is gone   2 the group that took what NEXT says (0: none)   3 not 0: its thread
//   sleeps until something is decided   4 whether the group takes of what the thread has in no ring: 1 noted, 2 taken   8 … for each lane, 8 words; then the rings
// A lane: positions count words, modulo 2^32: HEAD up to where there are submissions (the thread), TAIL up to where they
// were taken, NEXT the TAIL that comes with the group (the owner of the lock), DONE up to where they were decided (whoever
// took them, or came next; it only rises); then where the lane's ring begins in the block, and its words, a power of 2.
export const Q_GONE = 1
export const Q_GROUP = 2
export const Q_ASLEEP = 3
export const Q_OUT = 4
export const Q_LANES = 8
export const LANE_WORDS = 8
export const L_HEAD = 0
export const L_TAIL = 1
export const L_NEXT = 2
export const L_DONE = 3
export const L_AT = 4
export const L_SIZE = 5
export const Q_RINGS = Q_LANES + LANES * LANE_WORDS
// A submission, in one piece: 0 its words (0: the next one is at the ring's begin)   1 its changes   2 its outcome
//   3-6 what the outcome says   7 its ticket   8 … a batch that begins with its store
export const U_WORDS = 0
export const U_CHANGES = 1
export const U_OUTCOME = 2
export const U_SAYS = 3
/** The outcome of a submission that its thread has taken back. */
export const WITHDRAWN = 0xffffffff
export const U_TICKET = 7
export const U_BATCH = 8
/** The store that its batch begins with. */
export const U_STORE = U_BATCH + 2
