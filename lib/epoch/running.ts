/**
 * Whether a call of this thread is still running. An exception unwinds a call through its `finally`
 * blocks, but a `vm` timeout does not: what it cut off can only be told by its absence from the
 * stack. Asked only where something is in the way, so its cost does not matter.
 */

/** True if a function of that name is on the stack, or if the stack cannot be seen. */
export function isRunning(name: string): boolean {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = Number.POSITIVE_INFINITY
  const { stack } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return typeof stack !== 'string' || stack.includes(name)
}

/** The name of {@link inCallback} on the stack. A computed name: no minifier changes it. */
export const CALLBACK_FRAME = 'zverseCallback'

const frames = {
  [CALLBACK_FRAME]<T>(body: () => T): T {
    return body()
  },
}

/** Runs user code inside a transaction, so that {@link isRunning} can tell. */
export const inCallback: <T>(body: () => T) => T = frames[CALLBACK_FRAME]
