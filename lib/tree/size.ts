/** Words that the blocks of entries and nodes take in the arena. */

import { Allocator } from '../memory/allocator.js'
import { entryWords, isInPieces, keyBytesOf, valueAt, valueBytesOf } from '../memory/entry.js'
import { P_DATA, P_WORDS } from '../memory/layout.js'
import { eachPiece } from '../memory/pieces.js'
import { capacityOf, levelOf, nodeWords } from './node.js'
/** Words that the block of an entry takes in the arena. */
export function entrySize(W: Uint32Array, entry: number): number {
  if (isInPieces(W, entry)) return sizeInPieces(W, entry)
  return Allocator.roundUp(entryWords(keyBytesOf(W, entry), valueBytesOf(W, entry)))
}

/** Words that the blocks of an entry in pieces take in the arena. */
function sizeInPieces(W: Uint32Array, entry: number): number {
  const first = valueAt(W, entry)
  let size = Allocator.roundUp(first - entry + P_DATA + W[first + P_WORDS])
  eachPiece(W, entry, (_, words) => {
    size += Allocator.roundUp(words)
  })
  return size
}

/** Words that the block of the node at an address takes in the arena. */
export function nodeSize(W: Uint32Array, address: number): number {
  return Allocator.roundUp(nodeWords(levelOf(W, address), capacityOf(W, address)))
}
