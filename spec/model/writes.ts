/**
 * The writing operations of the model, on the database, a store, or an open transaction; where a
 * transaction is open, writes beside it must be refused.
 */
import { OracleError } from '../oracle/errors.js'
import type { StoreLog } from '../oracle/log.js'
import type { Condition, Operation, StoreHandle, Writes } from '../support/contract.js'
import { outcomeOf } from '../support/outcome.js'
import type { Random } from '../support/random.js'
import { cutOff } from './held.js'
import { randomBounds, randomTag, randomView } from './reads.js'
import { type NamedStore, randomBatch, type World } from './world.js'

/** The write verbs as the oracle has them, for one store, committing or in a transaction. */
interface ModelWrites {
  put(key: unknown, value: unknown, condition: Condition): unknown
  delete(key: unknown, condition: Condition): unknown
  update(key: unknown, change: (old: unknown) => unknown): unknown
  batch(operations: readonly Operation[]): unknown
  clear(bounds?: ReturnType<typeof randomBounds>): unknown
}

interface Target {
  name: string
  store: NamedStore | undefined
  real(): Writes<unknown>
  model(): ModelWrites
}

function randomTarget(world: World, random: Random): Target {
  const { db, oracle, writing } = world
  const usable = world.stores.filter(store => store.handle)
  const store = usable.length > 0 && random.chance(0.3) ? random.pick(usable) : undefined
  const handle = store?.handle
  const log = () => world.log(store?.name)
  const name = store ? `store(${store.name})` : 'db'
  if (writing && random.chance(0.9)) {
    const { tx, draft } = writing
    const living = (): StoreLog => {
      if (!log().lifeAt(draft.base)) throw new OracleError('UNKNOWN_STORE')
      return log()
    }
    return {
      name: `tx.${name}`,
      store,
      real: () => (handle ? tx.store(handle) : tx),
      model: () => ({
        put: (key, value, condition) => draft.put(living(), key, value, condition),
        delete: (key, condition) => draft.delete(living(), key, condition),
        update: (key, change) => draft.update(living(), key, change),
        batch: operations => draft.batch(living(), operations),
        clear: bounds => draft.clear(living(), bounds),
      }),
    }
  }
  return {
    name,
    store,
    real: () => handle ?? db,
    model: () => ({
      put: (key, value, condition) => oracle.put(log(), key, value, condition),
      delete: (key, condition) => oracle.delete(log(), key, condition),
      update: (key, change) => oracle.update(log(), key, change),
      batch: operations => oracle.batch(log(), operations),
      clear: bounds => oracle.clear(log(), bounds),
    }),
  }
}

/** Mostly none; else right or wrong ones. */
function randomCondition(world: World, store: NamedStore | undefined, key: unknown, r: Random) {
  if (r.chance(0.75)) return {}
  if (r.chance(0.25)) return { ifVersion: null }
  if (r.chance(0.2)) return { ifVersion: r.int(world.oracle.version + 2) }
  const log = world.log(store?.name)
  const own = world.writing?.draft.own(log, log.log(key))
  const present = log.log(key).writes.at(-1)
  return { ifVersion: own?.version ?? present?.version ?? null }
}

export function put(world: World, random: Random): void {
  const target = randomTarget(world, random)
  const key = random.pick(world.poolOf(target.store))
  const value = world.valueFor(target.store, random)
  const condition = randomCondition(world, target.store, key, random)
  world.write(
    `${target.name}.put(${world.brief(key, value, condition)})`,
    () => target.real().put(key, value, condition),
    () => target.model().put(key, value, condition),
  )
}

export function remove(world: World, random: Random): void {
  const target = randomTarget(world, random)
  const key = random.pick(world.poolOf(target.store))
  const condition = randomCondition(world, target.store, key, random)
  world.write(
    `${target.name}.delete(${world.brief(key, condition)})`,
    () => target.real().delete(key, condition),
    () => target.model().delete(key, condition),
  )
}

export function update(world: World, random: Random): void {
  const target = randomTarget(world, random)
  const key = random.pick(world.poolOf(target.store))
  const next = random.chance(0.2) ? undefined : world.valueFor(target.store, random)
  const isThrowing = random.chance(0.1)
  const seen: { real?: unknown; model?: unknown } = {}
  const boom = new OracleError('CONFLICT', {})
  const change = (side: 'real' | 'model') => (old: unknown) => {
    seen[side] = old
    if (isThrowing) throw boom
    return next
  }
  world.write(
    `${target.name}.update(${world.brief(key)}, => ${isThrowing ? 'throw' : world.brief(next)})`,
    () => target.real().update(key, change('real')),
    () => target.model().update(key, change('model')),
  )
  // A tight database may refuse before or after it asked.
  if (world.params.isTight) return
  world.read(
    'what update saw',
    () => seen,
    () => ({ ...('model' in seen ? { real: seen.model, model: seen.model } : {}) }),
  )
}

export function batch(world: World, random: Random): void {
  const target = randomTarget(world, random)
  const isLarge = world.params.poolSize > 200 && !target.store && random.chance(0.5)
  const operations = randomBatch(world, target.store, random, isLarge ? 500 : random.int(12))
  const last = operations.at(-1)
  if (last && random.chance(0.3)) {
    Object.assign(last, randomCondition(world, target.store, last.key, random))
  }
  world.write(
    `${target.name}.batch(${operations.length}: ${world.brief(operations.slice(0, 12))})`,
    () => target.real().batch(operations),
    () => target.model().batch(operations),
  )
}

