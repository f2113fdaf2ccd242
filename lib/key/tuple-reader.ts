/** Reads the bytes of tuple keys, which tuple.ts draws. Any thread; each reader belongs to one thread. */
import { TextReader } from '../memory/text.js'
import { MAX_KEY_BYTES } from './codec.js'
import {
  ARRAY,
  BYTES,
  END,
  ESCAPE,
  FALSE,
  NULL,
  NUMBER,
  numberAt,
  STRING,
  TRUE,
  type TupleKey,
} from './tuple-writer.js'

const NOTHING = new Uint8Array(0)

export class TupleReader {
  readonly #text = new TextReader()
  /** A string's UTF-8, or bytes, without escapes. */
  readonly #plain = new Uint8Array(MAX_KEY_BYTES)
  #bytes: Uint8Array = NOTHING
  /** The place behind what was read. */
  at = 0

  /** Reads the part that begins at `bytes[at]`; what it returns shares nothing. */
  read(bytes: Uint8Array, at: number): TupleKey {
    this.#bytes = bytes
    this.at = at
    return this.#read()
  }

  #read(): TupleKey {
    const tag = this.#bytes[this.at++]
    switch (tag) {
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case NUMBER:
        this.at += 8
        return numberAt(this.#bytes, this.at - 8)
      case STRING:
        return this.#string()
      case BYTES:
        // Not `slice`: of a Buffer that would be a view.
        return Uint8Array.from(this.#plain.subarray(0, this.#unescape()))
      case ARRAY: {
        const elements: TupleKey[] = []
        while (this.#bytes[this.at] !== END) elements.push(this.#read())
        this.at++
        return elements
      }
      default:
        throw new Error(`zverse: assertion failed: no tuple tag ${tag}`)
    }
  }

  #string(): string {
    const bytes = this.#bytes
    const from = this.at
    let end = from
    while (bytes[end] > ESCAPE) end++
    if (bytes[end] === ESCAPE) return this.#text.utf8(this.#plain, 0, this.#unescape())
    this.at = end + 1
    return this.#text.utf8(bytes, from, end)
  }

  /** Unescapes into `#plain` and returns how many bytes that were. */
  #unescape(): number {
    const bytes = this.#bytes
    const plain = this.#plain
    let at = this.at
    let size = 0
    for (let byte = bytes[at++]; byte !== END; byte = bytes[at++]) {
      plain[size++] = byte === ESCAPE ? bytes[at++] - 1 : byte
    }
    this.at = at
    return size
  }
}
