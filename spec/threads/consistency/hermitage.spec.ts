/**
 * The isolation anomalies that Hermitage names (github.com/ept/hermitage), each played by real
 * threads, a step at a time. All begin with `1: 10` and `2: 20`.
 *
 * Write transactions come one after another over all threads and each reads the state that the last
 * one left, so most anomalies end in the second writer's waiting. Read transactions see one version.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { endAll, type Party, stage, waits } from './party.js'

const CONFLICT = { code: 'ZVERSE_CONFLICT' }
const START = [
  ['1', 10],
  ['2', 20],
]

afterAll(endAll)

type Play = (t1: Party, t2: Party, t3: Party) => Promise<void>

/** An anomaly with two threads, or three. */
function anomaly(name: string, play: Play, threads = 2): void {
  it(name, () => stage(threads, ([t1, t2, t3]) => play(t1, t2, t3)))
}

/** The result of a predicate read of values divisible by three. */
async function byThree(from: { all(): Promise<[string, number][]> }): Promise<[string, number][]> {
  return (await from.all()).filter(([, value]) => value % 3 === 0)
}

describe('G0: write cycles', () => {
  anomaly('the second writer waits for the first to end', async (t1, t2) => {
    const v1 = await t1.begin()
    const second = t2.begin()
    await t1.tx.put('1', 11)
    await waits(second)
    await t1.tx.put('2', 21)
    expect(await t1.tx.commit()).toBe(v1)
    expect(await second).toBe(v1 + 1)
    expect(await t2.tx.all()).toEqual([
      ['1', 11],
      ['2', 21],
    ])
    await t2.tx.put('1', 12)
    await t2.tx.put('2', 22)
    expect(await t2.tx.commit()).toBe(v1 + 1)
    const last = [
      ['1', 12],
      ['2', 22],
    ]
    expect(await t1.db.all()).toEqual(last)
    expect(await t2.db.all()).toEqual(last)
    expect(await t2.db.all({ at: v1 })).toEqual([
      ['1', 11],
      ['2', 21],
    ])
  })

  anomaly('a writer that blocks its thread waits too', async (t1, t2) => {
    const v1 = await t1.begin()
    const second = t2.beginBlocking()
    await t1.tx.put('1', 11)
    await waits(second)
    await t1.tx.commit()
    expect(await second).toBe(v1 + 1)
    await t2.tx.put('1', 12)
    await t2.tx.commit()
    expect(await t1.db.get('1')).toBe(12)
  })

  anomaly('a single put waits too', async (t1, t2) => {
    const v1 = await t1.begin()
    await t1.tx.put('1', 11)
    const second = t2.db.put('1', 12)
    await waits(second)
    await t1.tx.put('2', 21)
    await t1.tx.commit()
    expect(await second).toBe(v1 + 1)
    expect(await t1.db.all()).toEqual([
      ['1', 12],
      ['2', 21],
    ])
  })
})

describe('G1: what was never committed', () => {
  anomaly('G1a: nobody reads what is rolled back', async (t1, t2) => {
    const v1 = await t1.begin()
    await t1.tx.put('1', 101)
    expect(await t1.tx.get('1')).toBe(101)
    expect(await t2.db.get('1')).toBe(10)
    expect(await t1.db.get('1')).toBe(10)
    await t1.tx.abort()
    expect(await t2.db.all()).toEqual(START)
    expect(await t1.db.version()).toBe(v1 - 1)
    // The next writer begins from the committed state, and takes the number.
    expect(await t2.begin()).toBe(v1)
    expect(await t2.tx.all()).toEqual(START)
    await t2.tx.abort()
  })

  anomaly('G1b: nobody reads what a transaction wrote in between', async (t1, t2) => {
    await t1.begin()
    await t1.tx.put('1', 101)
    await t2.beginRead()
    expect(await t2.read.get('1')).toBe(10)
    expect(await t2.db.get('1')).toBe(10)
    await t1.tx.put('1', 11)
    const v1 = await t1.tx.commit()
    expect(await t2.read.get('1')).toBe(10)
    expect(await t2.db.get('1')).toBe(11)
    expect(await t2.db.getEntry('1')).toEqual({ key: '1', value: 11, version: v1 })
  })

  anomaly('G1c: information does not go in a circle', async (t1, t2) => {
    await t1.begin()
    await t1.tx.put('1', 11)
    const second = t2.begin()
    expect(await t1.tx.get('2')).toBe(20)
    await waits(second)
    await t1.tx.commit()
    await second
    await t2.tx.put('2', 22)
    expect(await t2.tx.get('1')).toBe(11)
    await t2.tx.commit()
    expect(await t1.db.all()).toEqual([
      ['1', 11],
      ['2', 22],
    ])
  })
})

