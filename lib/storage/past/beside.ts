/** The version in memory that a deep one is read beside. */
import { UNNAMED } from '../../engine/names.js'
import { R_CATALOG, R_STATE, S_LIVE } from '../../memory/layout.js'
import { stateOf } from '../../tree/catalog.js'
import type { Moment, Run } from './run.js'

/** What a deep version is read from. */
export interface Beside {
  readonly W: Uint32Array
  /** Of the version in memory. */
  readonly record: number
  readonly moment: Moment
  /** Runs that may have something of it. */
  readonly runs: readonly Run[]
}

/** Root of a store's tree in a snapshot in memory; 0 where it is not there, or empty. */
export function rootIn(W: Uint32Array, record: number, store: number): number {
  if (store === UNNAMED) return W[record + R_STATE + S_LIVE]
  const state = stateOf(W, W[record + R_CATALOG], store)
  return state === 0 ? 0 : W[state + S_LIVE]
}
