/**
 * The submissions of one group: which are chosen, of all threads' rings and of the backlog of this one, and how far each
 * ring is taken with them. For the owner of the writer lock. Rules:
 * 1. High goes before normal before low, of all threads; within a lane each thread in its order, threads in turns.
 * 2. A group ends where it has H_GROUP_BYTES. A lane that had submissions and got none into PATIENCE groups in a row is
 *    promoted: the next group begins with it, for a quarter of its bytes.
 */

import { acquire } from '../memory/atomic.js'
import {
  H_GROUP_BYTES,
  H_HIGH_WATER,
  H_PASSED,
  H_QUEUE_LINE,
  LANES,
  T_QUEUE,
  THREAD_WORDS,
  THREADS_AT,
} from '../memory/layout.js'
import { U_WORDS } from '../memory/queue-layout.js'
import * as rings from '../threads/rings.js'
import type { Backlog } from './backlog.js'

/** Groups in a row that may pass a lane over. */
export const PATIENCE = 8
/** Submissions that a thread gets into a group before the next thread is asked. */
const ROUND = 16
/** The first of the lanes that may have to wait for others. */
const NORMAL = 1

/** The rings of one line. */
interface Part {
  readonly line: number
  readonly block: number
  /** Of each lane: where the first submission lies that is not taken, and the first that the group leaves. */
  readonly begin: number[]
  readonly next: number[]
}

/** A submission that was chosen. */
export interface Unit {
  /** Where it lies. */
  readonly words: Uint32Array
  readonly at: number
  readonly lane: number
  /** Its rings; null: it is in the backlog. */
  readonly part: Part | null
  /** Position behind it. */
  readonly end: number
}

export class Selection {
  /** The submissions, in the order in which they are applied. */
  readonly units: Unit[] = []
  /** How many there are of each lane; how many of them because their lane was promoted. */
  readonly counts = [0, 0, 0]
  readonly promoted = [0, 0, 0]
  readonly #W: Uint32Array
  readonly #line: number
  readonly #backlogs: readonly Backlog[]
  #parts: Part[] = []
  #own: Part | null = null
  /** The group takes of the backlogs, and it was noted so. */
  #isOut = false
  #bytes = 0
  #most = 0

  /** @param line of this thread's handle; `backlogs`: what it has not in a ring, of each lane */
  constructor(W: Uint32Array, line: number, backlogs: readonly Backlog[]) {
    this.#W = W
    this.#line = line
    this.#backlogs = backlogs
  }

  /** Nothing is chosen. */
  clear(): void {
    this.units.length = 0
  }

  /**
   * Chooses.
   * @param isOwn only what this thread has submitted
   * @param most submissions at most
   */
  choose(isOwn: boolean, most: number): void {
    const W = this.#W
    this.clear()
    this.counts.fill(0)
    this.#bytes = 0
    this.#most = most
    this.#gather(isOwn)
    const bytes = W[H_GROUP_BYTES]
    for (let lane = NORMAL; lane < LANES; lane++) {
      this.promoted[lane] = 0
      if (isOwn || W[H_PASSED + lane] < PATIENCE) continue
      this.#takeLane(lane, this.#bytes + bytes / 4)
      this.promoted[lane] = this.counts[lane]
    }
    for (let lane = 0; lane < LANES; lane++) this.#takeLane(lane, bytes)
    if (isOwn) return
    for (let lane = NORMAL; lane < LANES; lane++) {
      const isPassed = this.counts[lane] === 0 && this.#hasMore(lane)
      W[H_PASSED + lane] = isPassed ? W[H_PASSED + lane] + 1 : 0
    }
  }

