/**
 * Snapshot records: making the one of a new version, and making it the newest one.
 *
 * For the owner of the writer lock. {@link fillRecord} is the last thing in a commit that can fail;
 * {@link publishRecord} neither allocates nor throws, and its one store of TIP is the commit.
 */

import { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import { tipOf } from '../memory/atomic.js'
import {
  CHUNK_WORDS,
  H_CURRENT,
  H_PUBLISHED,
  H_SEARCH_AGAIN,
  H_SYNC,
  H_UNDONE,
  H_WATCHERS,
  LEAST_CHUNK,
  R_DEAD,
  R_FLAGS,
  R_GROUP,
  R_ITEMS,
  R_NEXT,
  R_PENDING,
  R_PREV,
  R_REPLACED,
  R_UNTIL,
  R_VERSION,
  SYNC_COMMIT,
} from '../memory/layout.js'
import { inlineOf, setInline, writeTime, writeUntil } from '../memory/record.js'
import { load48, store48 } from '../memory/words.js'
import { nodeBirth } from '../tree/node.js'
import type { Workspace } from '../tree/workspace.js'
import { birthCode, type Chunks } from './chunks.js'
import { advanceTip } from './tip.js'
import type { Versions } from './versions.js'

/** Words that a record takes in the arena, with so many items. */
export function recordWords(items: number): number {
  return Allocator.roundUp(R_ITEMS + items)
}

/**
 * Writes the record of the transaction's version, with the list of what it retires; but not its catalog, the next
 * store id and the state of the unnamed store.
 * @param record a block with room for `items`
 * @param items `space.inlineItems`
 * @param time ms since 1970
 * @throws ZVerseError `ZVERSE_FULL`
 */
export function fillRecord(
  W: Uint32Array,
  space: Workspace,
  chunks: Chunks,
  record: number,
  items: number,
  time: number,
): void {
  const { version, retired } = space
  const previous = tipOf(W)
  store48(W, record + R_VERSION, version)
  writeTime(W, record, time)
  W[record + R_PREV] = previous
  W[record + R_NEXT] = 0
  W[record + R_UNTIL] = 0
  W[record + R_FLAGS] = 0
  W[record + R_GROUP] = W[previous + R_GROUP]
  W[record + R_DEAD] = 0
  W[record + R_PENDING] = 0
  for (let i = 0; i < items; i++) W[record + R_ITEMS + i] = retired.items[i]
  setInline(W, record, items)
  if (items === 0) fillChunks(W, space, chunks, record)
  chunks.ensureSpare()
  const old = recordWords(inlineOf(W, previous))
  W[record + R_REPLACED] = W[previous + R_REPLACED] + space.retiredWords + old
}

/** Puts the blocks that the transaction retires into chunks of the record's lists. */
function fillChunks(W: Uint32Array, space: Workspace, chunks: Chunks, record: number): void {
  const { version, retired, births, trees } = space
  const add = (list: number, ref: number, birth: number, tree: boolean) => {
    let chunk = W[list]
    if (!chunks.hasRoom(chunk)) {
      chunk = space.allocateUpTo(CHUNK_WORDS, LEAST_CHUNK)
      chunks.init(chunk, version)
      chunks.append(list, chunk)
    }
    chunks.add(chunk, ref, birthCode(birth, version), tree)
  }
  for (let i = 0; i < retired.count; i++) {
    add(record + R_DEAD, retired.items[i], births.items[i], false)
  }
  // A dropped tree, or part of it, may be younger than the predecessor: it is pending.
  for (let i = 0; i < trees.count; i++) {
    const root = trees.items[i]
    add(record + R_PENDING, root, nodeBirth(W, root), true)
  }
  if (trees.count === 0) return
  W[H_UNDONE] = 1
  W[H_SEARCH_AGAIN] = 1
}

/**
 * Makes a record the newest one: the present one, but where a log has to make it durable first. Neither allocates nor
 * throws.
 * @param ended when the version before it ended, ms since 1970
 */
export function publishRecord(
  arena: Arena,
  versions: Versions,
  record: number,
  ended: number,
): void {
  const W = arena.words
  const previous = tipOf(W)
  const version = load48(W, record + R_VERSION)
  W[previous + R_NEXT] = record
  writeUntil(W, previous, ended)
  versions.set(version, record)
  // The commit point, and then what readers load: they see all stores before it.
  advanceTip(W, record)
  if (W[H_SYNC] === SYNC_COMMIT) return
  Atomics.store(W, H_CURRENT, record)
  Atomics.store(W, H_PUBLISHED, version >>> 0)
  if (Atomics.load(W, H_WATCHERS) !== 0) Atomics.notify(arena.signed, H_PUBLISHED)
}
