/**
 * What is a Date, and which. Told by its own inner slot: a fake clock's Date, or another realm's, has
 * neither this realm's prototype nor its constructor, and may be met long after that clock is gone. Any
 * thread; no state.
 */
import { types } from 'node:util'

// Not looked up when called: what a fake clock calls Date then may have methods of its own.
const { getTime, toISOString } = Date.prototype

/** The ms of a Date; NaN for an invalid one, and for all that is no Date. */
export function msOf(value: unknown): number {
  return types.isDate(value) ? getTime.call(value) : Number.NaN
}

/** A valid Date as ISO 8601 has it, in UTC. */
export function isoOf(date: Date): string {
  return toISOString.call(date)
}
