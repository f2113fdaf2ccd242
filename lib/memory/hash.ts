/**
 * The hash of a key: 32 bits, for the point index and for sketches. Pure, for any thread.
 *
 * MurmurHash3 (Appleby, public domain) on the key's words, its length as the seed. It mixes well but
 * resists no attacker: keys made to collide make the index useless, not its answers wrong.
 */
import { keyBytesOf } from './entry.js'
import { E_KEY } from './layout.js'

/** The hash of the key of `bytes` bytes whose words begin at `words[at]`. */
export function hashKey(words: Uint32Array, at: number, bytes: number): number {
  const end = at + ((bytes + 3) >>> 2)
  let h = bytes
  for (let i = at; i < end; i++) {
    let k = Math.imul(words[i], 0xcc9e2d51)
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
    h ^= k
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The hash of an entry's key. */
export function hashOf(W: Uint32Array, entry: number): number {
  return hashKey(W, entry + E_KEY, keyBytesOf(W, entry))
}
