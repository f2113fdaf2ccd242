/** Which blocks of past runs are read, and what happens if one cannot be read at first. */
import { describe, expect, it } from 'vitest'
import { UNNAMED } from '../../lib/engine/names.js'
import { boxOf, nearestIn } from '../../lib/engine/points.js'
import { zorder } from '../../lib/index.js'
import type { Curve } from '../../lib/key/curve.js'
import { compareKeys } from '../../lib/memory/words.js'
import { Deep } from '../../lib/storage/past/deep.js'
import { DeepDiff } from '../../lib/storage/past/deep-diff.js'
import { happeningsIn } from '../../lib/storage/past/deep-history.js'
import { DeepNearest } from '../../lib/storage/past/deep-nearest.js'
import type { Run } from '../../lib/storage/past/run.js'
import { type Range, WHOLE } from '../../lib/tree/cursor.js'
import { Leap } from '../../lib/tree/leap.js'
import { openWith } from '../../lib/zverse.js'
import type { Any } from '../dump/support.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'
import { Points } from '../zorder/arbitraries.js'
import { all, anyRange, entriesOf, IDS, keyIn, pointed, sealed, told, worldOf } from './past.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))
const MANY = 4000

/** Points that were put in version 1 and are gone in version 2, in one run of many blocks. */
function gone(random: Random) {
  const dimensions = ['uint16', 'uint16'] as const
  const points = new Points(dimensions, 'uniform', random)
  const keys = zorder(dimensions)
  const options = { keys, maxBytes: 2 ** 24, history: {} }
  const db = openWith(options as never, { now: () => 1, indexFrom: 1 }) as Any
  db.transact((tx: Any) => {
    for (let i = 0; i < MANY; i++) tx.put(points.next(), i)
  })
  db.clear()
  const { curve } = db._core.keys as { curve: Curve }
  const world = worldOf(db, points, new Map([[UNNAMED, curve]]))
  const past = sealed(world, 2, random, { cacheBytes: 0, cuts: 0, blockWords: 100 })
  const record = world.engine.epochs.versions.record(2)
  const deep = new Deep(world.W, record, past.runs, 1)
  const [run] = past.runs as [Run]
  expect(run.blocks).toBeGreaterThan(MANY / 20)
  const close = () => {
    past.close()
    db.close()
  }
  return { world, past, deep, run, curve, close, record }
}

describe(`blocks that are read, seeds ${SEED} and on`, () => {
  it('of a box are those whose stretch of the curve meets it', () => {
    for (let n = 0; n < runs(20); n++) {
      const random = new Random(SEED + n)
      const { past, deep, run, curve, close, world } = gone(random)
      const codeOf = (block: number) => {
        const code = new Uint32Array(curve.words)
        run.firstKey(block, code)
        return code
      }
      for (let k = 0; k < 20; k++) {
        const [x, y] = [random.int(60_000), random.int(60_000)]
        const side = () => random.pick([10, 500, 3000])
        const box = boxOf(curve, [x, y], [x + side(), y + side()])
        const leap = new Leap(box, false)
        let met = 0
        for (let block = 0; block < run.blocks; block++) {
          if (!leap.next(codeOf(block), 0)) continue
          const { bytes } = curve
          const isIn =
            block + 1 === run.blocks ||
            compareKeys(leap.code, 0, bytes, codeOf(block + 1), 0, bytes) <= 0
          if (isIn) met++
        }
        const range: Range = { lower: null, upper: null, box }
        const expected = entriesOf(world, 1, UNNAMED, range)
        for (const isReverse of [false, true]) {
          const before = past.reads
          const walked = all(deep.walk(UNNAMED, range, isReverse)).map(found => told(world, found))
          expect(walked).toEqual(isReverse ? [...expected].reverse() : expected)
          expect(past.reads - before).toBeLessThanOrEqual(met)
        }
      }
      close()
    }
  })

  it('of neighbours are few', () => {
    for (let n = 0; n < runs(10); n++) {
      const random = new Random(SEED + n)
      const { past, deep, run, curve, close, world } = gone(random)
      for (let k = 0; k < 20; k++) {
        const point = world.points.next()
        const search = new DeepNearest(deep, UNNAMED, curve, nearestIn(curve, point, 5, {}))
        const before = past.reads
        expect(all(search)).toHaveLength(5)
        // A block is a few cells: those around the point, whose stretches may meet only in a corner.
        expect(past.reads - before).toBeLessThan(run.blocks / 16)
      }
      close()
    }
  })

  it('of a range are those that have something of the version', () => {
    const db = openWith({ maxBytes: 2 ** 24, history: {} }, { now: () => 1, indexFrom: 1 }) as Any
    const key = (i: number) => `key ${String(i).padStart(5, '0')}`
    // Of the keys a third dies at each version, one third after the other.
    db.transact((tx: Any) => {
      for (let i = 0; i < MANY; i++) tx.put(key(i), i)
    })
    for (const part of [0, 1, 2]) {
      db.transact((tx: Any) => {
        for (let i = part; i < MANY / 3; i++) tx.put(key(part * Math.ceil(MANY / 3) + i), 'new')
      })
    }
    const random = new Random(SEED)
    const world = worldOf(db, new Points(['uint8'], 'uniform', random), new Map())
    const past = sealed(world, 4, random, { cacheBytes: 0, cuts: 0, blockWords: 100 })
    const { W, engine } = world
    const [run] = past.runs as [Run]
    for (const at of [1, 2, 3]) {
      const deep = new Deep(W, engine.epochs.versions.record(4), past.runs, at)
      for (const isReverse of [false, true]) {
        const before = past.reads
        const walked = all(deep.walk(UNNAMED, WHOLE, isReverse)).map(found => told(world, found))
        const expected = entriesOf(world, at, UNNAMED)
        expect(walked).toEqual(isReverse ? expected.reverse() : expected)
        expect(past.reads - before).toBeLessThan(((4 - at) / 3) * run.blocks + 3)
      }
    }
    past.close()
    db.close()
  })
})

