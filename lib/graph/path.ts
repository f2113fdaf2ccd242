/**
 * The way from one node to another of the fewest edges, or of the least cost.
 *
 * Without weights two fronts go breadth first, from both ends, the smaller one a level at a time: where they meet first is on a
 * shortest path, for after levels f and b all paths of up to f + b edges have been met. With weights it is Dijkstra's
 * algorithm (A note on two problems in connexion with graphs, 1959) over pairs of a node and a number of edges where that
 * is bounded: a node may be come to again at a higher cost with fewer edges.
 *
 * The caller's code, which a weight and a custom codec are, runs between two reads: nothing refers to memory then but to entries
 * of the version that is held.
 */
import { ZVerseError } from '../errors.js'
import { describe } from '../key/describe.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { type Adjacency, AHEAD, type Edge, type Edges, type Wanted } from './adjacency.js'
import { NodeMap } from './node-map.js'

/** A way through a graph. */
export interface Path<N = TupleKey, V = unknown> {
  /** From the start to the end, both included. */
  nodes: N[]
  /** Those between them. */
  edges: Edge<N, V>[]
  /** The sum of the weights; without weights the number of edges. */
  cost: number
}

export interface PathPlan {
  readonly start: TupleKey
  readonly end: TupleKey
  readonly sides: readonly Wanted[]
  /** Edges at most. */
  readonly maxDepth: number
}

/** What an edge costs. */
export type Weight = (edge: Edge) => unknown

/** A search that goes on a bounded number of edges at a time. */
export interface Search {
  /** Looks at some edges, about so many; true at the end. */
  advance(edges: number): boolean
  /** What was found in the end. */
  readonly found: Path | undefined
}

/** Reads the edges of nodes, one node after the other, a few at a time. */
class Reader {
  readonly #adjacency: Adjacency
  readonly #sides: readonly Wanted[]
  #side = 0
  #edges: Edges | null = null
  #at = 0
  #count = 0
  isOut = true
  type = ''
  other: TupleKey = null
  /** Where the edge lies, if that is known; else 0. */
  entry = 0

  constructor(adjacency: Adjacency, sides: readonly Wanted[]) {
    this.#adjacency = adjacency
    this.#sides = sides
  }

  /** Takes the next edge of a node; false, and ready for another node, after the last one. */
  next(node: TupleKey): boolean {
    for (;;) {
      if (this.#at < this.#count) {
        const { types, others, entries } = this.#edges as Edges
        const i = this.#at++
        this.type = types[i]
        this.other = others[i]
        this.entry = entries[i]
        return true
      }
      this.#at = 0
      this.#count = 0
      if (this.#edges === null) {
        if (this.#side === this.#sides.length) {
          this.#side = 0
          return false
        }
        const side = this.#sides[this.#side++]
        this.isOut = side.isOut
        this.#edges = this.#adjacency.edgesOf(node, side)
      }
      this.#count = this.#edges.fill(AHEAD)
      if (this.#count === 0) this.#edges = null
    }
  }
}

/** How a node was come to: from which, by which edge. */
interface Link {
  readonly from: TupleKey
  readonly isOut: boolean
  readonly type: string
}

/** What has been come to from one end. */
class Front {
  readonly links: NodeMap<Link | null>
  readonly reader: Reader
  /** The nodes of its depth, of which those from `at` on are still to be looked at; and of the next. */
  level: TupleKey[]
  at = 0
  next: TupleKey[] = []
  depth = 0

  constructor(adjacency: Adjacency, end: TupleKey, sides: readonly Wanted[]) {
    this.links = new NodeMap(adjacency.core)
    this.links.set(end, null)
    this.reader = new Reader(adjacency, sides)
    this.level = [end]
  }

