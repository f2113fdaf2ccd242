/**
 * Promises that wait: for a version, for the writer's turn. While one waits the process stays alive;
 * an abort rejects with AbortError, closing the database with `ZVERSE_CLOSED`.
 */

import type { Engine } from '../engine/engine.js'
import type { Signal } from '../engine/signal.js'
import { isVersion } from '../engine/view.js'
import { checkNames, invalidOption } from '../options.js'
import { anchor } from '../threads/alive.js'

/** Checks an optional `signal`. */
export function signalIn(given: Record<string, unknown>): Signal | undefined {
  const { signal } = given
  if (isSignal(given)) throw invalidOption('signal', 'must be in the options: { signal }')
  if (signal === undefined || isSignal(signal)) return signal
  throw invalidOption('signal', 'must be an AbortSignal')
}

/** Tested by its methods: the AbortSignal of jsdom, or of another realm, is of another class. */
function isSignal(given: unknown): given is Signal {
  if (typeof given !== 'object' || given === null) return false
  const { aborted, addEventListener, removeEventListener } = given as Partial<Signal>
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  )
}

/** The error that an abort rejects with, as Node's own functions do. */
export function abortError(signal: Signal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR' })
}

/** @throws the error of a wait that an abort or the close cuts short */
export function checkGoesOn(engine: Engine, signal: Signal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
  engine.gate.checkOpen()
}

/** `waitFor`: resolves once a version is there; to the present one then. */
export async function waitForVersion(
  engine: Engine,
  version: unknown,
  options: unknown,
): Promise<number> {
  engine.gate.check()
  if (!isVersion(version)) throw invalidOption('version', 'must be a version')
  const signal = signalIn(checkNames(options, ['signal'], 'waitFor'))
  checkGoesOn(engine, signal)
  if (engine.reader.newest < version) {
    await waitUntil(engine, signal, () => engine.reader.newest >= version)
    checkGoesOn(engine, signal)
  }
  return engine.reader.newest
}

/** Resolves when `there` is true after some commit (of any thread), or at an abort, or the close. */
export async function waitUntil(
  engine: Engine,
  signal: Signal | undefined,
  there: () => boolean,
): Promise<void> {
  const { watch } = engine.epochs
  let wake = () => {}
  let fail = (_: unknown) => {}
  const woken = new Promise<void>((resolve, reject) => {
    wake = resolve
    fail = reject
  })
  // Called in the middle of a commit: an exception of the signal is for this promise alone.
  const look = () => {
    try {
      if (engine.gate.isClosed || signal?.aborted || there()) wake()
    } catch (error) {
      fail(error)
    }
  }
  // Listen first, then look: a commit in between is told.
  signal?.addEventListener('abort', wake)
  anchor.hold()
  watch.add(look)
  engine.onClose.add(look)
  try {
    look()
    await woken
  } finally {
    watch.delete(look)
    engine.onClose.delete(look)
    anchor.letGo()
    signal?.removeEventListener('abort', wake)
  }
}
