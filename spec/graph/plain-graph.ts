/**
 * A graph as plain code says what is in it: for tests. Knows nothing of the engine; every answer is found the slow way.
 */
import { compare, type Plain } from '../index/plain-index.js'

export type Node = Plain
export type Direction = 'out' | 'in' | 'both'

export interface PlainEdge {
  from: Node
  to: Node
  type: string
  value: unknown
}

export interface Step {
  node: Node
  depth: number
  edge: PlainEdge
}

export interface WalkPlan {
  direction?: Direction | undefined
  type?: string | undefined
  depth?: number | undefined
  order?: 'breadth' | 'depth' | undefined
  filter?: ((step: Step) => boolean) | undefined
}

export interface PathPlan {
  direction?: Direction | undefined
  type?: string | undefined
  maxDepth?: number | undefined
  weight?: ((edge: PlainEdge) => number) | undefined
}

export interface Way {
  nodes: Node[]
  edges: PlainEdge[]
  cost: number
}

/** A text that no other node has. */
export function nameOf(node: Node): string {
  if (typeof node === 'number') return `n${node === 0 ? 0 : node}`
  if (typeof node === 'string') return `s${JSON.stringify(node)}`
  if (node instanceof Uint8Array) return `b[${[...node]}]`
  if (Array.isArray(node)) return `a[${node.map(nameOf).join()}]`
  return String(node)
}

/** A node as it reads back. */
export function asRead(node: Node): Node {
  if (typeof node === 'number') return node + 0
  if (node instanceof Uint8Array) return Uint8Array.from(node)
  return Array.isArray(node) ? node.map(asRead) : node
}

const isSame = (a: Node, b: Node) => nameOf(a) === nameOf(b)

/** Text like JSON's that tells all nodes and numbers apart, by which answers are compared. */
export function told(answer: unknown): string {
  return JSON.stringify(answer, (_, value) => {
    if (value instanceof Uint8Array) return { bytes: [...value] }
    if (typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value))) {
      return { number: Object.is(value, -0) ? '-0' : String(value) }
    }
    return value === undefined ? { undefined: true } : value
  })
}

/** Edges, in the order of `[from, type, to]`. */
function inOrder(edges: readonly PlainEdge[], isOut: boolean): PlainEdge[] {
  const key = ({ from, type, to }: PlainEdge) => (isOut ? [from, type, to] : [to, type, from])
  return [...edges].sort((a, b) => compare(key(a), key(b)))
}

/** The edges from nodes, and those to nodes, by the names of these, in order. */
interface Sides {
  readonly out: Map<string, PlainEdge[]>
  readonly in: Map<string, PlainEdge[]>
}

export class PlainGraph {
  readonly #edges: Map<string, PlainEdge>
  /** Made when it is asked for; null after a change. */
  #sides: Sides | null = null

  constructor(edges: Iterable<[string, PlainEdge]> = []) {
    this.#edges = new Map(edges)
  }

