/**
 * Writing graphs: on a database each verb is a transaction of its own, inside a write transaction a part of that one.
 */
import type { TupleKey } from '../key/tuple-writer.js'
import { keyBytesOf } from '../memory/entry.js'
import { E_KEY, WRITING_VERB } from '../memory/layout.js'
import { checkNames } from '../options.js'
import type { IndexCore } from '../read/index-core.js'
import { Cursor, prefixed, type Range } from '../tree/cursor.js'
import type { Transaction } from '../write/transaction.js'
import type { WriteVerbs } from '../write/write-verbs.js'
import { type EdgeOptions, GraphReads, typeIn } from './graph-reads.js'

/** The read and write verbs of a graph. */
export abstract class GraphVerbs<N extends TupleKey, V, R> extends GraphReads<N, V> {
  readonly #edges: WriteVerbs<[N, string, N], V | null, R>

  /** @internal */
  constructor(edges: WriteVerbs<[N, string, N], V | null, R>, incoming: IndexCore) {
    super(edges._source, incoming)
    this.#edges = edges
  }

  /**
   * Adds an edge, or gives the one that is there another value.
   * @param value null unless it is given
   * @param options `type`: `''` unless it is given; between two nodes there is one edge of each type
   * @returns on a graph: the version of the commit
   * @throws ZVerseError as `put` of a store
   */
  addEdge(from: N, to: N, value?: V, options?: EdgeOptions): R {
    this.#edges._begin()
    const type = typeIn(checkNames(options, ['type'], 'addEdge')) ?? ''
    return this.#edges.put([from, type, to], value === undefined ? null : value)
  }

  /**
   * Removes the edge of one type; one that is not there is no error.
   * @param options `type`: `''` unless it is given
   * @returns on a graph: the version of the commit, or the present one if there was no such edge
   */
  removeEdge(from: N, to: N, options?: EdgeOptions): R {
    this.#edges._begin()
    const type = typeIn(checkNames(options, ['type'], 'removeEdge')) ?? ''
    return this.#edges.delete([from, type, to])
  }

  /**
   * Removes all edges from a node and to it, in one commit.
   * @returns on a graph: the version of the commit, or the present one if there were none
   */
  removeNode(node: N): R {
    const core = this.#edges._begin()
    const { engine } = core
    core.encodeKey([node], engine.key)
    // Without the byte that ends the array.
    engine.key.bytes--
    const range = prefixed(engine.key)
    const body = (tx: Transaction) => removeNode(tx, this._incoming, range)
    return this.#edges._write(core, body, WRITING_VERB)
  }
}

/** Removes the edges whose keys, and those whose index keys, lie in a range. */
function removeNode(tx: Transaction, incoming: IndexCore, range: Range): void {
  const { W, epochs, writer, key, tools } = incoming.engine
  const core = incoming.parent
  tx.all(() => {
    tx.clear(core, range)
    const root = tx.root(incoming)
    // The index may be brought up to date while it is walked.
    epochs.space.freeze()
    const draft = tx.draft(core)
    const cursor = new Cursor(W, root, range, false, Number.POSITIVE_INFINITY)
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      tools.edges.turn(W, entry + E_KEY, keyBytesOf(W, entry), key)
      writer.delete(draft, key, undefined)
    }
  })
}

/** A graph in a write transaction: its verbs see what was changed so far. */
export class GraphDraft<N extends TupleKey, V> extends GraphVerbs<N, V, void> {}