describe('OTV: observed transaction vanishes', () => {
  anomaly(
    'a reader sees all of a transaction, and goes on seeing it',
    async (t1, t2, t3) => {
      await t1.begin()
      await t1.tx.put('1', 11)
      await t1.tx.put('2', 19)
      const second = t2.begin()
      await waits(second)
      const v1 = await t1.tx.commit()
      await second
      await t2.tx.put('1', 12)
      expect(await t3.beginRead()).toBe(v1)
      expect(await t3.read.get('1')).toBe(11)
      await t2.tx.put('2', 18)
      expect(await t3.read.get('2')).toBe(19)
      await t2.tx.commit()
      expect(await t3.read.getMany(['2', '1'])).toEqual([19, 11])
      expect(await t3.db.getMany(['2', '1'])).toEqual([18, 12])
    },
    3,
  )
})

describe('PMP: predicate-many-preceders', () => {
  anomaly('a read transaction finds no more than at first', async (t1, t2) => {
    const version = await t1.beginRead()
    expect(await byThree(t1.read)).toEqual([])
    await t2.db.put('3', 30)
    expect(await byThree(t1.read)).toEqual([])
    expect(await t1.read.count()).toBe(2)
    expect(await t1.db.count({ at: version })).toBe(2)
    expect(await byThree(t1.db)).toEqual([['3', 30]])
  })

  anomaly('a writer that chooses by value chooses of what the last one left', async (t1, t2) => {
    await t1.begin()
    await t1.tx.addToAll(10)
    const second = t2.begin()
    await waits(second)
    await t1.tx.commit()
    await second
    // The former 10 is 20 now.
    await t2.tx.deleteWhere(20)
    await t2.tx.commit()
    expect(await t1.db.all()).toEqual([['2', 30]])
  })
})

describe('P4: lost update', () => {
  anomaly('the second transaction reads what the first wrote', async (t1, t2) => {
    await t1.begin()
    expect(await t1.tx.get('1')).toBe(10)
    const second = t2.begin()
    await waits(second)
    await t1.tx.put('1', 11)
    await t1.tx.commit()
    await second
    expect(await t2.tx.get('1')).toBe(11)
    await t2.tx.add('1', 1)
    await t2.tx.commit()
    expect(await t1.db.get('1')).toBe(12)
  })

  anomaly('`update` reads and writes as one', async (t1, t2) => {
    const adds = [...Array(50)].flatMap(() => [t1.db.add('1', 1), t2.db.add('1', 1)])
    const versions = await Promise.all(adds)
    expect(await t1.db.get('1')).toBe(110)
    expect(new Set(versions).size).toBe(100)
  })

  anomaly('`ifVersion` refuses the second', async (t1, t2) => {
    const { version } = await t1.db.getEntry('1')
    expect((await t2.db.getEntry('1')).version).toBe(version)
    const v1 = await t1.db.put('1', 11, { ifVersion: version })
    const refused = { ...CONFLICT, expected: version, actual: v1 }
    await expect(t2.db.put('1', 11, { ifVersion: version })).rejects.toMatchObject(refused)
    await expect(t2.db.delete('1', { ifVersion: version })).rejects.toMatchObject(refused)
    expect(await t2.db.version()).toBe(v1)
    await t2.db.put('1', 12, { ifVersion: v1 })
    expect(await t1.db.get('1')).toBe(12)
  })

  anomaly('`ifVersion: null` lets one of two create a key', async (t1, t2) => {
    expect(await t1.db.getEntry('3')).toBeUndefined()
    expect(await t2.db.getEntry('3')).toBeUndefined()
    const v1 = await t1.db.put('3', 31, { ifVersion: null })
    const refused = { ...CONFLICT, expected: null, actual: v1 }
    await expect(t2.db.put('3', 32, { ifVersion: null })).rejects.toMatchObject(refused)
    expect(await t2.db.get('3')).toBe(31)
    // And entries deleted meanwhile are not there.
    await t1.db.delete('3')
    const gone = { ...CONFLICT, expected: v1, actual: null }
    await expect(t2.db.put('3', 33, { ifVersion: v1 })).rejects.toMatchObject(gone)
  })
})

describe('G-single: read skew', () => {
  anomaly('a read transaction sees one version', async (t1, t2) => {
    const version = await t1.beginRead()
    expect(await t1.read.get('1')).toBe(10)
    await t2.begin()
    expect(await t2.tx.getMany(['1', '2'])).toEqual([10, 20])
    await t2.tx.put('1', 12)
    await t2.tx.put('2', 18)
    await t2.tx.commit()
    expect(await t1.read.get('2')).toBe(20)
    expect(await t1.db.get('2', { at: version })).toBe(20)
    expect(await t1.db.getMany(['1', '2'])).toEqual([12, 18])
  })

  anomaly('by a predicate: what comes and goes is not seen', async (t1, t2) => {
    await t1.beginRead()
    const fives = async () => (await t1.read.all()).filter(([, v]: [string, number]) => v % 5 === 0)
    expect(await fives()).toEqual(START)
    await t2.db.put('1', 12)
    await t2.db.put('3', 35)
    await t2.db.delete('2')
    expect(await fives()).toEqual(START)
  })

  anomaly('by a predicate that writes: the write sees the present', async (t1, t2) => {
    await t1.beginRead()
    expect(await t1.read.get('1')).toBe(10)
    await t2.db.batch([
      { type: 'put', key: '1', value: 12 },
      { type: 'put', key: '2', value: 18 },
    ])
    // The 20 of the version read is not 20 any more: nothing to delete.
    await t1.begin()
    await t1.tx.deleteWhere(20)
    expect(await t1.tx.commit()).toBe(await t2.db.version())
    expect(await t1.db.getMany(['1', '2'])).toEqual([12, 18])
  })

  anomaly('a write that rests on an old version is refused by `ifVersion`', async (t1, t2) => {
    await t1.beginRead()
    const { version } = await t1.read.getEntry('2')
    await t2.begin()
    await t2.tx.put('1', 12)
    await t2.tx.put('2', 18)
    const v2 = await t2.tx.commit()
    const refused = { ...CONFLICT, expected: version, actual: v2 }
    await expect(t1.db.put('2', 21, { ifVersion: version })).rejects.toMatchObject(refused)
  })
})

