/** The commits of the deep past as records of a dump. */
import { Buffer } from 'node:buffer'
import type { DeepChange, DeepPast } from '../engine/deep.js'
import type { Engine } from '../engine/engine.js'
import {
  type Description,
  indexOfName,
  NAMES_STORE,
  nameOfIndex,
  UNNAMED,
} from '../engine/names.js'
import type { Known } from '../indexes/definition.js'
import { R_VERSION } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { deepVersion } from '../read/deep.js'
import type { HeldVersion } from '../read/sides.js'
import type { StoreCore } from '../read/store-core.js'
import { WHOLE } from '../tree/cursor.js'
import { droppedIndexes, indexesAmong, madeIndexes, type StoreNames } from './index-records.js'
import type { DumpRecord } from './record.js'

/** Versions that are read at a time, at first; and about how many changes. */
const SPAN = 64
const CHANGES = 4096

/** What the records of a named store begin with. */
export const storeOf = ({ name }: StoreCore): { store?: string } =>
  name === null ? {} : { store: name }

/** The named stores of a version that is held, by name. */
export function namesOf(
  engine: Engine,
  { version, record }: HeldVersion,
): Map<string, Description> {
  const { names, epochs } = engine
  const { slots } = epochs
  slots.enterRun()
  try {
    const all = record !== 0 ? names.list(record) : names.listDeep(deepVersion(engine, version))
    return new Map(all.map(({ name, description }) => [name, description]))
  } finally {
    slots.exit()
  }
}

/** The indexes of a version that is held. */
export function indexesOf(engine: Engine, { version, record }: HeldVersion): Known[] {
  const { names, epochs } = engine
  const { slots } = epochs
  slots.enterRun()
  try {
    const all =
      record !== 0
        ? names.indexes(names.rootIn(record))
        : names.indexesDeep(deepVersion(engine, version))
    return indexesAmong(engine, all)
  } finally {
    slots.exit()
  }
}

/** Names of stores by id. */
export function storesIn(named: ReadonlyMap<string, Description>): StoreNames {
  const stores = new Map<number, string | null>([[UNNAMED, null]])
  for (const [name, { id }] of named) stores.set(id, name)
  return stores
}

/** What one version did: to the unnamed store, to the names, and to the named stores by id. */
interface Commit {
  readonly version: number
  readonly stores: Map<number, DeepChange[]>
}

export class DeepRun {
  readonly #engine: Engine
  readonly #main: StoreCore
  readonly #coreOf: (name: string, description: Description) => StoreCore
  #names: Map<string, Description> = new Map()
  #indexes: Known[] = []
  #span = SPAN

  constructor(
    engine: Engine,
    main: StoreCore,
    coreOf: (name: string, description: Description) => StoreCore,
  ) {
    this.#engine = engine
    this.#main = main
    this.#coreOf = coreOf
  }

  /** The records of each version after `from`, up to `to`; that of the version itself is the first. */
  *after(from: number, to: number): Generator<DumpRecord[], void> {
    this.#names = namesOf(this.#engine, { version: from, record: 0 })
    this.#indexes = indexesOf(this.#engine, { version: from, record: 0 })
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + this.#span)
      const all = this.#read(at, end)
      yield* all
      at = end
    }
  }

  /** The records of the versions after `from`, up to `to`. */
  #read(from: number, to: number): DumpRecord[][] {
    const { slots } = this.#engine.epochs
    slots.enterRun()
    try {
      const commits = this.#commits(from, to)
      return commits.map(commit => this.#records(commit))
    } finally {
      slots.exit()
    }
  }

  #commits(from: number, to: number): Commit[] {
    const { reader, names, W } = this.#engine
    const past = reader.past as DeepPast
    const oldest = reader.oldestRecord
    const until = load48(W, oldest + R_VERSION)
    const commits: Commit[] = []
    for (let version = from + 1; version <= to; version++) {
      commits.push({ version, stores: new Map() })
    }
    const read = (id: number) => {
      const changes = past.changes(id, WHOLE, from, Math.min(to, until), oldest)
      for (const change of changes) {
        const { stores } = commits[change.version - from - 1] as Commit
        const some = stores.get(id)
        if (some === undefined) stores.set(id, [change])
        else some.push(change)
      }
      return changes
    }
    let count = read(UNNAMED).length
    const ids = new Set([...this.#names.values()].map(({ id }) => id))
    for (const { found, isPut } of read(NAMES_STORE)) {
      const isIndex = indexOfName(names.nameIn(found.words, found.entry)) !== null
      if (isPut && !isIndex) ids.add(names.describeFound(found).id)
    }
    for (const id of ids) count += read(id).length
    this.#span = Math.max(1, count > CHANGES ? this.#span >>> 1 : this.#span * 2)
    return commits
  }

  #records({ version, stores }: Commit): DumpRecord[] {
    const { reader, names } = this.#engine
    const timestamp = reader.past?.timeOf(version) as number
    const records: DumpRecord[] = [{ type: 'version', version, timestamp }]
    const was = this.#names
    const is = new Map(was)
    const indexed = new Map(this.#indexes.map(index => [nameOfIndex(index.of, index.name), index]))
    for (const { found, isPut } of stores.get(NAMES_STORE) ?? []) {
      const name = names.nameIn(found.words, found.entry)
      const description = isPut ? names.describeFound(found) : undefined
      const isIndex = indexOfName(name) !== null
      if (!isIndex && description !== undefined) is.set(name, description)
      else if (!isIndex) is.delete(name)
      else if (description === undefined) indexed.delete(name)
      else indexed.set(name, this.#engine.indexes.knownAs({ name, description }))
    }
    const indexes = [...indexed.values()]
    records.push(...droppedIndexes(this.#indexes, indexes, storesIn(is)))
    this.#add(records, this.#main, stores.get(UNNAMED))
    for (const [store, { id }] of was) {
      if (is.get(store)?.id !== id) records.push({ type: 'drop', store })
    }
    const sorted = [...is].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    for (const [store, description] of sorted) {
      const { id, keys, values } = description
      if (was.get(store)?.id !== id) records.push({ type: 'store', store, keys, values })
      if (stores.has(id)) this.#add(records, this.#coreOf(store, description), stores.get(id))
    }
    records.push(...madeIndexes(this.#indexes, indexes, storesIn(is)))
    this.#names = new Map(sorted)
    this.#indexes = indexes
    return records
  }

  #add(records: DumpRecord[], core: StoreCore, changes: DeepChange[] = []): void {
    for (const { found, isPut } of changes) {
      const { words, entry } = found
      const key = core.keyIn(words, entry)
      if (!isPut) records.push({ type: 'del', ...storeOf(core), key })
      else records.push({ type: 'put', ...storeOf(core), key, value: core.valueIn(words, entry) })
    }
  }
}
