/**
 * Changes of one index that a transaction has yet to make: keys of its store that come, and that go. Private memory of
 * the writing thread. They are made in key order, which costs a tree less than the order in which they came.
 *
 * Invariant: a key is that of an index key, padded with zeros to whole words, and the key of an entry behind it. As no index key
 * is a prefix of another, keys sort by index key, then by the entry's.
 */
import type { KeyWords } from '../memory/entry.js'
import { granted } from '../memory/granted.js'
import { compareKeys } from '../memory/words.js'
import { FEW, HEAD, KeySorter } from './sort.js'

const COMES = 1
/** Words at first, and those that are kept from one transaction to the next. */
const ROOM = 1024
const KEPT = 2 ** 18

export class Pending {
  #words = new Uint32Array(ROOM)
  #used = 0
  /** Where each change is. */
  #places = new Uint32Array(ROOM)
  count = 0
  /** No key goes. */
  onlyCome = true
  /** They are in key order, each key once. */
  #isSettled = false

  /**
   * Adds a change, after all that are there.
   * @param comes else the key goes
   */
  add(comes: boolean, bytes: Uint8Array, from: number, end: number, primary: KeyWords): void {
    const first = (end - from + 3) >>> 2
    const second = (primary.bytes + 3) >>> 2
    const at = this.#used
    this.#reserve(at + HEAD + first + second)
    const words = this.#words
    words[at] = comes ? COMES : 0
    this.onlyCome &&= comes
    this.#isSettled = false
    words[at + 1] = first * 4 + primary.bytes
    let to = at + HEAD
    let i = from
    for (; i + 4 <= end; i += 4) {
      words[to++] = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3]
    }
    if (i < end) {
      let word = 0
      for (let shift = 24; i < end; i++, shift -= 8) word |= bytes[i] << shift
      words[to++] = word
    }
    for (let k = 0; k < second; k++) words[to + k] = primary.words[k]
    this.#used = to + second
    if (this.count === this.#places.length) this.#places = larger(this.#places, 2 * this.count)
    this.#places[this.count++] = at
  }

  #reserve(size: number): void {
    if (size <= this.#words.length) return
    this.#words = larger(this.#words, Math.max(size, this.#words.length * 2))
  }

  clear(): void {
    this.onlyCome = true
    if (this.count === 0) return
    this.#used = 0
    this.count = 0
    if (this.#words.length > KEPT) this.#words = new Uint32Array(ROOM)
    if (this.#places.length > KEPT) this.#places = new Uint32Array(ROOM)
  }

  /** For an index that is empty: forgets what goes, sorts what comes. */
  keepComing(): void {
    const words = this.#words
    const places = this.#places
    const hasEqual = this.#sort()
    const { count } = this
    let kept = 0
    for (let i = 0; i < count; i++) {
      if (words[places[i]] === COMES && !(hasEqual && this.#isFollowed(i, count))) {
        places[kept++] = places[i]
      }
    }
    this.count = kept
    this.onlyCome = true
    this.#isSettled = true
  }

  /** Sorts the changes by their keys; true where two may have the same key. */
  #sort(): boolean {
    const { count } = this
    if (count < 2 || this.#isSettled) return false
    if (count <= FEW) {
      this.#insert()
      return true
    }
    if (this.#isSorted) return true
    const sorter = new KeySorter(this.#words, this.#places.subarray(0, count))
    sorter.sort()
    return sorter.hasEqual
  }

  /** Sorts few changes, as most commits have. */
  #insert(): void {
    const places = this.#places
    for (let i = 1; i < this.count; i++) {
      const place = places[i]
      let at = i
      for (; at > 0 && this.#compare(place, places[at - 1]) < 0; at--) places[at] = places[at - 1]
      places[at] = place
    }
  }

  /** Each key comes behind the one before, or is the same. */
  get #isSorted(): boolean {
    const places = this.#places
    for (let i = 1; i < this.count; i++) {
      if (this.#compare(places[i - 1], places[i]) > 0) return false
    }
    return true
  }

  /** A later change is of the same key. */
  #isFollowed(i: number, count: number): boolean {
    return i + 1 < count && this.#compare(this.#places[i], this.#places[i + 1]) === 0
  }

  /** Visits the changes in key order, of each key the last one only; `key` is used again. */
  each(key: { words: Uint32Array; bytes: number }, visit: (comes: boolean) => void): void {
    const words = this.#words
    const places = this.#places
    const hasEqual = this.#sort()
    const { count } = this
    for (let i = 0; i < count; i++) {
      if (hasEqual && this.#isFollowed(i, count)) continue
      const at = places[i]
      key.bytes = words[at + 1]
      const size = (key.bytes + 3) >>> 2
      for (let k = 0; k < size; k++) key.words[k] = words[at + HEAD + k]
      visit(words[at] === COMES)
    }
  }

  #compare(a: number, b: number): number {
    const words = this.#words
    return compareKeys(words, a + HEAD, words[a + 1], words, b + HEAD, words[b + 1])
  }
}

function larger(words: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const room = granted('the changes of an index', () => new Uint32Array(size))
  room.set(words)
  return room
}
