/**
 * Graphs against plain code: random changes in every way there is, every verb at every version that is kept, in memory,
 * in directories with a past on disk, through handles of other threads, with values of custom codecs.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Graph, type TupleKey, ZVerse } from '../../lib/index.js'
import { openWith } from '../../lib/zverse.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { type Node, PlainGraph } from './plain-graph.js'
import { ask, askAll, change, drawPool, drawSubmission, type Puts, SEED, same } from './world.js'

type Db = ZVerse<string, unknown>
type AnyGraph = Graph<TupleKey, unknown>

/** JSON, back to front. */
const custom = {
  name: 'back to front',
  encode: (value: unknown) => Buffer.from(JSON.stringify(value)).reverse(),
  decode: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).reverse().toString()),
}
const functions = { n: (value: { n?: number } | null) => value?.n }

interface Kind {
  name: string
  values: 'msgpack' | 'json' | typeof custom
  isOnDisk: boolean
  history: object
  rounds: number
  steps: number
}

const DISK = { versions: 2, disk: {} }
const KINDS: Kind[] = [
  ...([
    ['in memory', 'msgpack', false, { versions: 1000 }, 80, 50],
    ['in memory, few versions kept', 'json', false, { versions: 3 }, 80, 50],
    ['in memory, a custom codec', custom, false, { versions: 1000 }, 50, 40],
    ['in a directory', 'msgpack', true, DISK, 30, 40],
    ['in a directory, a custom codec', custom, true, DISK, 20, 40],
  ] as const),
].map(([name, values, isOnDisk, history, rounds, steps]) => {
  return { name, values, isOnDisk, history, rounds, steps }
})

/** What the store of edges is. */
type State = 'none' | 'tuples' | 'graph'

interface Moment {
  version: number
  plain: PlainGraph
  state: State
  indexes: string[]
}

class World {
  readonly #random: Random
  readonly #kind: Kind
  readonly #path: string
  readonly #pool: Node[]
  readonly #options: { values: 'msgpack' }
  /** Threads keep lists of edges: many, few, or none. */
  readonly #cache: { cache?: { bytes: number; indexes: true } }
  #db: Db
  /** Handles of the graph, old and new, of several handles of the database. */
  #graphs: AnyGraph[] = []
  #others: Db[] = []
  #plain = new PlainGraph()
  #state: State = 'none'
  #indexes = new Set<string>()
  readonly #past = new Map<number, Moment>()
  readonly #tags = new Map<string, number>()
  #ms = 1_700_000_000_000

  constructor(random: Random, kind: Kind) {
    this.#random = random
    this.#kind = kind
    this.#path = kind.isOnDisk ? mkdtempSync(join(tmpdir(), 'zverse-graph-')) : ''
    this.#pool = drawPool(random)
    this.#options = { values: kind.values as 'msgpack' }
    const bytes = random.pick([0, 2 ** 13, 2 ** 20])
    this.#cache = bytes === 0 ? {} : { cache: { bytes, indexes: true } }
    this.#db = this.#open()
    this.#keep()
    this.#make()
  }

