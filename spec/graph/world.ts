/**
 * Random graphs: nodes, changes, questions. What a handle answers is compared with plain code.
 */
import { crc32 } from 'node:zlib'
import type { GraphReads, TupleKey } from '../../lib/index.js'
import { compare } from '../index/plain-index.js'
import { expectCode } from '../support/expect.js'
import { Mismatch } from '../support/outcome.js'
import type { Random } from '../support/random.js'
import {
  type Direction,
  type Node,
  type PathPlan,
  type PlainEdge,
  type PlainGraph,
  type Step,
  told,
  type WalkPlan,
  type Way,
} from './plain-graph.js'

export const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

/** The key of an edge in the store of edges. */
export type EdgeKey = [TupleKey, string, TupleKey]
export type Reads = GraphReads<TupleKey, unknown>

/** Verbs of a graph, and of its edges as a store: of the database, or of a transaction. */
export interface Writes {
  addEdge(from: TupleKey, to: TupleKey, value?: unknown, options?: { type?: string }): unknown
  removeEdge(from: TupleKey, to: TupleKey, options?: { type?: string }): unknown
  removeNode(node: TupleKey): unknown
}
export interface Puts {
  put(key: EdgeKey, value: unknown): unknown
  delete(key: EdgeKey): unknown
  update(key: EdgeKey, change: (old: unknown) => unknown): unknown
  batch(operations: readonly Operation[]): unknown
  clear(range?: object): unknown
}
export type Operation =
  | { type: 'put'; key: EdgeKey; value: unknown }
  | { type: 'del'; key: EdgeKey }

const TEXTS = ['', 'a', 'b', 'a\0', 'a\0b', '\u0001', 'é', '😀', 'x'.repeat(300), 'x'.repeat(2001)]
const NUMBERS = [0, -0, 1, -1.5, 255, 2 ** 40, 1e300, Number.POSITIVE_INFINITY]
const BYTES = [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(0, 1, 255), Uint8Array.of(97)]
const ARRAYS: Node[] = [[], ['a'], ['a', ['b', 1]], [null], [[[]]], [-0], [Uint8Array.of(0), '']]
const NODES: Node[] = [...TEXTS, ...NUMBERS, ...BYTES, ...ARRAYS, null, true, false]
export const TYPES = ['', 'a', 'b', 'a\0']
const WEIGHTS = [0, 0, 1, 1, 2, 0.5, 3, 7, Number.POSITIVE_INFINITY]
const DIRECTIONS: Direction[] = ['out', 'in', 'both']

/** Keys that are none of edges. */
export const NO_EDGES: TupleKey[] = [
  [],
  ['a'],
  ['a', 'b'],
  ['a', 'b', 'c', 'd'],
  ['a', 1, 'b'],
  ['a', null, 'b'],
  ['a', ['t'], 'b'],
  ['a', Uint8Array.of(116), 'b'],
  [['a', 't', 'b']],
  'atb',
  Uint8Array.of(7, 0),
  null,
  5,
]

/** Some nodes, one of which is another spelling of the same, now and then. */
export function drawPool(random: Random): Node[] {
  const pool = Array.from({ length: 3 + random.int(8) }, () => random.pick(NODES))
  return random.chance(0.3) ? [...pool, 0, -0] : pool
}

export function drawValue(random: Random): unknown {
  const kind = random.int(8)
  if (kind === 0) return null
  if (kind === 1) return random.int(5)
  if (kind === 2) return `text ${random.int(5)}`
  if (kind === 3) return 'long '.repeat(random.int(300))
  return { n: random.int(6), city: random.pick(['Rom', 'Ulm']), tags: [random.int(3)] }
}

export function drawEdge(random: Random, pool: readonly Node[]): PlainEdge {
  const [from, to] = [random.pick(pool), random.pick(pool)]
  // Loops are rarer where the pool is large.
  return { from, to, type: random.pick(TYPES), value: drawValue(random) }
}

