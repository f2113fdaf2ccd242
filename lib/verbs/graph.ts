/** A graph of a database. */

import type { Path } from '../graph/path.js'
import type { TupleKey } from '../key/tuple-writer.js'
import type { IndexCore } from '../read/index-core.js'
import { turn } from '../threads/loop.js'
import { type PathOptions, SLICE } from './graph-reads.js'
import { GraphVerbs } from './graph-writes.js'
import type { Store } from './store-verbs.js'

/** A graph of a database: read it at any version; each write is a commit of its own. */
export class Graph<N extends TupleKey = string, V = unknown> extends GraphVerbs<N, V, number> {
  /** Its edges as a store: `[from, type, to]` → value. What is written there is part of the graph. */
  readonly edges: Store<[N, string, N], V>

  /** @internal */
  constructor(edges: Store<[N, string, N], V>, incoming: IndexCore) {
    super(edges as Store<[N, string, N], V | null>, incoming)
    this.edges = edges
  }

  /**
   * As {@link path}, in slices, between which the event loop goes on: the version that it reads stays the same.
   * @throws ZVerseError as `path`, and an AbortError (all as rejections)
   */
  async pathAsync(from: N, to: N, options?: PathOptions<N, V>): Promise<Path<N, V> | undefined> {
    const { held, search, goesOn } = this._search(from, to, options, 'pathAsync')
    try {
      while (!search.advance(SLICE)) {
        await turn()
        goesOn()
      }
      return search.found as Path<N, V> | undefined
    } finally {
      held.release()
    }
  }
}
