/** From the `values` option to its codec. Any thread; each call makes a codec of its own. */
import { ZVerseError } from '../errors.js'
import { describe } from '../key/describe.js'
import { granted } from '../memory/granted.js'
import { binaryValues } from './binary.js'
import type { ValueCodec } from './codec.js'
import { type CustomCodec, customValues } from './custom.js'
import { jsonValues } from './json.js'
import { msgpackValues } from './msgpack.js'
import { stringValues } from './string.js'

/**
 * @param option `'msgpack'`, `'json'`, `'string'`, `'binary'` or a {@link CustomCodec}.
 * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming `values`.
 */
export function valueCodec(option: unknown): ValueCodec {
  const codec = granted('a codec', () => builtIn(option))
  if (codec !== undefined) return codec
  if (typeof option !== 'object' || option === null) {
    const what = typeof option === 'string' ? JSON.stringify(option) : describe(option)
    throw refused(`must be 'msgpack', 'json', 'string', 'binary' or a codec, not ${what}`)
  }
  const custom = option as CustomCodec
  const name: unknown = custom.name
  if (typeof name !== 'string' || name === '') throw refused('needs a name that is not empty')
  if (isBuiltIn(name)) throw refused(`must not be named '${name}' as a built-in codec is`)
  if (typeof custom.encode !== 'function') throw refused('needs a function encode')
  if (typeof custom.decode !== 'function') throw refused('needs a function decode')
  return customValues(custom, name)
}

const BUILT_IN = ['msgpack', 'json', 'string', 'binary']

/** True for the name of a codec that is not the user's own. */
export function isBuiltIn(name: string): boolean {
  return BUILT_IN.includes(name)
}

function builtIn(name: unknown): ValueCodec | undefined {
  switch (name) {
    case 'msgpack':
      return msgpackValues()
    case 'json':
      return jsonValues()
    case 'string':
      return stringValues() as ValueCodec
    case 'binary':
      return binaryValues() as ValueCodec
    default:
      return undefined
  }
}

function refused(what: string): ZVerseError {
  return new ZVerseError('ZVERSE_INVALID_OPTION', `values ${what}`, { option: 'values' })
}
