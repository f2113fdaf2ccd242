/**
 * The promises of one lane's submissions, in their order.
 *
 * A promise with functions of its own that settle it costs 300 ns where thousands wait, most of it the garbage
 * collector's, which copies all of them; one that `then` has derived from another costs 55. So submissions share a
 * promise, a chunk of them, and each gets one derived from it. The handler is the chunk's, and is called once for each,
 * in their order. Where the chunk's promise is resolved before all are decided, the rest get promises that are resolved one
 * by one: one step behind the handlers, as all others are, so promises are settled in the order of the submissions.
 *
 * A call may be cut off anywhere, by a vm timeout or the end of the stack: it leaves a submission, or a handler alone, or
 * neither. So what is settled is named by its ticket, the chunk of such a call gets no more submissions, and its promise,
 * which nobody got, is never rejected.
 */

import { ZVerseError } from '../errors.js'
import { monotonic } from '../threads/clock.js'

/** Submissions of a chunk: as many as may need promises of their own. */
const CHUNK = 64

/** A version, or why there is none. */
export type Outcome = number | { readonly error: unknown }

/** What settles a promise. */
interface Settling {
  resolve(version: number): void
  reject(error: unknown): void
}

class Chunk {
  /** Ticket of the first submission; those of the others follow. */
  readonly first: number
  /** When the first one was made, which alone is timed. */
  readonly since = monotonic()
  size = 0
  next: Chunk | undefined
  /** Which of them was cut off. */
  cutOff = -1
  /** Outcomes, each with the number of submissions up to the last that has it: a version mostly has many. */
  readonly #outcomes: Outcome[] = []
  readonly #ends: number[] = []
  #settled = 0
  #handed = 0
  /** Of those that are handed out next. */
  #run = 0
  /** Why there is none, for all that have none, once it is known. */
  #because: (() => unknown) | undefined
  isTold = true
  #resolve: () => void = () => {}
  readonly #promise = new Promise<void>(resolve => {
    this.#resolve = resolve
  })
  /** Those whose handlers found no outcome, and the number of submissions before them. */
  readonly #late: Settling[] = []
  #early = 0
  readonly #hand = (): number | Promise<number> => {
    if (this.#isNextKnown) {
      const outcome = this.#next
      this.#handed++
      if (typeof outcome === 'number') return outcome
      throw outcome.error
    }
    if (this.#late.length === 0) this.#early = this.#handed
    return new Promise((resolve, reject) => {
      this.#late.push({ resolve, reject })
    })
  }

  constructor(first: number) {
    this.first = first
  }

  /** The promise of the next submission. */
  wait(): Promise<number> {
    this.size++
    return this.#promise.then(this.#hand)
  }

  get #isNextKnown(): boolean {
    return this.#handed < this.#settled || this.#because !== undefined
  }

  /** What is handed out next. */
  get #next(): Outcome {
    const index = this.#handed
    if (index === this.#ends[this.#run]) this.#run++
    const known = index < this.#settled ? this.#outcomes[this.#run] : undefined
    const outcome = known ?? { error: this.#because?.() }
    return typeof outcome !== 'number' && index === this.cutOff ? 0 : outcome
  }

  /**
   * The submission's outcome. Those before it that have none were taken back, or cut off.
   * @returns false: it had one, from a call that was cut off before it had gone on
   */
  settle(ticket: number, outcome: Outcome): boolean {
    const index = (ticket - this.first) >>> 0
    if (index < this.#settled) return false
    this.isTold = false
    if (this.#settled < index) this.#add({ error: closed() }, index)
    this.#add(outcome, index + 1)
    return true
  }

  /** By assignments: no call is cut off in between. */
  #add(outcome: Outcome, end: number): void {
    let run = this.#ends.length
    if (run > 0 && this.#outcomes[run - 1] === outcome) run--
    this.#outcomes[run] = outcome
    this.#ends[run] = end
    this.#settled = end
  }

  /** All have their outcomes. */
  get isDone(): boolean {
    return this.#settled === this.size
  }

  /** Hands out what is settled. Where it is cut off, the next call goes on. */
  tell(): void {
    this.#resolve()
    const late = this.#late
    while (this.#isNextKnown && this.#handed - this.#early < late.length) {
      const outcome = this.#next
      const { resolve, reject } = late[this.#handed - this.#early]
      if (typeof outcome === 'number') resolve(outcome)
      else reject(outcome.error)
      this.#handed++
    }
    this.isTold = true
  }

  /** The rest have none. */
  fail(because: () => unknown): void {
    this.#because = because
    this.tell()
  }
}

export class Waiting {
  #front: Chunk | undefined
  #back: Chunk | undefined
  /** The chunk at the back may get more. */
  #isOpen = false
  /** Of the last submission. */
  ticket = 0
  /** Submissions that are not settled. */
  depth = 0
  /** Ticket of the call that is going on; -1, which the call sets at its end: none is. */
  adding = -1

  /** The promise of the next submission, which gets {@link ticket}. */
  add(): Promise<number> {
    this.#noticeCutOff()
    const ticket = (this.ticket + 1) >>> 0
    this.adding = ticket
    this.ticket = ticket
    let chunk = this.#back
    if (chunk === undefined || !this.#isOpen || chunk.size === CHUNK) chunk = this.#open(ticket)
    this.depth++
    return chunk.wait()
  }

  /** No call is going on. */
  #noticeCutOff(): void {
    if (this.adding < 0) return
    this.ticket = this.adding
    this.#isOpen = false
    const chunk = this.#back
    if (chunk !== undefined) chunk.cutOff = (this.ticket - chunk.first) >>> 0
    this.adding = -1
  }

  #open(first: number): Chunk {
    const chunk = new Chunk(first)
    if (this.#back === undefined) this.#front = chunk
    else this.#back.next = chunk
    this.#back = chunk
    this.#isOpen = true
    return chunk
  }

  /**
   * The chunk of a submission that is to be settled; those before it are done with.
   * @returns undefined: it was settled when the others were rejected
   */
  chunkOf(ticket: number): Chunk | undefined {
    this.#noticeCutOff()
    let chunk = this.#front
    if (chunk === undefined || isBefore(ticket, chunk.first)) return undefined
    while (chunk.next !== undefined && !isBefore(ticket, chunk.next.first)) {
      chunk.fail(closed)
      chunk = chunk.next
      this.#front = chunk
    }
    return chunk
  }

  /** The outcome of a submission of the chunk. */
  settle(chunk: Chunk, ticket: number, outcome: Outcome): void {
    if (chunk.settle(ticket, outcome)) this.depth--
  }

  /** Hands out what is settled. */
  tell(): void {
    const chunk = this.#front
    if (chunk === undefined || chunk.isTold) return
    // The handlers of its rest come after those of what would be added now.
    if (chunk === this.#back) this.#isOpen = false
    chunk.tell()
    if (chunk === this.#back && chunk.isDone) this.#clear()
  }

  /** Rejects all that is not settled. */
  fail(because: () => unknown): void {
    this.#noticeCutOff()
    this.#isOpen = false
    for (let chunk = this.#front; chunk !== undefined; chunk = chunk.next) chunk.fail(because)
    this.#clear()
  }

  #clear(): void {
    this.#front = undefined
    this.#back = undefined
    this.depth = 0
  }
}

/** Tickets are numbers modulo 2^32. */
function isBefore(ticket: number, other: number): boolean {
  return ((ticket - other) | 0) < 0
}

/** Why a submission is rejected that was taken back, also where the close that did so was cut off. */
export function closed(): ZVerseError {
  const message = 'the database was closed, as asked, before this submission was committed'
  return new ZVerseError('ZVERSE_CLOSED', message)
}
