/** Where a transaction's memory comes from when it is short: what it asks of the past, and for what. */

/** See {@link Room}; beside the allocator's constants. */
export const NOWHERE = -1

/** Where memory comes from when it is short. */
export interface Room {
  /**
   * Asked when an allocation does not fit; true if it is worth trying again.
   * @param purpose {@link TAKING} …
   */
  make(words: number, purpose: number): boolean
  /** What an entry of so many words may lie in, in pieces if need be: NOWHERE, or as NO_SLOTS. */
  pieces(words: number): number
  /** A delete is provided for, whatever has been allocated. */
  suffices(): boolean
}

/**
 * What memory is wanted for: a transaction that has only taken away so far; one that adds something; an entry
 * that it adds, which could lie in pieces; the record, which goes when its version goes.
 */
export const TAKING = 0
export const ADDING = 1
export const DIVIDING = 2
export const CLOSING = 3

/**
 * How many times larger than asked for a block may be where no page is left, for a transaction that adds something.
 * Were it more, entries would take the blocks that nodes and deletes need, for good.
 */
export const MOST_WASTE = 2
