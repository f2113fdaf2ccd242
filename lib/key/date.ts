/**
 * Recognises a Date, and reads it, by its internal slot: the Date of a fake clock, or of another realm, has
 * neither this realm's prototype nor its constructor, and may outlive the fake clock. Any thread; no state.
 */
import { types } from 'node:util'

// Taken when the module loads: the Date that a fake clock installs later may have methods of its own.
const { getTime, toISOString } = Date.prototype

/** The ms of a Date; NaN for an invalid one, and for any other value. */
export function msOf(value: unknown): number {
  return types.isDate(value) ? getTime.call(value) : Number.NaN
}

/** A valid Date as text by ISO 8601, in UTC. */
export function isoOf(date: Date): string {
  return toISOString.call(date)
}
