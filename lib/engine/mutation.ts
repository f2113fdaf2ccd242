/**
 * What a commit makes durable. There are five kinds: a new version of the stores (new-version.ts), a change of the
 * tags (tagging.ts), and in upkeep.ts the low-water mark, the bounds of history, and the time of a version.
 *
 * commit.ts calls the parts in this order; the names say what may go wrong in which.
 */
import type { Batch } from './batch.js'

/** What a commit is to be, instead of the next version at this time: for loading a history. */
export interface Stamp {
  readonly version: number
  /** ms since 1970 */
  readonly time: number
  /** When the version before it ended, if that was before `time`. */
  readonly ended: number | undefined
  /** The versions before it are none that came before it: the run begins anew. */
  readonly forgets: boolean
}

export interface Mutation {
  /**
   * Does all that can fail. If it throws, all of it is undone: what it allocates is in the log, and what is
   * published stays as it is.
   */
  prepare(): void
  /** Adds to `batch` what replay.ts needs to do it again; after `prepare`. */
  describe(batch: Batch): void
  /** Makes it readable, by one store. Neither allocates in the arena nor throws. */
  publish(): void
  /** Lets go of what it made superfluous. Neither allocates nor throws. */
  release(): void
  /** True from that store on. */
  readonly isPublished: boolean
  /** The version that it makes, and when; after `prepare`. Undefined where it makes none. */
  readonly stamp: Stamp | undefined
}

/** What is told of each commit before it can be read: a log. */
export interface Log {
  /** May throw: then the commit is undone. */
  append(mutation: Mutation): void
}
