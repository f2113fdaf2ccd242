/** From the `keys` option to its codec. Any thread; each call makes a codec of its own. */
import { ZVerseError } from '../errors.js'
import { granted } from '../memory/granted.js'
import { binaryKeys } from './binary.js'
import type { KeyCodec } from './codec.js'
import { describe } from './describe.js'
import { stringKeys } from './string.js'
import { tupleKeys } from './tuple.js'
import { ZOrder, ZOrderKeys, zorderNamed } from './zorder.js'

/**
 * @param option `'string'`, `'binary'`, `'tuple'` or the result of `zorder`.
 * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming `keys`.
 */
export function keyCodec(option: unknown): KeyCodec {
  return granted('a codec', () => made(option))
}

function made(option: unknown): KeyCodec {
  const curve = ZOrder.curveOf(option)
  if (curve !== undefined) return new ZOrderKeys(curve) as KeyCodec
  switch (option) {
    case 'string':
      return stringKeys() as KeyCodec
    case 'binary':
      return binaryKeys() as KeyCodec
    case 'tuple':
      return tupleKeys() as KeyCodec
    default: {
      const what = typeof option === 'string' ? JSON.stringify(option) : describe(option)
      const message = `keys must be 'string', 'binary', 'tuple' or zorder([…]), not ${what}`
      throw new ZVerseError('ZVERSE_INVALID_OPTION', message, { option: 'keys' })
    }
  }
}

/** The codec of a name that another thread, or a stored definition, gives. */
export function keyCodecNamed(name: string): KeyCodec {
  return keyCodec(zorderNamed(name) ?? name)
}
