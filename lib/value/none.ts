/** The values of stores that have none: indexes. */
import type { ValueCodec } from './codec.js'

const NONE: ValueCodec = {
  name: 'none',
  pure: true,
  encode(_, into) {
    into.length = 0
    into.ascii = false
  },
  headerOf: () => 0,
  decode: () => undefined,
}

export function noValues(): ValueCodec {
  return NONE
}
