/**
 * Stores with a point index, and beside each its expected entries: plain maps, copied when a version is
 * pinned or tagged. A twin database without an index may do the same.
 */
import { expect } from 'vitest'
import type { Database, Operation, Reads, ReadTx, StoreHandle } from '../support/contract.js'
import { type Hooks, ZVerseError } from '../support/engine.js'
import { Random } from '../support/random.js'
import { ask, type HotDb, openHot, sound } from './support.js'

/** The entry of a key: value and version. */
export type Row = readonly [value: unknown, version: number]
export type Rows = Map<string, Row>

interface Space {
  readonly name: string | null
  handles: (Database | StoreHandle)[]
  rows: Rows
}

/** A version that can be read, the ways to read it, and its entries. */
interface Held {
  readonly version: number
  readonly rows: ReadonlyMap<string, Rows>
  readonly tag: string | null
  /** One for each database. */
  readonly pins: ReadTx[] | null
}

export interface Plan {
  seed: number
  /** Keys to choose from. */
  size: number
  commits: number
  /** Versions kept. */
  versions: number
  firstVersion: number
  announced: boolean
  /** The number of keys at which an index is made; 1 by default. */
  indexFrom?: number
  twin: boolean
  maxBytes?: number
  /** Keep values: then they are objects. */
  cache?: { bytes: number; freeze?: boolean }
  /** Key number `i`, as a name and as stored. */
  keyOf?: (i: number) => unknown
  keys?: string
}

const MAX_HELD = 5
/** Keys that a commit changes at most, if it does not change thousands. */
const FEW = 12

