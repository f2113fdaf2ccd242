/**
 * A database with Z-order stores, built from a recipe, and every version of it as plain rows.
 */
import { zorder } from '../../lib/index.js'
import { checkDb } from '../support/compare.js'
import type {
  Database,
  Reads,
  ReadTx,
  StoreHandle,
  ViewOptions,
  Writes,
  WriteTx,
} from '../support/contract.js'
import { type Hooks, open } from '../support/engine.js'
import { Random } from '../support/random.js'
import { Points, type Recipe } from './arbitraries.js'
import { same } from './cases.js'
import { byCode, type Dimension, type Point, type Row, rowOf } from './oracle.js'
import type { Scope } from './queries.js'

export type Rows = Map<string, Row>

const DAY = Date.UTC(2024, 0, 1)
/** Between two commits, in ms. */
const TICK = 10

/** The codec for `dimensions`, as a plain test passes it on. */
export function codec(dimensions: readonly unknown[]): unknown {
  return zorder(dimensions as Parameters<typeof zorder>[0])
}

/** A store, and its rows now and at each version. */
export class Space {
  readonly dimensions: readonly Dimension[]
  readonly handle: StoreHandle
  readonly points: Points
  rows: Rows = new Map()
  readonly past = new Map<number, Rows>()
  readonly #sorted = new WeakMap<Rows, Row[]>()

  constructor(recipe: Recipe, handle: StoreHandle, random: Random) {
    this.dimensions = recipe.dimensions
    this.handle = handle
    this.points = new Points(recipe.dimensions, recipe.shape, random)
  }

  at(version: number): Row[] {
    return this.sorted(this.past.get(version) ?? new Map())
  }

  sorted(rows: Rows = this.rows): Row[] {
    let sorted = this.#sorted.get(rows)
    if (!sorted) this.#sorted.set(rows, (sorted = [...rows.values()].sort(byCode)))
    return sorted
  }

  scope(reads: Reads, rows: readonly Row[], view: ViewOptions = {}): Scope {
    return { dimensions: this.dimensions, reads, view, rows }
  }
}

/** The writes of one transaction on a space, made to `target` and to a copy of the rows. */
export class Draft {
  readonly rows: Rows
  readonly #space: Space
  readonly #target: Pick<Writes<unknown>, 'put' | 'delete' | 'clear'>
  readonly #version: number

  constructor(space: Space, target: Draft['target'], version: number) {
    this.rows = new Map(space.rows)
    this.#space = space
    this.#target = target
    this.#version = version
  }

  get target(): Pick<Writes<unknown>, 'put' | 'delete' | 'clear'> {
    return this.#target
  }

  put(point: Point, value: unknown): void {
    this.#target.put(point, value)
    const row = rowOf(this.#space.dimensions, point, value, this.#version)
    this.rows.set(row.code, row)
  }

  delete(row: Row): void {
    this.#target.delete(row.key)
    this.rows.delete(row.code)
  }

  clear(range: Parameters<Writes<unknown>['clear']>[0], gone: readonly Row[]): void {
    this.#target.clear(range)
    for (const row of gone) this.rows.delete(row.code)
  }
}

export class World {
  readonly db: Database
  readonly spaces: Space[] = []
  readonly random: Random
  readonly timestamps = new Map<number, number>()
  readonly tags = new Map<string, number>()
  readonly pins: { tx: ReadTx; version: number }[] = []
  readonly #clock = { now: DAY }
  #value = 0

  /** One recipe: the unnamed store. Two: a named one beside it. */
  constructor(recipes: readonly [Recipe, Recipe?], options: Record<string, unknown> = {}) {
    const [first, second] = recipes
    const now = () => this.#clock.now
    this.random = new Random(first.seed)
    const keys = codec(first.dimensions)
    const slots = first.seed % 4 === 0 ? 'always' : 'auto'
    const hooks: Hooks = { now, slots, poison: true }
    this.db = open({ keys, maxBytes: 64 * 2 ** 20, ...options }, hooks)
    this.spaces.push(new Space(first, this.db, this.random))
    this.#record()
    if (second) {
      this.#clock.now += TICK
      const side = this.db.store('side', { keys: codec(second.dimensions), values: 'msgpack' })
      this.spaces.push(new Space(second, side, this.random))
      this.#record()
    }
    this.#build(recipes)
  }

