/**
 * The write verbs, written once: on a database or a named store each is a transaction of its own and returns the
 * version of its commit; inside a write transaction each is a part of that one and returns nothing.
 */

import { type Bounds, NAMES, rangeIn } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import { WRITING_CALLBACK, WRITING_VERB } from '../memory/layout.js'
import { checkNames, invalidOption } from '../options.js'
import { DatabaseSource } from '../read/database-source.js'
import { ReadVerbs } from '../read/read-verbs.js'
import type { DraftBracket } from '../read/source.js'
import type { StoreCore } from '../read/store-core.js'
import { DraftSource } from '../read/transaction-sources.js'
import { inCallback } from '../threads/running.js'
import { type Range, WHOLE } from '../tree/cursor.js'
import type { Expected } from '../tree/writer.js'
import { write } from './commit.js'
import { derive } from './deriving.js'
import { batchOf, type Condition, conditionIn, type Operation } from './operations.js'
import { apply } from './replay.js'
import type { Transaction } from './transaction.js'

export abstract class WriteVerbs<K, V, R> extends ReadVerbs<K, V> {
  /** @internal The store, if the verb may begin. */
  _begin(): StoreCore {
    const source = this._source
    source.gate()
    return source.core
  }

  /**
   * @internal Runs `body` in the transaction that the verb belongs to.
   * @param kind WRITING_…: why
   */
  abstract _write(core: StoreCore, body: (tx: Transaction) => void, kind: number): R

  /**
   * Writes `value` for `key`.
   * @returns on a database or a store: the version of the commit
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_KEY_TOO_LARGE`, `ZVERSE_INVALID_VALUE`,
   * `ZVERSE_VALUE_TOO_LARGE`, `ZVERSE_CONFLICT`, `ZVERSE_FULL`, `ZVERSE_NESTED_TRANSACTION`,
   * `ZVERSE_WRITER_BUSY`; nothing has changed then, and a transaction can go on
   */
  put(key: K, value: V, options?: Condition): R {
    const core = this._begin()
    const ifVersion = options === undefined ? undefined : condition(options, 'put')
    const { derived } = core.engine
    if (derived.isOn) derive(core, value, key)
    core.encode(key, value)
    if (!derived.isOn) return this._write(core, tx => tx.put(core, ifVersion), WRITING_VERB)
    try {
      return this._write(core, tx => tx.put(core, ifVersion), WRITING_VERB)
    } finally {
      derived.clear()
    }
  }

  /**
   * Deletes `key`; an absent key is no error.
   * @returns on a database or a store: the version of the commit, or the present one if the key was absent
   */
  delete(key: K, options?: Condition): R {
    const core = this._begin()
    const ifVersion = options === undefined ? undefined : condition(options, 'delete')
    core.encodeKey(key, core.engine.key)
    return this._write(core, tx => tx.delete(core, ifVersion), WRITING_VERB)
  }

  /** Reads and writes as one: writes the value that `change` returns (undefined: deletes). */
  update(key: K, change: (old: V | undefined) => V | undefined): R {
    const core = this._begin()
    core.encodeKey(key, core.engine.key)
    const body = (tx: Transaction) => update(tx, core, change as (old: unknown) => unknown)
    return this._write(core, body, WRITING_CALLBACK)
  }

  /** Applies all operations as one, in order, or none; later ones on a key win. */
  batch(operations: readonly Operation<K, V>[]): R {
    const core = this._begin()
    const batch = batchOf(core, operations)
    return this._write(core, tx => tx.all(() => apply(tx, batch, tx.draft(core))), WRITING_VERB)
  }

  /** Deletes all keys, or those in a range. Deleting all costs nothing per key. */
  clear(range?: Bounds<K>): R {
    const core = this._begin()
    const bounds = rangeOf(core, range)
    return this._write(core, tx => tx.clear(core, bounds), WRITING_VERB)
  }
}

/** The write verbs of a database or a store: each is a transaction of its own. */
export abstract class CommitVerbs<K, V> extends WriteVerbs<K, V, number> {
  /** @internal */
  constructor(core: StoreCore) {
    super(new DatabaseSource(core))
  }

  /** @internal */
  get _core(): StoreCore {
    return this._source.core
  }

  /** @internal */
  override _write(core: StoreCore, body: (tx: Transaction) => void, kind: number): number {
    return write(core.engine, kind, body)
  }
}

/** The part of a write transaction that its verbs and sources use. */
export interface DraftHold extends DraftBracket {
  readonly tx: Transaction
}

/** Read and write verbs inside a write transaction. */
export abstract class DraftVerbs<K, V> extends WriteVerbs<K, V, void> {
  readonly #tx: Transaction

  /** @internal */
  constructor(core: StoreCore, hold: DraftHold) {
    super(new DraftSource(core, hold))
    this.#tx = hold.tx
  }

  /** @internal */
  override _write(_: StoreCore, body: (tx: Transaction) => void): void {
    body(this.#tx)
  }
}

/** Checks the options of put and delete. */
function condition(options: unknown, verb: string): Expected {
  return conditionIn(checkNames(options, ['ifVersion'], verb))
}

/** Checks the range of `clear`. */
function rangeOf(core: StoreCore, bounds: unknown): Range {
  if (bounds === undefined) return WHOLE
  const given = checkNames(bounds, NAMES.bounds, 'clear')
  return core.engine.gate.guarded(() => rangeIn(given, core.keys, core.engine.key))
}

/**
 * Reads the key that is in the engine's buffer, asks `change`, and writes what it returns. Decoding the old value and
 * encoding the new one may run user code, too: all of it is marked.
 */
function update(tx: Transaction, core: StoreCore, change: (old: unknown) => unknown): void {
  if (typeof change !== 'function') throw invalidOption('change', 'must be a function')
  const { key } = core.engine
  inCallback(() => {
    const { bytes } = key
    const words = key.words.slice(0, (bytes + 3) >>> 2)
    const entry = core.find(tx.root(core), key)
    const next = change(entry === 0 ? undefined : core.valueOf(entry))
    refusePromise(
      next,
      'the callback of update returned a promise: await before, or use beginWrite',
    )
    // `change` may have used the database: no reference found before it is valid any more. It may have changed
    // the caller's key, too: the key that is written is the key that was read.
    if (next !== undefined) core.encodeValue(next)
    key.words.set(words)
    key.bytes = bytes
    if (next === undefined) tx.delete(core, undefined)
    else tx.put(core, undefined)
  })
}

/**
 * Refuses a promise or a thenable. Its rejection, which follows from the closed transaction, is not reported.
 * @throws ZVerseError `ZVERSE_ASYNC_TRANSACTION`
 */
export function refusePromise(result: unknown, message: string): void {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return
  const { then } = result as { then?: unknown }
  if (typeof then !== 'function') return
  ;(result as PromiseLike<unknown>).then(undefined, () => {})
  throw new ZVerseError('ZVERSE_ASYNC_TRANSACTION', message)
}
