/** Where memory comes from when it is short: a transaction's requests to the past, and their purposes. */

/** See {@link Room}; beside the allocator's constants. */
export const NOWHERE = -1

/** Where memory comes from when it is short. */
export interface Room {
  /**
   * Called when an allocation does not fit; true if it is worth trying again.
   * @param purpose {@link TAKING} …
   */
  make(words: number, purpose: number): boolean
  /** The blocks that may be pieces of an entry of so many words: NOWHERE, or as NO_SLOTS. */
  pieces(words: number): number
  /** True if the reserve suffices for a delete, whatever has been allocated. */
  suffices(): boolean
  /** Why the disk does not take what memory could let go of then; undefined where it does. */
  refusal(): unknown
}

/**
 * The purposes of memory: a transaction that has only taken away so far; one that adds something; a node, mostly in
 * the place of another; an entry that it adds, which could lie in pieces; the record, which goes when its version goes.
 */
export const TAKING = 0
export const ADDING = 1
export const NODE = 2
export const DIVIDING = 3
export const CLOSING = 4

/**
 * How many times larger than asked for a block may be where no page is left, for a transaction that adds something.
 * Were it more, entries would take the blocks that nodes and deletes need, for good.
 */
export const MOST_WASTE = 2
