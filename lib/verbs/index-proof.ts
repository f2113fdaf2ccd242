/**
 * Proves the indexes of the newest snapshot: each has the keys that the entries of its store give it, and no other. For
 * `check()`; under the writer lock.
 */
import type { Engine } from '../engine/engine.js'
import { UNNAMED } from '../engine/names.js'
import type { Encoded } from '../indexes/bytes.js'
import type { Defined, Known } from '../indexes/definition.js'
import { EdgeKeys } from '../indexes/edge-key.js'
import { indexKeyWords } from '../indexes/entry-key.js'
import { Extractor, IndexKeys } from '../indexes/extract.js'
import { unpack } from '../indexes/packed.js'
import { Pending } from '../indexes/pending.js'
import { bytesIn, reverseKey, wholeOf } from '../indexes/reverse.js'
import { KeyBuffer } from '../key/codec.js'
import { tipOf } from '../memory/atomic.js'
import { copyKey } from '../memory/entry.js'
import { E_KEY, R_CATALOG, R_STATE, S_LIVE } from '../memory/layout.js'
import { stateOf } from '../tree/catalog.js'
import { Cursor, WHOLE } from '../tree/cursor.js'
import { entriesBelow } from '../tree/node.js'
import { find } from '../tree/search.js'
import type { CheckReport } from './check.js'
import { proveVectors } from './vector-proof.js'

/** A report with what is wrong with them. */
export function withIndexes(report: CheckReport, engine: Engine): CheckReport {
  const wrong = proveIndexes(engine)
  return wrong.length === 0
    ? report
    : { ...report, ok: false, problems: [...report.problems, ...wrong] }
}

function proveIndexes(engine: Engine): string[] {
  const { W, names, indexes } = engine
  const record = tipOf(W)
  const problems: string[] = []
  for (const all of indexes.below(names.rootIn(record)).values()) {
    for (const index of all) {
      const root = rootOf(W, record, index.id)
      if (index.defined.kind === 'vector') {
        problems.push(...proveVectors(engine, index, rootOf(W, record, index.of), root))
        continue
      }
      const { lacks, count } = compare(engine, index, rootOf(W, record, index.of), root)
      const has = entriesBelow(W, root)
      if (index.defined.unique && !isUnique(W, index.defined, root)) {
        problems.push(`index ${index.name} of store ${index.of} has an index key twice`)
      }
      if (lacks > 0) problems.push(`index ${index.name} of store ${index.of} lacks ${lacks} keys`)
      if (has !== count)
        problems.push(`index ${index.name} of store ${index.of} has ${has} keys, not ${count}`)
    }
  }
  return problems
}

function rootOf(W: Uint32Array, record: number, id: number): number {
  if (id === UNNAMED) return W[record + R_STATE + S_LIVE]
  const state = stateOf(W, W[record + R_CATALOG], id)
  return state === 0 ? 0 : W[state + S_LIVE]
}

/** No two keys of an index have one index key. */
function isUnique(W: Uint32Array, defined: Defined, root: number): boolean {
  const cursor = new Cursor(W, root, wholeOf(defined), false, Number.POSITIVE_INFINITY)
  let last = 0
  for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
    const size = indexKeyWords(defined, W, entry + E_KEY)
    let same = last === 0 ? 0 : size
    for (let i = 0; i < same; i++) if (W[entry + E_KEY + i] !== W[last + E_KEY + i]) same = 0
    if (same > 0) return false
    last = entry
  }
  return true
}

/** How many keys the index must have, and how many of them it lacks. */
function compare({ W, values, gatherer }: Engine, { defined }: Known, store: number, root: number) {
  const extractor = new Extractor(defined)
  const keys = new IndexKeys()
  const [primary, key, pending] = [new KeyBuffer(), new KeyBuffer(), new Pending()]
  let count = 0
  let lacks = 0
  // A function is not run: the index keys that it gave are in the index.
  const derive = () => {
    reverseKey(primary, key)
    const entry = find(W, root, key.words, key.bytes)
    keys.clear()
    if (entry !== 0) unpack(bytesIn(W, entry, gatherer), keys)
    if (entry !== 0) count++
  }
  const extract = (entry: number) => {
    const { after } = values
    after.open(entry, defined.encoded as Encoded)
    if (extractor.extract(after.reader, after.from, keys) !== null) lacks++
    extractor.bound(keys, primary.bytes)
  }
  const edges = new EdgeKeys()
  const cursor = new Cursor(W, store, WHOLE, false, Number.POSITIVE_INFINITY)
  for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
    copyKey(W, entry, primary)
    const isGraph = defined.kind === 'graph'
    if (isGraph && !edges.turnInto(primary, keys)) lacks++
    else if (isGraph) primary.bytes = 0
    else if (defined.by === null) extract(entry)
    else derive()
    const { bytes, places } = keys
    for (let i = 0; i < keys.count; i++) pending.add(true, bytes, places[i], places[i + 1], primary)
    pending.each(key, () => {
      if (find(W, root, key.words, key.bytes) === 0) lacks++
    })
    count += keys.count
    pending.clear()
  }
  return { lacks, count }
}