export function clear(world: World, random: Random): void {
  const target = randomTarget(world, random)
  const bounds = random.chance(0.25) ? undefined : randomBounds(world, target.store, random)
  const isAll = bounds === undefined || Object.keys(bounds).length === 0
  // Small ranges mostly: large runs are to stay large.
  if (isAll && world.params.poolSize > 200 && random.chance(0.8)) return
  world.write(
    `${target.name}.clear(${world.brief(bounds)})`,
    () => (bounds ? target.real().clear(bounds) : target.real().clear()),
    () => target.model().clear(bounds),
  )
}

export function restore(world: World, random: Random): void {
  const { db, oracle } = world
  const usable = world.stores.filter(store => store.handle)
  const store = usable.length > 0 && random.chance(0.3) ? random.pick(usable) : undefined
  const view = world.writing ? presentView(world) : randomView(world, random)
  if (Object.keys(view.real).length === 0) return
  const log = () => world.log(store?.name)
  if (store && !log().lifeAt(oracle.version)) return
  world.write(
    `${store?.name ?? 'db'}.restore(${world.brief(view.real)})`,
    () => (store?.handle ?? db).restore(view.real),
    () => oracle.restore(log(), view.model),
  )
}

/** The contract does not order two errors that are due at once: ask for one only. */
function presentView(world: World) {
  const view = { at: world.oracle.version }
  return { real: view, model: view }
}

export function tag(world: World, random: Random): void {
  const { db, oracle } = world
  const view = world.writing ? presentView(world) : randomView(world, random)
  const name = randomTag(random)
  if (random.chance(0.35) && oracle.tags.has(name)) {
    world.write(
      `untag(${name})`,
      () => db.untag(name),
      () => oracle.untag(name),
    )
    return
  }
  world.write(
    `tag(${world.brief(name, view.real)})`,
    () => db.tag(name, view.real),
    () => oracle.tag(name, view.model),
  )
}

export function retention(world: World, random: Random): void {
  const { db, oracle } = world
  if (random.chance(0.5)) {
    const before = world.writing
      ? oracle.version
      : Math.max(0, oracle.oldestVersion - 1 + random.int(6))
    const quiet = (action: () => unknown) => () => void action()
    world.write(
      `prune(${before})`,
      quiet(() => db.prune({ before })),
      quiet(() => oracle.prune(before)),
    )
    return
  }
  const isTimed = world.oracle.history.ms !== undefined
  const history = randomHistory(random, isTimed, world.params.window !== undefined)
  world.write(
    `setHistory(${world.brief(history)})`,
    () => void db.setHistory(world.bounds(history)),
    () => oracle.setHistory(history),
  )
}

/** A bound in ms only if the clock never runs backwards: how long is "ago" otherwise? */
export function randomHistory(random: Random, isTimed: boolean, isDeep = false) {
  // The disk is held to a number of versions at once, to other bounds now and then.
  if (isDeep) return { versions: random.pick([0, 2, 20, 100, Infinity, Infinity]) }
  return {
    ...(random.chance(0.7) ? { versions: random.pick([0, 1, 2, 5, 20, 1000, Infinity]) } : {}),
    ...(isTimed ? { ms: random.pick([0, 5, 40, 1000, Infinity]) } : {}),
    ...(random.chance(0.1) ? { bytes: random.pick([0, 1000, 100_000, 10 ** 9]) } : {}),
  }
}

export function openStore(world: World, random: Random): void {
  const { db, oracle } = world
  const store = random.pick(world.stores)
  let handle: StoreHandle | undefined
  const done = world.write(
    `store(${store.name})`,
    () => {
      handle = db.store(store.name, { keys: store.kind, values: store.values })
      return true
    },
    () => {
      oracle.store(store.name, store.kind, store.values)
      return true
    },
  )
  if (done && handle && (!store.handle || random.chance(0.5))) store.handle = handle
}

export function dropStore(world: World, random: Random): void {
  const { db, oracle } = world
  const store = random.pick(world.stores)
  const isThere = store.handle && world.log(store.name).lifeAt(oracle.version)
  if (world.writing && !isThere) return
  world.write(
    `dropStore(${store.name})`,
    () => db.dropStore(store.name),
    () => oracle.dropStore(store.name),
  )
}

/** Opens a write transaction, or ends the one that is open. */
export function beginOrEnd(world: World, random: Random): void {
  const { db, oracle, writing } = world
  if (!writing) {
    world.note('beginWrite()')
    const tx = db.beginWrite()
    world.writing = { tx, draft: oracle.begin(), isInCallback: false }
    world.read(
      'tx.version',
      () => tx.version,
      () => oracle.version + 1,
    )
    return
  }
  if (writing.isInCallback) return
  if (random.chance(0.1)) {
    world.write(
      'beginWrite() beside an open one',
      () => db.beginWrite(),
      () => oracle.begin(),
    )
    return
  }
  const { tx, draft } = writing
  if (random.chance(0.35)) {
    world.write(
      'abort()',
      () => tx.abort(),
      () => oracle.abort(draft),
    )
    world.writing = undefined
  } else {
    const isDone = world.write(
      'commit()',
      () => tx.commit(),
      () => oracle.commit(draft),
    )
    // A commit that did not fit leaves nothing behind, whether or not it ended the transaction.
    if (!isDone) {
      outcomeOf(() => tx.abort())
      oracle.abort(draft)
    }
    world.writing = undefined
  }
  cutOff(world, tx)
  world.read(
    'put() after the end',
    () => tx.put(world.pool[0], world.valueFor(undefined, random)),
    () => {
      throw new OracleError('TRANSACTION_CLOSED')
    },
  )
}
