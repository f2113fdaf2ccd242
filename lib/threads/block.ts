/**
 * Blocks that are linked once and stay: made beside transactions, or in the middle of one, by whoever
 * needs one and can have the turn without waiting.
 */
import type { Allocator } from '../memory/allocator.js'
import { H_DIRTY, H_PHASE, WRITING_VERB } from '../memory/layout.js'
import type { Turn } from './turn.js'

/**
 * A block whose words are all `content`, its reference stored at word `link`.
 * @returns 0 where that would mean to wait for the turn, or where there is no room
 */
export function blockAt(
  W: Uint32Array,
  allocator: Allocator,
  turn: Turn,
  link: number,
  words: number,
  content: number,
): number {
  const nested = turn.mine
  if (!nested && !turn.tryTake(WRITING_VERB)) return 0
  if (W[link] !== 0) {
    // Another thread has been quicker; of overflow blocks each thread has its own.
    if (!nested) turn.give()
    return W[link]
  }
  let whole = false
  try {
    // A death in between would leak the block, so recovery is told to mark.
    W[H_PHASE] = 1
    W[H_DIRTY] = 1
    const block = allocator.allocate(words)
    if (block !== 0) {
      W.fill(content, block, block + words)
      Atomics.store(W, link, block)
    }
    W[H_PHASE] = 0
    whole = true
    return block
  } finally {
    if (!nested && whole) turn.give()
    else if (!nested) turn.giveDirty()
  }
}
