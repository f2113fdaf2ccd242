/**
 * A replicated log: the contract between a replica and whatever keeps its records on several machines.
 *
 * A log is a sequence of records, numbered from 1 on without gaps, which every node reads in the same order. The commit
 * is the conditional append. The suite of conformance.ts is for any adapter, exported from `zverse/log`.
 *
 * Rules that an adapter keeps:
 * 1. {@link ReplicatedLog.append} puts a record at sequence `expected` + 1 or nowhere. What it has acknowledged
 *    is never lost, and read by everybody at that sequence.
 * 2. An append with an id that was appended before answers with the sequence of that record, at whatever sequence it was
 *    expected, and appends nothing: for {@link DEDUPLICATED_MS} at least.
 * 3. {@link ReplicatedLog.read} yields each record once, in order, without gaps, and goes on over lost connections.
 */
import type { Signal } from '../engine/signal.js'

/**
 * ms for which an adapter knows ids again, at least: a node that was cut off for longer gives an append up.
 */
export const DEDUPLICATED_MS = 120_000

/** A record, as it was appended. */
export interface LogRecord {
  readonly sequence: number
  /** The id of its append. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** What one node knows of the log's ends. */
export interface LogEnds {
  /** The oldest record that can be read; `last` + 1 where there is none. */
  readonly first: number
  /** The newest record; 0 where there never was one. */
  readonly last: number
}

/** A snapshot: all that the records up to one of them make. */
export interface Snapshot {
  /** The last record that it has in it. */
  readonly sequence: number
  /** The version that it is of. */
  readonly version: number
  /** Its bytes, in parts of any size. */
  readonly parts: AsyncIterable<Uint8Array>
}

/** Why an append has put its record nowhere: another record is there, or fewer are. */
export class LogConflict extends Error {
  override readonly name = 'LogConflict'
}

/**
 * Why a call has failed: the log cannot be reached. `outcome` of an append: 'none', the record is nowhere, nor will
 * be; 'unknown', it may be there, or come.
 */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable'
  readonly outcome: 'none' | 'unknown'

  constructor(outcome: 'none' | 'unknown', message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.outcome = outcome
  }
}

/** A log that several nodes append to and read. One object serves one node. */
export interface ReplicatedLog {
  /** The bytes that a record may have at most. */
  readonly maxRecordBytes: number
  /** False while the log cannot be reached, as far as the adapter knows. */
  readonly connected: boolean

  /**
   * Connects, and makes the log where there is none.
   * @throws LogUnavailable; any other error where the log is there and not fit (its configuration, say)
   */
  open(): Promise<void>

  /**
   * Appends a record behind record `expected` (0: as the first). It is acknowledged when a majority has it on disk.
   * Several may be under way, each expecting what the one before makes.
   * @param id unique for each append; the same again for an append that is tried again
   * @param timeout ms after which it gives up
   * @returns its sequence
   * @throws LogConflict where the newest record is another one and none has this id; LogUnavailable
   * @throws RangeError where `bytes` are more than {@link maxRecordBytes}: nothing is appended then
   */
  append(expected: number, id: string, bytes: Uint8Array, timeout: number): Promise<number>

  /**
   * Puts a record behind whatever is the newest, as well as it can: it may never come, or late. For what is of use
   * soon, or not at all.
   * @throws LogUnavailable
   */
  announce(id: string, bytes: Uint8Array): Promise<void>

  /**
   * The records from `from` on, then those to come, until `signal` is aborted, which ends the iterator without an error.
   * While the log cannot be reached it waits, for as long as that takes.
   * @throws LogTrimmed where record `from`, or the one that comes next, was trimmed
   */
  read(from: number, signal: Signal): AsyncIterable<LogRecord>

  /** The ends, as the log's leader knows them. @throws LogUnavailable */
  ends(): Promise<LogEnds>

  /**
   * Keeps a snapshot, in the place of older ones. One that was cut off in the middle is never handed out.
   * @throws LogUnavailable, and what the iterable of parts throws
   */
  putSnapshot(snapshot: Snapshot): Promise<void>

  /**
   * The newest snapshot; undefined where there is none. Its parts throw where it is damaged. @throws LogUnavailable
   */
  getSnapshot(): Promise<Snapshot | undefined>

  /** Lets go of the records before `before`. @throws LogUnavailable */
  trim(before: number): Promise<void>

  /** Ends all that is under way: appends with LogUnavailable, readers without an error. Idempotent. */
  close(): Promise<void>
}

/** Why a reader has ended: records that it should have read are gone. A node that is so late joins anew. */
export class LogTrimmed extends Error {
  override readonly name = 'LogTrimmed'
}
