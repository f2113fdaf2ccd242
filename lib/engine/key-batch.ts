/**
 * Many encoded keys, one after the other, for reads that look all of them up.
 *
 * One instance a thread, used over and over; no user code that could call the database runs between
 * `begin` and the last use.
 */
import type { KeyBuffer } from '../key/codec.js'
import { granted } from '../memory/granted.js'
import { hashKey } from '../memory/hash.js'

/** Words that are kept from one use to the next. */
const KEPT = 2 ** 16

export class KeyBatch {
  #words = new Uint32Array(256)
  #used = 0
  /** First word and bytes of each key. */
  readonly #places: number[] = []
  readonly hashes: number[] = []

  /** Forgets all keys. */
  begin(): void {
    this.#used = 0
    this.#places.length = 0
    this.hashes.length = 0
    if (this.#words.length > KEPT) this.#words = new Uint32Array(256)
  }

  add(key: KeyBuffer): void {
    const count = (key.bytes + 3) >>> 2
    const at = this.#used
    if (at + count > this.#words.length) {
      const room = Math.max(at + count, this.#words.length * 2)
      const larger = granted('the keys of a read', () => new Uint32Array(room))
      larger.set(this.#words)
      this.#words = larger
    }
    const words = this.#words
    for (let i = 0; i < count; i++) words[at + i] = key.words[i]
    this.#used = at + count
    this.#places.push(at, key.bytes)
    this.hashes.push(hashKey(key.words, 0, key.bytes))
  }

  /** Puts the `i`-th key into a buffer. */
  load(i: number, into: KeyBuffer): void {
    const at = this.#places[2 * i]
    into.bytes = this.#places[2 * i + 1]
    const count = (into.bytes + 3) >>> 2
    for (let k = 0; k < count; k++) into.words[k] = this.#words[at + k]
  }
}
