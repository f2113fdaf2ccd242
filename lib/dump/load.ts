/**
 * `load`: from an iterable or async iterable of records to a {@link Loader}.
 */

import { WRITING_CALLBACK, WRITING_OPEN } from '../memory/layout.js'
import { invalidOption } from '../options.js'
import type { StoreCore } from '../read/store-core.js'
import { inCallback } from '../threads/running.js'
import type { CustomCodec } from '../value/custom.js'
import { codecsIn } from './codecs.js'
import { Loader } from './loader.js'

export interface LoadOptions {
  /** The custom codecs of named stores. */
  codecs?: readonly CustomCodec[] | undefined
}

/** Loads a dump into the database whose unnamed store is `main`; returns the version after it. */
export function load(
  main: StoreCore,
  records: unknown,
  options: unknown,
): number | Promise<number> {
  const methods = (records ?? {}) as {
    [Symbol.asyncIterator]?: unknown
    [Symbol.iterator]?: unknown
  }
  if (typeof methods[Symbol.asyncIterator] === 'function') {
    return loadAsync(main, records as AsyncIterable<unknown>, options)
  }
  if (typeof records !== 'object' || typeof methods[Symbol.iterator] !== 'function') {
    throw invalidOption('records', 'must be an iterable of the records of a dump')
  }
  return loadSync(main, records as Iterable<unknown>, options)
}

/** Calls that must fit on the stack: several times those that undo a history. */
const ROOM = 1000

/** Throws, with nothing begun, where the stack is too short to end a load well. */
function checkStack(calls: number): number {
  return calls === 0 ? 0 : 1 + checkStack(calls - 1)
}

function loadSync(main: StoreCore, records: Iterable<unknown>, options: unknown): number {
  main.engine.gate.check()
  // Before the caller's code runs: from then on a write is under way, this load.
  main.engine.notWriting()
  const loader = new Loader(main, codecsIn(main, options, [], 'load').codecs, WRITING_CALLBACK)
  checkStack(ROOM)
  let done = false
  try {
    // The caller's code runs between records, and may be cut off.
    inCallback(() => {
      for (const record of records) loader.take(record)
    })
    const version = loader.finish()
    done = true
    return version
  } finally {
    if (!done) inCallback(() => loader.fail())
  }
}

async function loadAsync(
  main: StoreCore,
  records: AsyncIterable<unknown>,
  options: unknown,
): Promise<number> {
  main.engine.gate.check()
  const loader = new Loader(main, codecsIn(main, options, [], 'load').codecs, WRITING_OPEN)
  let done = false
  try {
    for await (const record of records) loader.take(record)
    const version = loader.finish()
    done = true
    return version
  } finally {
    if (!done) loader.fail()
  }
}
