/**
 * The edges of nodes at one version that is held: from a node by the keys of the store, to a node by those of the index
 * beside it (lib/indexes/edge-key.ts). Invariants:
 * 1. What is handed out shares nothing with memory, so the caller's code may run before the next call.
 * 2. Nodes that come in are none of the caller's objects: encoding them runs no code, and gives the same each time.
 * 3. In a transaction both trees are those of the moment when this was made, whatever is changed later.
 */
import type { Engine } from '../engine/engine.js'
import type { EdgeList, HotEdges, Side, TreeNode } from '../hot/edges.js'
import { GRAPH } from '../indexes/definition.js'
import type { EdgeKeys } from '../indexes/edge-key.js'
import type { KeyBuffer } from '../key/codec.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { keyBytesOf } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { countAt } from '../read/at.js'
import { deepVersion } from '../read/deep.js'
import { type Finder, reached } from '../read/finder.js'
import type { Held } from '../read/held.js'
import type { IndexCore } from '../read/index-core.js'
import { type Run, runOf } from '../read/run.js'
import type { Source } from '../read/source.js'
import type { StoreCore } from '../read/store-core.js'
import { type Bound, prefixed, type Range } from '../tree/cursor.js'
import { countOf, nodeBirth } from '../tree/node.js'
import type { Path } from '../tree/search.js'
import { isScalar } from './node-map.js'

/** An edge with its value. */
export interface Edge<N = TupleKey, V = unknown> {
  from: N
  to: N
  type: string
  value: V
}

/** Which edges of a node: those from it, those to it, or all. */
export type Direction = 'out' | 'in' | 'both'

/** Edges read at a time. */
export const AHEAD = 16
const ALL = { reverse: false, limit: Number.POSITIVE_INFINITY }
/** Edges of a node that a thread keeps at most. */
const MOST_KEPT = 4096
const NOWHERE: TreeNode = { pointer: 0, birth: 0 }

/** The edges that a verb asks for, of a node on one side. */
export interface Wanted {
  readonly isOut: boolean
  /** Edges of this type only; undefined: of any. */
  readonly type: string | undefined
}

/** The sides of a direction, in the order in which they are read. */
export function sidesOf(direction: Direction, type: string | undefined): Wanted[] {
  const sides: Wanted[] = []
  if (direction !== 'in') sides.push({ isOut: true, type })
  if (direction !== 'out') sides.push({ isOut: false, type })
  return sides
}

/** Some edges of a node, one behind the other: of what lies on their other side. */
export abstract class Edges implements EdgeList {
  readonly others: TupleKey[] = []
  readonly types: string[] = []
  /** Of edges from the node, where they were asked for. */
  readonly values: unknown[] = []
  /** Where edges from the node lie in shared memory, as long as the version is held; 0 for all others. */
  readonly entries: number[] = []

  /** Reads the next ones, at most so many, into the arrays; returns how many, 0 at the end only. */
  abstract fill(most: number, hasValues?: boolean): number
}

/** Edges as they lie in a tree, or in a file. */
class ReadEdges extends Edges {
  readonly #run: Run
  readonly #core: StoreCore
  /** The memory whose entries are edges. */
  readonly #W: Uint32Array | null
  readonly #keys: EdgeKeys
  /** Bytes of the key that all of them share. */
  readonly #shared: number
  readonly #type: string | undefined
  /** Gets all of them in the end; null where nobody wants them. */
  readonly #gathered: Gathered | null

  /** @param isFixed what the run gives from shared memory stays there as long as the version is held */
  constructor(
    run: Run,
    core: StoreCore,
    keys: EdgeKeys,
    { shared, type }: { shared: number; type: string | undefined },
    isFixed: boolean,
    gathered: Gathered | null,
  ) {
    super()
    this.#run = run
    this.#core = core
    this.#W = isFixed && !core.isIndex ? core.engine.W : null
    this.#keys = keys
    this.#shared = shared
    this.#type = type
    this.#gathered = gathered
  }

  fill(most: number, hasValues = false): number {
    const keys = this.#keys
    let i = 0
    const count = this.#run.fill(most, (words, entry) => {
      keys.open(words, entry + E_KEY, keyBytesOf(words, entry))
      let at = this.#shared
      let type = this.#type
      if (type === undefined) {
        type = keys.part(at) as string
        at = keys.end
      }
      this.types[i] = type
      this.others[i] = keys.part(at)
      this.entries[i] = words === this.#W ? entry : 0
      // Last: a custom codec may run the caller's code.
      if (hasValues) this.values[i] = this.#core.valueIn(words, entry)
      i++
    })
    // Of none that are asked for, none is not the end.
    if (most > 0) this.#gathered?.add(this, count)
    return count
  }
}

