/**
 * A walk through a graph: each node once, at its least depth, with the edge that led to it.
 *
 * Breadth first it goes as far as it is asked to. Depth first it gives the tree of these least depths in preorder, for which
 * it has to know the whole tree: it is walked breadth first before the first node is given. Invariants:
 * 1. The caller's code, which a filter and a custom codec are, runs between two reads: nothing refers to memory then but
 *    to entries of the version that is held.
 * 2. A node is refused by one edge and may be reached by another: what a filter refuses is not seen.
 */
import type { TupleKey } from '../key/tuple-writer.js'
import { invalidOption } from '../options.js'
import type { Feed } from '../read/iterator.js'
import { type Adjacency, AHEAD, type Edge, type Edges, type Wanted } from './adjacency.js'
import { NodeMap } from './node-map.js'

/** A node that a walk has come to. */
export interface WalkStep<N = TupleKey, V = unknown> {
  node: N
  /** Edges from the start. */
  depth: number
  /** The edge that led to it. */
  edge: Edge<N, V>
}

export interface WalkPlan {
  readonly start: TupleKey
  readonly sides: readonly Wanted[]
  /** Edges from the start at most. */
  readonly depth: number
  readonly isDepthFirst: boolean
  /** Which steps to go; null: all. */
  readonly filter: ((step: WalkStep) => unknown) | null
}

/** A node of the walk. */
interface Reached {
  readonly node: TupleKey
  readonly depth: number
  /** The one that it was reached from, by what edge. */
  readonly from: TupleKey
  readonly isOut: boolean
  readonly type: string
  /** Where the edge lies, if that is known; else 0. */
  readonly entry: number
  /** Those that were reached from it, where they are needed. */
  readonly then: Reached[] | null
  /** What the filter was shown. */
  step: WalkStep | null
}

export class Walk implements Feed {
  readonly isPaired = false
  readonly #adjacency: Adjacency
  readonly #gate: () => void
  readonly #plan: WalkPlan
  readonly #seen: NodeMap<true>
  /** The start. */
  readonly #root: Reached
  /** Nodes whose edges are still to be read, from `#next` on. */
  #queue: Reached[]
  #next = 0
  /** What is being read of the first of them. */
  #side = 0
  #edges: Edges | null = null
  #at = 0
  #count = 0
  /** Depth first: those still to be given, the next one last. */
  #stack: Reached[] | null = null
  #isRunning = false

  /** @param gate throws where the walk may not go on */
  constructor(adjacency: Adjacency, gate: () => void, plan: WalkPlan) {
    this.#adjacency = adjacency
    this.#gate = gate
    this.#plan = plan
    this.#seen = new NodeMap(adjacency.core)
    this.#seen.set(plan.start, true)
    this.#root = rootOf(plan)
    this.#queue = [this.#root]
  }

  fill(first: unknown[]): number {
    if (this.#isRunning) throw invalidOption('filter', 'must not ask its own iterator for more')
    this.#isRunning = true
    try {
      const reached = this.#plan.isDepthFirst ? this.#deepest() : this.#breadth()
      if (reached === null) return 0
      first[0] = reached.step ?? this.#stepOf(reached)
      return 1
    } finally {
      this.#isRunning = false
    }
  }

  /** The next node in preorder. */
  #deepest(): Reached | null {
    if (this.#stack === null) {
      while (this.#breadth() !== null) {}
      this.#stack = reversed(this.#root)
    }
    const reached = this.#stack.pop()
    if (reached === undefined) return null
    for (const next of reversed(reached)) this.#stack.push(next)
    return reached
  }

  /** The next node of the least depth. */
  #breadth(): Reached | null {
    const { sides, depth } = this.#plan
    while (this.#next < this.#queue.length) {
      const from = this.#queue[this.#next]
      if (from.depth < depth) {
        for (; this.#side < sides.length; this.#side++) {
          const reached = this.#onSide(from, sides[this.#side])
          if (reached !== null) return reached
        }
      }
      this.#side = 0
      this.#next++
      this.#trim()
    }
    return null
  }

  /** The next node that an edge on one side leads to. */
  #onSide(from: Reached, side: Wanted): Reached | null {
    const { held } = this.#adjacency
    for (;;) {
      // The caller's code has ended the iterator, or the transaction.
      if (held.ended) return null
      held.check()
      if (this.#at === this.#count) {
        this.#edges ??= this.#adjacency.edgesOf(from.node, side)
        this.#at = 0
        this.#count = this.#edges.fill(AHEAD)
        if (this.#count > 0) continue
        this.#edges = null
        return null
      }
      const edges = this.#edges as Edges
      const reached = this.#reach(from, side.isOut, edges, this.#at++)
      if (reached !== null) return reached
    }
  }

  /** Goes an edge of those that were read, if it leads to a node that was not seen. */
  #reach(from: Reached, isOut: boolean, { others, types, entries }: Edges, i: number) {
    const node = others[i]
    if (this.#seen.has(node)) return null
    const { isDepthFirst, filter } = this.#plan
    const then = isDepthFirst ? [] : null
    const depth = from.depth + 1
    const edge = { from: from.node, isOut, type: types[i], entry: entries[i] }
    const reached: Reached = { node, depth, ...edge, then, step: null }
    if (filter !== null) {
      const step = this.#stepOf(reached)
      const goes = Boolean(filter(step))
      this.#gate()
      if (!goes) return null
      reached.step = step
    }
    this.#seen.set(node, true)
    from.then?.push(reached)
    this.#queue.push(reached)
    return reached
  }

  #stepOf({ node, depth, from, isOut, type, entry }: Reached): WalkStep {
    const adjacency = this.#adjacency
    const edge = adjacency.edge(from, isOut, type, node, entry)
    return { node: adjacency.own(node), depth, edge }
  }

  /** Forgets the nodes of the queue that were left behind, when they are many. */
  #trim(): void {
    if (this.#next < 1024 || this.#next * 2 < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#next)
    this.#next = 0
  }
}

function rootOf({ start, isDepthFirst }: WalkPlan): Reached {
  const then = isDepthFirst ? [] : null
  const edge = { from: start, isOut: true, type: '', entry: 0 }
  return { node: start, depth: 0, ...edge, then, step: null }
}

function reversed({ then }: Reached): Reached[] {
  return [...(then ?? [])].reverse()
}
