/**
 * The undo log: the blocks that a transaction has allocated, in the arena, so that the next owner can free
 * them after a death.
 *
 * For the owner of the writer lock. Its first entries are in page 2, the others in chunks of up to a page.
 * Invariants:
 * 1. An entry is a block, or an odd item for an entry in pieces (loose.ts), whose chain is whole whenever
 *    H_PHASE is 0.
 * 2. Entries are added and taken off at the end, which lies in the last chunk, if in any. A chunk without
 *    entries may follow only where it has just been made.
 */
import { type Allocator, ANY_SLOTS } from '../memory/allocator.js'
import {
  H_LOG_CHUNK,
  H_LOG_COUNT,
  H_PHASE,
  L_BEFORE,
  L_ENTRIES,
  L_FIRST,
  L_ROOM,
  LEAST_LOG_CHUNK,
  LOG_AT,
  LOG_CHUNK,
  LOG_INLINE,
} from '../memory/layout.js'
import { freeAtOnce } from './loose.js'

/** Word for the next entry; 0: there is no memory for it. The caller writes it, then raises H_LOG_COUNT. */
export function logWord(W: Uint32Array, allocator: Allocator): number {
  const n = W[H_LOG_COUNT]
  return n < LOG_INLINE ? LOG_AT + n : wordInChunk(W, allocator, n)
}

/** Word for entry `n`, in a chunk; makes the chunk where the last one is full. */
function wordInChunk(W: Uint32Array, allocator: Allocator, n: number): number {
  const last = W[H_LOG_CHUNK]
  if (last === 0 || n - W[last + L_FIRST] === W[last + L_ROOM]) {
    W[H_PHASE] = 1
    const chunk = allocator.allocateUpTo(LOG_CHUNK, LEAST_LOG_CHUNK, ANY_SLOTS)
    if (chunk !== 0) {
      W[chunk + L_BEFORE] = last
      W[chunk + L_FIRST] = n
      W[chunk + L_ROOM] = Math.min(allocator.sizeOf(chunk), LOG_CHUNK) - L_ENTRIES
      W[H_LOG_CHUNK] = chunk
    }
    W[H_PHASE] = 0
    if (chunk === 0) return 0
  }
  return logEntry(W, n)
}

/** Word of entry `n`, which is the last or next one. */
export function logEntry(W: Uint32Array, n: number): number {
  if (n < LOG_INLINE) return LOG_AT + n
  const chunk = W[H_LOG_CHUNK]
  return chunk + L_ENTRIES + n - W[chunk + L_FIRST]
}

/** Frees the chunks that have no entry. */
export function trimLog(W: Uint32Array, allocator: Allocator): void {
  for (let chunk = W[H_LOG_CHUNK]; chunk !== 0; chunk = W[H_LOG_CHUNK]) {
    if (W[chunk + L_FIRST] < W[H_LOG_COUNT]) return
    W[H_LOG_CHUNK] = W[chunk + L_BEFORE]
    allocator.free(chunk)
  }
}

/**
 * Frees all blocks logged from entry `from` on. Recovery calls it on behalf of a dead owner whose
 * lists were whole, with `from` 0.
 */
export function undoLog(W: Uint32Array, allocator: Allocator, from: number): void {
  W[H_PHASE] = 1
  trimLog(W, allocator)
  for (let n = W[H_LOG_COUNT]; n > from; ) {
    n--
    const item = W[logEntry(W, n)]
    W[H_LOG_COUNT] = n
    trimLog(W, allocator)
    freeAtOnce(W, allocator, item)
  }
  trimLog(W, allocator)
  W[H_PHASE] = 0
}
