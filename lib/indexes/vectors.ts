/** The vector of one value, as the definition of an index asks for it. Each reader belongs to one thread. */
import { isUsable } from '../vector/codes.js'
import type { Defined, VectorForm } from './definition.js'
import type { Unfit } from './extract.js'
import { NOWHERE, type PathReader } from './path.js'

/** Bytes in front of an entry's key in the index. */
const HEAD_BYTES = 4

export class VectorReader {
  readonly #defined: Defined
  readonly #form: VectorForm
  /** The vector that was read last. */
  readonly vector: Float32Array

  constructor(defined: Defined) {
    this.#defined = defined
    this.#form = defined.vectors as VectorForm
    this.vector = new Float32Array(this.#form.dims)
  }

  /**
   * Reads the vector of the value that `reader` has at `from`.
   * @returns whether there is one; or why there is an error to throw
   */
  read(reader: PathReader, from: number): boolean | Unfit {
    const { paths, missing, invalid } = this.#defined
    const [path] = paths
    const { vector } = this
    const at = reader.seek(from, path)
    const unfit = (what: Unfit['what'], isError: boolean) => isError && { what, path: path.text }
    if (at === NOWHERE) return unfit('missing', missing === 'error')
    if (reader.numbers(at, vector) && isUsable(this.#form.metric, vector)) return true
    return unfit('invalid', invalid === 'error')
  }

  /** Whether the key of an entry has room in the index; or why there is an error to throw. */
  fits(primary: number, most: number): boolean | Unfit {
    if (primary + HEAD_BYTES <= most) return true
    const { paths, invalid } = this.#defined
    return invalid === 'error' && { what: 'large', path: paths[0].text }
  }
}

/** The bytes of a vector. */
export function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength).slice()
}

/** The vector of some bytes; null of none. */
export function vectorOf(bytes: Uint8Array): Float32Array | null {
  return bytes.length === 0 ? null : new Float32Array(bytes.slice().buffer)
}
