/** Facts that only the owner of the lock can find: pins of all threads, records below the low-water mark. */
export interface Survey {
  readonly retained: number
  readonly lag: number
  /** The oldest pinned version, when it was committed, and the thread that pins it. */
  readonly oldest: number
  readonly since: number
  readonly thread: number | null
}

/** Before the first survey. */
export const NO_SURVEY: Survey = { retained: 1, lag: 0, oldest: 0, since: 0, thread: null }
