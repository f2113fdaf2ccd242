/** Which intervals of past runs are asked for: by when they were born, and when they died. */
import type { Moment, Run } from './run.js'

/** Intervals with `bornAfter < birth ≤ bornUntil` and `diedAfter < death ≤ diedUntil`. */
export interface Wanted {
  readonly bornAfter: number
  readonly bornUntil: number
  readonly diedAfter: number
  readonly diedUntil: number
}

/** Those that count at a moment. */
export function wantedAt({ at, until }: Moment): Wanted {
  return { bornAfter: -1, bornUntil: at, diedAfter: at, diedUntil: until }
}

/** False if no interval of a run is wanted. */
export function mayHave({ foot, span }: Run, wanted: Wanted): boolean {
  if (foot.birth > wanted.bornUntil || foot.death <= wanted.diedAfter) return false
  // Each died after its birth, and after the run's span began.
  return foot.birth < wanted.diedUntil && span.from < wanted.diedUntil
}
