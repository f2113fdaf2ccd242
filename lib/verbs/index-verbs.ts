/** What all indexes have, of whatever kind. */
import { type IndexDefinition, shownOf } from '../indexes/definition.js'
import { Printed, type Shown, shown } from '../memory/shown.js'
import type { IndexCore } from '../read/index-core.js'
import type { Source } from '../read/source.js'

export abstract class IndexVerbs<K, V> extends Printed {
  readonly #source: Source
  /** Never there: carries types only. */
  declare readonly '~entry'?: { key: K; value: V }

  /**
   * @internal
   * @param source of the index as a store
   */
  constructor(source: Source) {
    super()
    this.#source = source
  }

  /** @internal */
  get _core(): IndexCore {
    return this.#source.core as IndexCore
  }

  /** @internal */
  get _source(): Source {
    return this.#source
  }

  /** Its name. */
  get name(): string {
    return this._core.known.name
  }

  /** Its definition. */
  get definition(): IndexDefinition {
    return shownOf(this._core.known.defined) as IndexDefinition
  }

  /** @internal */
  _shown(): Shown {
    return shown('Index', () => ({ name: this.name, ...this.definition }))
  }
}
