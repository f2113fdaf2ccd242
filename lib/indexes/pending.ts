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
import { HEAD, KeySorter } from './sort.js'

const COMES = 1
/** Words at first, and those that are kept from one transaction to the next. */
const ROOM = 1024
const KEPT = 2 ** 18

export class Pending {
  #words = new Uint32Array(ROOM)
  #used = 0
  #places: number[] = []

  get count(): number {
    return this.#places.length
  }

  /** No key goes. */
  get onlyCome(): boolean {
    for (const at of this.#places) if (this.#words[at] !== COMES) return false
    return true
  }

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
    this.#places.push(at)
  }

  #reserve(size: number): void {
    if (size <= this.#words.length) return
    const room = Math.max(size, this.#words.length * 2)
    const larger = granted('the changes of an index', () => new Uint32Array(room))
    larger.set(this.#words)
    this.#words = larger
  }

  /** Forgets what was added after there were `count`. */
  goBack(count: number): void {
    if (count >= this.#places.length) return
    this.#used = this.#places[count]
    this.#places.length = count
  }

  clear(): void {
    if (this.#places.length === 0) return
    this.#used = 0
    this.#places = []
    if (this.#words.length > KEPT) this.#words = new Uint32Array(ROOM)
  }

  /** For an index that is empty: forgets what goes, sorts what comes. */
  keepComing(): void {
    const words = this.#words
    const places = this.#sorted()
    this.#places = places.filter((at, i) => {
      const isLast = i + 1 === places.length || this.#compare(at, places[i + 1]) !== 0
      return isLast && words[at] === COMES
    })
  }

  #sorted(): number[] {
    if (this.#places.length > 1 && !this.#isSorted) {
      this.#places = new KeySorter(this.#words, this.#places).sorted()
    }
    return this.#places
  }

  /** Each key comes behind the one before, or is the same. */
  get #isSorted(): boolean {
    const places = this.#places
    for (let i = 1; i < places.length; i++) {
      if (this.#compare(places[i - 1], places[i]) > 0) return false
    }
    return true
  }

  /** Visits the changes in key order, of each key the last one only; `key` is used again. */
  each(key: { words: Uint32Array; bytes: number }, visit: (comes: boolean) => void): void {
    const words = this.#words
    const places = this.#sorted()
    for (let i = 0; i < places.length; i++) {
      const at = places[i]
      if (i + 1 < places.length && this.#compare(at, places[i + 1]) === 0) continue
      key.bytes = words[at + 1]
      const count = (key.bytes + 3) >>> 2
      for (let k = 0; k < count; k++) key.words[k] = words[at + HEAD + k]
      visit(words[at] === COMES)
    }
  }

  #compare(a: number, b: number): number {
    const words = this.#words
    return compareKeys(words, a + HEAD, words[a + 1], words, b + HEAD, words[b + 1])
  }
}
