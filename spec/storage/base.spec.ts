/**
 * Bases: all that is kept of a database comes back from one, and goes on as if nothing had been; a base is what the
 * database was when it was begun.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Engine } from '../../lib/engine/engine.js'
import { isInPieces } from '../../lib/memory/entry.js'
import {
  R_STATE,
  R_VERSION,
  S_LIVE,
  S_REST,
  SR_INDEX,
  WRITING_VERB,
} from '../../lib/memory/layout.js'
import { X_COUNT } from '../../lib/memory/point-layout.js'
import { load48 } from '../../lib/memory/words.js'
import { writeBase } from '../../lib/storage/base.js'
import { OpenFile } from '../../lib/storage/files.js'
import { eachEntry } from '../../lib/tree/node.js'
import { replay } from '../../lib/write/replay.js'
import { inTurn } from '../../lib/write/transaction.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { type Any, everything, lines, make, optionsOf, sound, step } from '../dump/support.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import {
  BLOCKS,
  boundsOf,
  grow,
  hold,
  Kept,
  letGo,
  like,
  NUMBER,
  nextStore,
  PATH,
  reopened,
  reopenedIn,
  SALT,
  written,
} from './base-support.js'

describe('a base', () => {
  it('has every version that is kept, its stores, entries, times and tags, and goes on with the log', () => {
    fc.assert(
      fc.property(fc.nat(), seed => {
        const random = new Random(seed)
        const log = new Kept()
        const hooks = random.chance(0.2) ? { firstVersion: 2 ** 32 - 20 } : {}
        const made = make(seed, 5 + random.int(60), { log, ...hooks })
        if (random.chance(0.5)) grow(made, random)
        const { db } = made
        if (random.chance(0.7)) db.tag('of the base')
        const held = hold(db, () => random.chance(0.2))
        db.prune({ before: db.version })
        const disk = written(db, held, random.pick(BLOCKS))
        const copy = reopened(disk, ...like(made, { now: () => made.clock.now }))
        held.release()
        expect(copy.read.version).toBe(db.version)
        expect(copy.db.oldestVersion).toBe(db.version)
        expect(boundsOf(copy.db._test.engine)).toEqual(boundsOf(db._test.engine))
        expect(nextStore(copy.db)).toBe(nextStore(db))
        sound(copy.db)
        const tagged = new Set(db.versions().map(({ version }) => version))
        expect(copy.read.pins.length).toBe(held.versions.filter(v => !tagged.has(v)).length)
        expect(everything(copy.db, made)).toEqual(everything(db, made))
        expect(lines(copy.db, { history: true })).toEqual(lines(db, { history: true }))
        log.commits = []
        for (let n = random.int(40); n > 0; n--) step(made, random)
        for (const { batch, stamp } of log.commits) {
          inTurn(copy.db._test.engine, WRITING_VERB, tx => replay(tx, batch, stamp))
        }
        letGo(copy)
        expect(everything(copy.db, made)).toEqual(everything(db, made))
        expect(lines(copy.db, { history: true })).toEqual(lines(db, { history: true }))
        expect(nextStore(copy.db)).toBe(nextStore(db))
        sound(copy.db)
        copy.db.prune({ before: copy.db.version })
        sound(copy.db)
        copy.db.close()
        db.close()
      }),
      { numRuns: scaled(250) },
    )
  })

  it('is of the versions that were pinned, whatever is written while it is', () => {
    fc.assert(
      fc.property(fc.nat(), seed => {
        const random = new Random(seed)
        const made = make(seed, 5 + random.int(60), { slots: 'always' })
        if (random.chance(0.3)) grow(made, random)
        const { db } = made
        const held = hold(db, () => random.chance(0.1))
        const kept = new Set(db.versions().map(({ version }) => version))
        const expected = held.versions.map(at => kept.has(at) && lines(db, { at }))
        const tags = held.content.tags.map(({ name, version }) => ({ name, version }))
        const disk = new Disk()
        const file = new OpenFile(disk, PATH, 'create')
        // A keeper has a handle of its own, in another thread mostly.
        const { values } = made.kinds.get('') as Any
        const keeper = random.chance(0.5)
          ? db
          : attachWith(db.share(), { values }, { now: () => 1, threadId: 77 })
        const { engine } = keeper._test
        const steps = writeBase(engine, file, SALT, NUMBER, held.content, random.pick([8, 20, 100]))
        while (!steps.next().done) {
          for (let n = random.int(3); n > 0; n--) step(made, random)
          if (random.chance(0.05)) db.clear()
          if (random.chance(0.1)) db.prune({ before: db.version })
        }
        held.release()
        if (keeper !== db) keeper.close()
        const kind = made.kinds.get('') as Any
        const copy = reopened(disk, optionsOf(kind))
        const found = tags.map(({ name }) => {
          return { name, version: copy.db.beginRead({ at: name }).version }
        })
        expect(found).toEqual(tags)
        held.versions.forEach((at, i) => {
          const isReadable = at === held.versions.at(-1) || tags.some(tag => tag.version === at)
          if (isReadable) expect(lines(copy.db, { at })).toEqual(expected[i])
        })
        sound(copy.db)
        copy.db.close()
        db.close()
      }),
      { numRuns: scaled(300) },
    )
  })

  it('keeps pinned versions without a tag until the log has been read', () => {
    const made = make(1, 0)
    const db = openWith({ history: { versions: 50 }, maxBytes: 2 ** 22 }, { now: () => 5 })
    for (let i = 0; i < 20; i++) db.put(`key ${i % 7}`, i)
    db.tag('t')
    for (let i = 0; i < 5; i++) db.put(`key ${i % 7}`, i)
    const held = hold(db as Any, version => version === 3 || version === 22)
    const copy = reopened(written(db as Any, held), {})
    const { W, epochs } = copy.db._test.engine
    expect(held.versions).toEqual([3, 20, 22, 25])
    const records = copy.read.pins.map(({ record }) => record)
    expect(records.map(record => load48(W, record + R_VERSION))).toEqual([3, 22])
    for (let i = 0; i < 100; i++) copy.db.put('key 0', i)
    for (const [i, at] of [3, 22].entries()) {
      let entries = 0
      eachEntry(W, W[(records[i] as number) + R_STATE + S_LIVE] as number, () => entries++)
      expect(entries).toBe(db.count({ at }))
    }
    sound(copy.db)
    letGo(copy)
    copy.db.prune({ before: copy.db.version })
    expect(copy.db.versions().map(({ version }) => version)).toEqual([20, 125])
    expect(epochs.versions.newest).toBe(125)
    sound(copy.db)
    made.db.close()
  })

  it('has the values that lie in pieces, here or there, and those larger than a block', () => {
    const options = { values: 'string', maxBytes: 2 ** 21, history: { versions: 0 } }
    const db = openWith(options, { now: () => 5 }) as Any
    let n = 0
    for (; ; n++) {
      try {
        db.put(`key ${n}`, `${n}`.repeat(300))
      } catch {
        break
      }
    }
    for (let i = 0; i < n; i += 2) db.delete(`key ${i}`)
    for (let i = 0; i < 3; i++) db.put(`long ${i}`, `${i}ä`.repeat(9000 + i))
    const { W, epochs } = db._test.engine
    const inPieces = (engine: Engine) => {
      let count = 0
      const { current } = engine.epochs.versions
      eachEntry(engine.W, engine.W[current + R_STATE + S_LIVE] as number, entry => {
        if (isInPieces(engine.W, entry)) count++
      })
      return count
    }
    expect(inPieces(db._test.engine)).toBeGreaterThan(0)
    expect(epochs.arena.words).toBe(W)
    for (const blockWords of [1000, 5000, undefined]) {
      const held = hold(db, () => false)
      const disk = written(db, held, blockWords)
      held.release()
      const whole = reopened(disk, { ...options, maxBytes: 2 ** 22 })
      expect(inPieces(whole.db._test.engine)).toBe(0)
      expect(whole.db.entries().toArray()).toEqual(db.entries().toArray())
      sound(whole.db)
      // Memory without two free pages side by side, so that values do not find a run that is long enough.
      const gaps: number[] = []
      const other = reopenedIn(
        disk,
        { ...options, maxBytes: 2 ** 23 },
        ({ epochs: { allocator } }) => {
          const pages: number[] = []
          for (let page = 1; page !== 0; ) {
            page = allocator.allocatePages(1)
            if (page !== 0) pages.push(page)
          }
          pages.forEach((page, i) => {
            if (i % 2 === 0) allocator.free(page)
            else gaps.push(page)
          })
        },
      )
      expect(inPieces(other.db._test.engine)).toBeGreaterThan(0)
      expect(other.db.entries().toArray()).toEqual(db.entries().toArray())
      for (const page of gaps) other.db._test.engine.epochs.allocator.free(page)
      sound(other.db)
      other.db.clear()
      sound(other.db)
    }
  })

  it('comes with point indexes', () => {
    const db = openWith({ maxBytes: 2 ** 25 }, { now: () => 5 }) as Any
    const store = db.store('named')
    db.transact((tx: Any) => {
      for (let i = 0; i < 20_000; i++) tx.put(`key ${i}`, i)
    })
    for (let i = 0; i < 64; i++) store.put(`key ${i}`, i)
    const held = hold(db, () => false)
    const copy = reopened(written(db, held), { maxBytes: 2 ** 25 }, { indexFrom: 65 })
    const { W, epochs } = copy.db._test.engine
    const head = W[(W[epochs.versions.current + R_STATE + S_REST] as number) + SR_INDEX] as number
    expect(W[head + X_COUNT]).toBeGreaterThan(19_900)
    sound(copy.db)
    for (let i = 0; i < 20_000; i += 7) {
      expect(copy.db.get(`key ${i}`)).toBe(i)
      expect(copy.db.get(`no key ${i}`)).toBeUndefined()
    }
    const named = copy.db.store('named')
    for (let i = 64; i < 70; i++) named.put(`key ${i}`, i)
    for (let i = 0; i < 70; i++) expect(named.get(`key ${i}`)).toBe(i)
    copy.db.put('key 0', 'new')
    copy.db.delete('key 1')
    expect([copy.db.get('key 0'), copy.db.get('key 1')]).toEqual(['new', undefined])
    sound(copy.db)
  })

  it('that does not fit is refused, with nothing of it left', () => {
    const db = openWith({ maxBytes: 2 ** 23 }, { now: () => 5 }) as Any
    for (let i = 0; i < 3000; i++) db.put(`key ${i}`, 'x'.repeat(i % 900))
    const held = hold(db, () => false)
    const disk = written(db, held, 2000)
    for (const maxBytes of [2 ** 20, 1.5 * 2 ** 20]) {
      const full = expect.objectContaining({ code: 'ZVERSE_FULL', max: maxBytes })
      expect(() => reopened(disk, { maxBytes })).toThrow(full)
    }
    expect(reopened(disk, { maxBytes: 2 ** 22 }).db.size).toBe(3000)
  })

  it('of a full database fits memory of the same size, with room to delete', () => {
    fc.assert(
      fc.property(fc.constantFrom(10, 100, 1000, 20_000), fc.nat(), (most, seed) => {
        const random = new Random(seed)
        const options = { values: 'string', maxBytes: 2 ** 20, history: { versions: 0 } }
        const db = openWith(options, { now: () => 5 }) as Any
        for (let refused = 0; refused < 30; ) {
          const key = `key ${random.int(100_000)}`
          try {
            if (random.chance(0.1)) db.delete(key)
            else db.put(key, 'x'.repeat(random.int(most)))
          } catch {
            refused++
          }
        }
        const { db: copy } = reopened(
          written(
            db,
            hold(db, () => false),
          ),
          options,
        )
        expect(copy.entries().toArray()).toEqual(db.entries().toArray())
        sound(copy)
        for (const key of [...copy.keys()].slice(0, 20)) expect(copy.delete(key)).toBe(copy.version)
        expect(copy.clear()).toBe(copy.version)
        sound(copy)
        copy.close()
        db.close()
      }),
      { numRuns: scaled(20) },
    )
  })

  it('whose reading finds no memory at any moment leaves memory whole', () => {
    let failures = 0
    for (let seed = 1; seed < 9; seed++) {
      const made = make(seed, 30)
      made.db.tag('one')
      const disk = written(
        made.db,
        hold(made.db, () => true),
        50,
      )
      const options = { ...optionsOf(made.kinds.get('') as Any), maxBytes: 2 ** 22 }
      const fails = (failAfter: number) => {
        try {
          reopenedIn(disk, options, ({ epochs: { space } }) => {
            space.failAfter = failAfter
          })
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ code: 'ZVERSE_FULL' }))
          return true
        }
        return false
      }
      for (let n = 1; fails(n); n++) failures++
    }
    expect(failures).toBeGreaterThan(200)
  })
})
