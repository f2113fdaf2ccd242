/** The codecs that a dump names: built-in ones, and the custom ones of the caller. */

import type { Engine } from '../engine/engine.js'
import { keyCodecNamed } from '../key/resolve.js'
import { checkNames, invalidOption } from '../options.js'
import { StoreCore } from '../read/store-core.js'
import type { ValueCodec } from '../value/codec.js'
import type { CustomCodec } from '../value/custom.js'
import { isBuiltIn, valueCodec } from '../value/resolve.js'

export class Codecs {
  readonly #custom = new Map<string, ValueCodec>()

  /**
   * @param main the unnamed store, whose codec is known
   * @param given the option `codecs`
   */
  constructor(main: StoreCore, given: unknown) {
    if (given !== undefined && !Array.isArray(given)) {
      throw invalidOption('codecs', 'must be an array of codecs')
    }
    for (const codec of (given ?? []) as CustomCodec[]) {
      const resolved = valueCodec(codec)
      this.#custom.set(resolved.name, resolved)
    }
    if (!isBuiltIn(main.values.name)) this.#custom.set(main.values.name, main.values)
  }

  /** A named store's core. @throws ZVerseError `ZVERSE_INVALID_OPTION` if its codec was not given */
  core(engine: Engine, id: number, name: string, keys: string, values: string): StoreCore {
    const custom = this.#custom.get(values)
    if (custom === undefined && !isBuiltIn(values)) {
      const message = `must have the codec ${JSON.stringify(values)} of store ${JSON.stringify(name)}`
      throw invalidOption('codecs', message)
    }
    return new StoreCore(engine, id, name, keyCodecNamed(keys), custom ?? valueCodec(values))
  }
}

/** Checks options: `codecs` and those in `names`. */
export function codecsIn(main: StoreCore, options: unknown, names: string[], verb: string) {
  const given = checkNames(options, [...names, 'codecs'], verb)
  return { given, codecs: new Codecs(main, given.codecs) }
}
