/**
 * Indexes of vectors against plain code: random values and changes, every version, with all that a question may ask.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type VectorDefinition, type VectorIndex, ZVerse } from '../../lib/index.js'
import { along } from '../query/plain-query.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { Asking, type Kind, type Reads } from './asking.js'
import type { Form, Metric } from './plain-vectors.js'
import { drawValue, type Value } from './random-vectors.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)
const KEYS = 400

type Entries = Map<string, Value>
interface Moment {
  version: number
  tag: string | undefined
  entries: Entries
  /** Those that there were. */
  names: string[]
}

type Operation = { type: 'put'; key: string; value: Value } | { type: 'del'; key: string }

/** What the function of an index gives; its values keep their vectors in another order. */
const own = ({ n, vec }: Value) => {
  if ((n as number) % 3 === 0 || vec === undefined) return undefined
  return Array.isArray(vec) ? [...vec].reverse() : vec
}

interface Named extends Kind {
  definition: VectorDefinition
}

/** Each metric and element, on paths and by a function. */
function kindsOf(dims: number): Record<string, Named> {
  const kind = (
    metric: Metric,
    element: Form['element'],
    on: string | null,
    partOf: Kind['partOf'],
  ): Named => {
    const source = on === null ? { by: 'own' } : { on }
    const form = { dims, metric, element }
    return { form, partOf, definition: { kind: 'vector', ...source, ...form, invalid: 'skip' } }
  }
  const at = (path: string) => (value: unknown) => along(value, path)
  const by = (value: unknown) => own(value as Value)
  return {
    cosine: kind('cosine', 'float32', 'vec', at('vec')),
    euclid: kind('euclid', 'float32', 'vec', at('vec')),
    dot: kind('dot', 'float32', 'deep.at.1', at('deep.at.1')),
    'cosine codes': kind('cosine', 'int8', 'deep.at.1', at('deep.at.1')),
    'euclid codes': kind('euclid', 'int8', 'vec', at('vec')),
    'dot codes': kind('dot', 'int8', 'vec', at('vec')),
    'own euclid': kind('euclid', 'float32', null, by),
    'own codes': kind('cosine', 'int8', null, by),
  }
}

class World {
  readonly random: Random
  readonly #dims: number
  readonly #isJson: boolean
  readonly #open: () => ZVerse<string, Value>
  readonly #isNamed: boolean
  readonly #kinds: Record<string, Named>
  db: ZVerse<string, Value>
  readonly indexes = new Map<string, VectorIndex<string, Value>>()
  live: Entries = new Map()
  readonly past: Moment[] = []

  constructor(random: Random, isJson: boolean, isNamed: boolean, open: () => ZVerse) {
    this.random = random
    this.#dims = random.pick([1, 2, 3, 5, 8, 16, 17, 33, 40])
    this.#isJson = isJson
    this.#isNamed = isNamed
    this.#kinds = kindsOf(this.#dims)
    this.#open = open as () => ZVerse<string, Value>
    this.db = this.#open()
  }

  get store() {
    const values = this.#isJson ? 'json' : 'msgpack'
    return this.#isNamed ? this.db.store<string, Value>('things', { values }) : this.db
  }

  /** Ends all that is open, and opens it again. */
  reopen(): void {
    this.db.close()
    this.take(this.#open())
  }

  /** Goes on with another database of the same. */
  take(db: ZVerse<string, Value>): void {
    this.db = db
    for (const name of this.indexes.keys()) {
      this.indexes.set(name, this.store.index(name) as never)
    }
  }

  // ── Changes ───────────────────────────────────────────────────────────────────────────────────

  #key(): string {
    return `k${this.random.int(KEYS)}`
  }

  #value(): Value {
    return drawValue(this.random, this.#dims, this.#isJson)
  }

