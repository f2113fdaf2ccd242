/**
 * Shared by the specs of the past: databases with all of their versions, which tell what is right, and runs
 * sealed of them.
 */

import type { Found } from '../../lib/engine/deep.js'
import type { Engine } from '../../lib/engine/engine.js'
import { UNNAMED } from '../../lib/engine/names.js'
import { boxOf, intersect } from '../../lib/engine/points.js'
import { zorder } from '../../lib/index.js'
import type { Box } from '../../lib/key/box.js'
import type { Curve } from '../../lib/key/curve.js'
import type { ZOrderKeys } from '../../lib/key/zorder.js'
import {
  entryWords,
  isInPieces,
  type KeyWords,
  keyBytesOf,
  valueBytesOf,
} from '../../lib/memory/entry.js'
import { E_KEY } from '../../lib/memory/layout.js'
import { Directory } from '../../lib/storage/files.js'
import { rootIn } from '../../lib/storage/past/beside.js'
import { BlockCache } from '../../lib/storage/past/block-cache.js'
import { merge } from '../../lib/storage/past/merge.js'
import { Run } from '../../lib/storage/past/run.js'
import type { Span } from '../../lib/storage/past/run-format.js'
import { RunWriter } from '../../lib/storage/past/run-writer.js'
import { seal } from '../../lib/storage/past/seal.js'
import { walk } from '../../lib/tree/box-cursor.js'
import { type Range, WHOLE } from '../../lib/tree/cursor.js'
import { openWith } from '../../lib/zverse.js'
import { type Any, make, step } from '../dump/support.js'
import { Disk } from '../support/disk.js'
import type { Random } from '../support/random.js'
import { Points, SHAPES } from '../zorder/arbitraries.js'
import type { Coordinate, Dimension } from '../zorder/oracle.js'

const SALT = new Uint8Array(16)

/** A database that has kept all of its versions. */
export interface World {
  db: Any
  engine: Engine
  W: Uint32Array
  oldest: number
  newest: number
  /** Stores that have points as keys: the id, which none other has, and the curve. */
  curves: Map<number, Curve>
  points: Points
}

export function worldOf(db: Any, points: Points, curves: Map<number, Curve>): World {
  const { engine } = db._test as { engine: Engine }
  const { oldest, newest } = engine.epochs.versions
  return { db, engine, W: engine.W, oldest, newest, curves, points }
}

/** Keys and values of all kinds, in stores that come and go. */
export function motley(seed: number, random: Random): World {
  const made = make(seed, 0)
  made.db.setHistory({})
  for (let n = 10 + random.int(80); n > 0; n--) step(made, random)
  return worldOf(made.db, new Points(['uint8'], 'uniform', random), new Map())
}

/** Dimensions of points. */
export const LISTS: readonly (readonly Dimension[])[] = [
  ...([['uint8', 'uint8'], ['int16', 'int16'], ['float64', 'float64'], ['uint8']] as const),
  ...([
    ['float32', 'date'],
    ['uint16', 'int32', 'uint8'],
    ['date', 'date'],
  ] as const),
  ...([['uint8', 'uint8', 'float64', 'int16', 'uint32']] as const),
  [
    { type: 'float', min: -180, max: 180, bits: 20 },
    { type: 'float', min: -90, max: 90, bits: 19 },
  ],
]

