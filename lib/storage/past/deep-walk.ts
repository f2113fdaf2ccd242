/**
 * Several walks in key order as one: what memory has of a version, and what past runs have.
 *
 * No two of them stand at the same key ever (docs/decisions/0035). The walks lie sorted by what comes next: mostly the
 * one that has just moved stays the first, which one comparison tells. A walk is moved when its next entry is asked for,
 * not before. If reading fails, the next call goes on where this one failed.
 */
import type { Found } from '../../engine/deep.js'
import { keyBytesOf, versionOf } from '../../memory/entry.js'
import { E_KEY } from '../../memory/layout.js'
import { compareKeys } from '../../memory/words.js'
import type { Head } from './run-cursor.js'

const KEY_AT = E_KEY

/** What gives references of entries, then 0: a walk of a tree. */
export interface Entries {
  next(): number
}

/** The entries of a walk of a tree that were born by a version. */
export class MemoryHead implements Head {
  readonly words: Uint32Array
  entry = 0
  readonly death = Number.POSITIVE_INFINITY
  readonly #entries: Entries
  readonly #bornUntil: number

  constructor(W: Uint32Array, entries: Entries, bornUntil: number) {
    this.words = W
    this.#entries = entries
    this.#bornUntil = bornUntil
  }

  move(): boolean {
    const W = this.words
    const bornUntil = this.#bornUntil
    for (;;) {
      const entry = this.#entries.next()
      if (entry === 0) return false
      if (versionOf(W, entry) > bornUntil) continue
      this.entry = entry
      return true
    }
  }
}

/** Compares the keys of two entries, from word `skip` on. */
export function compareFound(a: Found, b: Found, skip = 0): number {
  const [x, y] = [a.words, b.words]
  const [i, j] = [a.entry, b.entry]
  const [bytes, others] = [keyBytesOf(x, i) - 4 * skip, keyBytesOf(y, j) - 4 * skip]
  return compareKeys(x, i + KEY_AT + skip, bytes, y, j + KEY_AT + skip, others)
}

export class DeepWalk {
  /** Walks that have not moved yet. */
  readonly #waiting: Head[]
  /** The others, by what they stand at. */
  readonly #heads: Head[] = []
  readonly #sign: 1 | -1
  /** The entry of the first has been given. */
  #isGiven = false

  /** @param walks in key order, or back if `isReverse` */
  constructor(walks: readonly Head[], isReverse: boolean) {
    this.#waiting = [...walks]
    this.#sign = isReverse ? -1 : 1
  }

  /** The next entry; null at the end. */
  next(): Found | null {
    const head = this.move()
    return head && { words: head.words, entry: head.entry, death: head.death }
  }

  /** The walk that stands at the next entry, until the next call; null at the end. */
  move(): Head | null {
    const heads = this.#heads
    while (this.#waiting.length > 0) this.#begin(this.#waiting[this.#waiting.length - 1])
    if (this.#isGiven) {
      if (heads[0].move()) this.#settle()
      else heads.shift()
    }
    this.#isGiven = heads.length > 0
    return this.#isGiven ? heads[0] : null
  }

  /** Moves the last of those that wait, and puts it before the others. */
  #begin(head: Head): void {
    const isThere = head.move()
    this.#waiting.pop()
    if (!isThere) return
    this.#heads.unshift(head)
    this.#settle()
  }

  /** Puts the first walk where it belongs. */
  #settle(): void {
    const heads = this.#heads
    const head = heads[0]
    let at = 0
    while (at + 1 < heads.length && this.#sign * compareFound(head, heads[at + 1]) > 0) {
      heads[at] = heads[at + 1]
      at++
    }
    heads[at] = head
  }
}
