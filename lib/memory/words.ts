/**
 * Versions and times in two words, and bits and order of keys. Pure functions on words.
 */
const TWO32 = 2 ** 32

/**
 * Room for `n` numbers. Not a typed array, which takes many times as long to make. With a fraction in
 * each place the engine keeps all numbers unboxed, also those that are no small integers.
 */
export function numbers(n: number): number[] {
  const all = new Array<number>(n)
  for (let i = 0; i < n; i++) all[i] = 0.5
  return all
}

/** The 48-bit number at words `at` (low) and `at + 1` (its low 16 bits). */
export function load48(W: Uint32Array, at: number): number {
  return (W[at + 1] & 0xffff) * TWO32 + W[at]
}

/** Stores a 48-bit number; the upper 16 bits of the second word become 0. */
export function store48(W: Uint32Array, at: number, value: number): void {
  W[at] = value // a typed array keeps the low 32 bits
  W[at + 1] = value / TWO32
}

/** 32 bits from bit `depth` on of the key of `count` words at `words[at]`, zeros beyond its end. */
export function keyBits(words: Uint32Array, at: number, count: number, depth: number): number {
  const i = depth >>> 5
  const shift = depth & 31
  if (i >= count) return 0
  const high = words[at + i]
  if (shift === 0) return high
  const low = i + 1 < count ? words[at + i + 1] >>> (32 - shift) : 0
  return ((high << shift) | low) >>> 0
}

/** Compares two keys: words unsigned, then the shorter first. Negative, 0 or positive. */
export function compareKeys(
  a: Uint32Array,
  aAt: number,
  aBytes: number,
  b: Uint32Array,
  bAt: number,
  bBytes: number,
): number {
  const n = ((aBytes < bBytes ? aBytes : bBytes) + 3) >>> 2
  for (let i = 0; i < n; i++) {
    const x = a[aAt + i]
    const y = b[bAt + i]
    if (x !== y) return x < y ? -1 : 1
  }
  return aBytes - bBytes
}

/** Bits two keys share from the start, at most those of the words both have. */
export function sharedBits(
  a: Uint32Array,
  aAt: number,
  aBytes: number,
  b: Uint32Array,
  bAt: number,
  bBytes: number,
): number {
  const n = ((aBytes < bBytes ? aBytes : bBytes) + 3) >>> 2
  for (let i = 0; i < n; i++) {
    const x = a[aAt + i] ^ b[bAt + i]
    if (x !== 0) return i * 32 + Math.clz32(x)
  }
  return n * 32
}
