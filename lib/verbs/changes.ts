/**
 * `changes`: commits as they happen, as an async iterator.
 *
 * The iterator remembers a version, not a place in memory: a commit's changes are the structural
 * difference of two neighbouring snapshots, read when the consumer asks. So a slow consumer costs the
 * writer nothing, and may fall behind the low-water mark.
 */

import type { DeepPast } from '../engine/deep.js'
import type { Signal } from '../engine/signal.js'
import { R_VERSION } from '../memory/layout.js'
import { timeOf } from '../memory/record.js'
import { Printed, type Shown, shown } from '../memory/shown.js'
import { load48 } from '../memory/words.js'
import { idsSince } from '../read/key-past.js'
import type { StoreCore } from '../read/store-core.js'
import type { Range } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'
import { abortError, waitUntil } from './wait.js'

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
  readonly #deep: DeepCommits<K, V>
  #version: number
  #done = false
  #last: Promise<unknown> = Promise.resolve()

  /** @internal */
  constructor(core: StoreCore, since: number, range: Range, signal: Signal | undefined) {
    super()
    this.#core = core
    this.#deep = new DeepCommits(core, range)
    this.#version = since
    this.#range = range
    this.#signal = signal
  }

  /**
   * @internal
   * @param since the version after which it begins; the present one where it is undefined
   */
  static begin<K, V>(
    core: StoreCore,
    since: number | undefined,
    range: Range,
    signal: Signal | undefined,
  ): Changes<K, V> {
    const { reader, epochs } = core.engine
    const { slots, versions } = epochs
    slots.enterRun()
    try {
      const from = since ?? versions.newest
      if (from < versions.readableBefore(versions.newest)) throw reader.notRetained(from)
      reader.recordOf(from)
      return new Changes<K, V>(core, from, range, signal)
    } finally {
      slots.exit()
    }
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
      const { versions } = epochs
      const newest = versions.newest
      while (this.#version < newest) {
        if (this.#version < versions.oldestBefore(newest) && engine.reader.past !== null) {
          const commit = this.#deep.next(this.#version)
          this.#version = commit.version
          if (commit.changes.length > 0) return commit
          continue
        }
        const before = epochs.versions.record(this.#version)
        const record = epochs.versions.record(this.#version + 1)
        const isKept = this.#version >= versions.readableBefore(newest)
        if (before === 0 || record === 0) {
          // It has left memory meanwhile.
          if (isKept && engine.reader.past !== null) continue
          throw engine.reader.notRetained(this.#version)
        }
        if (!isKept) throw engine.reader.notRetained(this.#version)
        const changes = this.#between(before, record)
        this.#version++
        if (changes.length > 0) {
          return { version: this.#version, timestamp: timeOf(W, record), changes }
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
    const to = core.rootIn(after, true)
    const cursor = new DiffCursor(core.engine.W, from, to, this.#range, true)
    const changes: Change<K, V>[] = []
    const most = core.values.pure ? TOGETHER : 1
    const keyed: number[] = []
    const put: number[] = []
    const keys: K[] = []
    const values: V[] = []
    for (let count = most; count === most; ) {
      for (count = 0; count < most && cursor.next(); count++) {
        keyed[count] = cursor.after === 0 ? cursor.before : cursor.after
        put[count] = cursor.after
      }
      core.decoder.keys(keyed, 0, count, keys)
      core.valuesOf(put, count, values)
      for (let i = 0; i < count; i++) {
        const key = keys[i]
        if (put[i] === 0) changes.push({ type: 'del', key, value: undefined })
        else changes.push({ type: 'put', key, value: values[i] })
      }
    }
    return changes
  }
}

/** Changes whose keys and values are decoded together. */
const TOGETHER = 64

/** Commits of a deep past are read so many versions at a time, at first; and about so many changes. */
const SPAN = 64
const CHANGES = 4096

/** The commits of the deep past, some read ahead. */
class DeepCommits<K, V> {
  readonly #core: StoreCore
  readonly #range: Range
  #span = SPAN
  #ahead: Commit<K, V>[] = []

  constructor(core: StoreCore, range: Range) {
    this.#core = core
    this.#range = range
  }

  /**
   * The next commit after a version that changed something; or one that changed nothing, up to which none did. Under an
   * announced read of the window, before which the version lies.
   */
  next(version: number): Commit<K, V> {
    const { versions } = this.#core.engine.epochs
    if (version < versions.readableBefore(versions.newest)) {
      throw this.#core.engine.reader.notRetained(version)
    }
    const [first] = this.#ahead
    if (first === undefined || first.version <= version) this.#ahead = this.#read(version)
    return this.#ahead.shift() as Commit<K, V>
  }

  #read(from: number): Commit<K, V>[] {
    const core = this.#core
    const { reader, W } = core.engine
    const past = reader.past as DeepPast
    const oldest = reader.oldestRecord
    const to = Math.min(load48(W, oldest + R_VERSION), from + this.#span)
    const all = idsSince(core, past, oldest, from).flatMap(id =>
      past.changes(id, this.#range, from, to, oldest),
    )
    all.sort((a, b) => a.version - b.version)
    this.#span = Math.max(1, all.length > CHANGES ? this.#span >>> 1 : this.#span * 2)
    const commits: Commit<K, V>[] = []
    for (const { version, found, isPut } of all) {
      if (commits.at(-1)?.version !== version) commits.push(this.#commit(version))
      const { words, entry } = found
      const key = core.keyIn(words, entry) as K
      const change: Change<K, V> = isPut
        ? { type: 'put', key, value: core.valueIn(words, entry) as V }
        : { type: 'del', key, value: undefined }
      ;(commits.at(-1) as Commit<K, V>).changes.push(change)
    }
    if (commits.at(-1)?.version !== to) commits.push(this.#commit(to))
    return commits
  }

  #commit(version: number): Commit<K, V> {
    const { reader } = this.#core.engine
    const timestamp = (reader.past as DeepPast).timeOf(version)
    if (timestamp === undefined) throw reader.notRetained(version)
    return { version, timestamp, changes: [] }
  }
}
