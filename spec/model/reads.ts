/**
 * The reading operations of the model: every verb, on every kind of thing that can be read, at
 * random views and ranges; and iterators that are left open while the world goes on.
 */
import { DECISIONS } from '../oracle/decisions.js'
import type { Draft } from '../oracle/draft.js'
import type { OracleView, Pin } from '../oracle/oracle.js'
import type { Reader } from '../oracle/reader.js'
import { prefixFor } from '../support/alphabet.js'
import { list } from '../support/compare.js'
import type {
  Bounds,
  Cursor,
  HistoryRecord,
  Reads,
  ReadTx,
  Side,
  ViewOptions,
  WriteTx,
} from '../support/contract.js'
import type { Random } from '../support/random.js'
import type { NamedStore, World } from './world.js'

/** A view as the engine takes it, and as the oracle does. */
export interface TwoViews {
  real: ViewOptions
  model: OracleView
}

interface TwoSides {
  real: Side
  model: number | string | Date | Pin
}

/** Something to read from: the database, a store, or either in a transaction. */
export interface Scope {
  name: string
  store: NamedStore | undefined
  reads(): Reads
  reader(view: OracleView): Reader
  takesViews: boolean
  draft: Draft | undefined
  owner: ReadTx | WriteTx | undefined
}

const TAGS = ['t', 'tag two', '1a', '__proto__']

function randomSide(world: World, random: Random): TwoSides {
  const { oracle, pins } = world
  const kind = random.int(10)
  if (kind < 4) {
    // A little beyond both ends, to see both errors.
    const lowest = Math.max(0, oracle.oldestVersion - 3)
    const at = lowest + random.int(oracle.version + 2 - lowest)
    return { real: at, model: at }
  }
  if (kind < 6) {
    const tag = random.chance(0.9) && oracle.tags.size > 0 ? [...oracle.tags.keys()] : TAGS
    const name = random.pick(tag)
    return { real: name, model: name }
  }
  if (kind < 8 && pins.length > 0) {
    const { tx, pin } = random.pick(pins)
    return { real: tx, model: pin }
  }
  const lowest = Math.max(oracle.first, oracle.oldestVersion - 2)
  const version = lowest + random.int(oracle.version - lowest + 1)
  const ms = oracle.timestampOf(version) + random.int(3) - 1
  return { real: new Date(ms), model: new Date(ms) }
}

/** Nothing at all, half of the time. */
export function randomView(world: World, random: Random): TwoViews {
  if (random.chance(0.5)) return { real: {}, model: {} }
  const side = randomSide(world, random)
  if (side.model instanceof Date) return { real: { asOf: side.model }, model: { asOf: side.model } }
  if (typeof side.model !== 'object') return { real: { at: side.model }, model: { at: side.model } }
  return { real: { snapshot: side.real as ReadTx }, model: { snapshot: side.model } }
}

export function randomTag(random: Random): string {
  return random.pick(TAGS)
}

export function randomBounds(world: World, store: NamedStore | undefined, random: Random): Bounds {
  const pool = world.poolOf(store)
  const bounds: Bounds = {}
  const kind = store ? store.kind : world.params.keys
  if (random.chance(0.35)) bounds[random.chance(0.5) ? 'gt' : 'gte'] = random.pick(pool)
  if (random.chance(0.35)) bounds[random.chance(0.5) ? 'lt' : 'lte'] = random.pick(pool)
  if (random.chance(0.15)) bounds.prefix = prefixFor(kind, random.pick(pool), random)
  return bounds
}

export function randomOptions(world: World, store: NamedStore | undefined, random: Random): Bounds {
  const bounds = randomBounds(world, store, random)
  if (random.chance(0.4)) bounds.reverse = random.chance(0.8)
  if (random.chance(0.25)) bounds.limit = random.int(8)
  return bounds
}

export function randomScope(world: World, random: Random): Scope {
  const { db, oracle, pins, writing } = world
  const usable = world.stores.filter(store => store.handle)
  const store = usable.length > 0 && random.chance(0.35) ? random.pick(usable) : undefined
  const log = () => world.log(store?.name)
  const target = store?.handle ?? db
  const name = store ? `store(${store.name})` : 'db'
  const kind = random.int(10)
  if (writing && kind < 6) {
    const { tx, draft } = writing
    return {
      name: `tx.${name}`,
      store,
      reads: () => (store?.handle ? tx.store(store.handle) : tx),
      reader: () => oracle.draftReader(log(), draft),
      takesViews: false,
      draft,
      owner: tx,
    }
  }
  if (pins.length > 0 && kind >= 8) {
    const { tx, pin } = random.pick(pins)
    return {
      name: `read@${pin.version}.${name}`,
      store,
      reads: () => (store?.handle ? tx.store(store.handle) : tx),
      reader: () => oracle.reader(log(), { snapshot: pin }),
      takesViews: false,
      draft: undefined,
      owner: tx,
    }
  }
  return {
    name,
    store,
    reads: () => target,
    reader: view => oracle.reader(log(), view),
    takesViews: true,
    draft: undefined,
    owner: undefined,
  }
}

