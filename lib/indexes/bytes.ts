/**
 * The bytes of an entry's value, as paths are read in it: where they lie, or a copy where they lie in pieces or deflated.
 */
import type { Arena } from '../memory/arena.js'
import { isAscii, isInPieces, valueAt, valueBytesOf } from '../memory/entry.js'
import type { Gatherer } from '../memory/pieces.js'
import { inflateValue, isDeflated, LEAST_DEFLATED } from '../value/deflate.js'
import { startIn, windowOf } from '../value/text.js'
import { JsonPaths } from './json-paths.js'
import { MsgpackPaths } from './msgpack-paths.js'
import type { PathReader } from './path.js'

/** The codecs whose values have paths. */
export type Encoded = 'msgpack' | 'json'

export class EntryPaths {
  readonly #arena: Arena
  readonly #gatherer: Gatherer
  readonly #readers: Record<Encoded, PathReader> = {
    msgpack: new MsgpackPaths(),
    json: new JsonPaths(),
  }
  /** The reader of the value that was opened last, and the value's place. */
  reader: PathReader = this.#readers.msgpack
  from = 0

  constructor(arena: Arena, gatherer: Gatherer) {
    this.#arena = arena
    this.#gatherer = gatherer
  }

  /** Opens the value of an entry in the arena, until the next one. */
  open(entry: number, encoded: Encoded): void {
    const W = this.#arena.words
    const isWhole = !isInPieces(W, entry)
    const memory = isWhole ? this.#arena : this.#gatherer.gather(entry)
    this.#openBytes(
      memory,
      isWhole ? valueAt(W, entry) : 0,
      valueBytesOf(W, entry),
      isAscii(W, entry),
      encoded,
    )
  }

  /** Opens the value of an entry that lies in `words`: in the arena, or in one piece. */
  openIn(words: Uint32Array, entry: number, encoded: Encoded): void {
    if (words === this.#arena.words) {
      this.open(entry, encoded)
      return
    }
    const length = valueBytesOf(words, entry)
    const memory = this.#gatherer.copyOf(words, valueAt(words, entry), Math.ceil(length / 4))
    this.#openBytes(memory, 0, length, isAscii(words, entry), encoded)
  }

  #openBytes(memory: Arena, at: number, length: number, ascii: boolean, encoded: Encoded): void {
    if (ascii && length >= LEAST_DEFLATED && isDeflated(memory.words[at])) {
      const was = inflateValue(this.#gatherer, memory, at, length)
      this.#openBytes(was.memory, 0, was.length, was.ascii, encoded)
      return
    }
    this.reader = this.#readers[encoded]
    this.from = this.reader.begin(windowOf(memory, at, length), startIn(memory, at, length), length)
  }
}
