/**
 * Nodes with logs: whatever the past of a tree, each of its versions reads as a plain array of what it had, by every
 * way that reads a tree: search, ranges, counts, differences, boxes, neighbours. Keys have equal heads, or are prefixes of
 * each other; logs are so short that nodes are copied all the time, or full; what is freed is filled with garbage.
 *
 * `ZVERSE_RUNS` scales the runs, `ZVERSE_SEED` seeds them.
 */
import { describe, expect, it } from 'vitest'
import { type ZVerseError, zorder } from '../../lib/index.js'
import { PAGE, R_STATE, S_LIVE, UNITS } from '../../lib/memory/layout.js'
import { unitsOf } from '../../lib/tree/node.js'
import { openWith, type ZVerse } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 31)

// biome-ignore lint/suspicious/noExplicitAny: keys of either kind.
type Any = any
/** What a version has, by the text of its keys; and the keys. */
type Plain = ReadonlyMap<string, readonly [key: Any, value: number]>

const textOf = (key: Any): string => JSON.stringify(key)

interface Kind {
  readonly name: string
  readonly options: object
  readonly keys: (random: Random, count: number) => Any[]
  readonly compare: (a: Any, b: Any) => number
}

/** Strings that differ late, early, not in their first bytes, or in nothing but their length. */
function strings(random: Random, count: number): string[] {
  const stems = [
    '',
    'a',
    'same head ',
    'same head, and then '.repeat(3),
    '\u0000\u0000\u0000\u0000',
    'é',
  ]
  const keys = new Set<string>()
  while (keys.size < count) {
    const stem = random.pick(stems)
    const way = random.int(4)
    if (way === 0) keys.add(stem + 'a'.repeat(random.int(40)))
    else if (way === 1) keys.add(`${stem}${random.int(400)}`)
    else if (way === 2) keys.add(`${String(random.int(300)).padStart(8, '0')}${stem}`)
    else keys.add(`${stem}${'\u0000'.repeat(random.int(9))}`)
  }
  return [...keys]
}

const KINDS: readonly Kind[] = [
  {
    name: 'strings',
    options: { keys: 'string' },
    keys: strings,
    compare: (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)),
  },
  {
    name: 'points',
    options: { keys: zorder(['uint8', 'uint8']) },
    keys: (random, count) => {
      const side = 8 + random.int(30)
      const keys = new Map<string, number[]>()
      while (keys.size < Math.min(count, side * side - 1)) {
        const point = [random.int(side), random.int(side)]
        keys.set(textOf(point), point)
      }
      return [...keys.values()]
    },
    compare: (a, b) => zOf(a) - zOf(b),
  },
]

/** The place of a point on the curve. */
function zOf([x, y]: [number, number]): number {
  let z = 0
  for (let bit = 7; bit >= 0; bit--) z = 4 * z + 2 * ((x >> bit) & 1) + ((y >> bit) & 1)
  return z
}

class World {
  readonly db: ZVerse<Any, Any>
  readonly kind: Kind
  readonly random: Random
  readonly keys: Any[]
  /** By version, from 0 on. */
  readonly versions: Plain[] = [new Map()]

  /** @param units that nodes take at most */
  constructor(kind: Kind, random: Random, units: number, maxBytes = 2 ** 24) {
    this.kind = kind
    this.random = random
    const size = units === UNITS ? 700 : random.pick([5, 40, 150, 700])
    this.keys = kind.keys(random, size)
    this.db = openWith(
      {
        ...kind.options,
        maxBytes,
        values: 'json',
        pointIndex: false,
        history: {},
      } as never,
      { now: () => 1, poison: true, units },
    ) as ZVerse<Any, Any>
  }

  get present(): Plain {
    return this.versions.at(-1) as Plain
  }

