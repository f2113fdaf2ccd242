/**
 * Tells whether a verb of a handle may begin: not after `close`, and not inside user code that a codec, a
 * getter, a Proxy or a mocked clock runs.
 *
 * Invariant: `barred` is OPEN whenever a verb may begin. It is IN_CODEC while user code runs inside a codec;
 * a codec that a vm timeout cut off leaves it so, and the next verb that it bars looks at the stack.
 */

import { ZVerseError } from '../errors.js'
import type { KeyBuffer, KeyCodec } from '../key/codec.js'
import { CODEC_FRAME, isRunning, marked } from '../threads/running.js'

const OPEN = 0
const IN_CODEC = 1
const CLOSED = 2

export class Gate {
  /** Not 0 where no verb may begin: hot paths look themselves, and call {@link refuse}. */
  barred = OPEN

  /** @throws ZVerseError `ZVERSE_CLOSED`, `ZVERSE_NESTED_TRANSACTION` where no verb may begin */
  check(): void {
    if (this.barred !== OPEN) this.refuse()
  }

  /** @throws as {@link check}; not where a codec was cut off */
  refuse(): void {
    // A codec that a vm timeout cut off left this set: it is on the stack no more.
    if (this.barred === IN_CODEC && !isRunning(CODEC_FRAME)) this.barred = OPEN
    else throw this.#refusal()
  }

  /** @throws ZVerseError `ZVERSE_CLOSED` */
  checkOpen(): void {
    if (this.barred === CLOSED) throw this.#refusal()
  }

  get isClosed(): boolean {
    return this.barred === CLOSED
  }

  #refusal(): ZVerseError {
    if (this.barred === CLOSED) {
      return new ZVerseError(
        'ZVERSE_CLOSED',
        'the database is closed: open it, or attach to it, anew',
      )
    }
    const message =
      'a codec, a getter, a Proxy or a clock must not call the database: read what it needs before'
    return new ZVerseError('ZVERSE_NESTED_TRANSACTION', message)
  }

  /** Runs `body`, in which user code may run that must not call the database. */
  guarded<T>(body: () => T): T {
    const before = this.barred
    this.barred = IN_CODEC
    try {
      return body()
    } finally {
      // Closing is final, also from within a codec.
      if (this.barred === IN_CODEC) this.barred = before
    }
  }

  /** {@link guarded} for encoding a key, without making a function each time. */
  guardedEncode(codec: KeyCodec, key: unknown, into: KeyBuffer): void {
    const before = this.barred
    this.barred = IN_CODEC
    try {
      codec.encode(key, into)
    } finally {
      if (this.barred === IN_CODEC) this.barred = before
    }
  }

  /** From here on no verb may begin. */
  close(): void {
    this.barred = CLOSED
  }

  static {
    marked(CODEC_FRAME, Gate.prototype.guarded)
    marked(CODEC_FRAME, Gate.prototype.guardedEncode)
  }
}
