/**
 * The oracle's reading of the contract where that is silent or ambiguous: one line each, so that a
 * change of mind changes one line.
 */
export const DECISIONS = {
  /** A version that only a read transaction pins can be read by number too. */
  pinnedReadableByNumber: false,
  /** `history` of a key spans a drop of its store (one deletion) and a new store of that name. */
  historySpansDrop: true,
  /** A handle read at an explicit view at which its store is absent: empty, not UNKNOWN_STORE. */
  absentAtViewIsEmpty: true,
  /** Dates below the run find a tagged version if it truly was the last one at or before them. */
  datesFindTagged: true,
  /** The `type` of a deletion in `changes`. */
  deletionType: 'del',
  /** `diff` takes `reverse` and `limit` too, as its `range` says. */
  diffTakesReverseAndLimit: true,
} as const
