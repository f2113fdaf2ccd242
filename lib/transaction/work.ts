/**
 * Single writes inside a transaction that is open: shared by the verbs of the database, which open
 * one for each, and by those of write transactions.
 */
import { inCallback } from '../epoch/running.js'
import { ZVerseError } from '../errors.js'
import { checkNames, invalidOption } from '../options.js'
import { type Range, WHOLE } from '../snapshot/cursor.js'
import { conditionIn, type Operations } from './operations.js'
import type { StoreCore } from './store-core.js'
import { NAMES, rangeIn } from './view.js'

/** Checks the options of put and delete. */
export function condition(options: unknown, verb: string): number | null | undefined {
  return options === undefined ? undefined : conditionIn(checkNames(options, ['ifVersion'], verb))
}

/** Checks the range of a verb that takes bounds only. */
export function range(core: StoreCore, bounds: unknown, verb: string): Range {
  if (bounds === undefined) return WHOLE
  const given = checkNames(bounds, NAMES.bounds, verb)
  return core.engine.guarded(() => rangeIn(given, core.keys, core.engine.key))
}

/** Puts the key and value that are in the engine's buffers. */
export function put(core: StoreCore, ifVersion: number | null | undefined): void {
  critical(core, ifVersion, putHere)
  core.engine.value.shrink()
}

function putHere(core: StoreCore, ifVersion: number | null | undefined): void {
  const { writer, key, value } = core.engine
  writer.put(writer.draft(core), key, value, ifVersion)
}

/** Deletes the key in the engine's buffer. */
export function remove(core: StoreCore, ifVersion: number | null | undefined): void {
  critical(core, ifVersion, removeHere)
}

function removeHere(core: StoreCore, ifVersion: number | null | undefined): void {
  const { writer, key } = core.engine
  writer.delete(writer.draft(core), key, ifVersion)
}

/** Deletes what is in the range; `alone`: the transaction ends if it throws. */
export function clear(core: StoreCore, range: Range, alone: boolean): void {
  const { writer } = core.engine
  critical(core, range, () => writer.clear(writer.draft(core), range, alone))
}

/**
 * Runs `body`, in which trees are changed. Our own errors leave them whole; after any other (a stack
 * overflow) the transaction is over, for nobody can tell what state it is in. What `body` needs is passed
 * on, so that a put makes no function.
 */
function critical<A>(
  core: StoreCore,
  argument: A,
  body: (core: StoreCore, argument: A) => void,
): void {
  const { engine } = core
  let whole = false
  try {
    body(core, argument)
    whole = true
  } catch (error) {
    whole = error instanceof ZVerseError
    throw error
  } finally {
    const { active } = engine
    if (!whole && active !== null) {
      // Even where there is no stack for a call: from here on the transaction has ended.
      active.open = false
      engine.active = null
      if (engine.epochs.writing) engine.epochs.abort()
    }
  }
}

/** Reads, asks `change`, and writes what it returns. */
export function update(core: StoreCore, key: unknown, change: (old: unknown) => unknown): void {
  const { writer, key: buffer } = core.engine
  if (typeof change !== 'function') throw invalidOption('change', 'must be a function')
  core.encodeKey(key, buffer)
  const { bytes } = buffer
  const words = buffer.words.slice(0, (bytes + 3) >>> 2)
  const entry = core.find(writer.root(core), buffer)
  const old = entry === 0 ? undefined : core.valueOf(entry)
  const next = inCallback(() => change(old))
  if (isThenable(next)) {
    next.then(undefined, () => {})
    const message = 'the callback of update returned a promise: await before, or use beginWrite'
    throw new ZVerseError('ZVERSE_ASYNC_TRANSACTION', message)
  }
  // `change` may have used the database: nothing found before it is good any more. It may have changed the
  // caller's key, too: what is written is what was read.
  if (next !== undefined) core.encodeValue(next)
  buffer.words.set(words)
  buffer.bytes = bytes
  if (next === undefined) remove(core, undefined)
  else put(core, undefined)
}

/** Applies a batch as a whole. */
export function batch(core: StoreCore, operations: Operations): void {
  const { writer } = core.engine
  critical(core, operations, () => {
    writer.atomically(() => operations.apply(writer, writer.draft(core), core))
  })
}

/** True for a promise or anything that acts like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' && typeof value !== 'function') return false
  return value !== null && typeof (value as { then?: unknown }).then === 'function'
}
