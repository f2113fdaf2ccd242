/**
 * A small arena filled to the brim: ZVERSE_FULL changes nothing; reads, deletes and clear go on;
 * it can be emptied key by key and filled again, over and over, and no byte is lost.
 * `ZVERSE_MIB=n` fills one of n MiB.
 */
import { describe, expect, it } from 'vitest'
import { checkDb, contents, list, snapshot } from '../support/compare.js'
import type { Database, Entry } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode } from '../support/expect.js'
import { outcomeOf } from '../support/outcome.js'
import { Random } from '../support/random.js'

const MIB = 2 ** 20
const key = (i: number) => `key ${String(i).padStart(6, '0')}`

/** Puts until nothing of this size fits; returns how many did. */
function fill(db: Database, textOf: (i: number) => unknown, from = 0): number {
  for (let i = from; ; i++) {
    const outcome = outcomeOf(() => db.put(key(i), textOf(i)))
    if ('value' in outcome) continue
    expect(outcome.code).toBe('ZVERSE_FULL')
    return i
  }
}

const SIZES: [string, (i: number) => string][] = [
  ['small values', i => `value ${i}`],
  ['values of 1 KB', i => String(i).padEnd(1000, 'x')],
  ['values of 20 KB', i => String(i).padEnd(20_000, 'x')],
  ['mixed values', i => String(i).padEnd([3, 50, 400, 9000][i % 4] as number, 'y')],
]

describe.each([Number(process.env.ZVERSE_MIB ?? 1)])('an arena of %i MiB', mebibytes => {
  const maxBytes = mebibytes * MIB

  it.each(SIZES)('is full of %s', (_, textOf) => {
    const db = open({ maxBytes })
    const count = fill(db, textOf)
    expect(count).toBeGreaterThan(10)
    const before = { version: db.version, entries: contents(db) }
    expect(before.entries).toHaveLength(count)
    const error = expectCode(() => db.put('more', 'm'.repeat(30_000)), 'FULL', { max: maxBytes })
    expect(error.used).toBeGreaterThan(maxBytes * 0.5)
    expect(error.used).toBeLessThanOrEqual(maxBytes)
    // More than any gaps that are left.
    const batch = Array.from({ length: 200 * mebibytes }, (_, i) => {
      return { type: 'put' as const, key: `more ${i}`, value: 'm'.repeat(3000) }
    })
    expectCode(() => db.batch(batch), 'FULL')
    expectCode(() => db.transact(tx => batch.map(({ key, value }) => tx.put(key, value))), 'FULL')
    expect({ version: db.version, entries: contents(db) }).toEqual(before)
    checkDb(db)
    // Reads of all kinds go on.
    expect(db.get(key(count - 1))).toBe(textOf(count - 1))
    expect(db.count({ lt: key(5) })).toBe(5)
    expect(list(db.diff(db.version, db.version))).toEqual([])
    expect(db.history(key(0))).toBeDefined()
    // And so does emptying it key by key.
    for (let i = 0; i < count; i++) expect(db.delete(key(i))).toBe(before.version + i + 1)
    expect(db.size).toBe(0)
    checkDb(db)
    db.close()
  })

  it('is cleared when full, at one stroke or piece by piece', () => {
    // One commit that deletes by key needs 8 bytes a key to list the retired blocks: pieces, not
    // halves.
    const PIECE = 2000
    for (const clear of [
      (db: Database) => db.clear(),
      (db: Database) => {
        let version = db.version
        for (let from = 0; from < 200_000; from += PIECE) {
          version = db.clear({ gte: key(from), lt: key(from + PIECE) })
        }
        return version
      },
      (db: Database) => {
        const keys = [...db.keys()]
        while (keys.length > 0) {
          db.batch(keys.splice(0, PIECE).map(key => ({ type: 'del' as const, key })))
        }
        return db.version
      },
    ]) {
      const db = open({ maxBytes })
      const count = fill(db, i => `value ${i}`)
      expect(clear(db)).toBe(db.version)
      expect(db.size).toBe(0)
      checkDb(db)
      expect(fill(db, i => `value ${i}`)).toBeGreaterThan(count * 0.9)
      db.close()
    }
  })

  it.each(SIZES)('takes as many %s again after any of them went', (_, textOf) => {
    const db = open({ maxBytes, history: { versions: 5 } })
    const random = new Random(mebibytes)
    const names = (count: number) => Array.from({ length: count }, () => key(random.int(1e6)))
    // Keys come in no order, so that their deletion leaves gaps everywhere.
    const fillAnyhow = () => {
      for (let i = 0; ; i++) {
        const outcome = outcomeOf(() => db.put(key(random.int(1e6)), textOf(i % 4)))
        if ('code' in outcome) return expect(outcome.code).toBe('ZVERSE_FULL')
      }
    }
    fillAnyhow()
    const { size } = db
    for (let round = 0; round < 4; round++) {
      for (const at of [...db.keys()]) if (random.chance(0.5)) db.delete(at)
      for (const name of names(5)) db.clear({ gte: name, lt: `${name.slice(0, -4)}~` })
      expect(db.size).toBeLessThan(size * 0.6)
      fillAnyhow()
      expect(db.size).toBeGreaterThan(size * 0.85)
      checkDb(db)
    }
    db.close()
  })

  it('does not lose a byte over many cycles', () => {
    const db = open({ maxBytes, history: { versions: 3 } })
    const counts: number[] = []
    const used: number[] = []
    const random = new Random(7)
    for (let cycle = 0; cycle < 12; cycle++) {
      const textOf = (i: number) => String(i).padEnd(1 + ((i * 37) % 900), 'z')
      counts.push(fill(db, textOf))
      const keys = [...db.keys()]
      if (cycle % 3 === 0) db.clear()
      else if (cycle % 3 === 1) for (const at of keys) db.delete(at)
      else {
        while (keys.length > 0) {
          const [at] = keys.splice(random.int(keys.length), 1)
          db.delete(at)
        }
      }
      // Nothing but the present, which is empty.
      db.put('last', 1)
      db.delete('last')
      db.prune({ before: db.version })
      const report = db.check()
      expect(report).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
      used.push(report.usedBytes)
    }
    const later = used.slice(3)
    expect(Math.max(...later)).toBeLessThanOrEqual((used[2] as number) + 64 * 1024)
    expect(Math.min(...counts)).toBeGreaterThan((counts[0] as number) * 0.8)
    db.close()
  })
})

