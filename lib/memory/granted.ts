/**
 * Allocates what the system may refuse: address space for an arena, large private memory. A refusal is
 * an error that says what to do, thrown before anything has begun. Any thread; no state.
 */
import { ZVerseError } from '../errors.js'

/** Calls that fit on the stack unless the stack was what ran out: many times what `make` takes. */
const CALLS = 200

/**
 * What `make` allocates, for `what`: an allocation or a constructor, not work of any depth.
 * @throws ZVerseError `ZVERSE_FULL` if the system refuses it; any other error passes unchanged
 */
export function granted<T>(what: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (!isRefusal(cause)) throw cause
    const message =
      `the process has no memory left for ${what}: allow it more (a container's limit, ulimit), ` +
      'or free some of what it holds'
    throw new ZVerseError('ZVERSE_FULL', message, { cause })
  }
}

/** `size` bytes of private memory, for `what`. */
export function grantedBytes(size: number, what: string): Uint8Array<ArrayBuffer> {
  return granted(what, () => new Uint8Array(size))
}

/** True for the error of an allocation. A stack overflow is a RangeError, too, but leaves no room to call. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof RangeError)) return false
  try {
    return dive(CALLS) === CALLS
  } catch {
    return false
  }
}

function dive(calls: number): number {
  return calls === 0 ? 0 : 1 + dive(calls - 1)
}