export class World {
  readonly random: Random
  readonly dbs: HotDb[]
  readonly spaces: Space[] = []
  readonly #plan: Plan
  readonly #held: Held[] = []
  #version: number
  #tags = 0
  #value = 0
  /** Commits refused for want of memory. */
  refused = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.random = new Random(plan.seed)
    const { maxBytes = 2 ** 24, firstVersion, announced, twin, versions, keys = 'string' } = plan
    const slots = announced ? 'always' : 'auto'
    const { indexFrom = 1 } = plan
    const hooks: Hooks & { indexFrom: number } = { firstVersion, slots, poison: true, indexFrom }
    const options = { maxBytes, history: { versions }, keys, cache: plan.cache }
    this.dbs = [openHot(options, hooks)]
    if (twin) this.dbs.push(openHot({ ...options, pointIndex: false }, hooks))
    this.#version = firstVersion
    this.spaces.push({ name: null, handles: [...this.dbs], rows: new Map() })
  }

  get db(): HotDb {
    return this.dbs[0]
  }

  key(i: number): unknown {
    return this.#plan.keyOf === undefined ? this.#name(i) : this.#plan.keyOf(i)
  }

  #name(i: number): string {
    return i % 3 === 0 ? `k${i}` : i % 3 === 1 ? `a longer key, number ${i}` : `${i}`
  }

  #index(): number {
    return this.random.int(this.#plan.size)
  }

  #some(): number {
    const { random } = this
    return 1 + random.int(random.chance(0.1) ? this.#plan.size : Math.min(FEW, this.#plan.size))
  }

  // ── Commits ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Does the same to all databases; on refusal nothing may have changed.
   * @returns whether it was done
   */
  #all(act: (which: number) => unknown, mayBeFull = true): boolean {
    const outcomes = this.dbs.map((_, which) => {
      try {
        act(which)
        return true
      } catch (error) {
        if (!(error instanceof ZVerseError) || error.code !== 'ZVERSE_FULL' || !mayBeFull)
          throw error
        return false
      }
    })
    if (outcomes.includes(false)) {
      if (outcomes.includes(true)) throw new Error('one database was full, its twin was not')
      this.refused++
    }
    return outcomes[0]
  }

  #operations(rows: Rows, count: number, deletions: number): Operation[] {
    const version = this.#version + 1
    const next = new Map(rows)
    const operations: Operation[] = []
    for (let n = 0; n < count; n++) {
      const i = this.#index()
      if (this.random.chance(deletions)) {
        operations.push({ type: 'del', key: this.key(i) })
        next.delete(this.#name(i))
      } else {
        const value = this.#next()
        operations.push({ type: 'put', key: this.key(i), value })
        next.set(this.#name(i), [value, version])
      }
    }
    this.#pending = next
    return operations
  }

  #pending: Rows = new Map()

  #next(): unknown {
    const n = this.#value++
    if (this.#plan.cache !== undefined) return { n, list: [n, { deep: `${n}` }] }
    return n % 4 === 0 ? n : `value ${n} ${'.'.repeat(n % 23)}`
  }

  /** One commit of a random kind. */
  commit(): void {
    const { random } = this
    const space = random.pick(this.spaces)
    const choice = random.int(100)
    if (choice < 25) this.batch(space, 0.3)
    else if (choice < 40) this.#single(space)
    else if (choice < 50) this.batch(space, 0.9)
    else if (choice < 75) this.#transaction(space)
    else if (choice < 80) this.#update(space)
    else if (choice < 84) this.clear(space)
    else if (choice < 88) this.#clearRange(space)
    else if (choice < 92) this.#restore(space)
    else if (choice < 96) this.#store()
    else this.#hold()
    this.#count()
  }

  #count(): void {
    const { version } = this.db
    for (const db of this.dbs) expect(db.version).toBe(version)
    this.#version = version
  }

  batch(space: Space, deletions: number, count = this.#some()): void {
    const operations = this.#operations(space.rows, count, deletions)
    const done = this.#all(which => space.handles[which].batch(operations))
    if (done) space.rows = this.#pending
    this.#count()
  }

  #single(space: Space): void {
    const i = this.#index()
    const name = this.#name(i)
    if (this.random.chance(0.5)) {
      // Always possible, in however full a database.
      this.#all(which => space.handles[which].delete(this.key(i)), false)
      space.rows = new Map(space.rows)
      space.rows.delete(name)
      return
    }
    const value = this.#next()
    if (!this.#all(which => space.handles[which].put(this.key(i), value))) return
    space.rows = new Map(space.rows).set(name, [value, this.#version + 1])
  }

  #update(space: Space): void {
    const i = this.#index()
    const value = this.random.chance(0.3) ? undefined : this.#next()
    const old = space.rows.get(this.#name(i))?.[0]
    const done = this.#all(which =>
      space.handles[which].update(this.key(i), before => {
        expect(before).toEqual(old)
        return value
      }),
    )
    if (!done) return
    space.rows = new Map(space.rows)
    if (value === undefined) space.rows.delete(this.#name(i))
    else space.rows.set(this.#name(i), [value, this.#version + 1])
  }

  clear(space: Space): void {
    this.#all(which => space.handles[which].clear(), false)
    space.rows = new Map()
    this.#count()
  }

  #clearRange(space: Space): void {
    if (this.#plan.keyOf !== undefined) return
    const prefix = this.random.pick(['k', 'k1', 'a', '2'])
    if (!this.#all(which => space.handles[which].clear({ prefix }))) return
    space.rows = new Map([...space.rows].filter(([name]) => !name.startsWith(prefix)))
  }

  #restore(space: Space): void {
    if (this.#held.length === 0) return
    const held = this.random.pick(this.#held)
    const then = held.rows.get(String(space.name)) ?? new Map<string, Row>()
    const view = this.#view(held)
    if (!this.#all(which => space.handles[which].restore(view(which)))) return
    const version = this.#version + 1
    const rows: Rows = new Map()
    for (const [name, [value]] of then) {
      const now = space.rows.get(name)
      rows.set(name, now !== undefined && now[0] === value ? now : [value, version])
    }
    space.rows = rows
  }

  /** Several verbs in one: some of them throw, perhaps all is given up in the end. */
  #transaction(space: Space): void {
    const { random } = this
    const seed = random.next()
    const gives = random.chance(0.2)
    let rows = space.rows
    const done = this.#all(which => {
      const dice = new Random(seed)
      const tx = this.dbs[which].beginWrite()
      const draft = space.name === null ? tx : tx.store(space.handles[which] as StoreHandle)
      const version = this.#version + 1
      let now: Rows = new Map(space.rows)
      try {
        const verbs = 1 + dice.int(6)
        for (let n = 0; n < verbs; n++) {
          now = this.#verb(draft, now, dice, version)
          const i = dice.int(this.#plan.size)
          expect(draft.get(this.key(i))).toEqual(now.get(this.#name(i))?.[0])
        }
        if (gives) tx.abort()
        else tx.commit()
      } catch (error) {
        tx.abort()
        throw error
      }
      rows = now
    })
    if (done && !gives) space.rows = rows
  }

  #verb(
    draft: ReturnType<Database['beginWrite']> | object,
    rows: Rows,
    dice: Random,
    version: number,
  ): Rows {
    const tx = draft as ReturnType<Database['beginWrite']>
    const many = dice.chance(0.2) ? Math.min(this.#plan.size, 400) : Math.min(this.#plan.size, 8)
    const next = new Map(rows)
    const put = (target: Pick<typeof tx, 'put'>) => {
      const i = dice.int(this.#plan.size)
      const value = `in ${version} ${dice.int(1000)}`
      target.put(this.key(i), value)
      next.set(this.#name(i), [value, version])
    }
    const choice = dice.int(12)
    if (choice < 4) for (let n = 0; n < many; n++) put(tx)
    else if (choice < 7) {
      for (let n = 0; n < many; n++) {
        const i = dice.int(this.#plan.size)
        tx.delete(this.key(i))
        next.delete(this.#name(i))
      }
    } else if (choice === 7) {
      tx.clear()
      return new Map()
    } else if (choice < 10) {
      // Throws at its end: no write of it stays.
      const operations: Operation[] = []
      for (let n = 0; n < many; n++) {
        const type = dice.chance(0.5) ? 'put' : 'del'
        operations.push({ type, key: this.key(dice.int(this.#plan.size)), value: 'never' })
      }
      operations.push({ type: 'put', key: this.key(0), value: 'never', ifVersion: 2 ** 50 })
      let code: unknown
      try {
        tx.batch(operations)
      } catch (error) {
        code = (error as { code: unknown }).code
        if (code === 'ZVERSE_FULL') throw error
      }
      expect(code).toBe('ZVERSE_CONFLICT')
      return rows
    } else {
      // The same keys over and over, more of them than are looked through for one to correct.
      const first = dice.int(this.#plan.size)
      for (let n = 0; n < 2 * many; n++) {
        const i = (first + (n % many)) % this.#plan.size
        tx.put(this.key(i), n)
        next.set(this.#name(i), [n, version])
      }
    }
    return next
  }

  /** Makes a store, or drops one: perhaps one is made again under its name. */
  #store(): void {
    const { random } = this
    const name = random.pick(['s', 't'])
    const at = this.spaces.findIndex(space => space.name === name)
    if (at >= 0 && random.chance(0.7)) {
      this.#all(which => this.dbs[which].dropStore(name), false)
      this.spaces.splice(at, 1)
      if (random.chance(0.5)) return
    } else if (at >= 0) {
      return
    }
    const handles: StoreHandle[] = []
    const keys = this.#plan.keys ?? 'string'
    const done = this.#all(which => handles.push(this.dbs[which].store(name, { keys })))
    if (done) this.spaces.push({ name, handles, rows: new Map() })
  }

  /** Tags or pins the present version, or releases one. */
  #hold(): void {
    const { random } = this
    if (this.#held.length >= MAX_HELD || (this.#held.length > 0 && random.chance(0.3))) {
      const [gone] = this.#held.splice(random.int(this.#held.length), 1)
      if (gone.tag !== null) for (const db of this.dbs) db.untag(gone.tag)
      for (const tx of gone.pins ?? []) tx.close()
      return
    }
    const tag = random.chance(0.5) ? `tag ${this.#tags++}` : null
    if (tag !== null && !this.#all(which => this.dbs[which].tag(tag))) return
    const pins = tag === null ? this.dbs.map(db => db.beginRead()) : null
    const rows = new Map(this.spaces.map(space => [String(space.name), space.rows]))
    this.#held.push({ version: this.#version, rows, tag, pins })
  }

  #view(held: Held): (which: number) => { at: number | string } | { snapshot: ReadTx } {
    const { pins, tag, version } = held
    if (pins !== null) return which => ({ snapshot: pins[which] })
    const at = tag !== null && this.random.chance(0.5) ? tag : version
    return () => ({ at })
  }

  // ── Answers ───────────────────────────────────────────────────────────────────────────────────

  /** Asks for random keys, at the present and at the kept versions. */
  compare(count = 8): void {
    for (const space of this.spaces) {
      this.#compare(space, space.rows, () => undefined, count)
      if (this.#held.length === 0) continue
      const held = this.random.pick(this.#held)
      const rows = held.rows.get(String(space.name))
      if (rows === undefined) continue
      const view = this.#view(held)
      this.#compare(space, rows, view, count)
      const { pins } = held
      if (pins === null) continue
      const reads = pins.map((tx, which): Reads => {
        return space.name === null ? tx : tx.store(space.handles[which] as StoreHandle)
      })
      this.#compare({ ...space, handles: reads as StoreHandle[] }, rows, () => undefined, count)
    }
  }

  #compare(space: Space, rows: Rows, view: (which: number) => object | undefined, count: number) {
    const asked = Array.from({ length: count }, () => this.random.int(this.#plan.size + 3))
    for (const [which, handle] of space.handles.entries()) {
      const at = view(which)
      const what = `${space.name} of ${which}, ${Object.keys(at ?? {})}`
      for (const i of asked) {
        const row = rows.get(this.#name(i))
        const expected = [row?.[0], row !== undefined, row?.[0], row?.[1] ?? null]
        expect(ask(handle, this.key(i), at), `${what}: ${this.#name(i)}`).toEqual(expected)
      }
      const keys = asked.map(i => this.key(i))
      const values = asked.map(i => rows.get(this.#name(i))?.[0])
      expect(handle.getMany(keys, at), what).toEqual(values)
    }
  }

  /** Every key of every store, and the whole structure. */
  sound(): void {
    for (const db of this.dbs) sound(db)
    for (const { handles, rows } of this.spaces) {
      for (const handle of handles) {
        expect(handle.size).toBe(rows.size)
        const asked = Array.from({ length: this.#plan.size }, (_, i) => i)
        const values = handle.getMany(asked.map(i => this.key(i)))
        asked.forEach((i, at) => {
          const value = rows.get(this.#name(i))?.[0]
          if (values[at] !== value) expect(values[at], this.#name(i)).toEqual(value)
        })
      }
    }
  }

  close(): void {
    for (const { pins } of this.#held) for (const tx of pins ?? []) tx.close()
    for (const db of this.dbs) db.close()
  }
}