describe('G2-item: write skew', () => {
  anomaly('the second transaction reads what the first wrote', async (t1, t2) => {
    await t1.begin()
    expect(await t1.tx.getMany(['1', '2'])).toEqual([10, 20])
    const second = t2.begin()
    await waits(second)
    await t1.tx.put('1', 11)
    await t1.tx.commit()
    await second
    expect(await t2.tx.getMany(['1', '2'])).toEqual([11, 20])
    await t2.tx.abort()
    expect(await t1.db.getMany(['1', '2'])).toEqual([11, 20])
  })

  anomaly('versions that were read are checked as one with the write', async (t1, t2) => {
    const read = async (t: Party): Promise<[string, number][]> => {
      await t.beginRead()
      const [one, two] = [await t.read.getEntry('1'), await t.read.getEntry('2')]
      return [
        ['1', one.version],
        ['2', two.version],
      ]
    }
    const [seen1, seen2] = [await read(t1), await read(t2)]
    const v1 = await t1.db.putIfUnchanged('1', 11, seen1)
    await expect(t2.db.putIfUnchanged('2', 21, seen2)).rejects.toThrow('1 has changed')
    expect(await t2.db.version()).toBe(v1)
    expect(await t2.db.getMany(['1', '2'])).toEqual([11, 20])
  })

  anomaly('a batch that writes what it read is refused as a whole', async (t1, t2) => {
    const { version } = await t1.db.getEntry('1')
    const batch = (key: string, value: number) => [
      { type: 'put', key, value },
      { type: 'put', key: '1', value: key === '1' ? value : 10, ifVersion: version },
    ]
    const v1 = await t1.db.batch(batch('1', 11).slice(1))
    const refused = { ...CONFLICT, expected: version, actual: v1 }
    await expect(t2.db.batch(batch('2', 21))).rejects.toMatchObject(refused)
    expect(await t2.db.getMany(['1', '2'])).toEqual([11, 20])
  })
})

describe('G2: anti-dependency cycles over predicates', () => {
  anomaly('the second transaction finds what the first inserted', async (t1, t2) => {
    await t1.begin()
    expect(await byThree(t1.tx)).toEqual([])
    const second = t2.begin()
    await waits(second)
    await t1.tx.put('3', 30)
    await t1.tx.commit()
    await second
    expect(await byThree(t2.tx)).toEqual([['3', 30]])
    await t2.tx.abort()
    expect(await byThree(t2.db)).toEqual([['3', 30]])
  })

  anomaly('a range that was read is checked by its difference', async (t1, t2) => {
    const since = await t1.beginRead()
    expect(await t2.beginRead()).toBe(since)
    expect(await t1.read.count({ gte: '3' })).toBe(0)
    expect(await t2.read.count({ gte: '3' })).toBe(0)
    const v1 = await t1.db.putIfNone('3', 30, since, { gte: '3' })
    const second = t2.db.putIfNone('4', 42, since, { gte: '3' })
    await expect(second).rejects.toThrow('3 has changed')
    // Writes outside the range do not matter.
    await t2.db.putIfNone('4', 42, v1, { gte: '3' })
    expect(await t1.db.count()).toBe(4)
  })

  anomaly(
    'two edges (Fekete): who only reads sees a state that the order explains',
    async (t1, t2, t3) => {
      const entries = async (t: Party) => [await t.db.getEntry('1'), await t.db.getEntry('2')]
      // T1 has read both before T2 writes, and means to write without having seen T2.
      const seen: [string, number][] = (await entries(t1)).map(e => [e.key, e.version])
      const v2 = await t2.db.add('2', 5)
      // T3 sees T2's write: T1, if it comes at all, comes after.
      expect(await t3.beginRead()).toBe(v2)
      expect(await t3.read.getMany(['1', '2'])).toEqual([10, 25])
      await expect(t1.db.putIfUnchanged('1', 0, seen)).rejects.toThrow('2 has changed')
      // As a write transaction it had read the present.
      await t1.begin()
      expect(await t1.tx.getMany(['1', '2'])).toEqual([10, 25])
      await t1.tx.put('1', 0)
      await t1.tx.commit()
      expect(await t3.read.getMany(['1', '2'])).toEqual([10, 25])
      expect(await t3.db.getMany(['1', '2'])).toEqual([0, 25])
    },
    3,
  )
})
