/**
 * A filter: says of a key that it is in none of a run's intervals, or may be. A Bloom filter whose bits for one key lie in
 * one line of 16 words (Putze, Sanders, Singler, *Cache-, Hash- and Space-Efficient Bloom Filters*, 2007): one cache
 * line, and one place of a file.
 */
const LINE = 16
const LINE_BITS = 32 * LINE

/** Bits that a key sets: as many as `bits · ln 2`, the best number for so many bits a key. */
const probesFor = (bits: number): number => Math.max(1, Math.min(16, Math.round(bits * Math.LN2)))

/** Mixes the hash of a key with its store: keys of different stores are different keys. */
export const hashIn = (store: number, hash: number): number =>
  Math.imul(hash ^ Math.imul(store, 0x9e3779b1), 0x85ebca6b) >>> 0

/** The filter of some hashes. @param bits of the filter for each; 0: no filter */
export function filterOf(hashes: Uint32Array, bits: number): Uint32Array {
  if (bits === 0 || hashes.length === 0) return new Uint32Array(0)
  const lines = Math.ceil((hashes.length * bits) / LINE_BITS)
  const words = new Uint32Array(1 + lines * LINE)
  const probes = probesFor(bits)
  words[0] = probes
  for (const hash of hashes) {
    const line = lineOf(hash, lines)
    for (let i = 0, h = hash; i < probes; i++) {
      h = next(h)
      words[line + ((h >>> 5) & (LINE - 1))] |= 1 << (h & 31)
    }
  }
  return words
}

/** False if no key of that hash is in the filter. */
export function mayHave(words: Uint32Array, hash: number): boolean {
  if (words.length === 0) return true
  const probes = words[0]
  const line = lineOf(hash, (words.length - 1) / LINE)
  for (let i = 0, h = hash; i < probes; i++) {
    h = next(h)
    if ((words[line + ((h >>> 5) & (LINE - 1))] & (1 << (h & 31))) === 0) return false
  }
  return true
}

/** The word at which the line of a hash begins. */
const lineOf = (hash: number, lines: number): number =>
  1 + LINE * Math.floor((hash / 2 ** 32) * lines)

/** The next number of the sequence that a hash begins: xorshift (Marsaglia, 2003), and its upper bits. */
function next(h: number): number {
  let x = h ^ 0x6a09e667
  x ^= x << 13
  x ^= x >>> 17
  x ^= x << 5
  return Math.imul(x, 0x2c1b3c6d) >>> 0
}
