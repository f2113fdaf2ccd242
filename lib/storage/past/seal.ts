/**
 * Seals versions: what each of them took from the one before, and which keys it added, in a past run, so that memory may let go of it.
 *
 * For any thread, on records that it has pinned. The intervals are found by comparing each version with the one before it:
 * that costs what was changed, whatever made the changes, and needs no log.
 */
import type { Engine } from '../../engine/engine.js'
import { UNNAMED } from '../../engine/names.js'
import {
  compareEntries,
  entryWords,
  isInPieces,
  keyBytesOf,
  valueBytesOf,
  versionOf,
} from '../../memory/entry.js'
import { E_KEY, R_CATALOG, R_STATE, R_VERSION, S_LIVE } from '../../memory/layout.js'
import { load48 } from '../../memory/words.js'
import { eachChanged } from '../../tree/catalog.js'
import { WHOLE } from '../../tree/cursor.js'
import { DiffCursor } from '../../tree/diff.js'
import type { RunWriter } from './run-writer.js'

/** Versions that are compared before the caller goes on. */
const FEW = 64
/** Intervals that are written before the caller goes on. */
const MANY = 1024

/** An entry that died. */
interface Dead {
  readonly store: number
  readonly entry: number
  readonly death: number
}

/**
 * Writes the intervals of the entries that died in the versions after the first of `records`, up to the last; yields now
 * and then.
 * @param records of the versions of an unbroken run, oldest first, pinned
 */
export function* seal(
  engine: Engine,
  records: readonly number[],
  writer: RunWriter,
): Generator<void, void, void> {
  const { W } = engine
  const dead: Dead[] = []
  for (let i = 1; i < records.length; i++) {
    note(W, records[i - 1], records[i], dead, writer)
    if (i % FEW === 0) yield
  }
  dead.sort((a, b) => {
    if (a.store !== b.store) return a.store - b.store
    return compareEntries(W, a.entry, b.entry) || versionOf(W, a.entry) - versionOf(W, b.entry)
  })
  let scratch = new Uint32Array(0)
  for (const [i, { store, entry, death }] of dead.entries()) {
    if (isInPieces(W, entry)) {
      const size = entryWords(keyBytesOf(W, entry), valueBytesOf(W, entry))
      if (size > scratch.length) scratch = new Uint32Array(size)
      engine.gatherer.copy(entry, scratch, 0)
      writer.add(store, scratch, 0, death)
    } else writer.add(store, W, entry, death)
    if (i % MANY === 0) yield
  }
}

/** Notes what a version took from the one before it; the keys that it added, the writer gets at once. */
function note(
  W: Uint32Array,
  before: number,
  after: number,
  dead: Dead[],
  writer: RunWriter,
): void {
  const death = load48(W, after + R_VERSION)
  const compare = (store: number, from: number, to: number) => {
    const cursor = new DiffCursor(W, from, to, WHOLE)
    while (cursor.next()) {
      const entry = cursor.after
      if (cursor.before !== 0) dead.push({ store, entry: cursor.before, death })
      else writer.arrival(death, store, W, entry + E_KEY, keyBytesOf(W, entry))
    }
  }
  compare(UNNAMED, W[before + R_STATE + S_LIVE], W[after + R_STATE + S_LIVE])
  eachChanged(W, W[before + R_CATALOG], W[after + R_CATALOG], (id, old, young) => {
    compare(id, old === 0 ? 0 : W[old + S_LIVE], young === 0 ? 0 : W[young + S_LIVE])
  })
}