/** Points, in a store without a name and in others, one of which is dropped and made again. */
export function pointed(random: Random, most: number): World {
  const dimensions = random.pick(LISTS)
  const points = new Points(dimensions, random.pick(SHAPES), random)
  const keys = zorder(dimensions as never)
  const history = {}
  const db = openWith({ keys, values: 'msgpack', maxBytes: 2 ** 24, history } as never, {
    now: () => 1,
    indexFrom: 1,
    poison: true,
  }) as Any
  const curves = new Map<number, Curve>()
  const known: unknown[] = []
  const put = (store: Any) => {
    const key = known.length > 0 && random.chance(0.4) ? random.pick(known) : points.next()
    known.push(key)
    store.put(key, random.int(1000))
  }
  for (let n = 5 + random.int(most); n > 0; n--) {
    const store = random.chance(0.6) ? db : db.store(random.pick(['a', 'b']), { keys })
    const { id, keys: codec } = store._core
    curves.set(id, (codec as ZOrderKeys).curve)
    const what = random.int(100)
    if (what < 30) put(store)
    else if (what < 50 && known.length > 0) store.delete(random.pick(known))
    else if (what < 52) store.clear({ gte: points.next() })
    else if (what < 53) store.clear()
    else if (what < 55 && store !== db) db.dropStore(store.name)
    else
      db.transact((tx: Any) => {
        for (let i = random.int(30); i > 0; i--) put(store === db ? tx : tx.store(store))
      })
  }
  return worldOf(db, points, curves)
}

/** Runs of what died from the oldest version up to `to`, cut at random, and how often they have been read. */
export interface Sealed {
  runs: Run[]
  disk: Disk
  reads: number
  close(): void
}

export function sealed(
  world: World,
  to: number,
  random: Random,
  {
    cacheBytes = 2 ** 16,
    cuts: count = random.int(4),
    blockWords = random.pick([20, 60, 200]),
    deflate = random.chance(0.3),
    merged = random.chance(0.3),
  }: {
    cacheBytes?: number
    cuts?: number
    blockWords?: number
    deflate?: boolean
    merged?: boolean
  } = {},
): Sealed {
  const { engine, oldest } = world
  const { versions } = engine.epochs
  const disk = new Disk()
  const directory = new Directory(disk, 'db')
  directory.make()
  const records: number[] = []
  for (let v = oldest; v <= to; v++) records.push(versions.record(v))
  const cuts = [0, records.length - 1]
  for (let n = count; n > 0; n--) cuts.push(random.int(records.length))
  cuts.sort((a, b) => a - b)
  const write = (number: number, span: Span, fill: (writer: RunWriter) => void) => {
    const file = directory.open(`run-${number}`, 'create')
    const writer = new RunWriter(file, SALT, number, span, { blockWords, deflate })
    fill(writer)
    writer.end()
    file.close()
    const again = directory.open(`run-${number}`, 'read')
    return Run.open(again, SALT, number, new BlockCache(cacheBytes))
  }
  let runs = cuts.slice(1).map((end, i) => {
    const begin = cuts[i] as number
    const span = { from: oldest + begin, to: oldest + end }
    return write(i + 1, span, writer => {
      for (const _ of seal(engine, records.slice(begin, end + 1), writer));
      for (let v = span.from; v <= span.to; v++) writer.time(v, versions.time(v))
    })
  })
  if (merged && runs.length > 1) {
    const first = random.int(runs.length - 1)
    const inputs = runs.slice(first, first + 2 + random.int(runs.length - first - 1))
    const span = { from: (inputs[0] as Run).span.from, to: (inputs.at(-1) as Run).span.to }
    const one = write(100, span, writer => {
      for (const _ of merge(inputs, { from: oldest, tagged: [] }, writer));
    })
    for (const run of inputs) run.close()
    runs = [...runs.slice(0, first), one, ...runs.slice(first + inputs.length)]
  }
  const close = () => {
    for (const run of runs) run.close()
  }
  const made: Sealed = { runs, disk, reads: 0, close }
  disk.before = syscall => {
    if (syscall === 'read') made.reads++
  }
  return made
}

/** Ids of stores that there may be. */
export const IDS = Array.from({ length: 8 }, (_, i) => UNNAMED + i)

// ── What is so ──────────────────────────────────────────────────────────────────────────────────

/** All words of an entry, its value in one piece. */
export function wordsOf({ engine }: World, words: Uint32Array, entry: number): number[] {
  const size = entryWords(keyBytesOf(words, entry), valueBytesOf(words, entry))
  const whole = new Uint32Array(size)
  if (isInPieces(words, entry)) engine.gatherer.copy(entry, whole, 0)
  else whole.set(words.subarray(entry, entry + size))
  return [...whole]
}

