/** The operations of the `batch` verb: checked, and encoded, before the turn is taken. */

import { Batch } from '../engine/batch.js'
import { isVersion } from '../engine/view.js'
import type { Known } from '../indexes/definition.js'
import { checkNames, invalidOption } from '../options.js'
import type { StoreCore } from '../read/store-core.js'
import type { Expected } from '../tree/writer.js'
import { byFunction, deriveInto } from './deriving.js'

/** One operation of a batch. */
export type Operation<K, V> =
  | { type: 'put'; key: K; value: V; ifVersion?: number | null | undefined }
  | { type: 'del'; key: K; ifVersion?: number | null | undefined }

/** The options of a put or a delete. */
export interface Condition {
  /** Only if the entry's version is this; `null`: only if the key is absent. */
  ifVersion?: number | null | undefined
}

/** Checks `ifVersion` among `options`. */
export function conditionIn(given: Record<string, unknown>): Expected {
  const { ifVersion } = given
  if (ifVersion !== undefined && ifVersion !== null && !isVersion(ifVersion)) {
    throw invalidOption('ifVersion', 'must be a version, or null for an absent key')
  }
  return ifVersion as Expected
}

/** The batch of some operations. @throws ZVerseError for the first operation that is wrong */
export function batchOf(core: StoreCore, operations: unknown): Batch {
  if (!Array.isArray(operations)) throw invalidOption('operations', 'must be an array')
  const batch = new Batch()
  addAll(batch, core, operations)
  return batch
}

/** Adds operations to a batch. @throws ZVerseError for the first operation that is wrong */
export function addAll(batch: Batch, core: StoreCore, operations: readonly unknown[]): void {
  const known = byFunction(core)
  for (let i = 0; i < operations.length; i++) {
    add(batch, core, known, operations[i], `operations[${i}]`)
  }
}

/** Adds one operation. @throws ZVerseError */
export function addOne(batch: Batch, core: StoreCore, operation: unknown): void {
  add(batch, core, byFunction(core), operation, 'operation')
}

function add(
  batch: Batch,
  core: StoreCore,
  known: readonly Known[],
  operation: unknown,
  what: string,
): void {
  if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) {
    throw invalidOption(what, 'must be an object with type and key')
  }
  const given = checkNames(operation, ['type', 'key', 'value', 'ifVersion'], what)
  const { type, key, value, ifVersion } = given
  if (type !== 'put' && type !== 'del') {
    throw invalidOption(`${what}.type`, "must be 'put' or 'del'")
  }
  const expected = conditionIn({ ifVersion })
  const { engine } = core
  if (type === 'put' && known.length > 0) deriveInto(batch, core, known, value, key)
  if (type === 'put') core.encodeValue(value)
  core.encodeKey(key, engine.key)
  // The entry is of the version that its commit will make.
  if (type === 'put') batch.put(engine.key, engine.value, expected, 0)
  else batch.delete(engine.key, expected, 0)
}
