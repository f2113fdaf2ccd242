/**
 * Visible means durable: while a commit is being synced no other handle sees anything of it, and nothing that follows
 * from it is told; one thread poses as several.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { attachWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { expectSound, openOn, SEGMENT, stateOf, Time } from './world.js'

const time = new Time()
/** Of the threads that this one poses as. */
const FIRST_ID = 4000

interface Party {
  disk: Disk
  db: ZVerse
  /** Handles of what poses as other threads. */
  others: ZVerse[]
}

const parties: Party[] = []

function party(count: number): Party {
  const disk = new Disk(SEGMENT)
  // The syncer stands still: the others do not wait for it for long.
  const db = openOn(disk, time, { history: { versions: 9 }, lockTimeout: 30 })
  const others = Array.from({ length: count }, (_, i) => {
    const hooks = { now: () => time.ms, files: disk, threadId: FIRST_ID + i }
    return attachWith(db.share(), {}, hooks)
  })
  const made = { disk, db, others }
  parties.push(made)
  return made
}

afterEach(() => {
  for (const { db, others, disk } of parties.splice(0)) {
    disk.before = () => {}
    expectSound(db)
    for (const each of [...others, db]) each.close()
    expect(disk.openFiles).toBe(0)
  }
})

/** Lets another thread act in the middle of the next sync of the log; counts how often that comes about. */
function during(disk: Disk, act: () => void): { count: number } {
  const seen = { count: 0 }
  disk.before = syscall => {
    if (syscall !== 'fdatasync') return
    disk.before = () => {}
    seen.count++
    act()
  }
  return seen
}

/** All that may be seen of a database, as one value. */
function looked(db: ZVerse): unknown {
  const { version, oldestVersion, size, durableVersion } = db
  return {
    ...{ version, oldestVersion, size, durableVersion },
    ...{
      range: [...db.range()],
      entry: db.getEntry('key'),
      has: db.has('key'),
      keys: [...db.keys()],
    },
    ...{ many: db.getMany(['key', 'other']), count: db.count(), history: [...db.history('key')] },
    ...{
      versions: db.versions(),
      stores: db.stores(),
      asOf: [...db.range({ asOf: new Date(9e12) })],
    },
    dump: [...db.dump({ history: true })],
  }
}

describe('while a commit is being synced', () => {
  for (const [name, act] of Object.entries({
    put: (db: ZVerse) => db.put('key', 'new'),
    delete: (db: ZVerse) => db.delete('key'),
    batch: (db: ZVerse) => db.batch([{ type: 'put', key: 'other', value: 1 }]),
    transact: (db: ZVerse) => db.transact(tx => tx.put('key', 'new')),
    clear: (db: ZVerse) => db.clear(),
    update: (db: ZVerse) => db.update('key', () => 'new'),
    store: (db: ZVerse) => db.store('named'),
    tag: (db: ZVerse) => db.tag('tag'),
  })) {
    it(`${name} is seen by nobody`, () => {
      const { disk, db, others } = party(1)
      const [other] = others as [ZVerse]
      db.put('key', 'old')
      db.put('key', 'older')
      const before = looked(other)
      const reader = other.beginRead()
      const { version } = db
      const seen = during(disk, () => {
        expect(looked(other)).toEqual(before)
        expect(looked(db)).toEqual(before)
        expect([...other.diff(reader, version)]).toEqual([])
        expect(() => other.get('key', { at: version + 1 })).toThrow(
          expect.objectContaining({ code: 'ZVERSE_FUTURE_VERSION' }),
        )
        // And a crash now leaves what can be seen.
        for (const left of [disk.crashed(() => 1), disk.crashed(() => 0)]) {
          const again = openOn(left, time)
          expect(again.version).toBeGreaterThanOrEqual(version)
          again.close()
        }
      })
      act(db)
      expect(seen.count).toBe(1)
      expect(looked(other)).not.toEqual(before)
      reader.close()
      expect(stateOf(other)).toBe(stateOf(db))
    })
  }

  it('no waiter and no iterator of changes hears of it', async () => {
    const { disk, db, others } = party(1)
    const [other] = others as [ZVerse]
    db.put('key', 'old')
    const { version } = db
    const told: unknown[] = []
    const changes = other.changes()
    const next = changes.next().then(({ value }) => told.push(value?.version))
    const waited = other.waitFor(version + 1).then(seen => told.push(seen))
    const seen = during(disk, () => {
      expect(other.version).toBe(version)
      expect(told).toEqual([])
    })
    db.put('key', 'new')
    expect(seen.count).toBe(1)
    await Promise.all([next, waited])
    expect(told).toEqual([version + 1, version + 1])
    await changes.return?.()
  })
})