describe('promises under pressure', () => {
  it('history goes first, tags and pins never', () => {
    const db = open({ maxBytes: 2 * MIB })
    db.put('kept', 'tagged')
    db.tag('tag')
    db.put('kept', 'pinned')
    const read = db.beginRead()
    const seen: Entry[] = contents(read)
    db.put('kept', 'x'.repeat(1000))
    const oldest = db.oldestVersion
    let writes = 0
    for (let i = 0; i < 5000; i++) {
      if ('value' in outcomeOf(() => db.put(key(i % 200), String(i).padEnd(2000, 'p')))) writes++
    }
    // 10 MB of writes fit into 2 MiB only if the past is released.
    expect(writes).toBe(5000)
    expect(db.oldestVersion).toBeGreaterThan(oldest)
    expect(db.get('kept', { at: 'tag' })).toBe('tagged')
    expect(contents(read)).toEqual(seen)
    expect(read.get('kept')).toBe('pinned')
    expect(db.get('kept')).toBe('x'.repeat(1000))
    checkDb(db)
    read.close()
    checkDb(db)
    db.close()
  })

  it('tagged versions are not released: FULL, until the tags are gone', () => {
    const db = open({ maxBytes: MIB })
    const value = 'v'.repeat(5000)
    let tags = 0
    for (; ; tags++) {
      const outcome = outcomeOf(() => {
        db.put('a', `${value}${tags}`)
        db.tag(`tag ${tags}`)
      })
      if ('code' in outcome) {
        expect(outcome.code).toBe('ZVERSE_FULL')
        break
      }
    }
    expect(tags).toBeGreaterThan(20)
    for (let i = 0; i < tags; i++) expect(db.get('a', { at: `tag ${i}` })).toBe(`${value}${i}`)
    const before = snapshot(db)
    expectCode(() => db.put('b', 'w'.repeat(100_000)), 'FULL')
    expect(snapshot(db)).toEqual(before)
    for (let i = 0; i < tags; i++) db.untag(`tag ${i}`)
    db.put('b', 'w'.repeat(100_000))
    expect(db.get('b')).toHaveLength(100_000)
    checkDb(db)
    db.close()
  })

  it('versions that iterators and read transactions pin are not released either', () => {
    const db = open({ maxBytes: MIB, history: { versions: 0 } })
    const held = []
    for (let i = 0; ; i++) {
      const outcome = outcomeOf(() => db.put('a', String(i).padEnd(9000, 'v')))
      if ('code' in outcome) {
        expect(outcome.code).toBe('ZVERSE_FULL')
        break
      }
      const read = db.beginRead()
      const cursor = db.values()
      held.push({ read, cursor, expected: String(i).padEnd(9000, 'v') })
    }
    expect(held.length).toBeGreaterThan(20)
    for (const { read, cursor, expected } of held) {
      expect(read.get('a')).toBe(expected)
      expect(cursor.toArray()).toEqual([expected])
      read.close()
    }
    db.put('a', 'w'.repeat(100_000))
    checkDb(db)
    db.close()
  })
})
