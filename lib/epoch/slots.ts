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
 * 4. While no second thread has been given a handle, reads that run no user code need no slot: the
 *    only writer is this thread, and it does not write in the middle of a read.
 */
import type { Arena } from '../memory/arena.js'
import {
  FROM_ALL,
  FROM_SHIFT,
  FROM_TAG,
  H_CURRENT,
  H_PUBLISHED,
  OVERFLOW_WORDS,
  T_OVERFLOW,
  T_PIN_COUNT,
  T_PINS,
  T_PINS_USED,
  T_SLOT,
} from '../memory/layout.js'

/** A record that this thread keeps readable. */
export class Pin {
  readonly record: number
  readonly slot: number
  uses = 1

  constructor(record: number, slot: number) {
    this.record = record
    this.slot = slot
  }
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
  /** Makes a zeroed overflow block and returns it; throws ZVERSE_FULL. */
  readonly #makeBlock: () => number
  #lastBlock = 0

  constructor(arena: Arena, line: number, announced: boolean, makeBlock: () => number) {
    this.#W = arena.words
    this.#line = line
    this.announced = announced
    this.#makeBlock = makeBlock
  }

  /** Begins a read of the present, or of any version committed after now. */
  enter(): void {
    if (!this.announced) return
    const hint = Atomics.load(this.#W, H_PUBLISHED)
    Atomics.store(this.#W, this.#line + T_SLOT, (hint << FROM_SHIFT) | FROM_TAG)
  }

  /** Begins a read of whatever can be read. */
  enterAll(): void {
    if (this.announced) Atomics.store(this.#W, this.#line + T_SLOT, FROM_ALL)
  }

  /** Ends a read: nothing may be followed after this. */
  exit(): void {
    if (this.announced) Atomics.store(this.#W, this.#line + T_SLOT, 0)
  }

  /** Pins `record`, which the operation slot (or another pin) covers now. */
  acquire(record: number): Pin {
    const last = this.#last
    if (last !== null) {
      if (last.record === record) {
        if (last.uses++ === 0) Atomics.store(this.#W, last.slot, record)
        return last
      }
      if (last.uses === 0) this.#drop(last)
    }
    let pin = this.#pins.get(record)
    if (pin !== undefined) {
      pin.uses++
    } else {
      pin = new Pin(record, this.#free.pop() ?? this.#nextSlot())
      Atomics.store(this.#W, pin.slot, record)
      this.#pins.set(record, pin)
    }
    this.#last = pin
    return pin
  }

  /** Gives up one use of a pin. */
  release(pin: Pin): void {
    if (--pin.uses > 0) return
    Atomics.store(this.#W, pin.slot, 0)
    if (pin.record !== this.#W[H_CURRENT]) this.released = true
    // The one used last keeps its slot, which is idle: the next pin is most likely of its record.
    if (pin !== this.#last) this.#drop(pin)
  }

  /** Forgets an idle pin. */
  #drop(pin: Pin): void {
    this.#pins.delete(pin.record)
    this.#free.push(pin.slot)
    if (pin === this.#last) this.#last = null
  }

  /** Records pinned by this thread. */
  get count(): number {
    let count = 0
    for (const pin of this.#pins.values()) if (pin.uses > 0) count++
    return count
  }

  *pinned(): Iterable<number> {
    for (const pin of this.#pins.values()) if (pin.uses > 0) yield pin.record
  }

  /** Gives up everything: at close. */
  releaseAll(): void {
    for (const pin of this.#pins.values()) Atomics.store(this.#W, pin.slot, 0)
    this.#pins.clear()
    this.#last = null
    Atomics.store(this.#W, this.#line + T_SLOT, 0)
  }

  /** A pin slot that was never used: in the line, then in overflow blocks. */
  #nextSlot(): number {
    const W = this.#W
    const line = this.#line
    const used = W[line + T_PINS_USED]
    if (used < T_PIN_COUNT) {
      Atomics.store(W, line + T_PINS_USED, used + 1)
      return line + T_PINS + used
    }
    const block = this.#makeBlock()
    Atomics.store(W, this.#lastBlock === 0 ? line + T_OVERFLOW : this.#lastBlock, block)
    this.#lastBlock = block
    for (let i = OVERFLOW_WORDS - 1; i > 1; i--) this.#free.push(block + i)
    return block + 1
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