  get version(): number {
    return this.db.version
  }

  /** Whether the unnamed store or the one beside it. */
  pick(): Space {
    return this.random.pick(this.spaces)
  }

  /** One transaction; `body` writes to drafts, one for each space. */
  transact(body: (drafts: Draft[], tx: WriteTx) => void): void {
    this.#clock.now += TICK
    const drafts = this.db.transact(tx => {
      const drafts = this.drafts(tx)
      body(drafts, tx)
      return drafts
    })
    this.spaces.forEach((space, i) => {
      space.rows = drafts[i].rows
    })
    this.#record()
  }

  drafts(tx: WriteTx): Draft[] {
    return this.spaces.map((space, i) => {
      return new Draft(space, i === 0 ? tx : tx.store(space.handle), tx.version)
    })
  }

  /** One write outside of a transaction. */
  write(space: Space, body: (draft: Draft) => void): void {
    this.#clock.now += TICK
    const draft = new Draft(space, space.handle, this.db.version + 1)
    body(draft)
    space.rows = draft.rows
    this.#record()
  }

  /** Puts new points and old ones, deletes some. */
  change(draft: Draft, space: Space, puts: number): void {
    const { random } = this
    for (let i = 0; i < puts; i++) draft.put(space.points.next(), this.value())
    const old = space.sorted()
    if (old.length === 0) return
    for (let i = random.int(2 + puts / 4); i > 0; i--) draft.put(random.pick(old).key, this.value())
    for (let i = random.int(2 + puts / 3); i > 0; i--) draft.delete(random.pick(old))
  }

  value(): unknown {
    this.#value++
    return this.random.chance(0.02) ? 'x'.repeat(this.random.int(2000)) : this.#value
  }

  /** Some view, and the version that it has. */
  view(): { view: ViewOptions; version: number } {
    const { random } = this
    const version = random.int(this.version + 1)
    const choice = random.int(6)
    if (choice === 0 && this.tags.size > 0) {
      const [at, tagged] = random.pick([...this.tags])
      return { view: { at }, version: tagged }
    }
    if (choice === 1 && this.pins.length > 0) {
      const { tx: snapshot, version } = random.pick(this.pins)
      return { view: { snapshot }, version }
    }
    if (choice === 2) {
      const ms = (this.timestamps.get(version) as number) + random.int(TICK)
      return { view: { asOf: new Date(ms) }, version }
    }
    return choice === 3 ? { view: {}, version: this.version } : { view: { at: version }, version }
  }

  tag(): void {
    const version = this.random.int(this.version + 1)
    const name = `tag ${this.tags.size}`
    this.db.tag(name, { at: version })
    this.tags.set(name, version)
  }

  pin(): void {
    const version = this.random.int(this.version + 1)
    this.pins.push({ tx: this.db.beginRead({ at: version }), version })
  }

  /** Checks all of it once more, and for leaks, and ends it. */
  close(): void {
    for (const { handle, rows } of this.spaces) {
      same(() => 'size', handle.size, rows.size)
    }
    checkDb(this.db)
    for (const { tx } of this.pins) tx.close()
    checkDb(this.db)
    this.db.close()
  }

  #build(recipes: readonly [Recipe, Recipe?]): void {
    const commits = Math.max(...recipes.map(recipe => recipe?.commits ?? 0))
    for (let i = 0; i < commits; i++) {
      this.transact(drafts => {
        this.spaces.forEach((space, which) => {
          const recipe = recipes[which] as Recipe
          this.change(drafts[which], space, Math.ceil(recipe.count / commits))
        })
      })
    }
  }

  #record(): void {
    const { version } = this.db
    if (this.timestamps.has(version)) return
    this.timestamps.set(version, this.#clock.now)
    for (const space of this.spaces) space.past.set(version, space.rows)
  }
}