  #gather(isOwn: boolean): void {
    const W = this.#W
    const lines = acquire(W, H_HIGH_WATER)
    const first = W[H_QUEUE_LINE]++ % lines
    this.#parts = []
    this.#own = null
    for (let i = 0; i < lines; i++) {
      const line = THREADS_AT + ((first + i) % lines) * THREAD_WORDS
      const block = W[line + T_QUEUE]
      if (block === 0) continue
      // Of every block, since the number of the next group may be one that was noted in vain.
      rings.settleBlock(W, block)
      if (line === this.#line) this.settleOwn(block)
      if (isOwn && line !== this.#line) continue
      const begin = [0, 1, 2].map(lane => rings.tailOf(W, rings.laneAt(block, lane)))
      const part = { line, block, begin, next: [...begin] }
      this.#parts.push(part)
      if (line === this.#line) this.#own = part
    }
    for (const backlog of this.#backlogs) backlog.next = backlog.taken
  }

  /** A commit that was cut off may have taken of the backlogs: the block tells, once it is settled. */
  settleOwn(block: number): void {
    if (this.#isOut && rings.isOutTaken(this.#W, block)) this.#takeBacklogs()
    this.#isOut = false
  }

  #takeBacklogs(): void {
    for (const backlog of this.#backlogs) backlog.taken = backlog.next
  }

  /** Takes of a lane until the group has so many bytes. */
  #takeLane(lane: number, bytes: number): void {
    for (let isMore = true; isMore; ) {
      isMore = false
      for (const part of this.#parts) {
        for (let i = 0; i < ROUND && this.#hasRoom(bytes) && this.#takeOne(part, lane); i++) {
          isMore = true
        }
      }
      while (this.#hasRoom(bytes) && this.#takeBacklog(lane)) isMore = true
    }
  }

  #hasRoom(bytes: number): boolean {
    const { length } = this.units
    return length === 0 || (this.#bytes < bytes && length < this.#most)
  }

  #takeOne(part: Part, lane: number): boolean {
    const W = this.#W
    const { block, next } = part
    const at = rings.laneAt(block, lane)
    if (next[lane] === rings.headOf(W, at)) return false
    const position = rings.skipTo(W, at, next[lane])
    const unit = rings.unitAt(W, at, position)
    next[lane] = (position + W[unit + U_WORDS]) >>> 0
    this.#add(W, unit, lane, part, next[lane])
    return true
  }

  /** The backlog comes after all that its thread has in the ring. */
  #takeBacklog(lane: number): boolean {
    const backlog = this.#backlogs[lane]
    const { words, next: at, end } = backlog
    if (at === end || (this.#own !== null && this.#leaves(this.#own, lane))) return false
    backlog.next = at + words[at + U_WORDS]
    this.#add(words, at, lane, null, backlog.next)
    return true
  }

  #add(words: Uint32Array, at: number, lane: number, part: Part | null, end: number): void {
    this.units.push({ words, at, lane, part, end })
    this.counts[lane]++
    this.#bytes += words[at + U_WORDS] * 4
  }

  /** True if the group leaves submissions of the part's lane. */
  #leaves({ block, next }: Part, lane: number): boolean {
    return next[lane] !== rings.headOf(this.#W, rings.laneAt(block, lane))
  }

  #hasMore(lane: number): boolean {
    return this.#parts.some(part => this.#leaves(part, lane))
  }

  /** The group ends before its submission `count`. */
  cut(count: number): void {
    if (count === this.units.length) return
    this.units.length = count
    this.counts.fill(0)
    for (const { begin, next } of this.#parts)
      for (const lane of begin.keys()) next[lane] = begin[lane]
    for (const backlog of this.#backlogs) backlog.next = backlog.taken
    for (const { part, lane, end } of this.units) {
      this.counts[lane]++
      if (part === null) this.#backlogs[lane].next = end
      else part.next[lane] = end
    }
  }

  /** Notes in all rings how far the group takes them. */
  note(group: number): void {
    this.#isOut = this.#backlogs.some(({ taken, next }) => next !== taken)
    if (this.#isOut && this.#own !== null) rings.noteOut(this.#W, this.#own.block)
    for (const { block, next } of this.#parts) rings.note(this.#W, block, group, next)
  }

  /** The group is taken. Neither allocates nor throws. */
  take(): void {
    for (const { block, next } of this.#parts) rings.take(this.#W, block, next)
    this.#takeBacklogs()
    this.#isOut = false
  }

  /** The lock was given up since: true if nobody has taken the group's one submission, or taken it back. */
  get isThere(): boolean {
    const [{ part, lane, at }] = this.units
    if (part === null) return this.#backlogs[lane].taken <= at
    rings.settleBlock(this.#W, part.block)
    return rings.tailOf(this.#W, rings.laneAt(part.block, lane)) === part.begin[lane]
  }

  /** The group's one submission is taken, and nothing else: others may have taken that meanwhile. */
  takeOne(): void {
    const [{ part, lane, end }] = this.units
    if (part === null) this.#backlogs[lane].taken = end
    else rings.takeTo(this.#W, rings.laneAt(part.block, lane), end)
  }

  /** What is taken is decided: tells the threads that wait. */
  tell(signed: Int32Array): void {
    const W = this.#W
    for (const { line, block, next } of this.#parts) {
      let isNew = false
      for (let lane = 0; lane < LANES; lane++) {
        const at = rings.laneAt(block, lane)
        isNew ||= rings.doneOf(W, at) !== next[lane]
        // What was taken before this group by a thread that died before it could tell is decided with it.
        rings.decideTo(W, at, next[lane])
      }
      if (isNew) rings.tellDecided(signed, W, line, block)
    }
  }
}