  async step(): Promise<void> {
    const { random, store, live } = this
    const kind = random.int(14)
    if (kind === 0) this.#define()
    else if (kind === 1 && random.chance(0.3)) this.#clear()
    else if (kind === 2 && random.chance(0.5) && this.past.length > 0) {
      const { version, tag, entries } = random.pick(this.past)
      store.restore({ at: tag ?? version })
      this.live = new Map(entries)
    } else if (kind < 5) this.#apply(this.#operations(80), all => store.batch(all as never))
    else if (kind === 5) {
      const all = this.#operations(20)
      await store.submit(all as never)
      this.#follow(all)
    } else if (kind < 9) this.#transact()
    else if (kind === 9) {
      const value = this.#value()
      const key = this.#key()
      const at = live.get(key)
      store.update(key, old => {
        expect(old).toEqual(at)
        return value
      })
      live.set(key, value)
    } else this.#apply(this.#operations(1), all => this.#one(store, all[0] as Operation))
    const { version } = this.db
    const tag = random.chance(0.1) ? `tag ${version}` : undefined
    if (tag !== undefined) this.db.tag(tag)
    const names = [...this.indexes.keys()]
    this.past.push({ version, tag, entries: new Map(this.live), names })
  }

  #define(): void {
    const { random, store } = this
    const name = random.pick(Object.keys(this.#kinds))
    if (this.indexes.has(name) && random.chance(0.2)) {
      store.dropIndex(name)
      this.indexes.delete(name)
      for (const moment of this.past) moment.names = moment.names.filter(one => one !== name)
    } else {
      const { definition } = this.#kinds[name] as Named
      this.indexes.set(name, store.index(name, definition))
      if (random.chance(0.3)) store.index('n', { on: 'n' })
    }
  }

  #clear(): void {
    const range = this.random.chance(0.3) ? undefined : { gte: 'k15', lt: 'k3' }
    this.store.clear(range)
    for (const key of [...this.live.keys()]) {
      if (range === undefined || (key >= 'k15' && key < 'k3')) this.live.delete(key)
    }
  }

  #operations(most: number): Operation[] {
    return Array.from({ length: 1 + this.random.int(most) }, () => {
      if (this.random.chance(0.25)) return { type: 'del', key: this.#key() }
      // Some come again as they are.
      const old = this.random.chance(0.1) ? this.live.get(this.#key()) : undefined
      return { type: 'put', key: this.#key(), value: old ?? this.#value() }
    })
  }

  #apply(all: Operation[], write: (all: Operation[]) => unknown): void {
    write(all)
    this.#follow(all)
  }

  #follow(all: Operation[]): void {
    for (const one of all) {
      if (one.type === 'put') this.live.set(one.key, one.value)
      else this.live.delete(one.key)
    }
  }

