/** The indexes of a version as records of a dump. */
import type { Engine } from '../engine/engine.js'
import type { Named } from '../engine/names.js'
import { UNNAMED } from '../engine/names.js'
import { type Known, shownOf } from '../indexes/definition.js'
import type { DumpRecord } from './record.js'

/** The names of stores by id, the unnamed one's being null. */
export type StoreNames = ReadonlyMap<number, string | null>

/** The indexes of a version, by id. */
export function indexesAmong(engine: Engine, all: readonly Named[]): Known[] {
  return all.map(named => engine.indexes.knownAs(named))
}

/** What has been dropped from one version to the next, of stores that stay: before entries change. */
export function droppedIndexes(
  was: readonly Known[],
  is: readonly Known[],
  stores: StoreNames,
): DumpRecord[] {
  const ids = new Set(is.map(({ id }) => id))
  return was
    .filter(({ id, of }) => !ids.has(id) && stores.has(of))
    .map(({ name, of }) => ({ type: 'drop-index', ...inStore(of, stores), name }))
}

/** What has been made: when all entries are there. */
export function madeIndexes(
  was: readonly Known[],
  is: readonly Known[],
  stores: StoreNames,
): DumpRecord[] {
  const ids = new Set(was.map(({ id }) => id))
  return is
    .filter(({ id }) => !ids.has(id))
    .map(({ name, of, defined }) => ({
      type: 'index',
      ...inStore(of, stores),
      name,
      definition: shownOf(defined),
    }))
}

function inStore(of: number, stores: StoreNames): { store?: string } {
  const store = of === UNNAMED ? null : stores.get(of)
  return typeof store === 'string' ? { store } : {}
}
