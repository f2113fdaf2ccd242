/**
 * The parts of a snapshot record (layout.ts draws it). Pure functions on words; for whoever may read the record. Only
 * the owner of the writer lock writes.
 */
import { INLINE_MASK, R_FLAGS, R_REPLACED, R_TAGGED, R_TIME, R_UNTIL, R_VERSION } from './layout.js'

const TWO32 = 2 ** 32
const LOW = 0xffff

/** When the version was committed, ms since 1970. */
export function timeOf(W: Uint32Array, record: number): number {
  return (W[record + R_VERSION + 1] >>> 16) * TWO32 + W[record + R_TIME]
}

/** When the version ended, ms since 1970: the next one began. Of a version that has ended. */
export function untilOf(W: Uint32Array, record: number): number {
  return (W[record + R_FLAGS] >>> 16) * TWO32 + W[record + R_UNTIL]
}

export function writeTime(W: Uint32Array, record: number, time: number): void {
  W[record + R_TIME] = time
  setUpper(W, record + R_VERSION + 1, time / TWO32)
}

export function writeUntil(W: Uint32Array, record: number, time: number): void {
  W[record + R_UNTIL] = time
  setUpper(W, record + R_FLAGS, time / TWO32)
}

function setUpper(W: Uint32Array, at: number, value: number): void {
  W[at] = (W[at] & LOW) | (value << 16)
}

/** A tag is on the version. */
export function isTagged(W: Uint32Array, record: number): boolean {
  return (W[record + R_FLAGS] & R_TAGGED) !== 0
}

export function setTagged(W: Uint32Array, record: number, isTagged: boolean): void {
  if (isTagged) W[record + R_FLAGS] |= R_TAGGED
  else W[record + R_FLAGS] &= ~R_TAGGED
}

/** How many items the record itself has. */
export function inlineOf(W: Uint32Array, record: number): number {
  return W[record + R_FLAGS] & INLINE_MASK
}

export function setInline(W: Uint32Array, record: number, count: number): void {
  W[record + R_FLAGS] = (W[record + R_FLAGS] & ~INLINE_MASK) | count
}

/** Words that the versions after that of a record, up to that of another, have replaced. */
export function replacedBetween(W: Uint32Array, from: number, to: number): number {
  return (W[to + R_REPLACED] - W[from + R_REPLACED]) >>> 0
}
