/**
 * Moves the bits of a word that a mask selects together at its end, in their order: in five
 * steps, each of which moves some bits by a power of two (H. S. Warren, Hacker's Delight, 2nd ed., 7–4).
 * Pure functions, any thread.
 */

/** Steps that a mask takes. */
export const STEPS = 5

/** Writes to `moves[at]` and on, for each step, which bits move. */
export function prepareSqueeze(mask: number, moves: number[], at: number): void {
  let left = mask
  let zeros = ~mask << 1
  for (let i = 0; i < STEPS; i++) {
    let parity = zeros ^ (zeros << 1)
    parity ^= parity << 2
    parity ^= parity << 4
    parity ^= parity << 8
    parity ^= parity << 16
    const move = parity & left
    left = (left ^ move) | (move >>> (1 << i))
    zeros &= ~parity
    moves[at + i] = move
  }
}

/** The bits of `word` under `mask`, for which `moves[at]` and on were prepared. */
export function squeeze(word: number, mask: number, moves: readonly number[], at: number): number {
  let x = word & mask
  let moving = x & moves[at]
  x = (x ^ moving) | (moving >>> 1)
  moving = x & moves[at + 1]
  x = (x ^ moving) | (moving >>> 2)
  moving = x & moves[at + 2]
  x = (x ^ moving) | (moving >>> 4)
  moving = x & moves[at + 3]
  x = (x ^ moving) | (moving >>> 8)
  moving = x & moves[at + 4]
  x = (x ^ moving) | (moving >>> 16)
  return x >>> 0
}
