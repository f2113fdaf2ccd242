/** What a version that is held has: indexes of a store, roots, counts. In memory, or in the deep past. */
import type { DeepVersion } from '../engine/deep.js'
import type { Known } from '../indexes/definition.js'
import { type Range, WHOLE } from '../tree/cursor.js'
import { deepVersion } from './deep.js'
import type { Held } from './held.js'
import { countBelow } from './source.js'
import type { StoreCore } from './store-core.js'

/** The indexes of a store at a version that something has pinned. */
export function indexesAt(core: StoreCore, { record, deep }: Held): readonly Known[] {
  const { engine } = core
  const { names, indexes, epochs } = engine
  if (deep >= 0) {
    return inDeep(core, deep, version => {
      const of = core.idAt(version)
      if (of === null) return []
      return names.indexesDeep(version, of).map(named => indexes.knownAs(named))
    })
  }
  epochs.slots.enter()
  try {
    if (core.stateIn(record) === 0) return []
    return indexes.below(names.rootIn(record)).get(core.idIn(record)) ?? []
  } finally {
    epochs.slots.exit()
  }
}

/** Root of a store at that version; 0 in the deep past, which has none. */
export function rootAt(core: StoreCore, { record, deep }: Held): number {
  return deep >= 0 ? 0 : core.rootIn(record, true)
}

/** How many keys of a range a store has there; all of them if it is undefined. */
export function countAt(
  core: StoreCore,
  { deep }: Held,
  root: number,
  range: Range | undefined,
): number {
  if (deep < 0) return countBelow(core, root, range)
  return inDeep(core, deep, version => {
    const store = core.idAt(version)
    return store === null ? 0 : version.count(store, range ?? WHOLE)
  })
}

function inDeep<T>({ engine }: StoreCore, at: number, use: (deep: DeepVersion) => T): T {
  engine.epochs.slots.enterRun()
  try {
    return use(deepVersion(engine, at))
  } finally {
    engine.epochs.slots.exit()
  }
}
