/**
 * Graphs, read at any version: stores of edges, `[from, type, to]` → value, which are found from both ends. The verbs are
 * written once, over sources, as those of stores are (read-verbs.ts).
 */
import type { Signal } from '../engine/signal.js'
import { limitIn, NAMES, type View, viewIn } from '../engine/view.js'
import { Adjacency, type Direction, type Edge, sidesOf, type Wanted } from '../graph/adjacency.js'
import {
  CheapestPath,
  type Path,
  type PathPlan,
  type Search,
  ShortestPath,
  type Weight,
} from '../graph/path.js'
import { EdgeRows, Neighbours } from '../graph/rows.js'
import { Walk, type WalkStep } from '../graph/walk.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { Printed, type Shown, shown } from '../memory/shown.js'
import { checkNames, invalidOption } from '../options.js'
import type { Held } from '../read/held.js'
import type { IndexCore } from '../read/index-core.js'
import { iterating, type ZVerseIterator } from '../read/iterator.js'
import type { Source } from '../read/source.js'
import { abortError, signalIn } from './wait.js'

/** Which of the edges between two nodes. */
export interface EdgeOptions {
  /** Its type: `''` unless it is given. */
  type?: string | undefined
}

export interface EdgesOptions extends View {
  /** Edges of this type only; by default of any. */
  type?: string | undefined
  /** Edges at most: an integer ≥ 0, or Infinity. */
  limit?: number | undefined
}

export interface DegreeOptions extends View {
  /** Edges from the node (the default), to it, or both. */
  direction?: Direction | undefined
  /** Edges of this type only; by default of any. */
  type?: string | undefined
}

export interface NeighboursOptions extends DegreeOptions {
  /** Nodes at most: an integer ≥ 0, or Infinity. */
  limit?: number | undefined
}

export interface WalkOptions<N, V> extends DegreeOptions {
  /** Edges from the start at most: an integer ≥ 0; by default Infinity. */
  depth?: number | undefined
  /** `'breadth'` (the default), or `'depth'`, which looks at all that it will give before the first. */
  order?: 'breadth' | 'depth' | undefined
  /** Where it gives false the walk does not go; another edge may lead to the same node. */
  filter?: ((step: WalkStep<N, V>) => boolean) | undefined
}

export interface PathOptions<N, V> extends DegreeOptions {
  /** What an edge costs: a number ≥ 0, or Infinity for one that is closed; by default each edge costs 1. */
  weight?: ((edge: Edge<N, V>) => number) | undefined
  /** Edges at most: an integer ≥ 0; by default Infinity. */
  maxDepth?: number | undefined
  /** Aborting throws an AbortError. */
  signal?: Signal | undefined
}

const DIRECTIONS = ['out', 'in', 'both']
/** Edges looked at between two looks at the signal; and in one turn of the event loop. */
export const SLICE = 1024
const EACH_THE_SAME = () => 1

/** The read verbs of a graph. */
export class GraphReads<N extends TupleKey, V> extends Printed {
  readonly #source: Source
  readonly #incoming: IndexCore
  /** Never there: carries types only. */
  declare readonly '~edge'?: { node: N; value: V }

  /**
   * @internal
   * @param source of the edges; `incoming`: the index by which they are found from the nodes that they lead to
   */
  constructor(source: Source, incoming: IndexCore) {
    super()
    this.#source = source
    this.#incoming = incoming
  }

  /** @internal The index of the graph that an object is a handle of. */
  static _incomingOf(handle: unknown): IndexCore | undefined {
    const isObject = typeof handle === 'object' && handle !== null
    return isObject && #incoming in handle ? handle.#incoming : undefined
  }

  /** @internal */
  get _incoming(): IndexCore {
    return this.#incoming
  }

  /** The name of the graph, which is that of its store. */
  get name(): string {
    return this.#source.core.name as string
  }

  /** @internal */
  _shown(): Shown {
    return shown('Graph', () => ({ name: this.name }))
  }