export const told = (world: World, found: Found | null) =>
  found && wordsOf(world, found.words, found.entry)

/** Root of a store's tree at a version. */
export function rootAt({ W, engine }: World, version: number, id: number): number {
  return rootIn(W, engine.epochs.versions.record(version), id)
}

/** What memory has of a store at a version, in a range. */
export function entriesOf(
  world: World,
  version: number,
  id: number,
  range: Range = WHOLE,
  isReverse = false,
): number[][] {
  const cursor = walk(world.W, rootAt(world, version, id), range, isReverse, 2 ** 30)
  const all: number[][] = []
  for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
    all.push(wordsOf(world, world.W, entry))
  }
  return all
}

/** The key of an entry, all of whose words are given. */
export function keyIn(entry: readonly number[]): KeyWords {
  const words = Uint32Array.from(entry)
  const bytes = keyBytesOf(words, 0)
  return { words: words.slice(E_KEY, E_KEY + ((bytes + 3) >>> 2)), bytes }
}

/** All that a walk gives. */
export function all<T>(walk: { next(): T | null }): T[] {
  const items: T[] = []
  for (let item = walk.next(); item !== null; item = walk.next()) items.push(item)
  return items
}

/** A version from `low` to `high`, rather a late one: early ones have little. */
export function anyVersion(random: Random, low: number, high: number): number {
  return low + Math.max(random.int(high - low + 1), random.int(high - low + 1))
}

// ── What is asked ───────────────────────────────────────────────────────────────────────────────

/** A place before or after one of some entries, or of a point. */
function anyBound(world: World, id: number, entries: readonly number[][], random: Random) {
  const curve = world.curves.get(id)
  if (random.chance(0.3)) return null
  let key = entries.length > 0 ? keyIn(random.pick(entries)) : undefined
  if (curve !== undefined && (key === undefined || random.chance(0.3))) {
    const code = new Uint32Array(curve.words)
    const ordered = new Uint32Array(2 * curve.axes.length)
    for (const [d, x] of world.points.next().entries()) curve.axes[d]?.encode(x, ordered, 2 * d)
    curve.encode(ordered, code)
    key = { words: code, bytes: curve.bytes }
  }
  return key === undefined ? null : { ...key, after: random.chance(0.5) }
}

/** Bounds, or of points mostly a box: its corners at, or around, some of them. */
export function anyRange(
  world: World,
  id: number,
  entries: readonly number[][],
  random: Random,
): Range {
  const lower = anyBound(world, id, entries, random)
  const upper = anyBound(world, id, entries, random)
  const curve = world.curves.get(id)
  if (curve === undefined || random.chance(0.3)) return { lower, upper, box: null }
  const box = anyBox(world, curve, random)
  if (random.chance(0.3)) intersect(box, lower, upper)
  return { lower: null, upper: null, box }
}

function anyBox(world: World, curve: Curve, random: Random): Box {
  const [a, b] = anyCorners(world.points, random)
  return boxOf(curve, a, b)
}

/** Two corners of a box that is not inverted; null where it is open. */
export function anyCorners(points: Points, random: Random) {
  const [p, q] = [points.next(), random.chance(0.2) ? points.next() : null]
  const reach = random.pick([0, 0.5, 3, 20, 1000])
  const pairs = p.map((x, d) => {
    if (q === null) return [shifted(x, -reach), shifted(x, reach)]
    const y = q[d] as Coordinate
    return Number(x) <= Number(y) ? [x, y] : [y, x]
  })
  const open = (side: number) => pairs.map(pair => (random.chance(0.1) ? null : pair[side]))
  return [open(0), open(1)]
}

const shifted = (x: Coordinate, by: number): Coordinate =>
  typeof x === 'number' ? x + by : new Date(Math.max(-8.64e15, Math.min(8.64e15, Number(x) + by)))
