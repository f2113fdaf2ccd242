/**
 * Blocks of past runs that one thread has read, as long as they fit: the ones used last (CLOCK, Corbató 1968: a block that
 * was used since the hand came by stays once more).
 */
export interface Block {
  /** Its body (run-format.ts). */
  readonly words: Uint32Array
  /** How many intervals it has. */
  readonly count: number
}

interface Slot {
  readonly key: number
  readonly block: Block
  used: boolean
}

/** More blocks than a run has. */
const MOST_BLOCKS = 2 ** 24

export class BlockCache {
  readonly #most: number
  readonly #slots = new Map<number, Slot>()
  #bytes = 0

  /** @param most bytes that its blocks may have together */
  constructor(most: number) {
    this.#most = most
  }

  /** Bytes of the blocks in it. */
  get bytes(): number {
    return this.#bytes
  }

  /** Block `index` of run `run`, which `read` reads where it is not there. */
  get(run: number, index: number, read: () => Block): Block {
    const key = run * MOST_BLOCKS + index
    const found = this.#slots.get(key)
    if (found !== undefined) {
      found.used = true
      return found.block
    }
    const block = read()
    this.#makeRoom(block.words.byteLength)
    this.#slots.set(key, { key, block, used: false })
    this.#bytes += block.words.byteLength
    return block
  }

  /** Blocks of a run that is gone. */
  forget(run: number): void {
    for (const { key } of this.#slots.values()) {
      if (Math.floor(key / MOST_BLOCKS) === run) this.#drop(key)
    }
  }

  #makeRoom(bytes: number): void {
    // The order of a Map is that of insertion: its first slot is where the hand is.
    for (const slot of this.#slots.values()) {
      if (this.#bytes === 0 || this.#bytes + bytes <= this.#most) return
      this.#drop(slot.key)
      if (!slot.used) continue
      slot.used = false
      this.#slots.set(slot.key, slot)
      this.#bytes += slot.block.words.byteLength
    }
  }

  #drop(key: number): void {
    this.#bytes -= this.#slots.get(key)?.block.words.byteLength ?? 0
    this.#slots.delete(key)
  }
}