  /** Commits some changes, or clears. */
  step(): void {
    const { random, db } = this
    const next = new Map(this.present)
    const puts = random.pick([1, 1, 1, 2, 10, 60])
    const isLeaving = random.chance(0.4)
    if (random.chance(0.01)) {
      db.clear()
      next.clear()
    } else {
      db.transact(tx => {
        // Cursors of its own, each with what there was when it was opened.
        const cursors: [Iterable<Any>, string[]][] = []
        for (let i = 0; i < puts; i++) {
          if (random.chance(0.1)) cursors.push([tx.entries(), [...next.keys()].sort()])
          if (random.chance(0.15)) this.#batch(tx, next, isLeaving)
          else this.#change(tx, next, isLeaving)
        }
        if (random.chance(0.05)) cursors.push([tx.entries(), [...next.keys()].sort()])
        if (random.chance(0.3)) this.#change(tx, next, isLeaving)
        for (const [range, before] of cursors) {
          expect([...range].map(([key]: Any) => textOf(key)).sort()).toEqual(before)
        }
      })
    }
    if (db.version === this.versions.length) this.versions.push(next)
    else expect([...next]).toEqual([...this.present])
    if (random.chance(0.1)) this.forget()
  }

  #change(
    tx: Any,
    next: Map<string, readonly [key: Any, value: number]>,
    isLeaving: boolean,
  ): void {
    const { random, keys } = this
    const key = random.pick(keys)
    if (random.chance(isLeaving ? 0.7 : 0.2)) {
      tx.delete(key)
      next.delete(textOf(key))
      return
    }
    const value = random.int(1e6)
    tx.put(key, value)
    next.set(textOf(key), [key, value])
  }

  /** Several changes as one; or none, where the last is refused. It has a savepoint in the transaction. */
  #batch(tx: Any, next: Map<string, readonly [key: Any, value: number]>, isLeaving: boolean): void {
    const { random } = this
    const operations: object[] = []
    const after = new Map(next)
    const recorder = {
      put: (key: Any, value: number) => operations.push({ type: 'put', key, value }),
      delete: (key: Any) => operations.push({ type: 'del', key }),
    }
    for (let i = random.int(12); i >= 0; i--) this.#change(recorder, after, isLeaving)
    if (random.chance(0.4)) {
      operations.push({ type: 'put', key: random.pick(this.keys), value: 0, ifVersion: 2 ** 40 })
      expect(() => tx.batch(operations)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_CONFLICT' }),
      )
      return
    }
    tx.batch(operations)
    for (const text of next.keys()) if (!after.has(text)) next.delete(text)
    for (const [text, pair] of after) next.set(text, pair)
  }

  /** Lets go of the oldest versions: blocks that only they see are freed, and used again. */
  forget(): void {
    const { db } = this
    db.prune({ before: Math.min(db.version, db.oldestVersion + this.random.int(12)) })
  }

  sorted(plain: Plain): [Any, number][] {
    return [...plain.values()]
      .map(([key, value]) => [key, value] as [Any, number])
      .sort(this.#order)
  }

  readonly #order = (a: readonly [Any, number], b: readonly [Any, number]): number =>
    this.kind.compare(a[0], b[0])

  /** Compares one version in all ways. */
  compare(version: number): void {
    const { db, random, keys, kind } = this
    const view = { at: version }
    const plain = this.versions[version] as Plain
    const all = this.sorted(plain)
    expect([...db.entries(view)]).toEqual(all)
    expect([...db.entries({ ...view, reverse: true })]).toEqual([...all].reverse())
    expect(db.count(view)).toBe(all.length)
    for (let i = 0; i < 12; i++) {
      const key = random.pick(keys)
      expect(db.get(key, view)).toBe(plain.get(textOf(key))?.[1])
      const [from, to] = [random.pick(keys), random.pick(keys)].sort(kind.compare)
      const isIn = ([at]: readonly [Any, number]) =>
        kind.compare(from, at) <= 0 && kind.compare(at, to) < 0
      const inside = all.filter(isIn)
      const range = { ...view, gte: from, lt: to }
      expect([...db.entries(range)]).toEqual(inside)
      expect(db.count(range)).toBe(inside.length)
      const reverse = { ...range, reverse: true, limit: 5 }
      expect([...db.entries(reverse)]).toEqual(inside.reverse().slice(0, 5))
    }
    if (kind.name === 'points') this.#compareBoxes(version, all)
  }

  #compareBoxes(version: number, all: readonly [Any, number][]): void {
    const { db, random, keys } = this
    const view = { at: version }
    for (let i = 0; i < 4; i++) {
      const corners = [random.pick(keys), random.pick(keys)]
      const low = [0, 1].map(d => Math.min(corners[0][d], corners[1][d]))
      const high = [0, 1].map(d => Math.max(corners[0][d], corners[1][d]))
      const box = [low, high]
      const isIn = ([[x, y]]: readonly [Any, number]) =>
        x >= low[0]! && x <= high[0]! && y >= low[1]! && y <= high[1]!
      const inside = all.filter(isIn)
      expect([...(db as Any).box(low, high, view)]).toEqual(inside)
      expect(db.count({ ...view, box } as never)).toBe(inside.length)
      const [x, y] = random.pick(keys)
      const far = (at: Any) => Math.sqrt((at[0] - x) ** 2 + (at[1] - y) ** 2)
      const distances = all.map(([at]) => far(at)).sort((a, b) => a - b)
      const near = [...(db as Any).nearest([x, y], 6, view)]
      expect(near.map(found => far(found.key))).toEqual(distances.slice(0, 6))
    }
  }

  /** Compares the difference of two versions. */
  compareDiff(from: number, to: number): void {
    const [a, b] = [from, to].map(version => this.versions[version] as Plain) as [Plain, Plain]
    const texts = [...new Set([...a.keys(), ...b.keys()])]
    const expected = texts
      .filter(text => a.get(text)?.[1] !== b.get(text)?.[1])
      .map(text => [textOf(JSON.parse(text)), a.get(text)?.[1], b.get(text)?.[1]])
    const found = [...this.db.diff(from, to)].map((change: Any) => [
      ...[textOf(change.key), change.before, change.after],
    ])
    const isSame = (x: unknown[], y: unknown[]) => (String(x[0]) < String(y[0]) ? -1 : 1)
    // A put of the same value is a change, too.
    const told = found.filter(([, before, after]) => before !== after)
    expect(told.sort(isSame)).toEqual(expected.sort(isSame))
  }
}