/** Edges that the thread has kept. */
class KeptEdges extends Edges {
  readonly #core: StoreCore
  readonly #list: EdgeList
  #at = 0

  constructor(core: StoreCore, list: EdgeList) {
    super()
    this.#core = core
    this.#list = list
  }

  fill(most: number, hasValues = false): number {
    const { others, types, entries } = this.#list
    const from = this.#at
    const count = Math.min(most, others.length - from)
    for (let i = 0; i < count; i++) {
      this.others[i] = others[from + i]
      this.types[i] = types[from + i]
      this.entries[i] = entries[from + i]
      this.#at++
      // Last: a custom codec may run the caller's code.
      if (hasValues) this.values[i] = this.#core.valueOf(entries[from + i])
    }
    return count
  }
}

/** Gathers the edges of a node that were not kept. */
class Gathered implements EdgeList {
  readonly others: TupleKey[] = []
  readonly types: string[] = []
  readonly entries: number[] = []
  #done: ((list: EdgeList) => void) | null

  constructor(done: (list: EdgeList) => void) {
    this.#done = done
  }

  add({ others, types, entries }: EdgeList, count: number): void {
    if (this.#done === null) return
    if (count === 0) this.#done(this)
    for (let i = 0; i < count; i++) {
      this.others.push(others[i])
      this.types.push(types[i])
      this.entries.push(entries[i])
    }
    const isKept = count > 0 && this.others.length <= MOST_KEPT
    if (!isKept || !others.every((other, i) => i >= count || isScalar(other))) this.#done = null
  }
}

/** Where there are no edges. */
class NoEdges extends Edges {
  fill(): number {
    return 0
  }
}

export class Adjacency {
  readonly engine: Engine
  readonly core: StoreCore
  readonly held: Held
  readonly #incoming: IndexCore
  readonly #source: Source
  readonly #keys: EdgeKeys
  readonly #key: KeyBuffer
  /** There is a store at the version. */
  readonly #isThere: boolean
  /** Root of the index; -1 where there is none in memory, or edges to a node are not asked for. */
  readonly #incomingRoot: number
  /** Finds edges by their keys. */
  readonly #finder: Finder
  /** The trees do not change any more. */
  readonly #isPublished: boolean
  readonly #path: Path

  /**
   * @param source of the edges; `incoming`: the index beside them
   * @param isBoth edges to a node are asked for, too
   */
  constructor(source: Source, incoming: IndexCore, held: Held, isBoth: boolean) {
    this.engine = source.core.engine
    this.core = source.core
    this.held = held
    this.#source = source
    this.#incoming = incoming
    this.#keys = this.engine.tools.edges
    this.#key = this.engine.key
    this.#isThere = isThere(source.core, held)
    const isIndexed = held.deep < 0 && this.#isThere && incoming.stateIn(held.record) !== 0
    this.#incomingRoot = isBoth && isIndexed ? source.rootOf(incoming, held) : -1
    this.#finder = source.finder(source.core, held)
    this.#isPublished = held.deep < 0 && source.draftRoot() === null
    this.#path = this.engine.tools.path
  }

  /** Edges to a node can be found; not where the store was no graph yet. */
  get hasIncoming(): boolean {
    if (this.held.deep < 0) return this.#incomingRoot >= 0
    return this.#source.indexes(this.held).some(({ name }) => name === GRAPH)
  }

