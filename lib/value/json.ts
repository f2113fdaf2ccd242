/**
 * JSON values, stored as UTF-8. Any thread.
 *
 * Invariant: encoding runs the caller's code (`toJSON`, getters) to its end before it touches the
 * buffer; decoding runs none.
 */
import { ZVerseError } from '../errors.js'
import { describe } from '../key/describe.js'
import type { Arena } from '../memory/arena.js'
import { TextReader } from '../memory/text.js'
import type { ValueBuffer, ValueCodec } from './codec.js'
import { decodeText, encodeText } from './text.js'

class JsonValues implements ValueCodec {
  readonly name = 'json'
  readonly pure = true
  readonly #reader = new TextReader()

  encode(value: unknown, into: ValueBuffer): void {
    encodeText(stringify(value), into)
    // `ascii` is for values that are the characters themselves; the JSON of a string has quotes around them.
    into.ascii = false
  }

  headerOf(): number {
    return 0
  }

  decode(arena: Arena, at: number, length: number): unknown {
    return JSON.parse(decodeText(this.#reader, arena, at, length, false))
  }
}

function stringify(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    // A getter that called the database gets the database's own error.
    if (cause instanceof ZVerseError) throw cause
    const message = 'value must have a JSON form: JSON.stringify threw, see the cause'
    throw new ZVerseError('ZVERSE_INVALID_VALUE', message, { cause })
  }
  if (text !== undefined) return text
  const message = `value must have a JSON form, which ${describe(value)} does not`
  throw new ZVerseError('ZVERSE_INVALID_VALUE', message)
}

/** The codec of `values: 'json'`. */
export function jsonValues(): ValueCodec {
  return new JsonValues()
}
