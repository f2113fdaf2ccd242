/**
 * The next code inside a box: BIGMIN, by which a scan along the Z-order curve jumps over the stretches
 * that lie outside.
 *
 * After H. Tropf and H. Herzog, Multidimensional range search in dynamically balanced trees,
 * Angewandte Informatik 2/1981. They decide bit by bit; these functions find the place where a code leaves
 * the box, and the last place before it where the code can rise, for all bits of a dimension at once (as
 * F. Ramsak et al. do for the UB-tree, VLDB 2000). Works on windows: 32 consecutive bits of a code. Pure
 * functions, any thread.
 */

const ALL = 0xffffffff

/**
 * The least window code not below `z` that lies inside a box; -1 if there is none.
 *
 * @param z a window code
 * @param masks of each dimension that the box bounds: its bits in the window
 * @param lows of each: the least it may be, as bits under its mask
 * @param highs of each: the greatest it may be; not below the least
 * @param count how many dimensions the box bounds
 * @param free the bits of the dimensions that the box does not bound
 */
export function bigmin(
  z: number,
  masks: readonly number[],
  lows: readonly number[],
  highs: readonly number[],
  count: number,
  free: number,
): number {
  // The first place where z leaves the box; and where z has a 0 that may become 1 without rising
  // above the box, as far as each dimension alone can tell.
  let out = 32
  let isAbove = false
  let room = free & ~z
  for (let i = 0; i < count; i++) {
    const mask = masks[i]
    const low = lows[i]
    const high = highs[i]
    const x = (z & mask) >>> 0
    if (x < low) {
      const place = Math.clz32(x ^ low)
      if (place < out) {
        out = place
        isAbove = false
      }
    } else if (x > high) {
      const place = Math.clz32(x ^ high)
      if (place < out) {
        out = place
        isAbove = true
      }
    }
    if (x < high) room |= mask & ~z & (ALL >>> Math.clz32(x ^ high))
  }
  if (out === 32) return z
  let bit = 0x80000000 >>> out
  if (isAbove) {
    const before = out === 0 ? 0 : room & ~(ALL >>> out)
    if (before === 0) return -1
    bit = (before & -before) >>> 0
  }
  // Everything behind the bit that rises becomes as small as the box allows.
  const behind = bit - 1
  let next = (z | bit) & ~behind
  for (let i = 0; i < count; i++) {
    if (((next ^ lows[i]) & masks[i] & ~behind) === 0) next |= lows[i] & behind
  }
  return next >>> 0
}
