/** Vectors of an index at one version, by their entries and ids. */
import type { VectorForm } from '../indexes/definition.js'
import type { KeyBuffer } from '../key/codec.js'
import type { KeyWords } from '../memory/entry.js'
import { codeDistance, distanceOf, strideOf } from '../vector/codes.js'
import { blockKey, blockSize, numbersIn, placeKey, primaryIn, vectorKey } from '../vector/layout.js'
import type { VectorQuery } from '../vector/query.js'
import type { Finder } from './finder.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import type { Source } from './source.js'

/** Where a vector is; `place` -1: it is not known where in its cluster. */
export interface Placed {
  readonly id: number
  readonly cluster: number
  readonly place: number
}

/** A vector that was found: the key of its entry, and how far it is. */
export interface Match {
  readonly primary: KeyWords
  readonly distance: number
}

export class Vectors {
  readonly #core: IndexCore
  readonly #form: VectorForm
  readonly #held: Held
  /** In the deep past. */
  readonly #finder: Finder | null
  readonly #key: KeyBuffer
  /** The numbers that were read last. */
  readonly #numbers: Float32Array
  /** The arena's words as floats. */
  readonly #shared: Float32Array
  /** Bytes of a code. */
  readonly #stride: number

  constructor(source: Source, held: Held) {
    const core = source.core as IndexCore
    this.#core = core
    this.#key = core.engine.tools.key
    this.#form = core.known.defined.vectors as VectorForm
    this.#held = held
    this.#finder = held.deep < 0 ? null : source.finder(core, held)
    this.#numbers = new Float32Array(this.#form.dims)
    this.#shared = core.engine.tools.floatsOf(core.engine.W)
    this.#stride = strideOf(this.#form.dims)
  }

  /** What `use` makes of the value of a key; null where there is none. */
  #find<T>(key: KeyBuffer, use: (words: Uint32Array, at: number) => T): T | null {
    const finder = this.#finder
    const { W, gatherer } = this.#core.engine
    if (finder === null) {
      const entry = this.#core.find(this.#held.root, key)
      return entry === 0 ? null : gatherer.open(W, entry, use)
    }
    finder.begin([])
    try {
      return finder.find(key) ? gatherer.open(finder.words, finder.entry, use) : null
    } finally {
      finder.end()
    }
  }

  /** Where the vector of an entry is; null: it has none. */
  placeOf(primary: KeyWords): Placed | null {
    placeKey(this.#key, primary)
    return this.#find(this.#key, (words, at) => {
      return { id: words[at], cluster: words[at + 1], place: -1 }
    })
  }

  /** The key of the entry of a vector. */
  primaryOf(id: number): KeyWords {
    vectorKey(this.#key, id)
    const skip = numbersIn(this.#form)
    return this.#find(this.#key, (words, at) => primaryIn(words, at + skip)) as KeyWords
  }

  /** The numbers of a vector, until the next call; as its code tells them, where nothing else is kept. */
  numbersOf(placed: Placed): Float32Array {
    const numbers = this.#numbers
    if (this.#form.element === 'int8') {
      const { code, scale } = this.#codeOf(placed)
      for (let i = 0; i < numbers.length; i++) numbers[i] = code[i] * scale
      return numbers
    }
    vectorKey(this.#key, placed.id)
    this.#find(this.#key, (words, at) => {
      numbers.set(this.#floatsOf(words).subarray(at, at + numbers.length))
    })
    return numbers
  }

  /** The numbers of a vector, as {@link numbersOf}. */
  byId(id: number): Float32Array {
    return this.numbersOf(this.placeOf(this.primaryOf(id)) as Placed)
  }

  distanceTo({ metric, vector, squares }: VectorQuery, placed: Placed): number {
    this.#core.engine.queries.similarities++
    if (this.#form.element === 'int8') {
      const { code, scale } = this.#codeOf(placed)
      return codeDistance(metric, vector, squares, code, scale)
    }
    vectorKey(this.#key, placed.id)
    const found = this.#find(this.#key, (words, at) => {
      return distanceOf(metric, vector, squares, this.#floatsOf(words), at)
    })
    return found as number
  }

  /** The same words as floats, where they are shared; else made anew. */
  #floatsOf(words: Uint32Array): Float32Array {
    if (words === this.#core.engine.W) return this.#shared
    return new Float32Array(words.buffer, words.byteOffset, words.length)
  }

  /** The key of the entry of a vector, and how far it is, by one look-up where numbers are kept. */
  matchOf(query: VectorQuery, placed: Placed): Match {
    if (this.#form.element === 'int8') {
      const distance = this.distanceTo(query, placed)
      return { primary: this.primaryOf(placed.id), distance }
    }
    this.#core.engine.queries.similarities++
    const { metric, vector, squares } = query
    vectorKey(this.#key, placed.id)
    const found = this.#find(this.#key, (words, at) => {
      const distance = distanceOf(metric, vector, squares, this.#floatsOf(words), at)
      return { primary: primaryIn(words, at + vector.length), distance }
    })
    return found as Match
  }

  /** The code of a vector, and its scale. */
  #codeOf({ id, cluster, place }: Placed): { code: Int8Array; scale: number } {
    const stride = this.#stride
    const per = blockSize(stride)
    for (let block = Math.max(0, Math.floor(place / per)); ; block++) {
      blockKey(this.#key, 0, cluster, block)
      const found = this.#find(this.#key, (words, at) => codeIn(words, at, id, stride))
      if (found === null) throw new Error('zverse: assertion failed: a cluster lacks a vector')
      if (found !== undefined) return found
    }
  }
}

/** The code of a vector, and its scale, in a block; undefined where it is in another. */
function codeIn(words: Uint32Array, at: number, id: number, stride: number) {
  const count = words[at]
  for (let i = 0; i < count; i++) {
    if (words[at + 1 + i] !== id) continue
    const scale = new Float32Array(words.slice(at + 1 + count + i, at + 2 + count + i).buffer)[0]
    const from = at + 1 + 3 * count + (i * stride) / 4
    return { code: new Int8Array(words.slice(from, from + stride / 4).buffer), scale }
  }
  return undefined
}
