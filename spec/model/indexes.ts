/**
 * Indexes in the model: made and dropped among all other operations, proved by `check()`, and asked by queries, whose
 * answers plain code finds among the oracle's entries.
 */
import type { Definition } from '../index/plain-index.js'
import { where as plainly, type Query } from '../query/plain-query.js'
import type { Random } from '../support/random.js'
import { randomPlace } from './reads.js'
import type { NamedStore, World } from './world.js'

/** One whose name is also a path gives the order of that path: `order` may be either. */
const DEFINITIONS: Record<string, Definition> = {
  id: { on: 'id', invalid: 'skip' },
  'by name': { on: ['name', 'id'], missing: 'null', invalid: 'skip' },
  tags: { on: 'tags', multi: true, invalid: 'skip' },
  first: { on: '0', invalid: 'skip' },
}

/** The part of a store that is asked here. */
interface Indexed {
  index(name: string, definition: Definition): unknown
  dropIndex(name: string): number
  where(query: Query, options: object): Iterable<[unknown, unknown]>
}

const hasPaths = (values: string) => values === 'msgpack' || values === 'json'

function targetOf(world: World, random: Random): NamedStore | undefined | null {
  const stores = world.stores.filter(store => store.handle && hasPaths(store.values))
  const store = stores.length > 0 && random.chance(0.5) ? random.pick(stores) : undefined
  if (store === undefined) return hasPaths(world.params.values) ? undefined : null
  return world.log(store.name).lifeAt(world.oracle.version) ? store : null
}

/** Makes an index, or drops one. */
export function changeIndex(world: World, random: Random): void {
  const { db, oracle } = world
  const store = targetOf(world, random)
  if (store === null || world.writing) return
  const life = store === undefined ? world : world.log(store.name).lifeAt(oracle.version)
  const known = world.indexesOf(life as object)
  const name = random.pick(Object.keys(DEFINITIONS))
  const target = (store?.handle ?? db) as unknown as Indexed
  const isDropped = known.has(name) && random.chance(0.4)
  const done = world.write(
    `${store?.name ?? 'db'}.${isDropped ? 'dropIndex' : 'index'}(${name})`,
    () => {
      if (isDropped) target.dropIndex(name)
      else target.index(name, DEFINITIONS[name] as Definition)
      return db.version
    },
    () => (isDropped || !known.has(name) ? oracle.commitNothing() : oracle.version),
  )
  if (!done) return
  if (isDropped) known.delete(name)
  else known.add(name)
}

function randomQuery(random: Random): Query {
  const one = (): Query =>
    random.pick<Query>([
      { id: random.int(9) },
      { id: { gte: random.int(9) } },
      { name: { prefix: random.pick(['a', 'z', 'é', '']) } },
      { tags: random.pick<unknown>(['x', null, true, 5]) },
      { '0': { in: [random.int(3), random.int(3)] } },
      { name: { absent: random.chance(0.5) } },
    ])
  const kind = random.int(4)
  if (kind === 0) return { or: [one(), one()] }
  return kind === 1 ? { ...one(), not: one() } : { ...one(), ...one() }
}

export function readWhere(world: World, random: Random): void {
  if (world.params.poolSize > 200) return
  const { scope, view } = randomPlace(world, random)
  const query = randomQuery(random)
  const options = {
    ...(random.chance(0.3) ? { order: random.pick(['id', 'name']) } : {}),
    ...(random.chance(0.3) ? { reverse: true } : {}),
    ...(random.chance(0.3) ? { limit: random.int(4) } : {}),
  }
  const values = scope.store?.values ?? world.params.values
  if (!hasPaths(values)) return
  world.read(
    `${scope.name}.where(${world.brief(query, options, view.real)})`,
    () => [...(scope.reads() as unknown as Indexed).where(query, { ...options, ...view.real })],
    () => plainly(scope.reader(view.model).entries(), query, options),
  )
}
