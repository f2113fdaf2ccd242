/** The named stores of a database, and its graphs, which are stores, too. */
import type {
  CodecsFor,
  EncodedBy,
  Encoding,
  KeyOf,
  KeysOption,
  Options,
  ValueOf,
  ValuesOption,
} from '../codec-options.js'
import type { Engine } from '../engine/engine.js'
import { checkStoreName, type Description } from '../engine/names.js'
import { checkView, type View } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import { GRAPH, graphOf, type Known } from '../indexes/definition.js'
import type { KeyCodec } from '../key/codec.js'
import { keyCodec } from '../key/resolve.js'
import { tupleKeys } from '../key/tuple.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { WRITING_VERB } from '../memory/layout.js'
import {
  type Compress,
  checkNames,
  compressIn,
  invalidOption,
  type StoreOptions,
} from '../options.js'
import { deepVersion } from '../read/deep.js'
import { IndexCore } from '../read/index-core.js'
import { StoreCore } from '../read/store-core.js'
import type { ValueCodec } from '../value/codec.js'
import { valueCodec } from '../value/resolve.js'
import { write } from '../write/commit.js'
import { Graph } from './graph.js'
import { QueueVerbs } from './queue-verbs.js'
import { Store, type StoreInfo } from './store-verbs.js'

export abstract class StoresVerbs<K, V> extends QueueVerbs<K, V> {
  /**
   * The store of that name; made, with a commit, if there is none.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` if it was made with other codecs
   */
  store<C extends KeysOption = 'string', E = unknown, D extends E = E>(
    name: string,
    options: { keys?: C | undefined; values: Encoding<E, D>; compress?: Compress | undefined },
  ): Store<KeyOf<C>, EncodedBy<E, D>>
  store<C extends KeysOption = 'string', D extends ValuesOption = 'msgpack'>(
    name: string,
    options?: { keys?: C | undefined; values?: D | undefined; compress?: Compress | undefined },
  ): Store<KeyOf<C>, ValueOf<D>>
  store<SK, SV>(name: string, ...options: Options<StoreOptions & CodecsFor<SK, SV>>): Store<SK, SV>
  store(name: string, options?: object): Store<never, never> {
    const { engine } = this._begin()
    checkStoreName(name)
    const given = checkNames(options, ['keys', 'values', 'compress'], 'store')
    const above = compressIn(given.compress)
    const keys = keyCodec(given.keys === undefined ? 'string' : given.keys)
    const values = valueCodec(given.values === undefined ? 'msgpack' : given.values)
    const found = describe(engine, name) ?? make(engine, name, keys, values)
    checkCodecs(name, found, keys, values)
    return new Store(new StoreCore(engine, found.id, name, keys, values, above))
  }

  /**
   * The graph of that name; made, with a commit, if there is none. Its edges are the store of the same name, with the keys
   * `[from, type, to]`: a store of tuples that is there already becomes a graph.
   * @param options `values`, `compress`: of the edges, as `store` takes them
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` if the store was made with other codecs; `ZVERSE_INVALID_KEY` if it has keys
   * that are none of edges
   */
  graph<N extends TupleKey = string, E = unknown, D extends E = E>(
    name: string,
    options: { values: Encoding<E, D>; compress?: Compress | undefined },
  ): Graph<N, EncodedBy<E, D>>
  graph<N extends TupleKey = string, EV = unknown>(
    name: string,
    options?: { values?: ValuesOption | undefined; compress?: Compress | undefined },
  ): Graph<N, EV>
  graph(name: string, options?: object): Graph<never, never> {
    const { engine } = this._begin()
    checkStoreName(name)
    const given = checkNames(options, ['values', 'compress'], 'graph')
    const above = compressIn(given.compress)
    const keys = tupleKeys() as KeyCodec
    const values = valueCodec(given.values === undefined ? 'msgpack' : given.values)
    const known = describeGraph(engine, name) ?? makeGraph(engine, name, keys, values)
    const { codecs } = known.defined
    checkCodecs(name, codecs, keys, values)
    const core = new StoreCore(engine, known.of, name, keys, values, above)
    return new Graph(new Store<never, never>(core) as never, IndexCore.of(core, known))
  }

  /** The named stores of a version, by name. */
  stores(view?: View): StoreInfo[] {
    const { engine } = this._begin()
    const { reader, names } = engine
    const record = reader.enter(checkView(view, 'stores'))
    try {
      const all =
        record !== 0 ? names.list(record) : names.listDeep(deepVersion(engine, reader.deep))
      return all.map(({ name, description: { keys, values } }) => ({ name, keys, values }))
    } finally {
      engine.epochs.slots.exit()
    }
  }

  /**
   * Drops a store with all its entries; older versions still have it.
   * @returns the version of the commit
   * @throws ZVerseError `ZVERSE_UNKNOWN_STORE`
   */
  dropStore(name: string): number {
    const { engine } = this._begin()
    checkStoreName(name)
    return write(engine, WRITING_VERB, tx => {
      const found = engine.names.describe(tx.base, name)
      if (found === undefined) {
        const message = `there is no store ${JSON.stringify(name)}`
        throw new ZVerseError('ZVERSE_UNKNOWN_STORE', message, { store: name })
      }
      tx.dropStore(name, found.id)
    })
  }
}

/** The store of that name that the present version has. */
function describe({ names, epochs }: Engine, name: string): Description | undefined {
  epochs.slots.enter()
  try {
    return names.describe(epochs.versions.current, name)
  } finally {
    epochs.slots.exit()
  }
}

/** Makes a store, unless another thread has made it meanwhile. */
function make(engine: Engine, name: string, keys: KeyCodec, values: ValueCodec): Description {
  let found: Description | undefined
  write(engine, WRITING_VERB, tx => {
    found = engine.names.describe(tx.base, name)
    if (found !== undefined) return
    const id = tx.createStore(name, keys.name, values.name)
    found = { id, keys: keys.name, values: values.name }
  })
  return found as Description
}

/** The index that makes the store of that name a graph in the present version. */
function describeGraph(engine: Engine, name: string): Known | undefined {
  const { names, indexes, epochs } = engine
  epochs.slots.enter()
  try {
    const record = epochs.versions.current
    const found = names.describe(record, name)
    if (found === undefined) return undefined
    const all = indexes.below(names.rootIn(record)).get(found.id)
    return all?.find(index => index.name === GRAPH)
  } finally {
    epochs.slots.exit()
  }
}

/** Makes the store of that name a graph, in one commit with the store where there is none. */
function makeGraph(engine: Engine, name: string, keys: KeyCodec, values: ValueCodec): Known {
  let known: Known | undefined
  write(engine, WRITING_VERB, tx => {
    const found = engine.names.describe(tx.base, name)
    if (found !== undefined) checkCodecs(name, found, keys, values)
    const of = found?.id ?? tx.createStore(name, keys.name, values.name)
    known = tx.indexesOf(of).find(index => index.name === GRAPH)
    if (known !== undefined) return
    const defined = graphOf({ keys: keys.name, values: values.name })
    known = { id: tx.createIndex(of, GRAPH, defined), of, name: GRAPH, defined }
  })
  return known as Known
}

function checkCodecs(
  name: string,
  made: { readonly keys: string; readonly values: string },
  keys: KeyCodec,
  values: ValueCodec,
): void {
  if (made.keys === keys.name && made.values === values.name) return
  const message = `of store ${JSON.stringify(name)}: it was made with ${made.keys} and ${made.values}`
  throw invalidOption(made.keys !== keys.name ? 'keys' : 'values', message)
}