  copy(): PlainGraph {
    return new PlainGraph(this.#edges)
  }

  get size(): number {
    return this.#edges.size
  }

  /** All edges, in key order. */
  all(): PlainEdge[] {
    return inOrder([...this.#edges.values()], true)
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  add(from: Node, to: Node, value: unknown = null, type = ''): void {
    const edge = { from: asRead(from), to: asRead(to), type, value }
    this.#sides = null
    this.#edges.set(nameOf([from, type, to]), edge)
  }

  remove(from: Node, to: Node, type = ''): void {
    this.removeIf(edge => nameOf([edge.from, edge.type, edge.to]) === nameOf([from, type, to]))
  }

  removeNode(node: Node): void {
    this.removeIf(({ from, to }) => isSame(from, node) || isSame(to, node))
  }

  removeIf(goes: (edge: PlainEdge) => boolean): void {
    this.#sides = null
    for (const [name, edge] of this.#edges) if (goes(edge)) this.#edges.delete(name)
  }

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────

  edge(from: Node, to: Node, type = ''): PlainEdge | undefined {
    return this.#edges.get(nameOf([from, type, to]))
  }

  out(node: Node, type?: string): PlainEdge[] {
    return this.#side('out', node, type)
  }

  in(node: Node, type?: string): PlainEdge[] {
    return this.#side('in', node, type)
  }

  #side(side: 'out' | 'in', node: Node, type: string | undefined): PlainEdge[] {
    this.#sides ??= this.#bothSides()
    const mine = this.#sides[side].get(nameOf(node)) ?? []
    return type === undefined ? mine : mine.filter(edge => edge.type === type)
  }

  #bothSides(): Sides {
    const sides: Sides = { out: new Map(), in: new Map() }
    const add = (all: Map<string, PlainEdge[]>, node: Node, edge: PlainEdge) => {
      const mine = all.get(nameOf(node))
      if (mine === undefined) all.set(nameOf(node), [edge])
      else mine.push(edge)
    }
    const edges = [...this.#edges.values()]
    for (const edge of inOrder(edges, true)) add(sides.out, edge.from, edge)
    for (const edge of inOrder(edges, false)) add(sides.in, edge.to, edge)
    return sides
  }

  /** A node's edges on the sides of a direction, each with the node on its other side. */
  around(
    node: Node,
    direction: Direction = 'out',
    type?: string,
  ): { edge: PlainEdge; other: Node }[] {
    const out = direction === 'in' ? [] : this.out(node, type)
    const into = direction === 'out' ? [] : this.in(node, type)
    return [
      ...out.map(edge => ({ edge, other: edge.to })),
      ...into.map(edge => ({ edge, other: edge.from })),
    ]
  }

  neighbours(node: Node, direction?: Direction, type?: string): Node[] {
    const all = this.around(node, direction, type).map(({ other }) => other)
    return all.filter((one, i) => all.findIndex(other => isSame(one, other)) === i)
  }

  degree(node: Node, direction?: Direction, type?: string): number {
    return this.around(node, direction, type).length
  }

  walk(start: Node, plan: WalkPlan = {}): Step[] {
    const { direction, type, depth = Number.POSITIVE_INFINITY, order, filter } = plan
    const seen = new Set([nameOf(start)])
    interface Reached {
      step: Step | null
      node: Node
      at: number
      below: Reached[]
    }
    const root: Reached = { step: null, node: start, at: 0, below: [] }
    const queue = [root]
    for (const from of queue) {
      if (from.at >= depth) continue
      for (const { edge, other } of this.around(from.node, direction, type)) {
        if (seen.has(nameOf(other))) continue
        const step = { node: other, depth: from.at + 1, edge }
        if (filter !== undefined && !filter(step)) continue
        seen.add(nameOf(other))
        const reached = { step, node: other, at: step.depth, below: [] }
        from.below.push(reached)
        queue.push(reached)
      }
    }
    if (order !== 'depth') return queue.slice(1).map(({ step }) => step as Step)
    const preorder = ({ below }: Reached): Step[] =>
      below.flatMap(next => [next.step as Step, ...preorder(next)])
    return preorder(root)
  }

  /** The least cost of a way from one node to another; undefined where there is none. */
  cost(start: Node, end: Node, plan: PathPlan = {}): number | undefined {
    const { direction, type, weight = () => 1, maxDepth = Number.POSITIVE_INFINITY } = plan
    let least = new Map([[nameOf(start), { node: start, cost: 0 }]])
    let best = least.get(nameOf(end))?.cost
    const nodes = new Set(
      [...this.#edges.values()].flatMap(({ from, to }) => [nameOf(from), nameOf(to)]),
    )
    // The cheapest ways of exactly so many edges; no way needs more of them than there are nodes.
    for (let used = 1; used <= Math.min(maxDepth, nodes.size); used++) {
      const next = new Map<string, { node: Node; cost: number }>()
      for (const { node, cost } of least.values()) {
        for (const { edge, other } of this.around(node, direction, type)) {
          const sum = cost + weight(edge)
          const known = next.get(nameOf(other))
          if (sum !== Number.POSITIVE_INFINITY && (known === undefined || sum < known.cost)) {
            next.set(nameOf(other), { node: other, cost: sum })
          }
        }
      }
      least = next
      const found = least.get(nameOf(end))?.cost
      if (found !== undefined && (best === undefined || found < best)) best = found
    }
    return best
  }

  /** What is wrong with a way that was found from one node to another; nothing: null. */
  fault(way: Way | undefined, start: Node, end: Node, plan: PathPlan = {}): string | null {
    const cost = this.cost(start, end, plan)
    if (way === undefined) return cost === undefined ? null : `there is a way, at ${cost}`
    if (cost === undefined) return 'there is no way'
    const { nodes, edges } = way
    if (way.cost !== cost) return `it costs ${way.cost}, not ${cost}`
    if (nodes.length !== edges.length + 1) return `${nodes.length} nodes, ${edges.length} edges`
    if (told(nodes[0]) !== told(asRead(start))) return 'it begins elsewhere'
    if (told(nodes.at(-1)) !== told(asRead(end))) return 'it ends elsewhere'
    if (edges.length > (plan.maxDepth ?? Number.POSITIVE_INFINITY)) return 'too many edges'
    if (new Set(nodes.map(nameOf)).size !== nodes.length) return 'it comes to a node twice'
    let sum = 0
    for (const [i, edge] of edges.entries()) {
      const [before, after] = [nodes[i] as Node, nodes[i + 1] as Node]
      const around = this.around(before, plan.direction, plan.type)
      const mine = around.find(one => told(one.edge) === told(edge) && isSame(one.other, after))
      if (mine === undefined) return `no edge ${told(edge)} between ${told([before, after])}`
      sum += plan.weight === undefined ? 1 : plan.weight(mine.edge)
    }
    return sum === cost ? null : `its edges cost ${sum}, it says ${cost}`
  }
}
