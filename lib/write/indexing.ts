/**
 * The indexes of the stores that a write transaction changes: which there are, and what keeps them up.
 *
 * For the owner of the writer lock, with a transaction that is open.
 */
import type { Engine } from '../engine/engine.js'
import { NAMES_STORE } from '../engine/names.js'
import type { Known } from '../indexes/definition.js'
import type { Drafts } from '../indexes/index-draft.js'
import { S_LIVE } from '../memory/layout.js'
import { stateOf } from '../tree/catalog.js'
import type { Draft } from '../tree/draft.js'

const NONE: readonly Known[] = []

/** The part of a transaction that this needs. */
interface Indexed extends Drafts {
  readonly engine: Engine
  readonly catalog: number
  known(id: number): Draft | undefined
}

/** The indexes of store `id`, as a transaction has them. */
export function indexesIn(tx: Indexed, id: number): readonly Known[] {
  const { W, indexes } = tx.engine
  const names = tx.known(NAMES_STORE)
  if (names !== undefined) return indexes.read(names.live.root).get(id) ?? NONE
  const state = stateOf(W, tx.catalog, NAMES_STORE)
  return state === 0 ? NONE : (indexes.below(W[state + S_LIVE]).get(id) ?? NONE)
}

/** Has the indexes of a store follow its draft. */
export function follow(tx: Indexed, draft: Draft): void {
  const all = indexesIn(tx, draft.id)
  draft.follower = null
  if (all.length === 0) return
  const { engine } = tx
  draft.follower = engine.followerOf(all, tx)
}

/** Fills an index that was just made with what its store has, and has it follow that. */
export function fillIndex(tx: Indexed, known: Known): void {
  const { engine } = tx
  engine.derived.check(known.name, known.defined)
  const parent = tx.known(known.of)
  parent?.follower?.flush()
  const follower = engine.follower([engine.indexDraft(known, tx)])
  follower.fill(tx.rootOf(known.of))
  follower.prove()
  if (parent !== undefined) follow(tx, parent)
}

/** Brings all indexes up to the changes of their stores. @throws `ZVERSE_FULL`, `ZVERSE_NOT_UNIQUE` */
export function followAll(drafts: readonly Draft[]): void {
  for (const { follower, dropped } of drafts) {
    if (follower === null || dropped) continue
    follower.flush()
    follower.prove()
  }
}
