// @ts-check
/**
 * The surroundings of rows on points: a set, the grid that knows the answers, and the store with the
 * set in the measured system. Rows on the same set share it; it is dropped when a row needs another.
 */
import { makePoints } from './data.js'
import { Grid } from './grid.js'

/** @typedef {import('./data.js').Points} Points */
/** @typedef {import('./data.js').SetName} SetName */
/** @typedef {import('./data.js').Extent} Extent */

/**
 * How zverse keeps coordinates: quantised to 32 bits each, as float64, or quantised with the last one a
 * date. Other systems have one way.
 * @typedef {'cells' | 'float64' | 'date'} KeyKind
 */

/**
 * @typedef {object} Move of some points, in one transaction where a system has those
 * @property {Int32Array} indexes
 * @property {Float64Array[]} from columns
 * @property {Float64Array[]} to columns
 */

/**
 * A store of points with the verbs in the fastest documented form the system has. Reading verbs return
 * a sum over what they handed out, see queries.js. A verb without counterpart is left out.
 * @typedef {object} PointStore
 * @property {(points: Points) => void} load all points into the empty store, in bulk
 * @property {(points: Points) => void} [insert] one by one, in one transaction
 * @property {(min: number[], max: number[]) => number} box
 * @property {(min: number[], max: number[], version: number) => number} [boxAt]
 * @property {() => number} [version] the present one
 * @property {(centre: number[], k: number) => number} [nearest] euclidean
 * @property {(centre: number[], k: number) => number} [nearestOnSphere]
 * @property {(move: Move, values: readonly string[]) => void} [move]
 * @property {() => void} close
 */

/**
 * @typedef {object} PointOptions
 * @property {number} count the number of points to come
 * @property {Extent[]} extents
 * @property {KeyKind} keys
 */

/**
 * @typedef {object} PointSystem
 * @property {KeyKind[]} keys
 * @property {import('./queries.js').HandsOut} handsOut
 * @property {boolean} [readsOnly] differs from another system only in the form of its answers
 * @property {boolean} [orderedLoad] whether points along the curve are a case of their own
 * @property {(options: PointOptions) => PointStore} open
 */

export class Field {
  /** @type {PointStore | undefined} */
  #store
  /** @type {Grid | undefined} */
  #grid

  /**
   * @param {PointSystem} system
   * @param {SetName} set
   * @param {KeyKind} keys
   * @param {number} count
   * @param {number} seed
   */
  constructor(system, set, keys, count, seed) {
    this.system = system
    this.set = set
    this.keys = keys
    this.seed = seed
    this.points = makePoints(set, count, seed)
  }

  get grid() {
    this.#grid ??= new Grid(this.points)
    return this.#grid
  }

  /** The store with the set. */
  get store() {
    if (this.#store === undefined) {
      this.#store = this.empty()
      this.#store.load(this.points)
    }
    return this.#store
  }

  /** An empty store for the set; the caller closes it. */
  empty() {
    const { count, extents } = this.points
    return this.system.open({ count, extents, keys: this.keys })
  }

  close() {
    this.#store?.close()
    this.#store = undefined
  }
}
