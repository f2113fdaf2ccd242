/**
 * How full the lanes are, over all threads: what may still come in, and the level that is told.
 *
 * Each handle counts what it has submitted in words of its own line, so that a thread's death takes its submissions out
 * of the sum, and no submission changes a word that others write. A handle adds the others up now and then: so a lane
 * may have EVERY submissions for each thread more than its capacity.
 */
import { type ErrorFields, ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import { acquire, raise, turnTo } from '../memory/atomic.js'
import { countAt } from '../memory/counts.js'
import {
  H_CAPACITY,
  H_PRESSURE,
  H_QUEUE_PEAK,
  H_SETTLED,
  LANES,
  T_DEPTH,
  T_ID,
} from '../memory/layout.js'
import { PRIORITIES } from '../options.js'
import { monotonic } from '../threads/clock.js'
import { eachLine } from '../threads/table.js'
import { notifyWord } from '../threads/watch.js'

/** Submissions of a handle after which it adds the others up again. */
const EVERY = 64
/** Shares of a lane's capacity from which on a level is told. */
const SHARES = [0.5, 0.8, 0.95]
const LEVELS = ['normal', 'warning', 'critical', 'overloaded'] as const
/** The share of a lane that is to be free when a submission comes again. */
const FREE = 0.1
/**
 * Bounds of what is advised, and what is where no rate is known, ms. A rate may be that of a moment in which the writer
 * was held up: a submission that comes again too early costs less than one that waits long after there is room.
 */
const SHORTEST = 1
const LONGEST = 1000
const UNKNOWN = 20
/** ms over which rates are taken. */
const SPAN = 100

export type PressureLevel = (typeof LEVELS)[number]

/** Numbers of the three lanes. */
export interface Lanes {
  readonly high: number
  readonly normal: number
  readonly low: number
}

/** The numbers of the lanes, by the lane's index. */
export function lanesOf(number: (lane: number) => number): Lanes {
  return { high: number(0), normal: number(1), low: number(2) }
}

/** How full the write queue is. */
export interface Pressure {
  /** Of the fullest lane: from 0.5 of its capacity on `'warning'`, 0.8 `'critical'`, 0.95 `'overloaded'`. */
  level: PressureLevel
  /** Submissions that wait in each lane, and how many may. */
  depths: Lanes
  capacity: Lanes
}

export class Gauge {
  readonly #arena: Arena
  readonly #W: Uint32Array
  readonly #line: number
  /** What the others had in each lane when they were added up last, and submissions since. */
  readonly #others = [0, 0, 0]
  #left = 0
  /** What had been decided of each lane, and when. */
  #settled = [0, 0, 0]
  #at = monotonic()
  #rates = [0, 0, 0]

  constructor(arena: Arena, line: number) {
    this.#arena = arena
    this.#W = arena.words
    this.#line = line
  }

  /** This handle has so many submissions in a lane. */
  set(lane: number, depth: number): void {
    this.#W[this.#line + T_DEPTH + lane] = depth
  }

  /**
   * Asks whether one more may come in.
   * @throws ZVerseError `ZVERSE_OVER_CAPACITY { priority, depth, capacity, retryAfterMs }`
   */
  admit(lane: number): void {
    if (--this.#left < 0) this.look()
    const W = this.#W
    const capacity = W[H_CAPACITY + lane]
    const own = W[this.#line + T_DEPTH + lane]
    if (own + this.#others[lane] < capacity) return
    this.look()
    const depth = own + this.#others[lane]
    if (depth >= capacity) throw this.#over(lane, depth, capacity)
  }

  #over(lane: number, depth: number, capacity: number): ZVerseError {
    const rate = this.#rates[lane]
    const ms = rate > 0 ? (depth - capacity * (1 - FREE)) / rate : UNKNOWN
    const retryAfterMs = Math.ceil(Math.min(LONGEST, Math.max(SHORTEST, ms)))
    const priority = PRIORITIES[lane]
    const message =
      `the ${priority} lane of the write queue has ${depth} submissions of ${capacity}: try again in ${retryAfterMs} ms, ` +
      'wait for earlier ones, or open with a larger queue.capacity'
    const fields: ErrorFields = { priority, depth, capacity, retryAfterMs }
    return new ZVerseError('ZVERSE_OVER_CAPACITY', message, fields)
  }

  /** Adds the others up, takes rates, and tells a change of the level. */
  look(): void {
    const W = this.#W
    this.#left = EVERY
    this.#others.fill(0)
    eachLine(W, line => {
      if (line === this.#line || acquire(W, line + T_ID) === 0) return false
      for (let lane = 0; lane < LANES; lane++) this.#others[lane] += W[line + T_DEPTH + lane]
      return false
    })
    let level = 0
    for (let lane = 0; lane < LANES; lane++) {
      const depth = this.#others[lane] + W[this.#line + T_DEPTH + lane]
      raise(W, H_QUEUE_PEAK + lane, depth)
      const share = depth / W[H_CAPACITY + lane]
      level = Math.max(level, SHARES.filter(from => share >= from).length)
    }
    this.#takeRates()
    if (acquire(W, H_PRESSURE) === level) return
    if (turnTo(W, H_PRESSURE, level)) notifyWord(this.#arena, H_PRESSURE)
  }

  #takeRates(): void {
    const now = monotonic()
    const ms = now - this.#at
    if (ms < SPAN) return
    const settled = [0, 1, 2].map(lane => countAt(this.#W, H_SETTLED + 2 * lane))
    this.#rates = settled.map((count, lane) => (count - this.#settled[lane]) / ms)
    this.#settled = settled
    this.#at = now
  }

  /** The index of the level. */
  get level(): number {
    return acquire(this.#W, H_PRESSURE)
  }

  get pressure(): Pressure {
    this.look()
    const W = this.#W
    const depth = (lane: number) => this.#others[lane] + W[this.#line + T_DEPTH + lane]
    return {
      level: LEVELS[this.level],
      depths: lanesOf(depth),
      capacity: lanesOf(lane => W[H_CAPACITY + lane]),
    }
  }
}
