/**
 * The edges of nodes at one version that is held: from a node by the keys of the store, to a node by those of the index
 * beside it (lib/indexes/edge-key.ts). Invariants:
 * 1. What is handed out shares nothing with memory, so the caller's code may run before the next call.
 * 2. Nodes that come in are none of the caller's objects: encoding them runs no code, and gives the same each time.
 * 3. In a transaction both trees are those of the moment when this was made, whatever is changed later.
 */
import type { Engine } from '../engine/engine.js'
import { GRAPH } from '../indexes/definition.js'
import type { EdgeKeys } from '../indexes/edge-key.js'
import type { KeyBuffer } from '../key/codec.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { keyBytesOf } from '../memory/entry.js'
import { hashKey } from '../memory/hash.js'
import { E_KEY } from '../memory/layout.js'
import { countAt } from '../read/at.js'
import { deepVersion } from '../read/deep.js'
import type { Finder } from '../read/finder.js'
import type { Held } from '../read/held.js'
import type { IndexCore } from '../read/index-core.js'
import { type Run, runOf } from '../read/run.js'
import type { Source } from '../read/source.js'
import type { StoreCore } from '../read/store-core.js'
import { prefixed, type Range } from '../tree/cursor.js'

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
export class Edges {
  readonly others: TupleKey[] = []
  readonly types: string[] = []
  /** Of edges from the node, where they were asked for. */
  readonly values: unknown[] = []
  /** Where edges from the node lie in shared memory, as long as the version is held; 0 for all others. */
  readonly entries: number[] = []
  readonly #run: Run | null
  readonly #core: StoreCore
  /** The memory whose entries are edges. */
  readonly #W: Uint32Array | null
  readonly #keys: EdgeKeys
  /** Bytes of the key that all of them share. */
  readonly #shared: number
  readonly #type: string | undefined

  /** @param isFixed what the run gives from shared memory stays there as long as the version is held */
  constructor(
    run: Run | null,
    core: StoreCore,
    keys: EdgeKeys,
    { shared, type }: { shared: number; type: string | undefined },
    isFixed: boolean,
  ) {
    this.#run = run
    this.#core = core
    this.#W = isFixed && !core.isIndex ? core.engine.W : null
    this.#keys = keys
    this.#shared = shared
    this.#type = type
  }

  /** Reads the next ones, at most so many, into the arrays; returns how many, 0 at the end only. */
  fill(most: number, hasValues = false): number {
    if (this.#run === null) return 0
    const keys = this.#keys
    let i = 0
    return this.#run.fill(most, (words, entry) => {
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
    const { range, shared } = this.#rangeOf(node, type)
    const core = isOut ? this.core : this.#incoming
    const run = this.#isThere ? runOf(core, this.held, this.#rootOf(isOut), range, ALL) : null
    // A walk of the deep past keeps nothing of memory between its steps.
    return new Edges(run, core, this.#keys, { shared, type }, this.held.deep < 0)
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
    const finder = this.#finder
    this.core.keys.encode([from, type, to], key)
    finder.begin([hashKey(key.words, 0, key.bytes)])
    try {
      if (finder.find(key)) return this.core.valueIn(finder.words, finder.entry)
    } finally {
      finder.end()
    }
    throw new Error(
      'zverse: assertion failed: the index of a graph leads to an edge that is not there',
    )
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
