/**
 * References on their way into a new table, put in the order of its parts: what is placed one after the other lies in
 * one segment, which the caches hold. In the order of keys each would wait for memory.
 *
 * Private memory of the writing thread, for one table.
 */
import { placeOf } from './table.js'

/** References that are put in order at a time. */
const MOST = 2 ** 18

/** And where the process has no memory for so many: the work is not to fail for that. */
const FEW = 64

/** Memory for `most` references, twice; for a few where there is none. */
function memoryFor(most: number): Uint32Array {
  try {
    return new Uint32Array(4 * most)
  } catch {
    return new Uint32Array(4 * Math.min(most, FEW))
  }
}

export class ByPart {
  readonly #bits: number
  readonly #place: (part: number, hash: number, ref: number) => void
  /** Hash and reference, as they came, and in order. */
  readonly #came: Uint32Array
  readonly #ordered: Uint32Array
  /** Where the next reference of each part goes. */
  readonly #next: Uint32Array
  #count = 0

  /**
   * @param bits the table has 2^bits parts
   * @param total references that will come
   * @param place gets them
   */
  constructor(
    bits: number,
    total: number,
    place: (part: number, hash: number, ref: number) => void,
  ) {
    this.#bits = bits
    this.#place = place
    const most = Math.min(MOST, Math.max(1, total))
    this.#next = new Uint32Array(2 ** bits + 1)
    const room = memoryFor(most)
    this.#came = room.subarray(0, room.length / 2)
    this.#ordered = room.subarray(room.length / 2)
  }

  add(hash: number, ref: number): void {
    const came = this.#came
    const at = 2 * this.#count++
    came[at] = hash
    came[at + 1] = ref
    if (at + 2 === came.length) this.flush()
  }

  /** Places what has come. After the last, too. */
  flush(): void {
    const came = this.#came
    const ordered = this.#ordered
    const next = this.#next.fill(0)
    const bits = this.#bits
    const end = 2 * this.#count
    for (let at = 0; at < end; at += 2) next[placeOf(came[at], bits) + 1]++
    for (let part = 1; part < next.length; part++) next[part] += next[part - 1]
    for (let at = 0; at < end; at += 2) {
      const to = 2 * next[placeOf(came[at], bits)]++
      ordered[to] = came[at]
      ordered[to + 1] = came[at + 1]
    }
    for (let at = 0; at < end; at += 2) {
      this.#place(placeOf(ordered[at], bits), ordered[at], ordered[at + 1])
    }
    this.#count = 0
  }
}
