/**
 * What threads know together of the past on disk (docs/decisions/0035): the words of shared memory for it.
 *
 * What died in the versions after `from`, up to `to`, is in files, if it is needed: memory may let go of the versions
 * before `to`. No version before the *floor* can be read by number, only by a tag or a pin. Words have the low halves of
 * versions, so each is asked for as of a moment when `newest` was the newest. Any thread reads; who may write is said.
 */
import type { Arena } from '../memory/arena.js'
import {
  H_DISK_BYTES,
  H_DISK_FORM,
  H_DISK_MS,
  H_DISK_VERSIONS,
  H_FLOOR,
  H_RUN_NUMBER,
  H_RUNS,
  H_SEALED,
  H_SEALED_FROM,
  H_SEALS,
  T_DEEP,
} from '../memory/layout.js'
import { BITS_PER_KEY, type DiskBounds } from '../options.js'
import { eachLine } from '../threads/table.js'

/** In place of bounds where there is to be no past on disk. */
const NO_BOUNDS: DiskBounds = {
  ...{ versions: -1, ms: -1, bytes: -1, deflate: false, bitsPerKey: BITS_PER_KEY },
}
/** Bit of H_DISK_FORM. */
const DEFLATE = 2 ** 8

export class Sealed {
  readonly #W: Uint32Array
  readonly #floats: Float64Array

  constructor({ words, floats }: Arena) {
    this.#W = words
    this.#floats = floats
  }

  /** What memory lets go of must be on disk first. */
  get isOn(): boolean {
    // The plain load is for databases in memory: each read of an old version asks.
    return this.#W[H_SEALS] !== 0 && Atomics.load(this.#W, H_SEALS) !== 0
  }

  /** Begins, or ends, the past on disk. For the owner of the writer lock. */
  set isOn(isOn: boolean) {
    Atomics.store(this.#W, H_SEALS, isOn ? 1 : 0)
  }

  /** How far the past goes on disk; null: it is to end, or there is none. */
  get bounds(): DiskBounds | null {
    const floats = this.#floats
    const versions = floats[H_DISK_VERSIONS / 2]
    if (versions < 0) return null
    const [ms, bytes] = [floats[H_DISK_MS / 2], floats[H_DISK_BYTES / 2]]
    return { versions, ms, bytes, ...this.form }
  }

  /** How runs are to be written. */
  get form(): Pick<DiskBounds, 'deflate' | 'bitsPerKey'> {
    const form = this.#W[H_DISK_FORM]
    return { deflate: (form & DEFLATE) !== 0, bitsPerKey: form & (DEFLATE - 1) }
  }

  /** For the owner of the writer lock. */
  set bounds(bounds: DiskBounds | null) {
    const floats = this.#floats
    const { versions, ms, bytes, deflate, bitsPerKey } = bounds ?? NO_BOUNDS
    floats[H_DISK_VERSIONS / 2] = versions
    floats[H_DISK_MS / 2] = ms
    floats[H_DISK_BYTES / 2] = bytes
    this.#W[H_DISK_FORM] = bitsPerKey + (deflate ? DEFLATE : 0)
  }

  #before(word: number, newest: number): number {
    return newest - Math.max(0, ((newest >>> 0) - Atomics.load(this.#W, word)) | 0)
  }

  from(newest: number): number {
    return this.#before(H_SEALED_FROM, newest)
  }

  to(newest: number): number {
    return this.#before(H_SEALED, newest)
  }

  floor(newest: number): number {
    return this.#before(H_FLOOR, newest)
  }

  /** {@link to}, of which the caller knows a version of memory that is not long before it. */
  toFrom(version: number): number {
    return version + ((Atomics.load(this.#W, H_SEALED) - (version >>> 0)) | 0)
  }

  /**
   * More is in files. For whoever has H_SEALING.
   * @returns false where the past has begun anew meanwhile, and does not go on from `before`
   */
  advance(before: number, to: number): boolean {
    const old = before >>> 0
    return Atomics.compareExchange(this.#W, H_SEALED, old, to >>> 0) === old
  }

  /** Any thread. */
  raiseFloor(version: number): void {
    const W = this.#W
    if (version <= 0) return
    for (;;) {
      const now = Atomics.load(W, H_FLOOR)
      if ((((version >>> 0) - now) | 0) <= 0) return
      if (Atomics.compareExchange(W, H_FLOOR, now, version >>> 0) === now) return
    }
  }

  /**
   * The past on disk begins anew at a version: what died before is on no disk, or does not count. For the owner of the
   * writer lock.
   */
  begin(from: number): void {
    const W = this.#W
    // Never lower: what is below it may be gone.
    this.raiseFloor(from)
    Atomics.store(W, H_SEALED_FROM, from >>> 0)
    Atomics.store(W, H_SEALED, from >>> 0)
  }

  /** What is on disk. While no other thread has the database. */
  reopen({ from, to, floor }: { from: number; to: number; floor: number }): void {
    const W = this.#W
    Atomics.store(W, H_FLOOR, floor >>> 0)
    Atomics.store(W, H_SEALED_FROM, from >>> 0)
    Atomics.store(W, H_SEALED, to >>> 0)
  }

  // ── Files ─────────────────────────────────────────────────────────────────────────────────────

  /** A number that is another one once the list of files is. */
  get state(): number {
    return Atomics.load(this.#W, H_RUNS)
  }

  /** The list of files has changed. For whoever has H_SEALING. */
  change(): void {
    Atomics.add(this.#W, H_RUNS, 1)
  }

  /** A number that no file has had. Any thread. */
  reserveNumber(): number {
    return Atomics.add(this.#W, H_RUN_NUMBER, 1) + 1
  }

  /** Files have numbers up to this one. While no other thread has the database. */
  set numbered(number: number) {
    this.#W[H_RUN_NUMBER] = number
  }

  // ── Pins ──────────────────────────────────────────────────────────────────────────────────────

  /** Says on a handle's line which is the oldest deep version that it has pinned; undefined: none. */
  pin(line: number, version: number | undefined): void {
    Atomics.store(this.#W, line + T_DEEP, version === undefined ? 0 : (version << 1) | 1)
  }

  /** The oldest deep version that any handle has pinned. */
  pinned(newest: number): number | undefined {
    const W = this.#W
    let oldest: number | undefined
    eachLine(W, line => {
      const word = Atomics.load(W, line + T_DEEP)
      if (word === 0) return false
      const version = newest - (((newest << 1) - (word - 1)) >>> 1)
      oldest = Math.min(oldest ?? version, version)
      return false
    })
    return oldest
  }
}
