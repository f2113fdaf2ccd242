/** What can only be looked at while nobody reclaims: what others have pinned, and what lies below the run. */
export interface Survey {
  readonly retained: number
  readonly lag: number
  /** The oldest pinned version, when it was committed, and the thread that has it. */
  readonly oldest: number
  readonly since: number
  readonly thread: number | null
}

/** Nothing looked at yet. */
export const NO_SURVEY: Survey = { retained: 1, lag: 0, oldest: 0, since: 0, thread: null }
