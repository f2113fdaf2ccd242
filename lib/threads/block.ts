/**
 * Blocks that are linked once and stay: a thread that needs one makes it, beside transactions or in
 * the middle of one, if it can have the turn without waiting.
 */
import type { Allocator } from '../memory/allocator.js'
import { H_DIRTY, H_PHASE, WRITING_VERB } from '../memory/layout.js'
import type { Turn } from './turn.js'

/**
 * A block whose words are all `content`, asked for under the turn; its reference is stored at word `link`.
 * @returns 0 where the turn cannot be had without waiting, or where there is no room
 */
export function blockAt(
  W: Uint32Array,
  allocator: Allocator,
  turn: Turn,
  link: number,
  words: number,
  content: () => number,
): number {
  const nested = turn.mine
  if (!nested && !turn.tryTake(WRITING_VERB)) return 0
  if (W[link] !== 0) {
    // Another thread was quicker; overflow blocks are each thread's own.
    if (!nested) turn.give()
    return W[link]
  }
  const dirty = W[H_DIRTY]
  let whole = false
  try {
    // A death in between would leak the block, so H_PHASE tells recovery to mark.
    W[H_PHASE] = 1
    W[H_DIRTY] = 1
    const block = allocator.allocate(words)
    if (block !== 0) {
      W.fill(content(), block, block + words)
      Atomics.store(W, link, block)
    }
    W[H_PHASE] = 0
    W[H_DIRTY] = dirty
    whole = true
    return block
  } finally {
    if (!nested && whole) turn.give()
    else if (!nested) turn.giveDirty()
  }
}
