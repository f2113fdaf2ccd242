/**
 * Runs the functions of a store's indexes on a value that is about to be written, before the lock is taken.
 */
import type { Batch } from '../engine/batch.js'
import type { Known } from '../indexes/definition.js'
import type { StoreCore } from '../read/store-core.js'

const NONE: readonly Known[] = []

/**
 * Leaves what they give for the put that follows: the caller clears it.
 * @throws ZVerseError `ZVERSE_UNKNOWN_FUNCTION`, `ZVERSE_INVALID_VALUE`; and what a function throws
 */
export function derive(core: StoreCore, value: unknown, key: unknown): void {
  const { derived } = core.engine
  derived.clear()
  const all = byFunction(core)
  const keys = all.map(known => derived.of(known, value, key))
  all.forEach(({ id }, i) => {
    derived.give(id, keys[i])
  })
}

/** Adds what those of some indexes give to a batch, in front of the put. @throws as {@link derive} */
export function deriveInto(
  batch: Batch,
  { engine }: StoreCore,
  all: readonly Known[],
  value: unknown,
  key: unknown,
): void {
  for (const known of all) batch.derived(known.id, engine.derived.of(known, value, key))
}

/** The indexes of the present store that functions give the keys of. */
export function byFunction(core: StoreCore): readonly Known[] {
  const { names, indexes, epochs } = core.engine
  epochs.slots.enter()
  try {
    const record = epochs.versions.current
    if (core.stateIn(record) === 0) return NONE
    const all = indexes.below(names.rootIn(record)).get(core.idIn(record))
    return all?.filter(({ defined }) => defined.by !== null) ?? NONE
  } finally {
    epochs.slots.exit()
  }
}
