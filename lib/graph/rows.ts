/** The edges of a node, and its neighbours, as items of an iterator. */
import type { TupleKey } from '../key/tuple-writer.js'
import type { Feed } from '../read/iterator.js'
import { type Adjacency, AHEAD, type Edge, type Edges, type Wanted } from './adjacency.js'
import { isScalar, NodeMap } from './node-map.js'

/** `{ from, to, type, value }` of the edges on one side of a node, in key order. */
export class EdgeRows implements Feed {
  readonly isPaired = false
  readonly #adjacency: Adjacency
  readonly #node: TupleKey
  readonly #isOut: boolean
  readonly #edges: Edges
  #left: number

  constructor(adjacency: Adjacency, node: TupleKey, side: Wanted, limit: number) {
    this.#adjacency = adjacency
    this.#node = node
    this.#isOut = side.isOut
    this.#edges = adjacency.edgesOf(node, side)
    this.#left = limit
  }

  fill(first: unknown[]): number {
    const adjacency = this.#adjacency
    const isOut = this.#isOut
    const node = this.#node
    const most = adjacency.core.values.pure ? AHEAD : 1
    const edges = this.#edges
    const count = edges.fill(Math.min(most, this.#left), isOut)
    this.#left -= count
    for (let i = 0; i < count; i++) {
      const { [i]: other } = edges.others
      const { [i]: type } = edges.types
      if (!isOut) first[i] = adjacency.edge(node, false, type, other, 0)
      else {
        const edge: Edge = { from: adjacency.own(node), to: other, type, value: edges.values[i] }
        first[i] = edge
      }
    }
    return count
  }
}

/**
 * The nodes at the other end of a node's edges, each once: by the side, the type of the edge, and their own order.
 */
export class Neighbours implements Feed {
  readonly isPaired = false
  readonly #adjacency: Adjacency
  readonly #node: TupleKey
  readonly #sides: readonly Wanted[]
  #left: number
  #side = 0
  #edges: Edges | null = null
  /** The type of the edges that are read. */
  #type: string | null = null
  /** Those that were given so far, until there is a second type or side: those of one type are distinct. */
  #given: TupleKey[] = []
  #seen: NodeMap<true> | null = null
  /** A node may come more than once. */
  readonly #repeats: boolean

  constructor(adjacency: Adjacency, node: TupleKey, sides: readonly Wanted[], limit: number) {
    this.#adjacency = adjacency
    this.#node = node
    this.#sides = sides
    this.#left = limit
    this.#repeats = sides.length > 1 || sides[0].type === undefined
    // So that it is checked before the first item is asked for.
    this.#edges = adjacency.edgesOf(node, sides[0])
  }

  fill(first: unknown[], _: unknown[], all: boolean): number {
    let count = 0
    while (count === 0 && this.#left > 0 && this.#side < this.#sides.length) {
      this.#edges ??= this.#adjacency.edgesOf(this.#node, this.#sides[this.#side])
      const edges = this.#edges
      const read = edges.fill(all ? AHEAD : Math.min(AHEAD, this.#left))
      if (read === 0) {
        this.#edges = null
        this.#type = null
        this.#side++
        if (this.#side < this.#sides.length) this.#remember()
      }
      for (let i = 0; i < read && count < this.#left; i++) {
        if (this.#isNew(edges.types[i], edges.others[i])) first[count++] = edges.others[i]
      }
    }
    this.#left -= count
    return count
  }

  #isNew(type: string, node: TupleKey): boolean {
    if (!this.#repeats) return true
    // What the caller can change is remembered at once.
    if ((this.#type !== null && type !== this.#type) || !isScalar(node)) this.#remember()
    this.#type = type
    if (this.#seen === null) {
      this.#given.push(node)
      return true
    }
    if (this.#seen.has(node)) return false
    this.#seen.set(node, true)
    return true
  }

  /** From here on nodes may come that were given. */
  #remember(): void {
    if (this.#seen !== null) return
    this.#seen = new NodeMap(this.#adjacency.core)
    for (const node of this.#given) this.#seen.set(node, true)
    this.#given = []
  }
}
