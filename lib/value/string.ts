/** String values: UTF-8, with words read directly where they are short ASCII. Any thread. */
import { ZVerseError } from '../errors.js'
import { describe } from '../key/describe.js'
import type { Arena } from '../memory/arena.js'
import { TextReader } from '../memory/text.js'
import type { ValueBuffer, ValueCodec } from './codec.js'
import { decodeText, encodeText } from './text.js'

class StringValues implements ValueCodec<string> {
  readonly name = 'string'
  readonly pure = true
  readonly #reader = new TextReader()

  encode(value: string, into: ValueBuffer): void {
    if (typeof value !== 'string') {
      const message = `value must be a string, not ${describe(value)}`
      throw new ZVerseError('ZVERSE_INVALID_VALUE', message)
    }
    encodeText(value, into)
  }

  headerOf(): number {
    return 0
  }

  decode(arena: Arena, at: number, length: number, ascii: boolean): string {
    return decodeText(this.#reader, arena, at, length, ascii)
  }
}

/** The codec of `values: 'string'`. */
export function stringValues(): ValueCodec<string> {
  return new StringValues()
}
