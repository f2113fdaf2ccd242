/**
 * A mutation: the change that a commit makes durable. There are five kinds: a new version of the stores
 * (new-version.ts), a change of the tags (tagging.ts), and in upkeep.ts the low-water mark, the bounds of
 * history, and the time of a version.
 *
 * commit.ts calls the methods in this order; their comments say which may fail.
 */
import type { Batch } from './batch.js'

/** The version and time of a commit, instead of the next version at this time: for loading a history. */
export interface Stamp {
  readonly version: number
  /** ms since 1970 */
  readonly time: number
  /** When the version before it ended, if that was before `time`. */
  readonly ended: number | undefined
  /** The versions before it do not belong to its history: the window begins anew. */
  readonly forgets: boolean
}

export interface Mutation {
  /**
   * Does all that can fail. If it throws, all of it is undone: its allocations are in the undo log, and
   * published blocks stay as they are.
   */
  prepare(): void
  /** Adds to `batch` the changes that replay.ts does again; after `prepare`. */
  describe(batch: Batch): void
  /** Makes the change readable, by one store. Neither allocates in the arena nor throws. */
  publish(): void
  /** Reclaims blocks that no version needs any more. Neither allocates nor throws. */
  release(): void
  /** Once the change can be read, and no thread has the lock: what could not be let go of before. */
  settled(): void
  /** True from that store on. */
  readonly isPublished: boolean
  /** The version that it makes, and its time; after `prepare`. Undefined where it makes none. */
  readonly stamp: Stamp | undefined
  /** The versions before it end with it: it must be readable before they are released. */
  readonly endsPast: boolean
}

/** A commit log: gets each commit before it can be read. */
export interface Log {
  /** The directory, as errors name it; absent where there is none. */
  readonly path?: string
  /** A call has failed that leaves doubt: what is staged is never read, and nothing more is written. */
  readonly hasFailed?: boolean
  /**
   * For the owner of the lock. True: the commit is undone, and its caller told that it is done, for a replicated log gets it
   * first (lib/replica). May throw: then it is undone, too.
   */
  defer?(mutation: Mutation): boolean
  /** For the owner of the lock. May throw: then the commit is undone. */
  append(mutation: Mutation): void
  /**
   * Waits until a version that is committed can be read; at once where it can be.
   * @throws ZVerseError `ZVERSE_IO` where it never can
   */
  settle(version: number): void
  /** The handle closes; for the last one that has the database open. Throws nothing. */
  close(): void
}
