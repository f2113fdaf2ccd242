/**
 * Keys of entries that some indexes lead to, as sets: sorted, each once. Private memory of one thread.
 */
import type { KeyBuffer } from '../key/codec.js'
import { granted } from '../memory/granted.js'
import { compareKeys } from '../memory/words.js'

/** Words at first. */
const ROOM = 256

export class KeyList {
  #words = new Uint32Array(ROOM)
  #used = 0
  /** Where each key begins: its bytes, then its words. */
  #places: number[] = []

  get count(): number {
    return this.#places.length
  }

  /** Adds the key of `bytes` bytes at `words[at]`. */
  add(words: Uint32Array, at: number, bytes: number): void {
    const count = (bytes + 3) >>> 2
    const place = this.#used
    this.#reserve(place + 1 + count)
    const own = this.#words
    own[place] = bytes
    for (let i = 0; i < count; i++) own[place + 1 + i] = words[at + i]
    this.#used = place + 1 + count
    this.#places.push(place)
  }

  clear(): void {
    this.#used = 0
    this.#places.length = 0
  }

  #reserve(size: number): void {
    if (size <= this.#words.length) return
    const room = Math.max(size, this.#words.length * 2)
    const larger = granted('the keys of a query', () => new Uint32Array(room))
    larger.set(this.#words)
    this.#words = larger
  }

  /** Puts the `i`-th key into a buffer. */
  load(i: number, into: KeyBuffer): void {
    const words = this.#words
    const place = this.#places[i]
    into.bytes = words[place]
    const count = (into.bytes + 3) >>> 2
    for (let k = 0; k < count; k++) into.words[k] = words[place + 1 + k]
  }

  /** Sorts the keys and drops all but one of those that are equal. */
  settle(): void {
    const places = this.#places
    let isSorted = true
    for (let i = 1; i < places.length && isSorted; i++) {
      isSorted = this.#compare(places[i - 1], this, places[i]) < 0
    }
    if (isSorted) return
    places.sort((a, b) => this.#compare(a, this, b))
    this.#places = places.filter((place, i) => {
      return i === 0 || this.#compare(places[i - 1], this, place) !== 0
    })
  }

  /** Drops the keys that another list, which is settled as this one is, does not have. */
  intersect(other: KeyList): void {
    let i = 0
    this.#places = this.#places.filter(place => {
      while (i < other.count && other.#compare(other.#places[i], this, place) < 0) i++
      return i < other.count && other.#compare(other.#places[i], this, place) === 0
    })
  }

  #compare(place: number, other: KeyList, there: number): number {
    const [a, b] = [this.#words, other.#words]
    return compareKeys(a, place + 1, a[place], b, there + 1, b[there])
  }
}
