/** What a thread has done with the parts of indexes that it keeps: blocks of vectors, lists of edges. */
export class HotCounts {
  /** Parts that were taken in, and that had to go. */
  promotions = 0
  demotions = 0
  /** Parts read where they were kept; from memory; and from files. */
  hot = 0
  warm = 0
  cold = 0
}