  /**
   * The edge from one node to another; undefined where there is none.
   * @param options `type`: `''` unless it is given; a view
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_INVALID_OPTION`; with a view as `get` of a store
   */
  edge(from: N, to: N, options?: EdgeOptions & View): Edge<N, V> | undefined {
    const source = this.#source
    source.gate()
    const given = this.#given(options, ['type'], 'edge')
    const type = typeIn(given) ?? ''
    const view = viewIn(given)
    const { core } = source
    const { engine } = core
    core.encodeKey([from, type, to], engine.key)
    source.enter(view)
    try {
      const found = source.find(engine.key)
      if (found === 0) return undefined
      const { key, value } = source.entryOf(found)
      const [own, , other] = key as [N, string, N]
      return { from: own, to: other, type, value: value as V }
    } finally {
      source.leave()
    }
  }

  /**
   * `{ from, to, type, value }` of the edges from a node, in the order of types, then of the nodes they lead to.
   */
  out(node: N, options?: EdgesOptions): ZVerseIterator<Edge<N, V>> {
    return this.#edges(node, true, options, 'out')
  }

  /**
   * `{ from, to, type, value }` of the edges to a node, in the order of types, then of the nodes they come from.
   */
  in(node: N, options?: EdgesOptions): ZVerseIterator<Edge<N, V>> {
    return this.#edges(node, false, options, 'in')
  }

  /**
   * The nodes at the other ends of a node's edges, each once: by the types of the edges, then in their own order; under
   * `direction: 'both'` those that edges lead to come first.
   */
  neighbours(node: N, options?: NeighboursOptions): ZVerseIterator<N> {
    this.#source.gate()
    const given = this.#given(options, ['direction', 'type', 'limit'], 'neighbours')
    const sides = wantedIn(given)
    const limit = limitIn(given)
    const own = this.#nodeIn(node, given)
    return this.#iterate(viewIn(given), sides, adjacency => {
      return new Neighbours(adjacency, own, sides, limit)
    })
  }

  /**
   * How many edges a node has; under `direction: 'both'` one from it to itself counts twice. O(height of the tree).
   */
  degree(node: N, options?: DegreeOptions): number {
    const source = this.#source
    source.gate()
    const given = this.#given(options, ['direction', 'type'], 'degree')
    const sides = wantedIn(given)
    const own = this.#nodeIn(node, given)
    const held = source.hold(viewIn(given))
    try {
      const adjacency = new Adjacency(source, this.#incoming, held, hasIn(sides))
      return sides.reduce((sum, side) => sum + adjacency.count(own, side), 0)
    } finally {
      held.release()
    }
  }

  /**
   * `{ node, depth, edge }` of all nodes that edges lead to from a start: each once, at its least depth, without the start.
   * Edges are followed only as far as the iterator is asked, but see `order`.
   */
  walk(start: N, options?: WalkOptions<N, V>): ZVerseIterator<WalkStep<N, V>> {
    const source = this.#source
    source.gate()
    const names = ['direction', 'type', 'depth', 'order', 'filter']
    const given = this.#given(options, names, 'walk')
    const sides = wantedIn(given)
    const depth = depthIn(given, 'depth')
    const { order, filter } = given
    if (order !== undefined && order !== 'breadth' && order !== 'depth') {
      throw invalidOption('order', "must be 'breadth' or 'depth'")
    }
    const plan = {
      start: this.#nodeIn(start, given),
      sides,
      depth,
      isDepthFirst: order === 'depth',
      filter: functionIn<(step: WalkStep) => unknown>(filter, 'filter'),
    }
    return this.#iterate(viewIn(given), sides, adjacency => {
      return new Walk(adjacency, () => source.gate(), plan)
    })
  }

  /**
   * The way from one node to another that has the fewest edges, or with `weight` the least cost; of several the same one
   * each time. Undefined where there is none.
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_INVALID_OPTION`, `ZVERSE_INVALID_VALUE` for a weight that is none; with
   * a view as `get` of a store
   */
  path(from: N, to: N, options?: PathOptions<N, V>): Path<N, V> | undefined {
    const { held, search, goesOn } = this._search(from, to, options, 'path')
    try {
      while (!search.advance(SLICE)) goesOn()
      return search.found as Path<N, V> | undefined
    } finally {
      held.release()
    }
  }

  /** @internal A search that has begun; whoever gets it releases `held`. */
  _search(from: N, to: N, options: PathOptions<N, V> | undefined, verb: string): Searching {
    const source = this.#source
    source.gate()
    const names = ['direction', 'type', 'weight', 'maxDepth', 'signal']
    const given = this.#given(options, names, verb)
    const weight = functionIn<Weight>(given.weight, 'weight')
    const signal = signalIn(given)
    const plan: PathPlan = {
      start: this.#nodeIn(from, given),
      end: this.#nodeIn(to, given),
      sides: wantedIn(given),
      maxDepth: depthIn(given, 'maxDepth'),
    }
    const view = viewIn(given)
    if (signal?.aborted) throw abortError(signal)
    const held = source.hold(view)
    const gate = () => source.gate()
    const goesOn = () => {
      if (signal?.aborted) throw abortError(signal)
      held.check()
    }
    try {
      const isBoth = weight === null || hasIn(plan.sides)
      const adjacency = new Adjacency(source, this.#incoming, held, isBoth)
      // Where edges have one end, no front can begin at the other end of the path.
      const search =
        weight === null && adjacency.hasIncoming
          ? new ShortestPath(adjacency, plan)
          : new CheapestPath(adjacency, plan, weight ?? EACH_THE_SAME, gate)
      return { held, search, goesOn }
    } catch (error) {
      held.release()
      throw error
    }
  }

  #edges(node: N, isOut: boolean, options: unknown, verb: string): ZVerseIterator<Edge<N, V>> {
    this.#source.gate()
    const given = this.#given(options, ['type', 'limit'], verb)
    const side = { isOut, type: typeIn(given) }
    const limit = limitIn(given)
    const own = this.#nodeIn(node, given)
    return this.#iterate(viewIn(given), [side], adjacency => {
      return new EdgeRows(adjacency, own, side, limit)
    })
  }

  #iterate<T>(
    view: View | undefined,
    sides: readonly Wanted[],
    feed: (adjacency: Adjacency) => EdgeRows | Neighbours | Walk,
  ): ZVerseIterator<T> {
    const source = this.#source
    return iterating(source.hold(view), held => {
      return feed(new Adjacency(source, this.#incoming, held, hasIn(sides)))
    })
  }

  #given(options: unknown, names: readonly string[], verb: string): Record<string, unknown> {
    const all = this.#source.views ? [...names, ...NAMES.view] : names
    return checkNames(options, all, verb)
  }

  /** The node as it reads back; it and the type are checked. */
  #nodeIn(node: unknown, { type }: Record<string, unknown>): TupleKey {
    const { core } = this.#source
    const { key } = core.engine
    core.encodeKey(type === undefined ? [node] : [node, type], key)
    const [own] = core.keys.decode(key.words, 0, key.bytes) as TupleKey[]
    return own
  }
}

