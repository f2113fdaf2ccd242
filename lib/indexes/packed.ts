/** Index keys as bytes: of each two bytes that say how long it is, then itself. Any thread; no state. */
import type { IndexKeys } from './extract.js'

export function packed({ bytes, places, count }: IndexKeys): Uint8Array {
  const all = new Uint8Array(places[count] + 2 * count)
  let at = 0
  for (let i = 0; i < count; i++) {
    const [from, end] = [places[i], places[i + 1]]
    all[at++] = (end - from) >>> 8
    all[at++] = end - from
    for (let k = from; k < end; k++) all[at++] = bytes[k]
  }
  return all
}

/** Makes `keys` those of some bytes. */
export function unpack(bytes: Uint8Array, keys: IndexKeys): void {
  keys.clear()
  for (let at = 0; at < bytes.length; ) {
    const size = (bytes[at] << 8) | bytes[at + 1]
    keys.addBytes(bytes, at + 2, size)
    at += 2 + size
  }
}