const keyOf = ({ from, type, to }: PlainEdge): EdgeKey => [from, type, to]

/** A range of edges: as `clear` takes it, and as plain code does. */
function drawRange(random: Random, pool: readonly Node[]) {
  const one = drawEdge(random, pool)
  const [low, high] = [one, drawEdge(random, pool)].map(keyOf).sort((a, b) => {
    return compare(a as Node, b as Node)
  }) as [EdgeKey, EdgeKey]
  const order = (edge: PlainEdge, key: EdgeKey) => compare(keyOf(edge) as Node, key as Node)
  const kind = random.int(4)
  if (kind === 0) {
    const isIn = ({ from }: PlainEdge) => compare(from, one.from) === 0
    return { range: { prefix: [one.from] }, isIn }
  }
  if (kind === 1) {
    const isIn = ({ from, type }: PlainEdge) => compare(from, one.from) === 0 && type === one.type
    return { range: { prefix: [one.from, one.type] }, isIn }
  }
  if (kind === 2) return { range: { gt: low }, isIn: (edge: PlainEdge) => order(edge, low) > 0 }
  const isIn = (edge: PlainEdge) => order(edge, low) >= 0 && order(edge, high) < 0
  return { range: { gte: low, lt: high }, isIn }
}

function drawBatch(random: Random, pool: readonly Node[], count: number): Operation[] {
  return Array.from({ length: count }, () => {
    const edge = drawEdge(random, pool)
    const key = keyOf(edge)
    return random.chance(0.75) ? { type: 'put', key, value: edge.value } : { type: 'del', key }
  })
}

function applyAll(plain: PlainGraph, operations: readonly Operation[]): void {
  for (const one of operations) {
    const [from, type, to] = one.key as [Node, string, Node]
    if (one.type === 'put') plain.add(from, to, one.value, type)
    else plain.remove(from, to, type)
  }
}

/** Draws a batch for the queue: what it is, and what it does. */
export function drawSubmission(random: Random, pool: readonly Node[], plain: PlainGraph) {
  const operations = drawBatch(random, pool, 1 + random.int(4))
  applyAll(plain, operations)
  return operations
}

/**
 * One random change, of a graph and of plain code.
 * @param isHalf the store is no graph
 */
export function change(
  random: Random,
  pool: readonly Node[],
  graph: Writes,
  edges: Puts,
  plain: PlainGraph,
  isHalf = false,
): void {
  const edge = drawEdge(random, pool)
  const { from, to, type, value } = edge
  const kind = random.int(20)
  // Without options the type is ''.
  const options = type === '' && random.chance(0.5) ? undefined : { type }
  if (kind < 7) {
    const given = value === null && random.chance(0.5) ? undefined : value
    graph.addEdge(from, to, given, options)
    plain.add(from, to, value, type)
  } else if (kind < 10) {
    graph.removeEdge(from, to, options)
    plain.remove(from, to, type)
  } else if (kind < 12) {
    if (isHalf) {
      expectCode(() => graph.removeNode(from), 'UNKNOWN_INDEX')
      return
    }
    graph.removeNode(from)
    plain.removeNode(from)
  } else if (kind === 12) {
    edges.put(keyOf(edge), value)
    plain.add(from, to, value, type)
  } else if (kind === 13) {
    edges.delete(keyOf(edge))
    plain.remove(from, to, type)
  } else if (kind < 16) {
    const operations = drawBatch(random, pool, random.int(12))
    edges.batch(operations)
    applyAll(plain, operations)
  } else if (kind === 16) {
    const { range, isIn } = drawRange(random, pool)
    edges.clear(range)
    plain.removeIf(isIn)
  } else if (kind === 17) {
    if (!random.chance(0.3)) return
    edges.clear()
    plain.removeIf(() => true)
  } else if (kind === 18) {
    const next = random.chance(0.3) ? undefined : value
    edges.update(keyOf(edge), old => {
      same('update', told(old), told(plain.edge(from, to, type)?.value))
      return next
    })
    if (next === undefined) plain.remove(from, to, type)
    else plain.add(from, to, next, type)
  } else if (!isHalf) {
    const operations = drawBatch(random, pool, random.int(6)) as unknown[]
    const key = random.pick(NO_EDGES)
    operations.splice(random.int(operations.length + 1), 0, { type: 'put', key, value })
    expectCode(() => edges.batch(operations as Operation[]), 'INVALID_KEY')
    expectCode(() => edges.put(key as EdgeKey, value), 'INVALID_KEY')
    edges.delete(key as EdgeKey)
  }
}

