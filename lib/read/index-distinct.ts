/** The index keys of an index, each once, with how many keys it has: by a step from each to the next. */

import { indexKeyWords } from '../indexes/entry-key.js'
import { KeyBuffer } from '../key/codec.js'
import { keyBytesOf } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { count, walk } from '../tree/box-cursor.js'
import { type Bound, prefixed, type Range } from '../tree/cursor.js'
import { deepVersion } from './deep.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import type { Feed } from './iterator.js'

export class Distinct implements Feed {
  readonly isPaired = true
  readonly #core: IndexCore
  readonly #held: Held
  readonly #reverse: boolean
  #range: Range
  #left: number
  readonly #key = new KeyBuffer()

  constructor(core: IndexCore, held: Held, range: Range, reverse: boolean, limit: number) {
    this.#core = core
    this.#held = held
    this.#range = range
    this.#reverse = reverse
    this.#left = limit
  }

  fill(first: unknown[], second: unknown[]): number {
    if (this.#left <= 0) return 0
    this.#left--
    const { deep, root } = this.#held
    return deep >= 0 ? this.#fillDeep(deep, first, second) : this.#fillMemory(root, first, second)
  }

  #fillMemory(root: number, first: unknown[], second: unknown[]): number {
    const { W } = this.#core.engine
    const entry = walk(W, root, this.#range, this.#reverse, 1).next()
    if (entry === 0) return 0
    const those = this.#take(W, entry, first)
    second[0] = count(W, root, those)
    return 1
  }

  #fillDeep(version: number, first: unknown[], second: unknown[]): number {
    const { engine } = this.#core
    engine.epochs.slots.enterRun()
    try {
      const deep = deepVersion(engine, version)
      const store = this.#core.idAt(deep)
      const found = deep.walk(store, this.#range, this.#reverse).next()
      if (found === null) return 0
      const those = this.#take(found.words, found.entry, first)
      second[0] = deep.count(store, those)
      return 1
    } finally {
      engine.epochs.slots.exit()
    }
  }

  /** Takes the index key of a key; what is left of the range lies behind it. @returns the keys with it */
  #take(words: Uint32Array, entry: number, first: unknown[]): Range {
    const at = entry + E_KEY
    const size = indexKeyWords(this.#core.known.defined, words, at)
    first[0] = this.#core.keys.decode(words, at, keyBytesOf(words, entry))
    first[0] = (first[0] as [unknown, unknown])[0]
    const key = this.#key
    for (let i = 0; i < size; i++) key.words[i] = words[at + i]
    key.bytes = size * 4
    const those = prefixed(key)
    const { lower, upper } = this.#range
    const rest: [Bound | null, Bound | null] = this.#reverse
      ? [lower, those.lower]
      : [those.upper, upper]
    if (those.upper === null && !this.#reverse) this.#left = 0
    this.#range = { lower: rest[0], upper: rest[1], box: null }
    return those
  }
}
