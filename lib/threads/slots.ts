/**
 * The slots in which this thread announces its reads to the writer: its operation slot and its pins.
 *
 * Each thread writes its own line only; the writer's scan reads all lines. Invariants:
 * 1. While the operation slot contains FROM(h), this thread may read anything readable at version h or
 *    later. The slot is stored before `current` is loaded, so a scan that misses it comes before that
 *    load, and the reader sees what the writer had unlinked by then.
 * 2. A pin slot contains a record's reference from `acquire` to the last `release`; it is written while
 *    the operation slot still covers that record. A pin is never copied or moved to another slot.
 * 3. There is one Pin for a record in this thread, shared by counting.
 * 4. No thread waits for a slot. Where there is none, and the lock is not free to make more, the spill
 *    slot contains FROM(h) until the last such pin is released: more is kept than need be, never less.
 *    The spill slot also covers pinned runs of versions.
 * 5. While no second thread has a handle, reads that run no user code need no slot: the only writer is
 *    this thread, and it does not write in the middle of a read.
 */
import type { Arena } from '../memory/arena.js'
import {
  FROM_ALL,
  FROM_SHIFT,
  FROM_TAG,
  H_CURRENT,
  H_OLDEST,
  H_PUBLISHED,
  H_READ_TIMES,
  HINT_REACH,
  OVERFLOW_WORDS,
  R_VERSION,
  T_OVERFLOW,
  T_PIN_COUNT,
  T_PINS,
  T_PINS_USED,
  T_READS,
  T_SLOT,
  T_SPILL,
} from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { monotonic } from './clock.js'
import { noteTime } from './times.js'

/** One read in so many is timed. */
const SAMPLED = 1023

/** A record that this thread has pinned. */
export class Pin {
  readonly record: number
  /** Word of its slot; 0: the spill slot covers it. */
  readonly slot: number
  uses = 1

  constructor(record: number, slot: number) {
    this.record = record
    this.slot = slot
  }
}

/** A version that this thread has pinned, with all after it. */
export interface RunHold {
  version: number
}

export class Slots {
  /** Reads announce themselves: true once a second thread may write (and in tests). */
  announced: boolean
  /** True if a pin below the low-water mark may have been released since the writer last looked. */
  released = false

  readonly #W: Uint32Array
  readonly #line: number
  readonly #pins = new Map<number, Pin>()
  readonly #free: number[] = []
  /** The pin used last; it may be idle. */
  #last: Pin | null = null
  /** Pins without a slot of their own, and the oldest version that any of them has pinned. */
  #spilled = 0
  #spillFrom = 0
  readonly #runs = new Set<RunHold>()
  /** Makes a zeroed block of slots and links it at a word; 0 where it would have to wait. */
  readonly #makeBlock: (link: number) => number
  /** When the read under way began, if it is timed. */
  #began = 0
  /** Word to link the next overflow block at. */
  #link: number

