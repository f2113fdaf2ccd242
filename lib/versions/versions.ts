/**
 * The window: the run of versions from the low-water mark to the present one, and version → record in it.
 *
 * A directory of fixed size has references of segments, each with SEGMENT slots; a segment is made when its
 * first version is, and goes when its last one has left the window. Only the owner of the writer lock writes;
 * any thread reads a slot, after it has announced its read (docs/protocol.md, Read). Invariants:
 * 1. For every version of the window its slot has its record.
 * 2. The window never has more than `capacity` versions, so no two of them share a slot.
 */
import type { Arena } from '../memory/arena.js'
import { tipOf } from '../memory/atomic.js'
import {
  H_CURRENT,
  H_OLDEST,
  H_RING_AT,
  H_RING_SIZE,
  R_VERSION,
  SEGMENT,
  SEGMENT_BITS,
} from '../memory/layout.js'
import { timeOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { Sealed } from './sealed.js'

export class Versions {
  readonly #W: Uint32Array
  readonly #at: number
  /** The past on disk. */
  readonly sealed: Sealed
  readonly #mask: number
  /** Versions that the window may have. */
  readonly capacity: number

  constructor(arena: Arena) {
    this.#W = arena.words
    this.sealed = new Sealed(arena)
    this.#at = arena.words[H_RING_AT]
    this.#mask = arena.words[H_RING_SIZE] - 1
    this.capacity = (this.#mask + 1) * SEGMENT - SEGMENT
  }

  /** The record of the present version. */
  get current(): number {
    return Atomics.load(this.#W, H_CURRENT)
  }

  /** The newest record, what a writer builds on; for the owner of the lock. */
  get tip(): number {
    return tipOf(this.#W)
  }

  /** The newest version; for the owner of the lock. */
  get staged(): number {
    return load48(this.#W, this.tip + R_VERSION)
  }

  /** The present version; for the writer, or between `slots.enter` and `exit`. */
  get newest(): number {
    return load48(this.#W, this.current + R_VERSION)
  }

  /** The oldest version in memory, as of a moment when `newest` was the newest. */
  oldestBefore(newest: number): number {
    const oldest = Atomics.load(this.#W, H_OLDEST)
    // The window is shorter than 2³¹ versions, so the low words tell its length. Where the low-water mark
    // has moved past `newest` meanwhile, `newest` alone counts; where it has not moved yet after a gap in
    // the numbers, the window is as long as the ring.
    return newest - Math.min(this.capacity, Math.max(0, ((newest >>> 0) - oldest) | 0))
  }

  /** The oldest version in memory. */
  get oldest(): number {
    return this.oldestBefore(this.newest)
  }

  /**
   * The oldest version that can be read by number, in memory or on disk; otherwise as {@link oldestBefore}, which it is
   * where there is no past on disk.
   */
  readableBefore(newest: number): number {
    return this.sealed.isOn ? this.sealed.floor(newest) : this.oldestBefore(newest)
  }

  /** Word of the directory for `version`. */
  directoryWord(version: number): number {
    return this.#at + (((version >>> 0) >>> SEGMENT_BITS) & this.#mask)
  }

  /**
   * The record of a version in the window; 0 where it has left the window since the caller looked. For
   * the owner, or under a hint that covers the version: the caller may then follow the reference.
   */
  record(version: number): number {
    const W = this.#W
    const segment = Atomics.load(W, this.directoryWord(version))
    if (segment === 0) return 0
    const record = Atomics.load(W, segment + ((version >>> 0) & (SEGMENT - 1)))
    // The slot may be another version's by now, or have a record that was not published.
    return record !== 0 && load48(W, record + R_VERSION) === version ? record : 0
  }

  /** Puts a record in its slot, whose segment is there. */
  set(version: number, record: number): void {
    const W = this.#W
    const segment = W[this.directoryWord(version)]
    Atomics.store(W, segment + ((version >>> 0) & (SEGMENT - 1)), record)
  }

  /** When a version in the window was committed. */
  time(version: number): number {
    return timeOf(this.#W, this.record(version))
  }

  /**
   * The record of the last version from `oldest` to `newest` committed at or before `time`; 0 if none
   * was, or if it has left the window meanwhile. Callers as of {@link record}.
   */
  lastAt(time: number, oldest: number, newest: number): number {
    const W = this.#W
    let found = 0
    let low = oldest
    let high = newest + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const record = this.record(middle)
      // A version that has left the window is older than all that are left.
      if (record !== 0 && timeOf(W, record) > time) {
        high = middle
      } else {
        low = middle + 1
        found = record
      }
    }
    return found
  }

  /** Visits all segments. */
  segments(visit: (segment: number) => void): void {
    for (let i = 0; i <= this.#mask; i++) {
      const segment = this.#W[this.#at + i]
      if (segment !== 0) visit(segment)
    }
  }
}
