/**
 * Level's errors. If Level has a code for an error of ours, its users get an error with that code and ours
 * as the `cause`; any other error passes unchanged. Any thread; no state.
 */
import { type ErrorCode, ZVerseError } from '../index.js'

/** Our codes for which Level has a code of its own. */
const CODES: Partial<Record<ErrorCode, string>> = {
  ZVERSE_CLOSED: 'LEVEL_DATABASE_NOT_OPEN',
  ZVERSE_TRANSACTION_CLOSED: 'LEVEL_SNAPSHOT_NOT_OPEN',
  ZVERSE_INVALID_KEY: 'LEVEL_INVALID_KEY',
  ZVERSE_KEY_TOO_LARGE: 'LEVEL_INVALID_KEY',
  ZVERSE_INVALID_VALUE: 'LEVEL_INVALID_VALUE',
  ZVERSE_VALUE_TOO_LARGE: 'LEVEL_INVALID_VALUE',
  ZVERSE_CORRUPT: 'LEVEL_CORRUPTION',
  ZVERSE_IO: 'LEVEL_IO_ERROR',
  ZVERSE_LOCKED: 'LEVEL_LOCKED',
}

/** An error with one of Level's codes, as Level's own packages throw them. */
export class LevelError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
Object.defineProperty(LevelError.prototype, 'name', { value: 'LevelError', configurable: true })

/** The error with which an aborted operation rejects; it has the name of the platform's own abort errors. */
export function abortError(cause: unknown): LevelError {
  const error = new LevelError('LEVEL_ABORTED', 'Operation has been aborted', cause)
  return Object.defineProperty(error, 'name', { value: 'AbortError' })
}

function isAbort(error: unknown): boolean {
  return (error as { name?: unknown } | null | undefined)?.name === 'AbortError'
}

/** The error that users of Level get for `error`. */
export function levelError(error: unknown): unknown {
  if (!(error instanceof ZVerseError)) return isAbort(error) ? abortError(error) : error
  const code = CODES[error.code]
  return code === undefined ? error : new LevelError(code, error.message, error)
}

/** Runs `body`, and turns its errors into Level's. */
export function onLevel<T>(body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw levelError(error)
  }
}

/** Our error for a wrong option: Level has no code for those. */
export function invalidOption(option: string, what: string): ZVerseError {
  return new ZVerseError('ZVERSE_INVALID_OPTION', `${option} ${what}`, { option })
}
