/** A set of blocks of the arena, in private memory: for whoever visits all of them. */
import { granted } from './granted.js'

/** One bit for each possible block of the arena, or for each pointer to a node, in private memory. */
export class Marks {
  readonly #bits: Uint32Array
  /** Words for which there is a bit. */
  readonly #grain: 1 | 2
  /** Blocks marked. */
  size = 0

  /**
   * @param words words of the arena that were ever touched
   * @param grain 2 for blocks, which lie at even words; 1 for pointers
   */
  constructor(words: number, grain: 1 | 2 = 2) {
    const size = Math.ceil(words / (32 * grain)) + 1
    this.#grain = grain
    this.#bits = granted('looking at all blocks', () => new Uint32Array(size))
  }

  /** Marks a block; true if it was not marked before. */
  add(ref: number): boolean {
    const i = ref / this.#grain
    const word = (i / 32) >>> 0
    const bit = 1 << (i & 31)
    if ((this.#bits[word] & bit) !== 0) return false
    this.#bits[word] |= bit
    this.size++
    return true
  }

  /** Takes the mark off a block; true if it was marked. */
  delete(ref: number): boolean {
    const i = ref / this.#grain
    const word = (i / 32) >>> 0
    const bit = 1 << (i & 31)
    if ((this.#bits[word] & bit) === 0) return false
    this.#bits[word] &= ~bit
    this.size--
    return true
  }

  /** True if a block may begin at `ref`. */
  fits(ref: number): boolean {
    return ref % this.#grain === 0 && ref > 0 && ref < this.#bits.length * 32 * this.#grain
  }

  has(ref: number): boolean {
    const i = ref / this.#grain
    return (this.#bits[(i / 32) >>> 0] & (1 << (i & 31))) !== 0
  }
}