  constructor(arena: Arena, line: number, announced: boolean, makeBlock: (link: number) => number) {
    const W = arena.words
    this.#W = W
    this.#line = line
    this.announced = announced
    this.#makeBlock = makeBlock
    this.#link = line + T_OVERFLOW
    for (let block = W[this.#link]; block !== 0; block = W[block]) this.#addBlock(block)
  }

  /** Begins a read of the present, or of any version committed after now. */
  enter(): void {
    this.count()
    this.cover()
  }

  /** {@link enter}, for what is no read of a user. */
  cover(): void {
    if (!this.announced) return
    const W = this.#W
    const hint = Atomics.load(W, H_PUBLISHED)
    // Before CURRENT is loaded (invariant 1). A hint that is too old only keeps more.
    Atomics.store(W, this.#line + T_SLOT, (hint << FROM_SHIFT) | FROM_TAG)
  }

  /**
   * Begins a read of a version by number. The version must exist: a hint that is newer than the record
   * loaded next would not protect it.
   */
  enterAt(version: number): void {
    this.count()
    if (!this.announced) return
    const W = this.#W
    const age = (Atomics.load(W, H_PUBLISHED) - (version >>> 0)) | 0
    const hint = age >= 0 && age < HINT_REACH ? (version << FROM_SHIFT) | FROM_TAG : FROM_ALL
    Atomics.store(W, this.#line + T_SLOT, hint)
  }

  /** Begins a read of any version of the window. */
  enterRun(): void {
    this.count()
    if (!this.announced) return
    const W = this.#W
    // The low-water mark only rises from here, so the hint covers the window at every later look.
    const oldest = Atomics.load(W, H_OLDEST)
    Atomics.store(W, this.#line + T_SLOT, (oldest << FROM_SHIFT) | FROM_TAG)
  }

  /** Begins a read of any record, as a search by tag needs. Holds all reclamation up. */
  enterAll(): void {
    this.count()
    if (this.announced) Atomics.store(this.#W, this.#line + T_SLOT, FROM_ALL)
  }

  /** Counts a read; a read that a pin covers already does only this. */
  count(): void {
    const W = this.#W
    const at = this.#line + T_READS
    const reads = ++W[at]
    if ((reads & SAMPLED) !== 0) return
    if (reads === 0) W[at + 1]++
    this.#began = monotonic()
  }

  /** Ends a read: the reader may follow no reference after this. */
  exit(): void {
    if (this.announced) Atomics.store(this.#W, this.#line + T_SLOT, 0)
    if (this.#began === 0) return
    noteTime(this.#W, H_READ_TIMES, monotonic() - this.#began)
    this.#began = 0
  }

  /** What the operation slot says, for a read that another one interrupts; and sets it back. */
  get hint(): number {
    return this.#W[this.#line + T_SLOT]
  }

  set hint(hint: number) {
    if (hint !== 0) Atomics.store(this.#W, this.#line + T_SLOT, hint)
  }

  /** Pins `record`, which the operation slot (or another pin) covers now. */
  acquire(record: number): Pin {
    const last = this.#last
    if (last !== null) {
      if (last.record === record) {
        if (last.uses === 0) Atomics.store(this.#W, last.slot, record)
        last.uses++
        return last
      }
      if (last.uses === 0) this.#drop(last)
    }
    let pin = this.#pins.get(record)
    if (pin !== undefined) {
      pin.uses++
    } else {
      const slot = this.#free.pop() ?? this.#nextSlot()
      pin = new Pin(record, slot)
      if (slot === 0) this.#spill(record)
      else Atomics.store(this.#W, slot, record)
      this.#pins.set(record, pin)
    }
    if (pin.slot !== 0) this.#last = pin
    return pin
  }

  /** Releases one use of a pin. */
  release(pin: Pin): void {
    if (--pin.uses > 0) return
    if (pin.slot === 0) {
      this.#pins.delete(pin.record)
      this.#spilled--
      this.#announceSpilled()
      this.released = true
      return
    }
    Atomics.store(this.#W, pin.slot, 0)
    if (pin.record !== this.#W[H_CURRENT]) this.released = true
    // The pin used last keeps its slot, idle: the next pin is most likely of the same record.
    if (pin !== this.#last) this.#drop(pin)
  }

  /**
   * Pins a version, which the operation slot (or another run) covers now, and all versions after it.
   * @returns the argument for {@link releaseRun}
   */
  acquireRun(version: number): RunHold {
    const hold = { version }
    this.#runs.add(hold)
    this.#announceSpilled()
    return hold
  }

  /** Moves the begin of a pinned run to a later version. */
  moveRun(hold: RunHold, version: number): void {
    hold.version = version
    this.#announceSpilled()
    this.released = true
  }

  releaseRun(hold: RunHold): void {
    this.#runs.delete(hold)
    this.#announceSpilled()
    this.released = true
  }

  /** True while the spill slot covers something. */
  get holdsByHint(): boolean {
    return this.#spilled > 0 || this.#runs.size > 0
  }

  /** Forgets an idle pin. */
  #drop(pin: Pin): void {
    this.#pins.delete(pin.record)
    this.#free.push(pin.slot)
    if (pin === this.#last) this.#last = null
  }

  /** Forgets all pins: the handle is about to give its line back. */
  forget(): void {
    this.#pins.clear()
    this.#runs.clear()
    this.#last = null
    this.announced = false
  }

  /** A pin slot that was never used: in the line, then in overflow blocks; 0 where there is none. */
  #nextSlot(): number {
    const W = this.#W
    const line = this.#line
    const used = W[line + T_PINS_USED]
    if (used < T_PIN_COUNT) {
      Atomics.store(W, line + T_PINS_USED, used + 1)
      return line + T_PINS + used
    }
    const block = this.#makeBlock(this.#link)
    if (block === 0) return 0
    this.#addBlock(block)
    return this.#free.pop() as number
  }

  #addBlock(block: number): void {
    for (let i = OVERFLOW_WORDS - 1; i > 0; i--) this.#free.push(block + i)
    this.#link = block
  }

  #spill(record: number): void {
    const version = load48(this.#W, record + R_VERSION)
    this.#spillFrom = this.#spilled++ === 0 ? version : Math.min(this.#spillFrom, version)
    this.#announceSpilled()
  }

  /** Stores the hint that the spill slot needs now; as for a pin, other slots still cover the records. */
  #announceSpilled(): void {
    let from = this.#spilled > 0 ? this.#spillFrom : Number.POSITIVE_INFINITY
    for (const { version } of this.#runs) from = Math.min(from, version)
    const hint = from === Number.POSITIVE_INFINITY ? 0 : (from << FROM_SHIFT) | FROM_TAG
    Atomics.store(this.#W, this.#line + T_SPILL, hint)
  }
}

/** Visits every slot of a thread line that may contain a record's reference. */
export function eachPin(W: Uint32Array, line: number, visit: (record: number) => void): void {
  const used = Atomics.load(W, line + T_PINS_USED)
  for (let i = 0; i < used; i++) {
    const record = Atomics.load(W, line + T_PINS + i)
    if (record !== 0) visit(record)
  }
  for (let block = Atomics.load(W, line + T_OVERFLOW); block !== 0; ) {
    for (let i = 1; i < OVERFLOW_WORDS; i++) {
      const record = Atomics.load(W, block + i)
      if (record !== 0) visit(record)
    }
    block = Atomics.load(W, block)
  }
}

/** Visits the overflow blocks of a thread line. */
export function eachOverflow(W: Uint32Array, line: number, visit: (block: number) => void): void {
  for (let block = W[line + T_OVERFLOW]; block !== 0; block = W[block]) visit(block)
}