  /**
   * The edges of a node on one side, in key order. @throws ZVerseError `ZVERSE_UNKNOWN_INDEX`
   */
  edgesOf(node: TupleKey, { isOut, type }: Wanted): Edges {
    const core = isOut ? this.core : this.#incoming
    const root = isOut ? this.held.root : this.#incomingRoot
    const hot = this.#isPublished && root > 0 && isScalar(node) ? this.engine.edges : null
    const side = { core, type }
    const tree = hot === null ? NOWHERE : nodeAt(this.engine.W, root)
    const known = hot?.find(node, side, tree)
    if (known !== undefined) return new KeptEdges(core, known)
    const { range, shared } = this.#rangeOf(node, type)
    if (!this.#isThere) return new NoEdges()
    const kept = hot?.findIn(this.#leafOf(root, range.lower as Bound), node, side, tree)
    if (kept !== undefined) return new KeptEdges(core, kept)
    const run = runOf(core, this.held, this.#rootOf(isOut), range, ALL)
    const gathered = hot && new Gathered(list => this.#keep(hot, node, side, list, tree, range))
    // A walk of the deep past keeps nothing of memory between its steps.
    return new ReadEdges(run, core, this.#keys, { shared, type }, this.held.deep < 0, gathered)
  }

  #keep(hot: HotEdges, node: TupleKey, side: Side, list: EdgeList, tree: TreeNode, range: Range) {
    hot.counts.warm++
    const { lower, upper } = range
    const { W } = this.engine
    const leaf = this.#leafOf(tree.pointer, lower as Bound)
    // What lies behind the last edge in the same leaf proves that there are no others in the next one.
    const end = upper === null ? NOWHERE : this.#leafOf(tree.pointer, upper)
    const isWhole = end.pointer === leaf.pointer && this.#path.at[0] < countOf(W, leaf.pointer)
    hot.keep(node, side, list, tree, isWhole ? leaf : NOWHERE)
  }

  /** The leaf that a place is in. */
  #leafOf(root: number, { words, bytes }: Bound): TreeNode {
    const { W } = this.engine
    this.#path.seek(W, root, words, bytes)
    return nodeAt(W, this.#path.nodes[0])
  }

  /** How many there are. @throws as {@link edgesOf} */
  count(node: TupleKey, { isOut, type }: Wanted): number {
    const { range } = this.#rangeOf(node, type)
    if (!this.#isThere) return 0
    const core = isOut ? this.core : this.#incoming
    return countAt(core, this.held, this.#rootOf(isOut), range)
  }

  /** The value of an edge that is there. */
  valueOf(from: TupleKey, type: string, to: TupleKey): unknown {
    const key = this.#key
    this.core.keys.encode([from, type, to], key)
    return reached(this.#finder, key, (words, entry) => this.core.valueIn(words, entry))
  }

  /**
   * The edge between a node and one that {@link edgesOf} has told on a side of it.
   * @param entry where it lies, if that is known; else 0
   */
  edge(node: TupleKey, isOut: boolean, type: string, other: TupleKey, entry: number): Edge {
    const from = isOut ? node : other
    const to = isOut ? other : node
    // A custom codec may have closed the database: then no reference may be followed.
    this.engine.gate.checkOpen()
    const value = entry !== 0 ? this.core.valueOf(entry) : this.valueOf(from, type, to)
    // Nodes that are arrays or bytes are the caller's own in each edge.
    return { from: this.own(from), to: this.own(to), type, value }
  }

  /** The node itself, or a copy of what a caller could change. */
  own(node: TupleKey): TupleKey {
    if (typeof node !== 'object' || node === null) return node
    this.core.keys.encode(node, this.#key)
    return this.core.keys.decode(this.#key.words, 0, this.#key.bytes) as TupleKey
  }

  #rootOf(isOut: boolean): number {
    if (isOut) return this.held.root
    // In the deep past there are no roots; what reads there finds out.
    if (this.#incomingRoot < 0 && this.held.deep < 0) throw this.#incoming.unknown()
    return this.#incomingRoot
  }

  /** The keys of a node's edges, and how many bytes of them are the same. */
  #rangeOf(node: TupleKey, type: string | undefined): { range: Range; shared: number } {
    const key = this.#key
    this.core.keys.encode(type === undefined ? [node] : [node, type], key)
    // Without the byte that ends the array, which is 0 as the padding is.
    key.bytes--
    const shared = key.bytes
    return { range: prefixed(key), shared }
  }
}

function nodeAt(W: Uint32Array, pointer: number): TreeNode {
  return { pointer, birth: nodeBirth(W, pointer) }
}

/** True if the version has the store; without one there are no edges. */
function isThere(core: StoreCore, { record, deep }: Held): boolean {
  const { slots } = core.engine.epochs
  if (deep < 0) return core.stateIn(record) !== 0
  slots.enterRun()
  try {
    return core.idAt(deepVersion(core.engine, deep)) !== null
  } finally {
    slots.exit()
  }
}
