/**
 * What this thread announces to the writer: its operation slot and its pins.
 *
 * Each thread writes its own line only; the writer's scan reads all lines. Invariants:
 * 1. While the operation slot holds FROM(h), this thread may hold anything readable at version h or
 *    later. It is stored before `current` is loaded, so a scan that misses it comes before that load
 *    and the reader sees what the writer had let go by then.
 * 2. A pin slot holds a record's reference from `acquire` to the last `release`; it is written while
 *    the operation slot still covers that record. A pin is never copied or moved to another slot.
 * 3. There is one Pin for a record in this thread, shared by counting.
 * 4. Nobody waits for a slot. Where there is none, and the lock is not free to make more, the spill
 *    slot holds FROM(h) until the last such pin is gone: more is kept than need be, never less. It also
 *    covers what is held from a version on.
 * 5. While no second thread has been given a handle, reads that run no user code need no slot: the
 *    only writer is this thread, and it does not write in the middle of a read.
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

/** One read in so many has its time taken. */
const SAMPLED = 1023

/** A record that this thread keeps readable. */
export class Pin {
  readonly record: number
  /** Word of its slot; 0: it is covered by the spill slot. */
  readonly slot: number
  uses = 1

  constructor(record: number, slot: number) {
    this.record = record
    this.slot = slot
  }
}

/** A version that this thread keeps readable, with all after it. */
export interface RunHold {
  version: number
}

export class Slots {
  /** Reads announce themselves: set once a second thread may write (and by tests). */
  announced: boolean
  /** True if a pin below the window may have been given up since the writer last looked. */
  released = false

  readonly #W: Uint32Array
  readonly #line: number
  readonly #pins = new Map<number, Pin>()
  readonly #free: number[] = []
  /** The pin used last; it may be idle. */
  #last: Pin | null = null
  /** Pins without a slot of their own, and the oldest version they have held together. */
  #spilled = 0
  #spillFrom = 0
  readonly #runs = new Set<RunHold>()
  /** Makes a zeroed block of slots and links it at a word, if that needs no waiting; else 0. */
  readonly #makeBlock: (link: number) => number
  /** When the read under way began, if its time is taken. */
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
    if (!this.announced) return
    const W = this.#W
    const hint = Atomics.load(W, H_PUBLISHED)
    // Before CURRENT is loaded (invariant 1). A hint that is too old only keeps more.
    Atomics.store(W, this.#line + T_SLOT, (hint << FROM_SHIFT) | FROM_TAG)
  }

  /**
   * Begins a read of a version by number. Only of one that is there: a hint that is newer than the
   * record that is loaded next would not protect it.
   */
  enterAt(version: number): void {
    this.count()
    if (!this.announced) return
    const W = this.#W
    const age = (Atomics.load(W, H_PUBLISHED) - (version >>> 0)) | 0
    const hint = age >= 0 && age < HINT_REACH ? (version << FROM_SHIFT) | FROM_TAG : FROM_ALL
    Atomics.store(W, this.#line + T_SLOT, hint)
  }

  /** Begins a read of any version of the run. */
  enterRun(): void {
    this.count()
    if (!this.announced) return
    const W = this.#W
    // The run only ever begins later than this; what begins there when it is looked at is protected.
    const oldest = Atomics.load(W, H_OLDEST)
    Atomics.store(W, this.#line + T_SLOT, (oldest << FROM_SHIFT) | FROM_TAG)
  }

  /** Begins a read of whatever can be read: what is found by tag. Holds all reclamation up. */
  enterAll(): void {
    this.count()
    if (this.announced) Atomics.store(this.#W, this.#line + T_SLOT, FROM_ALL)
  }

  /** Counts a read that a pin covers already. */
  count(): void {
    const W = this.#W
    const at = this.#line + T_READS
    const reads = ++W[at]
    if ((reads & SAMPLED) !== 0) return
    if (reads === 0) W[at + 1]++
    this.#began = monotonic()
  }

  /** Ends a read: nothing may be followed after this. */
  exit(): void {
    if (this.announced) Atomics.store(this.#W, this.#line + T_SLOT, 0)
    if (this.#began === 0) return
    noteTime(this.#W, H_READ_TIMES, monotonic() - this.#began)
    this.#began = 0
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

  /** Gives up one use of a pin. */
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
    // The one used last keeps its slot, which is idle: the next pin is most likely of its record.
    if (pin !== this.#last) this.#drop(pin)
  }

  /**
   * Holds a version, which the operation slot (or another hold) covers now, and all versions after it.
   * @returns what {@link releaseRun} takes
   */
  acquireRun(version: number): RunHold {
    const hold = { version }
    this.#runs.add(hold)
    this.#announceSpilled()
    return hold
  }

  /** Moves the begin of a hold to a later version. */
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

  /** Forgets everything: the line is about to be given back. */
  forget(): void {
    this.#pins.clear()
    this.#runs.clear()
    this.#last = null
    this.announced = false
  }

  /** A pin slot that was never used: in the line, then in overflow blocks. 0: there is none. */
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

  /** Stores what the spill slot must cover now: while other slots still do, like a pin. */
  #announceSpilled(): void {
    let from = this.#spilled > 0 ? this.#spillFrom : Number.POSITIVE_INFINITY
    for (const { version } of this.#runs) from = Math.min(from, version)
    const hint = from === Number.POSITIVE_INFINITY ? 0 : (from << FROM_SHIFT) | FROM_TAG
    Atomics.store(this.#W, this.#line + T_SPILL, hint)
  }
}

/** Visits every slot of a thread line that may hold a record's reference. */
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