describe('trees whose nodes have logs', () => {
  it.each(KINDS)('of $name, against plain arrays', kind => {
    let most = 0
    for (let run = 0; run < scaled(30); run++) {
      const seed = SEED + run
      const units = run === 0 ? UNITS : new Random(seed).pick([0, 1, 2, 3, 4, 7, UNITS])
      const world = new World(kind, new Random(seed), units)
      const { db, random } = world
      try {
        for (let i = 0; i < 60; i++) {
          world.step()
          const { W, epochs } = db._test.engine
          const root = W[epochs.versions.current + R_STATE + S_LIVE] as number
          most = Math.max(most, unitsOf(root))
          const oldest = db.oldestVersion
          const any = () => oldest + random.int(db.version - oldest + 1)
          if (i % 3 === 0) world.compare(any())
          if (i % 4 === 0) world.compareDiff(any(), any())
          if (i % 10 === 9) {
            expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
          }
        }
        for (let version = db.oldestVersion; version <= db.version; version++)
          world.compare(version)
        db.close()
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${seed} ZVERSE_RUNS=1: ${(error as Error).message}`, {
          cause: error,
        })
      }
    }
    expect(most).toBeGreaterThan(3)
  })

  it.for(KINDS)('of $name, where pointers are 2^31 words and beyond', (kind, { skip }) => {
    let world: World
    try {
      world = new World(kind, new Random(SEED), UNITS, 2 ** 33 + 2 ** 27)
    } catch (error) {
      // The system may not give that much address space.
      if ((error as ZVerseError).code !== 'ZVERSE_INVALID_OPTION') throw error
      return skip((error as Error).message)
    }
    const { db } = world
    const { allocator } = db._test.engine.epochs
    // Address space that is never touched.
    const below = allocator.allocatePages(2 ** 21 - allocator.touchedWords / PAGE)
    expect(below).toBeGreaterThan(0)
    const roots = new Set<number>()
    for (let i = 0; i < 80; i++) {
      world.step()
      const { W, epochs } = db._test.engine
      roots.add(W[epochs.versions.current + R_STATE + S_LIVE] as number)
      if (i % 8 === 0) world.compare(db.version)
      if (i % 8 === 4) world.compareDiff(db.oldestVersion, db.version)
    }
    expect([...roots].filter(root => root > 2 ** 31).length).toBeGreaterThan(10)
    // Garbage would be written to all of it.
    allocator.poison = false
    allocator.free(below)
    allocator.poison = true
    for (let i = 0; i < 20; i++) world.step()
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    for (let version = db.oldestVersion; version <= db.version; version++) world.compare(version)
    db.close()
  })
})
