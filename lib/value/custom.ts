/**
 * Values in the user's own encoding. Any thread.
 *
 * Invariants: the user's bytes are copied before anything else runs, and the user's `decode` gets
 * bytes of its own. Errors that the user's functions throw pass unchanged.
 */
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { describe } from '../key/describe.js'
import type { Arena } from '../memory/arena.js'
import { copyOut, encodeBytes } from './binary.js'
import type { ValueBuffer, ValueCodec } from './codec.js'

/** An encoding of the user's own, passed as `values`. */
export interface CustomCodec<V = unknown> {
  /** Stored with the store; to open it again takes a codec of the same name. */
  readonly name: string
  encode(value: V): Uint8Array
  /** @param bytes a copy, to keep or change at will. */
  decode(bytes: Uint8Array): V
}

class CustomValues implements ValueCodec {
  readonly name: string
  readonly pure = false
  readonly #codec: CustomCodec

  constructor(codec: CustomCodec, name: string) {
    this.#codec = codec
    this.name = name
  }

  encode(value: unknown, into: ValueBuffer): void {
    const bytes: unknown = this.#codec.encode(value)
    if (!types.isUint8Array(bytes)) {
      const message = `encode of the codec '${this.name}' must return a Uint8Array, not ${describe(bytes)}`
      throw new ZVerseError('ZVERSE_INVALID_VALUE', message)
    }
    encodeBytes(bytes, into, `what encode of the codec '${this.name}' returned`)
  }

  headerOf(): number {
    return 0
  }

  decode(arena: Arena, at: number, length: number): unknown {
    return this.#codec.decode(copyOut(arena, at, length))
  }
}

/** The codec that calls `codec`, under `name` whatever `codec.name` becomes. */
export function customValues(codec: CustomCodec, name: string): ValueCodec {
  return new CustomValues(codec, name)
}
