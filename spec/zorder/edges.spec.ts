/**
 * Single cases that went wrong once: the sphere's seams, and the caller's code in unexpected places.
 */
import { describe, expect, it } from 'vitest'
import { type Dimension, ZVerse, zorder } from '../../lib/index.js'
import { Axis } from '../../lib/key/axis.js'
import { Haversine } from '../../lib/tree/metric.js'

const sphere = { metric: 'haversine' } as const

function placesAt(...keys: [number, number][]) {
  const db = ZVerse.open<[number, number], string>({ keys: zorder(['float64', 'float64']) })
  for (const key of keys) db.put(key, String(key))
  return db
}

describe('on the sphere', () => {
  it('a key a quarter round from the point is found', () => {
    for (let i = 0; i < 300; i++) {
      const longitude = 90 - (6e-7 + i * 3e-9)
      const db = placesAt([longitude, 0])
      expect(db.nearest([0, 0], 1, sphere).toArray().length).toBe(1)
      db.close()
    }
  })

  it('a key next to the antipode is found', () => {
    const db = placesAt([-180, 89.99999865889549])
    expect(db.nearest([135, -90], 1, sphere).toArray().length).toBe(1)
  })

  it('a place is at distance 0 from itself, however often it went round', () => {
    for (const longitude of [180, -180, 190, -170, 540, 8.54]) {
      const db = placesAt([longitude, 10])
      for (const turns of [-2, 0, 1]) {
        const point: [number, number] = [longitude + 360 * turns, 10]
        const found = db.nearest(point, 1, { ...sphere, within: 1e-6 }).toArray()
        expect(found.length).toBe(1)
        if (turns === 0) expect(found[0]?.distance).toBe(0)
      }
      db.close()
    }
  })

  it('a huge longitude is what is left of it', () => {
    const db = placesAt([-80, 10], [-128, 10])
    expect(db.nearest([1e18, 10], 1, sphere).toArray()[0]?.key).toEqual([(1e18 % 360) - 360, 10])
    expect(db.nearest([1e300, 10], 2, sphere).toArray().length).toBe(2)
  })

  it('a cell beyond a pole is no farther than what is in it', () => {
    for (const [point, low, high, at] of [
      [
        [1, 89],
        [0, 91],
        [127, 95],
        [126, 91],
      ],
      [
        [116.2, 86.5],
        [112, 96],
        [127, 111],
        [126, 96],
      ],
    ] as [number[], number[], number[], number[]][]) {
      const metric = new Haversine(point[0] as number, point[1] as number, -180, 2)
      expect(metric.bound(low, high)).toBeLessThanOrEqual(metric.distance(at))
    }
  })
})

describe("the caller's code", () => {
  it('closing the database while a corner is read leaves nothing behind', () => {
    const db = ZVerse.open({ keys: zorder(['int8', 'float64']), history: { versions: 0 } })
    for (let i = 0; i < 10; i++) db.put([i, i], i)
    const verbs: ((other: typeof db, key: [number, number]) => unknown)[] = [
      (other, key) => other.box(key, [9, 9]).toArray(),
      (other, key) => other.nearest(key, 3).toArray(),
      (other, key) => other.count({ box: [key, [9, 9]] }),
      (other, key) => other.get(key),
      (other, key) => other.range({ gte: key }).toArray(),
      (other, key) => other.diff(0, 10, { box: [key, [9, 9]] }).toArray(),
      (other, key) => other.history(key).toArray(),
    ]
    for (const verb of verbs) {
      const other = ZVerse.attach(db.share()) as typeof db
      const key: [number, number] = [1, 1]
      Object.defineProperty(key, 0, {
        get() {
          other.close()
          return 1
        },
      })
      expect(() => verb(other, key)).toThrow(expect.objectContaining({ code: 'ZVERSE_CLOSED' }))
    }
    expect(db.stats().readers).toMatchObject({ pins: 0 })
    expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
    db.close()
  })

  it('closing a read transaction while a corner is read ends it', () => {
    const db = ZVerse.open({ keys: zorder(['int8', 'float64']) })
    db.put([1, 1], 1)
    for (const verb of ['box', 'nearest', 'count', 'get', 'history'] as const) {
      const tx = db.beginRead()
      const key: [number, number] = [1, 1]
      Object.defineProperty(key, 0, {
        get() {
          tx.close()
          return 1
        },
      })
      expect(() => {
        if (verb === 'box') tx.box(key, [9, 9])
        else if (verb === 'nearest') tx.nearest(key, 1)
        else if (verb === 'count') tx.count({ box: [key, [9, 9]] })
        else tx[verb](key)
      }).toThrow(expect.objectContaining({ code: 'ZVERSE_TRANSACTION_CLOSED' }))
    }
    expect(db.stats().readers).toMatchObject({ pins: 0 })
    db.close()
  })

  it('revoked proxies are refused', () => {
    const db = ZVerse.open({ keys: zorder(['int8', 'float64']) })
    const { proxy, revoke } = Proxy.revocable([] as never, {})
    revoke()
    const refusal = expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION' })
    expect(() => db.range({ box: proxy })).toThrow(refusal)
    expect(() => db.nearest([1, 1], 1, { scale: proxy })).toThrow(refusal)
    expect(() => db.box(proxy, [1, 1])).toThrow(
      expect.objectContaining({ code: 'ZVERSE_INVALID_KEY' }),
    )
    db.close()
  })

  it('a dimension is read once', () => {
    let reads = 0
    const dimension: Dimension = {
      type: 'float',
      min: 0,
      get max() {
        return ++reads
      },
      bits: 8,
    }
    const keys = zorder([dimension])
    expect(reads).toBe(1)
    expect(keys.dimensions).toEqual([{ type: 'float', min: 0, max: 1, bits: 8 }])
    expect(Object.isFrozen(keys.dimensions[0])).toBe(true)
    expect(new Axis(keys.dimensions[0], 0).name).toBe('float(0,1,8)')
  })
})
