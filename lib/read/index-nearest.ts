/** The entries nearest to a point, by an index by place, as items of an iterator. */
import type { DeepVersion, Near, Steps as Walk } from '../engine/deep.js'
import { KeyBuffer } from '../key/codec.js'
import type { Curve } from '../key/curve.js'
import type { ZOrderKeys } from '../key/zorder.js'
import { Nearest, type Wanted } from '../tree/nearest.js'
import { Rewalk } from './deep.js'
import { type Finder, reached } from './finder.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import type { Feed } from './iterator.js'

/** Gives the next key of the index to `use`; its distance, or -1 at the end. */
interface Search {
  next(use: (words: Uint32Array, entry: number) => void): number
}

class DeepSearch extends Rewalk<Near> implements Search {
  readonly #core: IndexCore
  readonly #curve: Curve
  readonly #wanted: Wanted
  #given = 0

  constructor(core: IndexCore, version: number, curve: Curve, wanted: Wanted) {
    super(core.engine, version)
    this.#core = core
    this.#curve = curve
    this.#wanted = wanted
  }

  protected begin(deep: DeepVersion): Walk<Near> {
    const walk = deep.nearest(this.#core.idAt(deep), this.#curve, this.#wanted)
    // The order is always the same.
    for (let i = 0; i < this.#given; i++) walk.next()
    return walk
  }

  next(use: (words: Uint32Array, entry: number) => void): number {
    return this.read(walk => {
      const near = walk?.next() ?? null
      if (near === null) return -1
      this.#given++
      use(near.found.words, near.found.entry)
      return near.distance
    })
  }
}

function memorySearch(core: IndexCore, root: number, curve: Curve, wanted: Wanted): Search {
  const { W } = core.engine
  const search = new Nearest(W, root, curve, wanted)
  return {
    next(use) {
      const entry = search.next()
      if (entry === 0) return -1
      use(W, entry)
      return search.distance
    },
  }
}

/** Items are `{ key, value, distance, point }`. */
export class IndexNeighbours implements Feed {
  readonly isPaired = false
  readonly #core: IndexCore
  readonly #search: Search
  readonly #finder: Finder
  readonly #key = new KeyBuffer()

  /** @param isPublished the index does not change any more */
  constructor(core: IndexCore, held: Held, wanted: Wanted, finder: Finder, isPublished: boolean) {
    const { curve } = core.known.defined.points as ZOrderKeys
    const { root, deep } = held
    this.#core = core
    this.#finder = finder
    if (deep < 0) wanted.canReach = core.isWhole(root, curve, wanted.metric, isPublished)
    this.#search =
      deep < 0 ? memorySearch(core, root, curve, wanted) : new DeepSearch(core, deep, curve, wanted)
  }

  fill(first: unknown[]): number {
    const core = this.#core
    const key = this.#key
    let primary: unknown
    let point: unknown
    const distance = this.#search.next((words, entry) => {
      core.primaryOf(words, entry, key)
      primary = core.primaryIn(words, entry)
      point = core.pointIn(words, entry)
    })
    if (distance < 0) return 0
    first[0] = { key: primary, value: this.#value(), distance, point }
    const { queries } = core.engine
    queries.scanned++
    queries.lookups++
    queries.returned++
    return 1
  }

  #value(): unknown {
    const { parent } = this.#core
    return reached(this.#finder, this.#key, (words, entry) => parent.valueIn(words, entry))
  }
}
