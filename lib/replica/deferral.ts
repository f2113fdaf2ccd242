/**
 * The commit log of the handle that replicates: catches what a verb would commit, so that a replicated log gets it first.
 *
 * Where a change is wanted, `defer` notes it in its byte form, and has it undone; where a record of the log is
 * applied, the commit goes on, into the directory where there is one.
 */
import { Batch } from '../engine/batch.js'
import type { Log, Mutation, Stamp } from '../engine/mutation.js'
import { invalidOption } from '../options.js'
import { CHANGE, type Content, HEAD_BYTES, MARK, PART, VERSION } from './record.js'

/** A change, as its verb would have committed it. */
export interface Change {
  readonly body: Uint32Array
  /** Undefined: it makes no version. */
  readonly stamp: Stamp | undefined
  /** It changes nothing, and tells other nodes something. */
  readonly isMark?: boolean
}

/**
 * The records of a change, of which all but the last are parts; null: proof that nothing came before.
 * @param version the newest one
 * @param maxBytes of a record
 */
export function contentsOf(change: Change | null, version: number, maxBytes: number): Content[] {
  if (change === null) return [{ kind: MARK, version }]
  const { body, stamp, isMark } = change
  if (isMark === true) return [{ kind: MARK, version, body }]
  const most = (maxBytes - HEAD_BYTES) >>> 2
  const all: Content[] = []
  let at = 0
  for (; body.length - at > most; at += most) {
    all.push({ kind: PART, version, body: body.subarray(at, at + most) })
  }
  const rest = { body: body.subarray(at), parts: all.length }
  if (stamp === undefined) all.push({ kind: CHANGE, version, ...rest })
  else all.push({ kind: VERSION, version: stamp.version, stamp, ...rest })
  return all
}

export class Deferral implements Log {
  readonly #directory: Log | null
  #isWanted = false
  #change: Change | null = null

  /** @param directory the log of the database's directory, if it has one */
  constructor(directory: Log | null) {
    this.#directory = directory
  }

  get path(): string {
    return this.#directory?.path ?? ''
  }

  get hasFailed(): boolean {
    return this.#directory?.hasFailed === true
  }

  /**
   * Runs a verb that may commit one change, which has no effect here.
   * @returns what the verb says, as if the change were made; and the change, null where there is none
   * @throws what the verb throws; ZVerseError `ZVERSE_INVALID_OPTION` for a second change
   */
  run<T>(verb: () => T): { result: T; change: Change | null } {
    this.#isWanted = true
    this.#change = null
    try {
      const result = verb()
      return { result, change: this.#change }
    } finally {
      this.#isWanted = false
      this.#change = null
    }
  }

  defer(mutation: Mutation): boolean {
    if (!this.#isWanted) return false
    if (this.#change !== null) {
      throw invalidOption('callback', 'must make one change: make several in one transaction')
    }
    const batch = new Batch()
    mutation.describe(batch)
    this.#change = { body: batch.words, stamp: mutation.stamp }
    return true
  }

  append(mutation: Mutation): void {
    this.#directory?.append(mutation)
  }

  settle(version: number): void {
    if (!this.#isWanted) this.#directory?.settle(version)
  }

  close(): void {
    this.#directory?.close()
  }
}