export function same(what: string, actual: string, expected: string): void {
  if (actual === expected) return
  const [is, should] = [actual, expected].map(text => text.slice(0, 1500))
  throw new Mismatch(`${what}\n  expected ${should}\n  got      ${is}`)
}

/** What an iterator gives: asked in some way, now and then only for the first few. */
function gather<T>(
  random: Random,
  items: Iterable<T> & { toArray(): T[] },
  all: readonly unknown[],
) {
  const way = random.int(4)
  if (way === 0) return { found: items.toArray(), expected: all }
  if (way === 1) return { found: [...items], expected: all }
  const count = random.int(all.length + 2)
  const found: T[] = []
  const iterator = items[Symbol.iterator]()
  while (found.length < count) {
    const { done, value } = iterator.next()
    if (done) break
    found.push(value)
  }
  const expected = all.slice(0, count)
  if (way === 2) return { found: [...found, ...items.toArray()], expected: all }
  iterator.return?.()
  return { found, expected }
}

/** A number that follows from a text. */
const numberOf = (value: unknown, salt: number) => crc32(`${salt} ${told(value)}`)

export interface Asked {
  /** Options of each verb. */
  view?: object
  /** The store is no graph there: its edges are found from one end. */
  isHalf?: boolean
}

/** One random question. */
export function ask(
  random: Random,
  pool: readonly Node[],
  reads: Reads,
  plain: PlainGraph,
  { view = {}, isHalf = false }: Asked = {},
): void {
  const [node, other] = [random.pick(pool), random.pick(pool)]
  const type = random.chance(0.4) ? random.pick([...TYPES, 'c']) : undefined
  const direction = random.chance(0.2) ? undefined : isHalf ? 'out' : random.pick(DIRECTIONS)
  const limit = random.chance(0.3) ? random.int(6) : undefined
  const depth = random.chance(0.5) ? random.int(5) : undefined
  const salt = random.next()
  const sides = { direction, type, ...view }
  const what = () => {
    const asked = told([node, other, { ...sides, limit, depth, salt }])
    return `${['edge', 'out', 'in', 'neighbours', 'degree', 'walk', 'path'][kind]} ${asked}`
  }
  const list = (items: Iterable<unknown> & { toArray(): unknown[] }, all: readonly unknown[]) => {
    const { found, expected } = gather(random, items, all)
    same(what(), told(found), told(expected))
  }
  const kind = random.int(7)
  const rows = { type, limit, ...view }
  if (kind === 0) {
    const found = reads.edge(node, other, { type, ...view })
    same(what(), told(found), told(plain.edge(node, other, type)))
  } else if (kind === 1) {
    list(reads.out(node, rows), plain.out(node, type).slice(0, limit))
  } else if (kind === 2) {
    if (isHalf) {
      // In the deep past it is found out with the first edge.
      expectCode(() => [...reads.in(node, { type, ...view })], 'UNKNOWN_INDEX')
      expectCode(() => reads.degree(node, { direction: 'both', ...view }), 'UNKNOWN_INDEX')
      return
    }
    list(reads.in(node, rows), plain.in(node, type).slice(0, limit))
  } else if (kind === 3) {
    const all = plain.neighbours(node, direction, type).slice(0, limit)
    list(reads.neighbours(node, { ...sides, limit }), all)
  } else if (kind === 4) {
    same(what(), told(reads.degree(node, sides)), told(plain.degree(node, direction, type)))
  } else if (kind === 5) {
    const order = random.chance(0.5) ? undefined : random.pick(['breadth', 'depth'] as const)
    const filter = random.chance(0.5)
      ? undefined
      : (step: unknown) => numberOf(step, salt) % 4 !== 0
    const plan: WalkPlan = { direction, type, depth, order, filter: filter as WalkPlan['filter'] }
    const all: Step[] = plain.walk(node, plan)
    list(reads.walk(node, { ...sides, depth, order, filter }), all)
  } else {
    const isWeighed = isHalf || random.chance(0.6)
    const weight = isWeighed
      ? (edge: unknown) => WEIGHTS[numberOf(edge, salt) % WEIGHTS.length] as number
      : undefined
    const plan: PathPlan = { direction, type, maxDepth: depth, weight }
    const options = { ...sides, maxDepth: depth, weight }
    const way = reads.path(node, other, options)
    const fault = plain.fault(way as Way | undefined, node, other, plan)
    if (fault !== null) throw new Mismatch(`${what()}\n  ${fault}: ${told(way)}`)
    same('the same way each time', told(reads.path(node, other, options)), told(way))
  }
}

