/**
 * The catalog: store id → the store's state in one snapshot. A persistent radix tree, so that a
 * commit copies a node or two for any number of stores (layout.ts draws node and state).
 *
 * Nodes that a snapshot can reach never change; the writer changes those of its own version.
 */
import { birthOf } from '../memory/birth.js'
import {
  C_KIDS,
  C_LEVEL,
  C_NEXT_STORE,
  CATALOG_BITS,
  CATALOG_FAN,
  CATALOG_WORDS,
} from '../memory/layout.js'
import { store48 } from '../memory/words.js'
import type { Workspace } from './workspace.js'

/** Store 0 has the names of the others (lib/engine/names.ts), which count from 1. */
const FIRST_STORE = 1

/** The id of the next store. */
export function nextStoreIn(W: Uint32Array, root: number): number {
  return root === 0 ? FIRST_STORE : W[root + C_NEXT_STORE]
}

/** Sets the id of the next store, and returns the catalog's new root. Otherwise as {@link withState}. */
export function withNextStore(
  W: Uint32Array,
  space: Workspace,
  root: number,
  next: number,
): number {
  if (nextStoreIn(W, root) === next) return root
  const own = root === 0 ? makeNode(W, space, 0) : ownNode(W, space, root)
  W[own + C_NEXT_STORE] = next
  return own
}

/** The state block of store `id` in the catalog `root`; 0 where the snapshot has no such store. */
export function stateOf(W: Uint32Array, root: number, id: number): number {
  if (root === 0) return 0
  let node = root
  let level = W[node + C_LEVEL]
  if (id >= CATALOG_FAN ** (level + 1)) return 0
  for (; level > 0 && node !== 0; level--) {
    node = W[node + C_KIDS + ((id >>> (CATALOG_BITS * level)) & (CATALOG_FAN - 1))]
  }
  return node === 0 ? 0 : W[node + C_KIDS + (id & (CATALOG_FAN - 1))]
}

/**
 * Sets the state of store `id` (0: it is dropped) and returns the catalog's new root.
 * @throws ZVerseError `ZVERSE_FULL`; the old catalog is untouched.
 */
export function withState(
  W: Uint32Array,
  space: Workspace,
  root: number,
  id: number,
  state: number,
): number {
  let top = root === 0 ? makeNode(W, space, 0) : root
  while (id >= CATALOG_FAN ** (W[top + C_LEVEL] + 1)) {
    const above = makeNode(W, space, W[top + C_LEVEL] + 1)
    W[above + C_KIDS] = top
    top = above
  }
  return setBelow(W, space, top, id, state)
}

function setBelow(
  W: Uint32Array,
  space: Workspace,
  node: number,
  id: number,
  state: number,
): number {
  const level = W[node + C_LEVEL]
  const i = (id >>> (CATALOG_BITS * level)) & (CATALOG_FAN - 1)
  const own = ownNode(W, space, node)
  let kid = state
  if (level > 0) {
    const below = W[own + C_KIDS + i]
    kid = setBelow(W, space, below === 0 ? makeNode(W, space, level - 1) : below, id, state)
  }
  W[own + C_KIDS + i] = kid
  return own
}

/** A node, or a copy of it where it is not the transaction's. */
function ownNode(W: Uint32Array, space: Workspace, node: number): number {
  if (space.isNew(node)) return node
  const own = makeNode(W, space, W[node + C_LEVEL])
  W.copyWithin(own + C_NEXT_STORE, node + C_NEXT_STORE, node + CATALOG_WORDS)
  space.retireBlock(node, birthOf(W, node), CATALOG_WORDS)
  return own
}

function makeNode(W: Uint32Array, space: Workspace, level: number): number {
  const node = space.allocate(CATALOG_WORDS)
  W.fill(0, node, node + CATALOG_WORDS)
  store48(W, node, space.version)
  W[node + C_LEVEL] = level
  return node
}

/** Visits the nodes of a catalog (`visit` says whether to go below) and its states. */
export function walkCatalog(
  W: Uint32Array,
  node: number,
  visit: (ref: number, birth: number) => boolean,
  state: (ref: number) => void,
): void {
  if (node === 0 || !visit(node, birthOf(W, node))) return
  for (let i = 0; i < CATALOG_FAN; i++) {
    const kid = W[node + C_KIDS + i]
    if (kid === 0) continue
    if (W[node + C_LEVEL] === 0) state(kid)
    else walkCatalog(W, kid, visit, state)
  }
}

/**
 * Visits the stores whose states differ between two catalogs, by rising id, with both states (0: no such store).
 * What the catalogs share is passed over.
 */
export function eachChanged(
  W: Uint32Array,
  before: number,
  after: number,
  visit: (id: number, before: number, after: number) => void,
): void {
  const top = Math.max(levelOf(W, before), levelOf(W, after))
  if (top >= 0) changedBelow(W, before, after, top, 0, visit)
}

const levelOf = (W: Uint32Array, node: number): number => (node === 0 ? -1 : W[node + C_LEVEL])

/** @param level of the higher one of the nodes @param first id of the first store below them */
function changedBelow(
  W: Uint32Array,
  before: number,
  after: number,
  level: number,
  first: number,
  visit: (id: number, before: number, after: number) => void,
): void {
  if (before === after) return
  const width = CATALOG_FAN ** level
  for (let i = 0; i < CATALOG_FAN; i++) {
    const [old, young] = [kidAt(W, before, level, i), kidAt(W, after, level, i)]
    if (old === young) continue
    if (level === 0) visit(first + i, old, young)
    else changedBelow(W, old, young, level - 1, first + i * width, visit)
  }
}

/** Kid `i` of a node, as if it were of `level`: one of a lower level would be the first kid. */
function kidAt(W: Uint32Array, node: number, level: number, i: number): number {
  if (levelOf(W, node) === level) return W[node + C_KIDS + i]
  return i === 0 ? node : 0
}
