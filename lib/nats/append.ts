/**
 * One append: what is known of its tries. Its owner is `Appends`.
 */
import { LogConflict, LogUnavailable } from '../index.js'
import type { Failure } from './answer.js'

/** What later appends of an id should know of earlier ones. */
export interface Known {
  /** The number that the id has on the wire. */
  readonly salt: number
  /** Servers may hold the id to be in process although all tries have come to nothing. */
  readonly isRefused: boolean
  /** What those tries expected of which nobody knows what has come. */
  readonly open: readonly number[]
}

export const NOTHING: Known = { salt: 0, isRefused: false, open: [] }

export class Append {
  readonly expected: number
  readonly id: string
  readonly bytes: Uint8Array
  /** The append whose record this one is to follow, where that was under way. */
  #before: Append | null
  readonly done: Promise<number>
  salt: number
  isRefused: boolean
  /** The number of its newest try. */
  tries = 0
  /** Tries without an answer that may put the record somewhere, or have. */
  readonly open = new Set<number>()
  /** What earlier appends of the id expected that may have done so. */
  #openBefore: readonly number[]
  /** The newest try has no answer yet. */
  isWaiting = false
  /** When the newest try was sent, and over which connection. */
  sentAt = 0
  epoch = -1
  /** Since when servers have answered that the id is in process. */
  stagedSince: number | null = null
  /** The answer to the newest try. */
  answer: Failure | null = null
  /** Why the newest try that was answered has come to nothing. */
  why = 'no answer'
  /** Its record's sequence; 'failed': it has none. */
  outcome: number | 'failed' | null = null
  #resolve: (sequence: number) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(
    expected: number,
    id: string,
    bytes: Uint8Array,
    before: Append | null,
    { salt, isRefused, open }: Known,
  ) {
    this.expected = expected
    this.id = id
    this.bytes = bytes
    this.#before = before
    this.salt = salt
    this.isRefused = isRefused
    this.#openBefore = open
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** The append that it is to follow has failed, or made another record. */
  get isCutLoose(): boolean {
    return this.#before !== null && this.#before.outcome !== this.expected
  }

  /** What tries expected that may have put the record there. */
  get places(): number[] {
    const own = this.open.size > 0 ? [this.expected] : []
    return [...new Set([...own, ...this.#openBefore])]
  }

  /** Whether a try by another id may stand beside those of which nothing is known. */
  get canChangeId(): boolean {
    return this.#openBefore.every(expected => expected === this.expected)
  }

  get known(): Known {
    return { salt: this.salt, isRefused: this.isRefused, open: this.places }
  }

  at(sequence: number): void {
    this.#forgetTries()
    this.isRefused = false
    this.outcome = sequence
    this.#before = null
    this.#resolve(sequence)
  }

  /** No try has put the record anywhere, nor will. */
  conflict(why: string): void {
    this.#forgetTries()
    if (this.isCutLoose) {
      this.why = 'the one before it has failed'
      this.unavailable('nothing was appended')
      return
    }
    this.#fail(new LogConflict(`record ${this.expected} is not the newest: ${why}`))
  }

  /** It gives up. */
  unavailable(what: string): void {
    const outcome = this.places.length > 0 ? 'unknown' : 'none'
    this.#fail(new LogUnavailable(outcome, `${what}: ${this.why}`))
  }

  tooLarge(most: number): void {
    const size = this.bytes.length
    this.#fail(new RangeError(`a record may have ${most} bytes, and this one has ${size}`))
  }

  #forgetTries(): void {
    this.open.clear()
    this.#openBefore = []
  }

  #fail(error: Error): void {
    this.outcome = 'failed'
    // A chain of appends without an end would stay in memory.
    this.#before = null
    this.#reject(error)
  }
}
