/** The birth of a block that a commit made: the version, of tag trees the change, that made it. */
import { BIRTH } from './layout.js'
import { load48 } from './words.js'

export function birthOf(W: Uint32Array, block: number): number {
  return load48(W, block + BIRTH)
}