describe(`reads that fail, seeds ${SEED} and on`, () => {
  it('leave out nothing: the next call goes on', () => {
    let failures = 0
    for (let n = 0; n < runs(100); n++) {
      const seed = SEED + n
      const random = new Random(seed)
      const world = pointed(random, 60)
      const { W, oldest, newest, engine } = world
      const past = sealed(world, newest, random, { cacheBytes: 0 })
      const at = oldest + random.int(newest - oldest + 1)
      const record = engine.epochs.versions.record(newest)
      const deep = new Deep(W, record, past.runs, at)
      for (const id of IDS) {
        const now = entriesOf(world, at, id)
        const range = anyRange(world, id, now, random)
        const curve = world.curves.get(id)
        const point = world.points.next().map(x => (Number.isFinite(Number(x)) ? x : null))
        const between = { from: at, to: newest, record: 0, storeBefore: id, storeAfter: id, range }
        const asks: (() => { next(): unknown })[] = [
          () => deep.walk(id, range, false),
          () => deep.walk(id, range, true),
          () => new DeepDiff(W, record, past.runs, between),
        ]
        if (curve !== undefined) {
          asks.push(() => new DeepNearest(deep, id, curve, nearestIn(curve, point, 7, {})))
        }
        for (const ask of asks) {
          const expected = all(ask())
          let isFailing = false
          past.disk.before = syscall => {
            isFailing = syscall === 'read' && !isFailing && random.chance(0.7)
            if (isFailing) throw Disk.failure('EIO', 'read')
          }
          const walk = ask()
          const given: unknown[] = []
          for (;;) {
            try {
              const item = walk.next()
              if (item === null) break
              given.push(item)
            } catch (error) {
              expect(error).toMatchObject({ code: 'ZVERSE_IO' })
              failures++
            }
          }
          past.disk.before = () => {}
          const words = (items: unknown[]) => JSON.stringify(items.map(item => toldOf(item)))
          expect(words(given), `seed ${seed}, store ${id}`).toBe(words(expected))
        }
      }
      past.close()
      world.db.close()

      function toldOf(item: unknown): unknown {
        const one = item as Any
        if (one === null || one === undefined) return null
        if ('words' in one) return told(world, one)
        return {
          ...one,
          found: toldOf(one.found),
          before: toldOf(one.before),
          after: toldOf(one.after),
        }
      }
    }
    expect(failures).toBeGreaterThan(0)
  })

  it('of a history throw, and it can be asked for again', () => {
    const random = new Random(SEED)
    const { past, world, record, close } = gone(random)
    const [words] = entriesOf(world, 1, UNNAMED) as [number[]]
    past.disk.before = syscall => {
      if (syscall === 'read') throw Disk.failure('EIO', 'read')
    }
    const ask = () => happeningsIn(past.runs, world.W, record, UNNAMED, keyIn(words), 1)
    expect(ask).toThrow(expect.objectContaining({ code: 'ZVERSE_IO' }))
    past.disk.before = () => {}
    expect(ask().map(({ found }) => told(world, found))).toEqual([words])
    close()
  })
})
