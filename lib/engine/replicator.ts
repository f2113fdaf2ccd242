/**
 * What the verbs of a database need of the node that keeps it at what a replicated log says (lib/replica).
 */
import type { ZVerseError } from '../errors.js'
import type { Batch } from './batch.js'
import type { Signal } from './signal.js'

/** What `db.replica` says. */
export interface ReplicaState {
  /** False while the log cannot be reached, and once this node has stopped. */
  connected: boolean
  /** The newest record of the log that this node knows of, and the newest that it has applied. */
  last: number
  applied: number
  /** ms by which the newest version here is old, where there are records that are not applied; else 0. */
  lagMs: number
  /** This node, as it names itself. */
  node: string
  /** How often it was too late for the log, and has begun anew with a snapshot. */
  rejoined: number
  /** Why it has stopped for good. */
  error?: ZVerseError
}

export interface Replicator {
  readonly state: ReplicaState
  /** Takes a submission that has no room in shared memory. */
  take(batch: Batch): Promise<number>
  /**
   * Runs a verb that writes, on what is newest here, and has the log decide.
   * @param proves what it has seen must be the newest there is, though it may have changed nothing
   * @param retries how often it may be run again because another node was first
   */
  run<T>(verb: () => T, proves: boolean, retries: number, signal?: Signal): Promise<T>
  /** Resolves once all is here that was committed before this call, on any node. @returns the version then */
  sync(): Promise<number>
  /** Ends the node, and the handle. @param rejects what nobody has taken is not waited for */
  close(rejects: boolean): Promise<void>
}
