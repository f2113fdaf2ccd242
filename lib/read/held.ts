/** A store at a version that stays readable until the hold is released. */
import type { Hold } from './iterator.js'

export interface Held extends Hold {
  /** Root of its tree; 0 for a version of the deep past, too. */
  readonly root: number
  /** The record of its version; 0 for one of the deep past, which is `deep` then. */
  readonly record: number
  readonly deep: number
  /** Nothing keeps it any more: the iterator has ended, or rests. */
  readonly ended: boolean
}