  /** All nodes of its depth have been looked at: those that were found are the next. */
  deepen(): void {
    this.level = this.next
    this.next = []
    this.at = 0
    this.depth++
  }
}

/** The fewest edges. */
export class ShortestPath implements Search {
  readonly #adjacency: Adjacency
  readonly #maxDepth: number
  readonly #forth: Front
  readonly #back: Front
  /** The front that is moved, and the other one. */
  #one: Front
  #other: Front
  found: Path | undefined

  constructor(adjacency: Adjacency, { start, end, sides, maxDepth }: PathPlan) {
    const turned = sides.map(({ isOut, type }) => ({ isOut: !isOut, type }))
    this.#adjacency = adjacency
    this.#maxDepth = maxDepth
    this.#forth = new Front(adjacency, start, sides)
    this.#back = new Front(adjacency, end, turned)
    this.#one = this.#forth
    this.#other = this.#back
    if (this.#back.links.has(start)) this.found = this.#pathBy(start)
  }

  advance(edges: number): boolean {
    if (this.found !== undefined || this.#maxDepth === 0) return true
    for (let left = edges; left > 0; left--) {
      const { level, at, reader, links, next } = this.#one
      if (at === level.length) {
        if (!this.#turnToSmaller()) return true
        continue
      }
      const from = level[at]
      if (!reader.next(from)) {
        this.#one.at++
        continue
      }
      const { other, isOut, type } = reader
      if (links.has(other)) continue
      links.set(other, { from, isOut, type })
      if (this.#other.links.has(other)) {
        this.found = this.#pathBy(other)
        return true
      }
      next.push(other)
    }
    return false
  }

  /** Begins a level of the smaller front; false where nothing is left to look at. */
  #turnToSmaller(): boolean {
    this.#one.deepen()
    const [forth, back] = [this.#forth, this.#back]
    if (forth.level.length === 0 || back.level.length === 0) return false
    if (forth.depth + back.depth >= this.#maxDepth) return false
    const isForth = forth.level.length <= back.level.length
    this.#one = isForth ? forth : back
    this.#other = isForth ? back : forth
    return true
  }

  /** The path through a node that both have come to. */
  #pathBy(middle: TupleKey): Path {
    const adjacency = this.#adjacency
    const before = this.#linksFrom(middle, this.#forth).reverse()
    const after = this.#linksFrom(middle, this.#back)
    const nodes = [...before.map(({ from }) => from), middle, ...after.map(({ from }) => from)]
    const edges = [...before, ...after].map(({ from, isOut, type, node }) => {
      return adjacency.edge(from, isOut, type, node, 0)
    })
    return { nodes: nodes.map(node => adjacency.own(node)), edges, cost: edges.length }
  }

  /** How a front has come to a node, the last link first. */
  #linksFrom(node: TupleKey, { links }: Front): (Link & { node: TupleKey })[] {
    const all: (Link & { node: TupleKey })[] = []
    let at = node
    for (let link = links.get(at); link; link = links.get(at)) {
      all.push({ ...link, node: at })
      at = link.from
    }
    return all
  }
}

/** A way to a node, as long as nobody knows a cheaper one. */
interface Label {
  readonly node: TupleKey
  readonly cost: number
  readonly depth: number
  /** The way without its last edge; null at the start. */
  readonly before: Label | null
  readonly edge: Edge | null
}

/** The least cost. */
export class CheapestPath implements Search {
  readonly #adjacency: Adjacency
  readonly #weight: Weight
  readonly #gate: () => void
  readonly #plan: PathPlan
  readonly #reader: Reader
  readonly #ends: NodeMap<true>
  /** Of nodes that were settled: the fewest edges. */
  readonly #settled: NodeMap<number>
  /** Where any number of edges will do: the least cost that is known. */
  readonly #known: NodeMap<number>
  readonly #heap = new LabelHeap()
  /** The one whose edges are being looked at. */
  #label: Label | null = null
  found: Path | undefined

  /** @param gate throws where the search may not go on */
  constructor(adjacency: Adjacency, plan: PathPlan, weight: Weight, gate: () => void) {
    const { core } = adjacency
    this.#adjacency = adjacency
    this.#plan = plan
    this.#weight = weight
    this.#gate = gate
    this.#reader = new Reader(adjacency, plan.sides)
    this.#ends = new NodeMap(core)
    this.#ends.set(plan.end, true)
    this.#settled = new NodeMap(core)
    this.#known = new NodeMap(core)
    this.#heap.push({ node: plan.start, cost: 0, depth: 0, before: null, edge: null })
  }

  advance(edges: number): boolean {
    for (let left = edges; left > 0; left--) {
      const label = this.#label
      if (label === null) {
        if (!this.#settle()) return true
      } else if (this.#reader.next(label.node)) this.#relax(label)
      else this.#label = null
    }
    return false
  }

  /** Takes the cheapest label that is left; false where it is the end, or there is none. */
  #settle(): boolean {
    const label = this.#heap.pop()
    if (label === undefined) return false
    const { node, depth } = label
    const { maxDepth } = this.#plan
    const fewest = this.#settled.get(node)
    const isBounded = maxDepth !== Number.POSITIVE_INFINITY
    if (fewest !== undefined && (!isBounded || fewest <= depth)) return true
    this.#settled.set(node, depth)
    if (this.#ends.has(node)) {
      this.found = pathTo(label, this.#adjacency)
      return false
    }
    if (depth < maxDepth) this.#label = label
    return true
  }

  #relax(label: Label): void {
    const { isOut, type, other, entry } = this.#reader
    const isBounded = this.#plan.maxDepth !== Number.POSITIVE_INFINITY
    if (!isBounded && this.#settled.has(other)) return
    const edge = this.#adjacency.edge(label.node, isOut, type, other, entry)
    const weight = this.#weightOf(edge)
    if (weight === Number.POSITIVE_INFINITY) return
    const cost = label.cost + weight
    if (!isBounded) {
      const known = this.#known.get(other)
      if (known !== undefined && known <= cost) return
      this.#known.set(other, cost)
    }
    this.#heap.push({ node: other, cost, depth: label.depth + 1, before: label, edge })
  }

  #weightOf(edge: Edge): number {
    const weight = this.#weight(edge)
    this.#gate()
    if (typeof weight === 'number' && weight >= 0) return weight
    const shown = typeof weight === 'number' ? String(weight) : describe(weight)
    const rule = 'it must give a number ≥ 0, Infinity for one that is closed'
    const message = `weight gave ${shown} for an edge: ${rule}`
    throw new ZVerseError('ZVERSE_INVALID_VALUE', message)
  }
}

function pathTo(label: Label, adjacency: Adjacency): Path {
  const nodes: TupleKey[] = []
  const edges: Edge[] = []
  for (let at: Label | null = label; at !== null; at = at.before) {
    nodes.push(adjacency.own(at.node))
    if (at.edge !== null) edges.push(at.edge)
  }
  return { nodes: nodes.reverse(), edges: edges.reverse(), cost: label.cost }
}

/** A binary heap, the cheapest label first; of equal ones that of fewer edges. */
class LabelHeap {
  readonly #labels: Label[] = []

  push(label: Label): void {
    const labels = this.#labels
    let at = labels.length
    labels.push(label)
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(label, labels[above])) break
      labels[at] = labels[above]
      at = above
    }
    labels[at] = label
  }

  pop(): Label | undefined {
    const labels = this.#labels
    const [first] = labels
    const last = labels.pop()
    if (last === undefined || labels.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= labels.length) break
      if (below + 1 < labels.length && isBefore(labels[below + 1], labels[below])) below++
      if (!isBefore(labels[below], last)) break
      labels[at] = labels[below]
      at = below
    }
    labels[at] = last
    return first
  }
}

function isBefore(a: Label, b: Label): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.depth < b.depth)
}
