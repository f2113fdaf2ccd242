/**
 * `changes`: commits as they happen, as an async iterator.
 *
 * The iterator remembers a version, not a place in memory: a commit's changes are the structural
 * difference of two neighbouring snapshots, read when the consumer asks. So a slow consumer costs the
 * writer nothing, and may fall behind the low-water mark.
 */

import { R_TIME } from '../memory/layout.js'
import { Printed, type Shown, shown } from '../memory/shown.js'
import { load48 } from '../memory/words.js'
import type { StoreCore } from '../read/store-core.js'
import type { Range } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'
import { abortError, type Signal, waitUntil } from './wait.js'

/** One change of a commit. */
export type Change<K, V> =
  | { type: 'put'; key: K; value: V }
  | { type: 'del'; key: K; value: undefined }

/** The changes of one commit. */
export interface Commit<K, V> {
  version: number
  /** ms since 1970 */
  timestamp: number
  /** In key order. */
  changes: Change<K, V>[]
}

export class Changes<K, V>
  extends Printed
  implements AsyncIterableIterator<Commit<K, V>, undefined>
{
  readonly #core: StoreCore
  readonly #range: Range
  readonly #signal: Signal | undefined
  #version: number
  #done = false
  #last: Promise<unknown> = Promise.resolve()

  /** @internal */
  constructor(core: StoreCore, since: number, range: Range, signal: Signal | undefined) {
    super()
    this.#core = core
    this.#version = since
    this.#range = range
    this.#signal = signal
  }

  /** The next commit with a change in range, as soon as there is one. */
  next(): Promise<IteratorResult<Commit<K, V>, undefined>> {
    const result = this.#last.then(() => this.#next())
    this.#last = result.catch(() => {})
    return result
  }

  /** Ends the iteration, also one that waits. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.#done = true
    this.#core.engine.epochs.watch.tell()
    return Promise.resolve({ value: undefined, done: true })
  }

  /** @internal */
  _shown(): Shown {
    return shown('Changes', () => ({ since: this.#version, done: this.#done }))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #next(): Promise<IteratorResult<Commit<K, V>, undefined>> {
    const { engine } = this.#core
    for (;;) {
      if (this.#done || engine.gate.isClosed) return { value: undefined, done: true }
      try {
        if (this.#signal?.aborted) throw abortError(this.#signal)
        const commit = this.#read()
        if (commit !== undefined) return { value: commit, done: false }
      } catch (error) {
        this.#done = true
        throw error
      }
      await waitUntil(
        engine,
        this.#signal,
        () => this.#done || engine.reader.newest > this.#version,
      )
    }
  }

  /** The next commit so far that has a change in range. */
  #read(): Commit<K, V> | undefined {
    const { engine } = this.#core
    const { epochs, W } = engine
    epochs.slots.enterRun()
    try {
      const newest = epochs.versions.newest
      while (this.#version < newest) {
        const before = epochs.versions.record(this.#version)
        const record = epochs.versions.record(this.#version + 1)
        const isKept = this.#version >= epochs.versions.oldest && before !== 0 && record !== 0
        if (!isKept) throw engine.reader.notRetained(this.#version)
        const changes = this.#between(before, record)
        this.#version++
        if (changes.length > 0) {
          return { version: this.#version, timestamp: load48(W, record + R_TIME), changes }
        }
      }
      return undefined
    } finally {
      epochs.slots.exit()
    }
  }

  #between(before: number, after: number): Change<K, V>[] {
    const core = this.#core
    const from = core.rootIn(before, true)
    const cursor = new DiffCursor(core.engine.W, from, core.rootIn(after, true), this.#range)
    const changes: Change<K, V>[] = []
    while (cursor.next()) {
      const key = core.keyOf(cursor.after === 0 ? cursor.before : cursor.after) as K
      if (cursor.after === 0) changes.push({ type: 'del', key, value: undefined })
      else changes.push({ type: 'put', key, value: core.valueOf(cursor.after) as V })
    }
    return changes
  }
}
