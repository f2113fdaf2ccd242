/** How many of the true nearest a search in an index of vectors finds. */
import type { VectorForm } from '../indexes/definition.js'
import { KeyBuffer } from '../key/codec.js'
import { E_KEY } from '../memory/layout.js'
import { boundOf, type Range } from '../tree/cursor.js'
import { VECTORS_RANGE, vectorKey } from '../vector/layout.js'
import { VectorQuery } from '../vector/query.js'
import { countAt } from './at.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import { runOf } from './run.js'
import type { Source } from './source.js'
import { VectorSearch } from './vector-search.js'
import { Vectors } from './vectors.js'

/**
 * The share of the nearest of some vectors that is found, at a version that is held; 1 where there are none.
 */
export function recallOf(
  source: Source,
  held: Held,
  sample: number,
  k: number,
  effort: number,
): number {
  const core = source.core as IndexCore
  const form = core.known.defined.vectors as VectorForm
  const vectors = new Vectors(source, held)
  let found = 0
  let all = 0
  for (const id of sampleOf(core, held, sample)) {
    const query = new VectorQuery(vectors.byId(id).slice(), form)
    const wanted = { k, effort, within: Number.POSITIVE_INFINITY }
    const nearest = new VectorSearch(source, held, query, { ...wanted, exact: true }).run(null)
    const near = new VectorSearch(source, held, query, { ...wanted, exact: false }).run(null)
    const farthest = nearest[nearest.length - 1].distance
    all += nearest.length
    // Which of those at the same distance are found does not matter.
    found += near.filter(({ distance }) => distance <= farthest).length
  }
  return all === 0 ? 1 : found / all
}

/** The ids of some vectors, spread over all. */
function sampleOf(core: IndexCore, held: Held, sample: number): Set<number> {
  const ids = new Set<number>()
  const count = Math.min(sample, countAt(core, held, held.root, VECTORS_RANGE))
  const last = idAt(core, held, VECTORS_RANGE, true)
  const key = new KeyBuffer()
  for (let i = 0; i < count; i++) {
    vectorKey(key, 1 + Math.floor(((last - 1) * i) / Math.max(1, count - 1)))
    const range = { ...VECTORS_RANGE, lower: boundOf(key, false) }
    ids.add(idAt(core, held, range, false))
  }
  return ids
}

/** The first id of a range, or the last. */
function idAt(core: IndexCore, held: Held, range: Range, reverse: boolean): number {
  let id = 0
  runOf(core, held, held.root, range, { reverse, limit: 1 }).fill(1, (words, entry) => {
    id = words[entry + E_KEY + 1]
  })
  return id
}