  #open(): Db {
    const { isOnDisk, history } = this.#kind
    const compress = { above: 500 }
    const options = { maxBytes: 2 ** 24, history, functions, compress, ...this.#cache }
    if (!isOnDisk) {
      const hooks = { now: () => this.#ms, poison: true, indexFrom: 1 }
      return openWith({ ...options, queue: { groupBytes: 1024 } }, hooks) as Db
    }
    return ZVerse.open({ ...options, path: this.#path, sync: 'never', background: false })
  }

  /** Another handle, as a thread has it. */
  #attach(): void {
    const other = ZVerse.attach(this.#db.share(), { functions }) as Db
    this.#others.push(other)
    if (this.#state === 'graph') this.#graphs.push(other.graph('g', this.#options))
  }

  #make(): void {
    this.#graphs.push(this.#db.graph('g', this.#options))
    this.#state = 'graph'
    this.#keep()
  }

  #keep(): void {
    const { version } = this.#db
    const indexes = [...this.#indexes]
    this.#past.set(version, { version, plain: this.#plain.copy(), state: this.#state, indexes })
    this.#ms += this.#random.int(3)
  }

  get #graph(): AnyGraph {
    return this.#random.pick(this.#graphs)
  }

  // ── Changes ───────────────────────────────────────────────────────────────────────────────────

  async step(): Promise<void> {
    const random = this.#random
    const kind = random.int(32)
    if (kind === 0) this.#drop()
    else if (this.#state === 'none') this.#begin()
    else if (kind === 1) this.#restore()
    else if (kind === 2) this.#tag()
    else if (kind === 3) this.#index()
    else if (kind === 4 && this.#others.length < 3) this.#attach()
    else if (kind === 5) await this.#submit()
    else if (kind < 9) this.#transact()
    else if (kind === 9 && this.#state === 'tuples') this.#make()
    else if (kind === 10 && this.#kind.isOnDisk) await this.#db.compact()
    else if (kind === 11 && this.#kind.isOnDisk) this.#reopen()
    else this.#change()
    this.#keep()
    this.#askNow()
  }

  #change(): void {
    const graph = this.#graph
    const isHalf = this.#state === 'tuples'
    change(this.#random, this.#pool, graph, graph.edges as Puts, this.#plain, isHalf)
  }

  /** Makes the store anew: a graph, or tuples that become one. */
  #begin(): void {
    if (this.#graphs.length === 0 || this.#random.chance(0.5)) {
      this.#make()
      return
    }
    this.#db.store('g', { keys: 'tuple', ...this.#options })
    this.#state = 'tuples'
  }

  #drop(): void {
    if (this.#state === 'none' || !this.#random.chance(0.5)) return
    this.#db.dropStore('g')
    for (const graph of this.#graphs) {
      expectCode(() => graph.out('a'), 'UNKNOWN_STORE')
      expectCode(() => graph.degree('a', { direction: 'in' }), 'UNKNOWN_STORE')
      expectCode(() => graph.addEdge('a', 'b'), 'UNKNOWN_STORE')
      expectCode(() => graph.removeNode('a'), 'UNKNOWN_STORE')
    }
    // The last handles stand for the store that is made next.
    this.#graphs = this.#graphs.slice(-3)
    this.#plain = new PlainGraph()
    this.#indexes.clear()
    this.#state = 'none'
  }

  #restore(): void {
    const moment = this.#random.pick(this.#kept())
    const { edges } = this.#graph
    edges.restore({ at: moment.version })
    this.#plain = moment.plain.copy()
  }

  #tag(): void {
    const random = this.#random
    const name = `tag ${random.int(4)}`
    if (random.chance(0.3) && this.#tags.has(name)) {
      this.#db.untag(name)
      this.#tags.delete(name)
      return
    }
    const { version } = random.pick(this.#kept())
    this.#db.tag(name, { at: version })
    this.#tags.set(name, version)
  }

  #index(): void {
    const name = this.#random.pick(['on', 'by'])
    if (name === 'on' && this.#kind.values === custom) return
    const { edges } = this.#graph
    if (this.#indexes.delete(name)) edges.dropIndex(name)
    else {
      edges.index(name, name === 'on' ? { on: 'n', invalid: 'skip' } : { by: 'n', invalid: 'skip' })
      this.#indexes.add(name)
    }
  }

  async #submit(): Promise<void> {
    if (this.#state !== 'graph') return
    const { edges } = this.#graph
    const all = Array.from({ length: 1 + this.#random.int(3) }, () => {
      return drawSubmission(this.#random, this.#pool, this.#plain)
    })
    await Promise.all(all.map(operations => edges.submit(operations as never)))
  }

  #transact(): void {
    const random = this.#random
    const graph = this.#graph
    const isHalf = this.#state === 'tuples'
    const before = this.#plain
    const plain = before.copy()
    const db = random.chance(0.5) ? (graph.edges as Db | typeof graph.edges) : this.#dbOf(graph)
    const body = (tx: ReturnType<Db['beginWrite']>) => {
      const draft = tx.graph(graph)
      const edges = tx.store(graph.edges) as Puts
      for (let i = random.int(8); i >= 0; i--) {
        change(random, this.#pool, draft, edges, plain, isHalf)
        for (let k = random.int(3); k > 0; k--) ask(random, this.#pool, draft, plain, { isHalf })
        // Others see what was committed.
        if (random.chance(0.1)) ask(random, this.#pool, this.#graph, before, { isHalf })
      }
      if (random.chance(0.2)) askAll(random, this.#pool, draft, plain, { isHalf, count: 2 })
    }
    const isUndone = random.chance(0.3)
    if (random.chance(0.3)) {
      const tx = (db as Db).beginWrite()
      body(tx)
      if (isUndone) tx.abort()
      else tx.commit()
    } else {
      const undone = new Error('undone')
      const act = () =>
        (db as Db).transact(tx => {
          body(tx)
          if (isUndone) throw undone
        })
      if (isUndone) expect(act).toThrow(undone)
      else act()
    }
    if (!isUndone) this.#plain = plain
  }

  /** The database of a handle. */
  #dbOf(graph: AnyGraph): Db {
    const all = [this.#db, ...this.#others]
    return all.find(db => db._test.engine === graph.edges._core.engine) as Db
  }

  #reopen(): void {
    for (const db of [...this.#others, this.#db]) {
      expect(db.stats().readers.pins).toBe(0)
      db.close()
    }
    this.#others = []
    this.#db = this.#open()
    this.#graphs = []
    // There is no handle of a store that is no graph, but what has made it one.
    if (this.#state !== 'none') this.#make()
  }

  // ── Questions ─────────────────────────────────────────────────────────────────────────────────

  /** The moments that can be read by number. */
  #kept(): Moment[] {
    const numbers = this.#db.versions().map(({ version }) => version)
    return numbers.flatMap(version => this.#past.get(version) ?? [])
  }

  #askNow(): void {
    const random = this.#random
    if (this.#state === 'none') return
    const graph = this.#graph
    const isHalf = this.#state === 'tuples'
    for (let i = 0; i < 3; i++) ask(random, this.#pool, graph, this.#plain, { isHalf })
    if (random.chance(0.3)) this.#askAt(random.pick(this.#kept()), 1)
    if (random.chance(0.3)) this.#askByIndex(graph)
  }

  /** The store of edges is one like any other. */
  #askByIndex(graph: AnyGraph): void {
    const { edges } = graph
    const n = this.#random.int(6)
    const values = this.#plain.all().map(({ value }) => value as { n?: number } | null)
    const count = values.filter(value => value?.n === n).length
    const names = edges.indexes().map(({ name }) => name)
    same('indexes', names.join(), [...this.#indexes].sort().join())
    for (const name of names) expect(edges.index(name).count({ eq: n })).toBe(count)
    if (this.#kind.values !== custom) {
      const found = [...edges.where({ n } as never)]
      expect(found.length).toBe(count)
    }
    expect(edges.size).toBe(values.length)
  }

  #askAt({ version, plain, state }: Moment, count: number): void {
    const random = this.#random
    const graph = this.#graph
    const isHalf = state === 'tuples'
    const times = this.#db.versions()
    const info = times.find(one => one.version === version)
    const read = this.#dbOf(graph).beginRead({ at: version })
    const views: object[] = [{ at: version }, { snapshot: read }]
    for (const tag of info?.tags ?? []) views.push({ at: tag })
    const next = times.find(one => one.version > version)
    const isTold = info !== undefined && (next === undefined || next.timestamp > info.timestamp)
    if (isTold && version >= this.#db.oldestVersion) views.push({ asOf: new Date(info.timestamp) })
    const view = random.pick(views)
    askAll(random, this.#pool, graph, plain, { view, isHalf, count })
    askAll(random, this.#pool, read.graph(graph), plain, { isHalf, count })
    read.close()
  }

  async end(): Promise<void> {
    const { isOnDisk } = this.#kind
    if (this.#state === 'none') this.#make()
    for (const moment of this.#kept()) this.#askAt(moment, 4)
    if (isOnDisk) {
      this.#reopen()
      if (this.#state === 'none') this.#make()
      await this.#db.compact()
      for (const moment of this.#kept()) this.#askAt(moment, 4)
    }
    expect(this.#db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    expect(this.#db.stats().readers.pins).toBe(0)
    for (const db of [...this.#others, this.#db]) db.close()
    if (isOnDisk) rmSync(this.#path, { recursive: true })
  }
}

describe.each(KINDS)('graphs $name', kind => {
  it(`answer as plain code does, at every version, seeds ${SEED} and on`, async () => {
    for (let round = 0; round < scaled(kind.rounds); round++) {
      const seed = SEED + round
      try {
        const world = new World(new Random(seed), kind)
        for (let step = 0; step < kind.steps; step++) await world.step()
        await world.end()
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${seed}: ${(error as Error).message}`, { cause: error })
      }
    }
  })
})
