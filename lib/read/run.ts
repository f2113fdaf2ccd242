/** Walks of a store at one version, in memory or in the deep past, some entries at a time. */
import type { DeepVersion, Found, Steps as Walk } from '../engine/deep.js'
import { type Walker, walk } from '../tree/box-cursor.js'
import { type Bound, compareBounds, type Range } from '../tree/cursor.js'
import { placeOf, Rewalk, restOf } from './deep.js'
import type { Held } from './held.js'
import type { StoreCore } from './store-core.js'

/** Gives the next entries of a store, at most so many, to `use`; returns how many. */
export interface Run {
  fill(most: number, use: (words: Uint32Array, entry: number) => void): number
}

class MemoryRun implements Run {
  readonly #W: Uint32Array
  readonly #walker: Walker
  readonly #entries: number[] = []

  constructor(W: Uint32Array, walker: Walker) {
    this.#W = W
    this.#walker = walker
  }

  fill(most: number, use: (words: Uint32Array, entry: number) => void): number {
    const count = this.#walker.fill(this.#entries, 0, most)
    for (let i = 0; i < count; i++) use(this.#W, this.#entries[i])
    return count
  }
}

class DeepRun extends Rewalk<Found> implements Run {
  readonly #core: StoreCore
  readonly #range: Range
  readonly #reverse: boolean
  #left: number
  #place: Bound | null = null

  constructor(core: StoreCore, version: number, range: Range, reverse: boolean, limit: number) {
    super(core.engine, version)
    this.#core = core
    this.#range = range
    this.#reverse = reverse
    this.#left = limit
  }

  protected begin(deep: DeepVersion): Walk<Found> | null {
    const place = this.#place
    const store = this.#core.idAt(deep)
    if (store === null) return null
    if (place === null) return deep.walk(store, this.#range, this.#reverse)
    const tail = this.#range.box?.curve.tail ?? 0
    if (tail === 0)
      return deep.walk(store, restOf(this.#range, place, this.#reverse), this.#reverse)
    // Others may have the same code: from the first of them on.
    const code = { words: place.words.slice(0, tail), bytes: 4 * tail, after: false }
    return behind(place, deep.walk(store, restOf(this.#range, code, false), false))
  }

  fill(most: number, use: (words: Uint32Array, entry: number) => void): number {
    return this.read(steps => {
      let count = 0
      for (; count < most && this.#left > 0; count++) {
        const found = steps?.next() ?? null
        if (found === null) break
        this.#left--
        // First: where the caller's code throws, its entry is passed over.
        this.#place = placeOf(found, !this.#reverse)
        use(found.words, found.entry)
      }
      return count
    })
  }
}

/** What a walk gives behind a place. */
function behind(place: Bound, walk: Walk<Found>): Walk<Found> {
  let isBehind = false
  return {
    next() {
      let found = walk.next()
      while (!isBehind && found !== null && compareBounds(placeOf(found, true), place) <= 0) {
        found = walk.next()
      }
      isBehind = true
      return found
    },
  }
}

/** The entries of a range at a version that is held, where the store has that root. */
export function runOf(
  core: StoreCore,
  { deep }: Held,
  root: number,
  range: Range,
  { reverse, limit }: { reverse: boolean; limit: number },
): Run {
  const { W } = core.engine
  if (deep >= 0) return new DeepRun(core, deep, range, reverse, limit)
  return new MemoryRun(W, walk(W, root, range, reverse, limit))
}
