/**
 * The one error class of zverse and its stable codes.
 *
 * A `ZVerseError` is the caller's mistake or the system's refusal; our own mistakes are
 * plain `Error`s ("assertion failed"). Any file may import this one; it imports nothing.
 */

/** Every code a {@link ZVerseError} can carry. They never change meaning; new ones may come. */
export type ErrorCode =
  | 'ZVERSE_CLOSED'
  | 'ZVERSE_FULL'
  | 'ZVERSE_INVALID_OPTION'
  | 'ZVERSE_INVALID_KEY'
  | 'ZVERSE_INVALID_VALUE'
  | 'ZVERSE_KEY_TOO_LARGE'
  | 'ZVERSE_VALUE_TOO_LARGE'
  | 'ZVERSE_VERSION_NOT_RETAINED'
  | 'ZVERSE_FUTURE_VERSION'
  | 'ZVERSE_UNKNOWN_TAG'
  | 'ZVERSE_UNKNOWN_STORE'
  | 'ZVERSE_CONFLICT'
  | 'ZVERSE_ASYNC_TRANSACTION'
  | 'ZVERSE_TRANSACTION_CLOSED'
  | 'ZVERSE_NESTED_TRANSACTION'
  | 'ZVERSE_WRITER_BUSY'
  | 'ZVERSE_READERS_FULL'
  | 'ZVERSE_OVER_CAPACITY'
  | 'ZVERSE_LOCKED'
  | 'ZVERSE_FORMAT'
  | 'ZVERSE_CORRUPT'
  | 'ZVERSE_IO'
  | 'ZVERSE_UNKNOWN_INDEX'
  | 'ZVERSE_UNKNOWN_FUNCTION'
  | 'ZVERSE_NOT_UNIQUE'
  | 'ZVERSE_NO_INDEX'
  | 'ZVERSE_REPLICATED'
  | 'ZVERSE_UNAVAILABLE'

/** The fields that some codes carry, each named in the documentation of its code. */
export interface ErrorFields {
  /** KEY_TOO_LARGE, VALUE_TOO_LARGE: the size in bytes that was asked for. */
  size?: number
  /** KEY_TOO_LARGE, VALUE_TOO_LARGE, FULL: the most bytes there can be. */
  max?: number
  /** FULL: bytes in use. */
  used?: number
  /** CONFLICT: the version the caller expected (`null`: absent). */
  expected?: number | null
  /** CONFLICT: the version the entry has (`null`: absent). */
  actual?: number | null
  /** VERSION_NOT_RETAINED, FUTURE_VERSION: the version asked for. */
  requested?: number | Date
  /** VERSION_NOT_RETAINED, FUTURE_VERSION: the oldest version that can be read by number. */
  oldest?: number
  /** VERSION_NOT_RETAINED, FUTURE_VERSION: the present version. */
  newest?: number
  /** WRITER_BUSY: milliseconds waited. */
  waitedMs?: number
  /** WRITER_BUSY: the thread that holds the writer lock. */
  threadId?: number
  /** INVALID_OPTION: the option's name. */
  option?: string
  /** UNKNOWN_TAG: the tag asked for. */
  tag?: string
  /** UNKNOWN_STORE: the store asked for. */
  store?: string
  /**
   * INVALID_VALUE of text that is no JSON: index of the first character that cannot be there. CORRUPT: the
   * byte of the file.
   */
  offset?: number
  /** IO: the failed call of the system, `fdatasync` say. */
  syscall?: string
  /** IO: the file or directory. */
  path?: string
  /** IO: the number of the system's error, as Node gives it. */
  errno?: number
  /** CORRUPT: the damaged file; `offset` says where in it, in bytes. */
  file?: string
  /** LOCKED: the process that has the database open. */
  pid?: number
  /** OVER_CAPACITY: the lane, how many submissions it has, how many it has room for. */
  priority?: 'high' | 'normal' | 'low'
  depth?: number
  capacity?: number
  /** OVER_CAPACITY: ms after which there should be room, at the present rate. */
  retryAfterMs?: number
  /** UNKNOWN_INDEX, UNKNOWN_FUNCTION, NOT_UNIQUE, INVALID_VALUE of an indexed store: the index. */
  index?: string
  /**
   * UNAVAILABLE: whether the change is in the log. 'none': nor will it be. 'unknown': it may be, and takes effect then.
   */
  outcome?: 'none' | 'unknown'
  /** UNKNOWN_FUNCTION: the function that this thread lacks. */
  function?: string
  /** NOT_UNIQUE: the index key, and the key of the entry that has it. */
  key?: unknown
  holder?: unknown
  /** The error that led to this one. */
  cause?: unknown
}

/** The error that zverse throws for a caller's mistake or a refusal of the system. Branch on {@link code}. */
export class ZVerseError extends Error implements ErrorFields {
  override readonly name = 'ZVerseError'
  readonly code: ErrorCode
  declare size?: number
  declare index?: string
  declare outcome?: 'none' | 'unknown'
  declare function?: string
  declare key?: unknown
  declare holder?: unknown
  declare max?: number
  declare used?: number
  declare expected?: number | null
  declare actual?: number | null
  declare requested?: number | Date
  declare oldest?: number
  declare newest?: number
  declare waitedMs?: number
  declare threadId?: number
  declare option?: string
  declare tag?: string
  declare store?: string
  declare offset?: number
  declare syscall?: string
  declare path?: string
  declare errno?: number
  declare file?: string
  declare pid?: number
  declare priority?: 'high' | 'normal' | 'low'
  declare depth?: number
  declare capacity?: number
  declare retryAfterMs?: number

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}) {
    const { cause, ...rest } = fields
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    Object.assign(this, rest)
  }
}

/** Checks for our own mistakes, not the caller's: cheap, so they stay on in production. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`zverse: assertion failed: ${what}`)
}