/** A scope with a view it can take. */
export function randomPlace(world: World, random: Random): { scope: Scope; view: TwoViews } {
  const scope = randomScope(world, random)
  const view = scope.takesViews ? randomView(world, random) : { real: {}, model: {} }
  return { scope, view }
}

export function readPoint(world: World, random: Random): void {
  const { scope, view } = randomPlace(world, random)
  const pool = world.poolOf(scope.store)
  const key = random.pick(pool)
  const verb = random.pick(['get', 'has', 'getEntry'] as const)
  world.read(
    `${scope.name}.${verb}(${world.brief(key, view.real)})`,
    () => scope.reads()[verb](key, ...viewArgument(scope, view)),
    () => scope.reader(view.model)[verb](key),
  )
}

export function readMany(world: World, random: Random): void {
  const { scope, view } = randomPlace(world, random)
  const pool = world.poolOf(scope.store)
  const keys = Array.from({ length: random.int(6) }, () => random.pick(pool))
  world.read(
    `${scope.name}.getMany(${world.brief(keys, view.real)})`,
    () => scope.reads().getMany(keys, ...viewArgument(scope, view)),
    () => scope.reader(view.model).getMany(keys),
  )
}

/** Verbs of transactions take no view, not even an empty one as an argument of its own. */
function viewArgument(scope: Scope, view: TwoViews): [] | [ViewOptions] {
  return scope.takesViews ? [view.real] : []
}

export const RANGES = ['range', 'entries', 'keys', 'values', 'getEntries'] as const

/** `range` and `entries` are two names of one thing. */
export function modelRange(
  reader: Reader,
  verb: (typeof RANGES)[number],
  bounds: Bounds,
): unknown[] {
  return reader[verb === 'range' ? 'entries' : verb](bounds)
}

export function readRange(world: World, random: Random): void {
  const { scope, view } = randomPlace(world, random)
  const bounds = randomOptions(world, scope.store, random)
  const verb = random.pick(RANGES)
  const byArray = random.chance(0.5)
  world.read(
    `${scope.name}.${verb}(${world.brief(bounds, view.real)})`,
    () => {
      const cursor = scope.reads()[verb]({ ...bounds, ...view.real })
      return byArray ? cursor.toArray() : [...(cursor as Cursor<unknown>)]
    },
    () => modelRange(scope.reader(view.model), verb, bounds),
  )
}

export function readCount(world: World, random: Random): void {
  const { scope, view } = randomPlace(world, random)
  const bounds = randomOptions(world, scope.store, random)
  world.read(
    `${scope.name}.count(${world.brief(bounds, view.real)})`,
    () => scope.reads().count({ ...bounds, ...view.real }),
    () => scope.reader(view.model).count(bounds),
  )
}

export function readSize(world: World, random: Random): void {
  const scope = randomScope(world, random)
  world.read(
    `${scope.name}.size`,
    () => scope.reads().size,
    () => scope.reader({}).size,
  )
  if (world.poolOf(scope.store).length > 200) return
  world.read(
    `[...${scope.name}]`,
    () => [...(scope.reads() as Iterable<unknown>)],
    () => scope.reader({}).entries(),
  )
}

export function readHistory(world: World, random: Random): void {
  const { scope, view } = randomPlace(world, random)
  const key = random.pick(world.poolOf(scope.store))
  const { oldestVersion, version } = world.oracle
  const near = () => Math.max(0, oldestVersion - 2) + random.int(version - oldestVersion + 3)
  const options = {
    ...(random.chance(0.3) ? { from: near() } : {}),
    ...(random.chance(0.3) ? { to: near() } : {}),
    ...(random.chance(0.3) ? { reverse: random.chance(0.8) } : {}),
    ...(random.chance(0.3) ? { limit: random.int(5) } : {}),
  }
  // The time of a commit that is not yet made is left open.
  const timeless = (records: HistoryRecord[]) =>
    records.map(record => {
      return record.version === scope.draft?.version ? { ...record, timestamp: undefined } : record
    })
  world.read(
    `${scope.name}.history(${world.brief(key, { ...options, ...view.real })})`,
    () => timeless(list(scope.reads().history(key, { ...options, ...view.real }))),
    () => timeless(scope.reader(view.model).history(key, options)),
  )
}

export function readDiff(world: World, random: Random): void {
  const usable = world.stores.filter(store => store.handle)
  const store = usable.length > 0 && random.chance(0.3) ? random.pick(usable) : undefined
  const from = randomSide(world, random)
  const to = randomSide(world, random)
  const options = DECISIONS.diffTakesReverseAndLimit ? randomOptions : randomBounds
  const bounds = options(world, store, random)
  world.read(
    `${store?.name ?? 'db'}.diff(${world.brief(from.model, to.model, bounds)})`,
    () => list((store?.handle ?? world.db).diff(from.real, to.real, bounds)),
    () => world.oracle.diff(world.log(store?.name), from.model, to.model, bounds),
  )
}

export function readVersions(world: World, random: Random): void {
  const { db, oracle } = world
  world.read(
    'versions()',
    () => list(db.versions()).map(info => ({ ...info, tags: [...info.tags].sort() })),
    () => oracle.versions(),
  )
  const view = randomView(world, random)
  world.read(
    `stores(${world.brief(view.real)})`,
    () => db.stores(view.real),
    () => oracle.stores(view.model),
  )
}
