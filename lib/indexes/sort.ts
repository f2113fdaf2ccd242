/**
 * Sorts keys that lie one after the other in private memory, each told by its place; equal ones stay in their order.
 *
 * Keys of an index begin alike, and lie all over memory: comparing two of them goes over the same words again and again,
 * and waits for both. So a word of each key is read at a time, into an array of its own, which is sorted by its
 * bytes, from the last to the first (radix sort, those that are the same in all passed over); then those that have it in common
 * by their next word.
 */
import { compareKeys } from '../memory/words.js'

/** Words of an item before its key; the second of them is how many bytes the key has. */
export const HEAD = 2
const BYTES_AT = 1
/** So few are sorted by comparing. */
export const FEW = 24

export class KeySorter {
  readonly #words: Uint32Array
  readonly #places: Uint32Array
  readonly #heads: Uint32Array
  readonly #otherPlaces: Uint32Array
  readonly #otherHeads: Uint32Array
  readonly #ends = new Uint32Array(256)
  #differing = 0
  /** Two keys may be the same. */
  hasEqual = false

  /**
   * @param words has at each place what a key is, its bytes, and the key
   * @param places will be in the order of the keys
   */
  constructor(words: Uint32Array, places: Uint32Array) {
    const { length } = places
    this.#words = words
    this.#places = places
    this.#heads = new Uint32Array(length)
    this.#otherPlaces = new Uint32Array(length)
    this.#otherHeads = new Uint32Array(length)
  }

  sort(): void {
    this.#sort(0, this.#places.length, 0)
  }

  /** Sorts the places from `begin` to `last`, whose keys are the same before word `skip`. */
  #sort(begin: number, last: number, skip: number): void {
    let [from, end, depth] = [begin, last, skip]
    while (end - from > FEW) {
      const ended = this.#read(from, end, depth)
      if (ended > 0) {
        this.#takeEnded(from, from + ended, end, depth)
        from += ended
        continue
      }
      const differing = this.#differing
      if (differing === 0) {
        depth++
        continue
      }
      for (let shift = 0; shift < 32; shift += 8) {
        if (((differing >>> shift) & 255) !== 0) this.#pass(from, end, shift)
      }
      // The largest part in this loop: so no key makes the stack deep.
      const [largest, behind] = this.#parts(from, end, depth)
      from = largest
      end = behind
      depth++
    }
    this.#insert(from, end, depth)
  }

  /** Sorts the parts that have a word in common, but the largest: the begin and the end of that. */
  #parts(from: number, end: number, depth: number): [from: number, end: number] {
    const heads = this.#heads
    let [largest, behind] = [from, from]
    let at = from
    const parts: number[] = []
    while (at < end) {
      let next = at + 1
      while (next < end && heads[next] === heads[at]) next++
      if (next - at > behind - largest) {
        if (behind - largest > 1) parts.push(largest, behind)
        largest = at
        behind = next
      } else if (next - at > 1) parts.push(at, next)
      at = next
    }
    for (let i = 0; i < parts.length; i += 2) this.#sort(parts[i], parts[i + 1], depth + 1)
    return [largest, behind]
  }

  /** Puts keys that have no word `depth` first, up to place `middle`, the shorter before the longer. */
  #takeEnded(from: number, middle: number, end: number, depth: number): void {
    const places = this.#places
    const other = this.#otherPlaces
    if (middle - from > 1) this.hasEqual = true
    let next = from
    // They have the same words, the last of which is theirs by one to four bytes.
    for (let bytes = Math.max(0, 4 * depth - 3); bytes <= 4 * depth; bytes++) {
      for (let i = from; i < end; i++) {
        if (this.#words[places[i] + BYTES_AT] === bytes) other[next++] = places[i]
      }
    }
    for (let i = from; i < end; i++) {
      if (!this.#hasEnded(places[i], depth)) other[next++] = places[i]
    }
    for (let i = from; i < end; i++) places[i] = other[i]
  }

  #hasEnded(place: number, depth: number): boolean {
    return this.#words[place + BYTES_AT] <= 4 * depth
  }

  /** Reads word `depth` of each key, and in which bits they differ; how many have none. */
  #read(from: number, end: number, depth: number): number {
    const words = this.#words
    const places = this.#places
    const heads = this.#heads
    const at = HEAD + depth
    const first = words[places[from] + at]
    let differing = 0
    let ended = 0
    for (let i = from; i < end; i++) {
      const place = places[i]
      const head = words[place + at]
      heads[i] = head
      differing |= head ^ first
      if (words[place + BYTES_AT] <= 4 * depth) ended++
    }
    this.#differing = differing
    return ended
  }

  /** Sorts by a byte of what was read. */
  #pass(from: number, end: number, shift: number): void {
    const [heads, places] = [this.#heads, this.#places]
    const [otherHeads, otherPlaces] = [this.#otherHeads, this.#otherPlaces]
    const ends = this.#ends.fill(0)
    for (let i = from; i < end; i++) ends[(heads[i] >>> shift) & 255]++
    let next = from
    for (let byte = 0; byte < 256; byte++) {
      const size = ends[byte]
      ends[byte] = next
      next += size
    }
    for (let i = from; i < end; i++) {
      const head = heads[i]
      const to = ends[(head >>> shift) & 255]++
      otherHeads[to] = head
      otherPlaces[to] = places[i]
    }
    for (let i = from; i < end; i++) {
      heads[i] = otherHeads[i]
      places[i] = otherPlaces[i]
    }
  }

  #insert(from: number, end: number, skip: number): void {
    const places = this.#places
    for (let i = from + 1; i < end; i++) {
      const place = places[i]
      let at = i
      for (; at > from && this.#isBefore(place, places[at - 1], skip); at--) {
        places[at] = places[at - 1]
      }
      places[at] = place
    }
  }

  #isBefore(a: number, b: number, skip: number): boolean {
    const words = this.#words
    const [bytes, others] = [words[a + BYTES_AT] - 4 * skip, words[b + BYTES_AT] - 4 * skip]
    const order = compareKeys(words, a + HEAD + skip, bytes, words, b + HEAD + skip, others)
    if (order === 0) this.hasEqual = true
    return order < 0
  }
}