/** A search under way. */
export interface Searching {
  readonly held: Held
  readonly search: Search
  /** Throws where it may not go on. */
  goesOn(): void
}

/** `type`, checked. */
export function typeIn({ type }: Record<string, unknown>): string | undefined {
  if (type === undefined || typeof type === 'string') return type
  throw invalidOption('type', 'must be a string')
}

function hasIn(sides: readonly Wanted[]): boolean {
  return sides.some(({ isOut }) => !isOut)
}

function wantedIn(given: Record<string, unknown>): Wanted[] {
  const { direction } = given
  if (direction !== undefined && !DIRECTIONS.includes(direction as string)) {
    throw invalidOption('direction', "must be 'out', 'in' or 'both'")
  }
  return sidesOf((direction ?? 'out') as Direction, typeIn(given))
}

function depthIn(given: Record<string, unknown>, name: string): number {
  const { [name]: depth } = given
  if (depth === undefined || depth === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  if (Number.isSafeInteger(depth) && (depth as number) >= 0) return depth as number
  throw invalidOption(name, 'must be an integer ≥ 0 or Infinity')
}

function functionIn<T>(value: unknown, name: string): T | null {
  if (value === undefined) return null
  if (typeof value === 'function') return value as T
  throw invalidOption(name, 'must be a function')
}