  #one(store: { put: unknown; delete: unknown }, one: Operation): void {
    const draft = store as {
      put(key: string, value: Value): unknown
      delete(key: string): unknown
    }
    if (one.type === 'put') draft.put(one.key, one.value)
    else draft.delete(one.key)
  }

  #transact(): void {
    const { random, db, indexes } = this
    const before = new Map(this.live)
    const fails = random.chance(0.2)
    try {
      db.transact(tx => {
        const draft = this.#isNamed ? tx.store(this.store as never) : tx
        for (let round = random.int(4); round >= 0; round--) {
          const all = this.#operations(20)
          for (const one of all) this.#one(draft, one)
          this.#follow(all)
          if (random.chance(0.2)) this.#failIn(draft as never)
          if (random.chance(0.1)) {
            draft.clear({ prefix: 'k2' } as never)
            for (const key of [...this.live.keys()]) {
              if (key.startsWith('k2')) this.live.delete(key)
            }
          }
          if (random.chance(0.4) && indexes.size > 0) {
            const name = random.pick([...indexes.keys()])
            const seen: unknown = tx.index(indexes.get(name) as never)
            this.#asking(this.live, name).ask(seen as Reads, {}, 2, `${name} in a transaction`)
          }
        }
        if (fails) throw new Error('undone')
      })
    } catch (error) {
      if ((error as Error).message !== 'undone') throw error
      this.live = before
    }
  }

  /** A batch in a transaction that is undone as a whole. */
  #failIn(draft: { batch(all: unknown[]): unknown }): void {
    const refused = { type: 'put', key: 'k0', value: this.#value(), ifVersion: 1e9 }
    expect(() => draft.batch([...this.#operations(20), refused])).toThrow(
      expect.objectContaining({ code: 'ZVERSE_CONFLICT' }),
    )
  }

  // ── Questions ─────────────────────────────────────────────────────────────────────────────────

  #asking(entries: Entries, name: string): Asking {
    return new Asking(this.random, entries, this.#kinds[name] as Named)
  }

  ask(): void {
    const { random, past } = this
    const moments = past.filter((_, i) => random.chance(0.25) || i > past.length - 4)
    for (const moment of moments) {
      const { version, tag, entries, names } = moment
      const view = { at: tag ?? version }
      for (const name of names.filter(() => random.chance(0.5))) {
        const index = this.indexes.get(name) as VectorIndex<string, Value>
        const hint = `dims ${this.#dims}, ${name} at ${view.at}`
        const asking = this.#asking(entries, name)
        const isPinned = random.chance(0.3)
        const read = isPinned ? this.db.beginRead(view) : null
        const reads = (read?.index(index as never) ?? index) as VectorIndex<string, Value>
        const seen = isPinned ? {} : view
        asking.ask(reads, seen, 2, hint)
        if (random.chance(0.2)) asking.refuse(reads, name, seen)
        if (random.chance(0.1)) {
          const recall = index.recall({ sample: 5, k: 3, effort: 100 }, view)
          expect(recall, hint).toBe(1)
        }
        read?.close()
      }
    }
    for (const name of this.indexes.keys()) {
      const index = this.indexes.get(name) as VectorIndex<string, Value>
      this.#asking(this.live, name).ask(index, {}, 2, `dims ${this.#dims}, ${name}`)
    }
    expect(this.db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    expect(this.db.stats().readers.pins).toBe(0)
  }
}

const MEMORY = { maxBytes: 2 ** 26, functions: { own } }
const KINDS = [
  ['msgpack', 'in memory'],
  ['json', 'in memory'],
  ['msgpack', 'in memory that is used again, and hot'],
  ['msgpack', 'on disk'],
  ['json', 'on disk'],
] as const

for (const [values, where] of KINDS) {
  describe(`vectors of ${values} ${where}, seed ${SEED}`, () => {
    it('are found as plain code finds them, at every version', async () => {
      const path = mkdtempSync(join(tmpdir(), 'zverse-vector-'))
      try {
        for (let round = 0; round < scaled(5); round++) {
          await live(new Random(SEED + round), values, where, join(path, String(round)))
        }
      } finally {
        rmSync(path, { recursive: true })
      }
    })
  })
}

async function live(random: Random, values: string, where: string, path: string) {
  const isOnDisk = where === 'on disk'
  const isHot = where.includes('hot')
  const options = {
    ...MEMORY,
    values,
    ...(!isOnDisk && { history: { versions: 1000 }, compress: { above: 1000 } }),
    ...(isHot && { history: { versions: 2 }, cache: { bytes: 2 ** 19, indexes: true } }),
    ...(isOnDisk && { path, sync: 'never', background: false }),
    ...(isOnDisk && { history: { versions: 15, disk: {} } }),
  }
  const open = () => ZVerse.open(options as never) as unknown as ZVerse
  const isNamed = random.chance(0.5)
  const world = new World(random, values === 'json', isNamed, open)
  for (let step = 0; step < 100; step++) {
    await world.step()
    if (isHot) {
      world.past.splice(0, world.past.length - 2)
      if (random.chance(0.3)) world.ask()
    }
    if (isOnDisk && random.chance(0.06)) await world.db.compact()
    if (isOnDisk && random.chance(0.06)) world.reopen()
  }
  world.ask()
  if (isOnDisk) {
    await world.db.compact()
    world.ask()
    world.reopen()
    world.ask()
  }
  // Loaded from a dump they are the same, at each version.
  const records = [...world.db.dump({ history: !isOnDisk } as never)]
  world.db.close()
  const copy = ZVerse.open({ ...MEMORY, values, history: { versions: 1000 } } as never)
  copy.load(records as never)
  if (isOnDisk) world.past.splice(0)
  world.take(copy as never)
  world.ask()
  world.db.close()
}