/** An iterator that was made, and what it has yet to give. */
export interface Opened {
  what: string
  items: Iterator<unknown> & { toArray(): unknown[] }
  expected: unknown[]
}

/** Begins a question whose answer is an iterator. */
export function begin(
  random: Random,
  pool: readonly Node[],
  reads: Reads,
  plain: PlainGraph,
): Opened {
  const node = random.pick(pool)
  const type = random.chance(0.3) ? random.pick(TYPES) : undefined
  const direction = random.pick(DIRECTIONS)
  const verb = random.pick(['out', 'in', 'neighbours', 'walk', 'deep walk', 'picky walk'])
  const sides = { direction, type }
  const filter = ({ depth }: { depth: number }) => depth % 3 !== 2
  const what = `${verb} ${told([node, sides])}`
  const made = (items: Opened['items'], all: unknown[]) => ({ what, items, expected: [...all] })
  if (verb === 'out') return made(reads.out(node, { type }), plain.out(node, type))
  if (verb === 'in') return made(reads.in(node, { type }), plain.in(node, type))
  if (verb === 'neighbours') {
    return made(reads.neighbours(node, sides), plain.neighbours(node, direction, type))
  }
  const more =
    verb === 'walk' ? {} : verb === 'deep walk' ? { order: 'depth' as const } : { filter }
  return made(reads.walk(node, { ...sides, ...more }), plain.walk(node, { ...sides, ...more }))
}

/** Asks one for its next item, or for all that are left; false at its end. */
export function goOn(random: Random, { what, items, expected }: Opened): boolean {
  if (random.chance(0.2)) {
    same(what, told(items.toArray()), told(expected))
    return false
  }
  const { done, value } = items.next()
  if (!done) same(what, told(value), told(expected.shift()))
  else same(what, told([]), told(expected))
  return !done
}

/** All edges, from both ends; and some questions. */
export function askAll(
  random: Random,
  pool: readonly Node[],
  reads: Reads,
  plain: PlainGraph,
  asked: Asked & { count?: number } = {},
): void {
  const { view = {}, isHalf = false, count = 8 } = asked
  for (const node of pool) {
    same(`out ${told(node)}`, told([...reads.out(node, view)]), told(plain.out(node)))
    if (!isHalf) same(`in ${told(node)}`, told([...reads.in(node, view)]), told(plain.in(node)))
  }
  for (let i = 0; i < count; i++) ask(random, pool, reads, plain, asked)
}