describe('what follows from a commit that is being synced', () => {
  const results: Record<string, (db: ZVerse) => unknown> = {
    'a conflict': db => db.put('key', 'mine', { ifVersion: 1 }),
    'a conflict where the key was absent': db => db.put('new', 'mine', { ifVersion: null }),
    'a conflict in a batch': db => db.batch([{ type: 'put', key: 'key', value: 0, ifVersion: 1 }]),
    'a deletion of an absent key': db => db.delete('gone'),
    'a transaction that throws': db =>
      db.transact(tx => {
        throw new Error(`it saw ${tx.get('key')}`)
      }),
    'a transaction that changes nothing': db => db.transact(tx => tx.get('key')),
    'an update that throws': db =>
      db.update('key', old => {
        throw new Error(`it saw ${old}`)
      }),
    'a beginning of a transaction': db => {
      const tx = db.beginWrite()
      const value = tx.get('key')
      tx.abort()
      return value
    },
    'a store that is there': db => db.store('named'),
    'a commit': db => db.put('more', 1),
  }
  for (const [name, act] of Object.entries(results)) {
    it(`${name} is not told before that is durable`, () => {
      const { disk, db, others } = party(2)
      const [other, third] = others as [ZVerse, ZVerse]
      db.put('key', 'old')
      db.put('gone', 1)
      const { version } = db
      let result: unknown
      const seen = during(disk, () => {
        // The syncer stands still: the other thread takes over from it.
        try {
          result = act(other)
        } catch (error) {
          result = (error as { code?: string }).code ?? (error as Error).message
        }
        // It is told, so all see it, and it is durable.
        expect(third.version).toBeGreaterThan(version)
        const left = openOn(
          disk.crashed(() => 1),
          time,
        )
        expect(left.version).toBeGreaterThan(version)
        expect(left.get('key')).toBe('new')
        left.close()
      })

      db.transact(tx => {
        tx.put('key', 'new')
        tx.put('new', 1)
        tx.delete('gone')
      })
      expect(seen.count).toBe(1)
      expect(result).not.toBe(undefined)
    })
  }
})

describe('a sync that fails', () => {
  for (const code of ['EIO', 'ENOSPC']) {
    it(`keeps the commit from being seen, ${code}`, () => {
      const { disk, db, others } = party(1)
      const [other] = others as [ZVerse]
      db.put('key', 'old')
      const before = looked(other)
      disk.before = syscall => {
        if (syscall === 'fdatasync') throw Disk.failure(code, syscall, -5)
      }
      expect(() => db.put('key', 'new')).toThrow(expect.objectContaining({ code: 'ZVERSE_IO' }))
      disk.before = () => {}
      for (const each of [db, other]) {
        expect(looked(each)).toEqual(before)
        const changes = [
          ...[() => each.put('more', 1), () => each.tag('tag'), () => each.store('named')],
          ...[() => each.setHistory({ versions: 1 }), () => each.prune({ before: 0 })],
        ]
        // Also what does nothing but follow from the commit.
        changes.push(() => each.put('key', 1, { ifVersion: 1 }))
        changes.push(() => each.beginWrite())
        for (const change of changes) {
          expect(change).toThrow(expect.objectContaining({ code: 'ZVERSE_IO' }))
        }
        expect(looked(each)).toEqual(before)
      }
      const left = openOn(
        disk.crashed(() => 1),
        time,
      )
      expect(left.get('key')).toBe('old')
      left.close()
    })
  }
})
