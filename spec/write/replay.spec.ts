/** The batch of each commit, done again on another database, makes the same database, its past included. */

import { describe, expect, it } from 'vitest'
import { Batch, type BatchVisitor } from '../../lib/engine/batch.js'
import type { Mutation, Stamp } from '../../lib/engine/mutation.js'
import { ZVerse, ZVerseError } from '../../lib/index.js'
import { isInPieces } from '../../lib/memory/entry.js'
import { R_STATE, S_LIVE, WRITING_VERB } from '../../lib/memory/layout.js'
import { eachEntry } from '../../lib/tree/node.js'
import { replay } from '../../lib/write/replay.js'
import { inTurn } from '../../lib/write/transaction.js'
import { openWith } from '../../lib/zverse.js'
import {
  type Any,
  emptyLike,
  everything,
  type Made,
  make,
  optionsOf,
  sound,
  step,
} from '../dump/support.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

/** A logged commit. */
interface Logged {
  batch: Batch
  stamp: Stamp | undefined
}

/** Keeps the commits of a database. A batch that spills must come to the same words. */
class Kept {
  readonly commits: Logged[] = []
  readonly #random: Random | undefined

  constructor(random?: Random) {
    this.#random = random
  }

  append(mutation: Mutation): void {
    const batch = new Batch()
    mutation.describe(batch)
    this.commits.push({ batch, stamp: mutation.stamp })
    if (this.#random === undefined) return
    const words: number[] = []
    const most = 1 + this.#random.int(200)
    const spilling = new Batch(most, part => words.push(...part))
    mutation.describe(spilling)
    words.push(...spilling.words)
    expect(words).toEqual([...batch.words])
  }

  settle(): void {}

  close(): void {}
}

function replayAll(db: ZVerse<Any, Any>, commits: readonly Logged[]): void {
  const { engine } = db._test
  for (const { batch, stamp } of commits) {
    inTurn(engine, WRITING_VERB, tx => replay(tx, batch, stamp))
  }
}

/** A transaction over several stores, which takes back some of its changes. */
function transact({ db, kinds, size }: Made, random: Random): void {
  const drop = new Error('rolled back')
  try {
    db.transact(tx => {
      for (let n = random.int(12); n >= 0; n--) {
        const name = random.pick([...kinds.keys()])
        const kind = kinds.get(name) as Any
        const draft: Any = name === '' ? tx : tx.store(db.store(name, optionsOf(kind)))
        const key = kind.key(random.int(size))
        const what = random.int(100)
        if (what < 45) draft.put(key, kind.value(random.int(500)))
        else if (what < 80) draft.delete(key)
        else if (what < 85) draft.clear()
        else if (what < 90) draft.clear({ gte: key })
        else {
          // Undone to a savepoint: the list of changes is made anew by comparing trees.
          expect(() =>
            draft.batch([
              { type: 'put', key, value: kind.value(1) },
              { type: 'del', key, ifVersion: 2 ** 40 },
            ]),
          ).toThrow(ZVerseError)
        }
      }
      if (random.chance(0.1)) throw drop
    })
  } catch (error) {
    if (error !== drop) throw error
  }
}

describe(`batches of commits, seeds ${SEED} and on`, () => {
  it('done again, they make the same database', () => {
    for (let run = 0; run < runs(150); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const log = new Kept(random)
      const made = make(seed, 0, { log })
      const twin = emptyLike(made, { now: () => made.clock.now })
      made.db.setHistory({ versions: random.pick([3, 40, 1000]) })
      for (let n = 5 + (seed % 60); n > 0; n--) {
        if (random.chance(0.4)) transact(made, random)
        else step(made, random)
      }
      replayAll(twin, log.commits)
      expect(everything(twin, made), `seed ${seed}`).toEqual(everything(made.db, made))
      sound(twin)
      twin.close()
      made.db.close()
    }
  })

  it('a batch tells of changes also where nobody else wants to know', () => {
    const log = new Kept()
    const hooks = { now: Date.now, log }
    const db = openWith({ pointIndex: false, maxBytes: 2 ** 22 }, hooks)
    const twin = openWith({ maxBytes: 2 ** 22 }, { now: Date.now })
    for (let i = 0; i < 200; i++) db.put(`key ${i % 70}`, { i })
    db.delete('key 3')
    db.batch([
      { type: 'put', key: 'a', value: 1 },
      { type: 'put', key: 'key 4', value: 'x'.repeat(50_000) },
    ])
    replayAll(twin, log.commits)
    expect(twin.entries().toArray()).toEqual(db.entries().toArray())
    expect(twin.history('key 3').toArray()).toMatchObject(
      db
        .history('key 3')
        .toArray()
        .map(({ version, deleted }) => ({ version, deleted })),
    )
    sound(twin)
  })

  it('a change is whole also where the batch grows for it', () => {
    const bounds = { versions: 7, ms: 8, bytes: Number.POSITIVE_INFINITY, disk: null }
    for (let n = 0; n < 300; n++) {
      const batch = new Batch()
      const seen: unknown[] = []
      for (let i = 0; i < n; i++) batch.clear()
      batch.store(5)
      batch.prune(2 ** 40 + n)
      batch.time(2 ** 41 + n)
      batch.bounds(bounds)
      batch.make(6, 'name', 'string', 'msgpack', n)
      batch.tag('tag', 2 ** 42)
      const note = (...what: unknown[]) => void seen.push(what.length === 1 ? what[0] : what)
      const visitor = { clear: () => {}, store: note, prune: note, time: note, bounds: note }
      batch.each({ ...visitor, make: note, tag: note } as unknown as BatchVisitor)
      const made = [6, 'name', 'string', 'msgpack', n]
      expect(seen).toEqual([5, 2 ** 40 + n, 2 ** 41 + n, bounds, made, ['tag', 2 ** 42]])
    }
  })

  it('values in pieces lie in one in a batch', () => {
    const log = new Kept()
    const db = openWith(
      { values: 'string', maxBytes: 2 ** 21, history: { versions: 0 } },
      { now: Date.now, log },
    )
    const twin = openWith({ values: 'string', maxBytes: 2 ** 22 }, { now: Date.now })
    let n = 0
    for (; ; n++) {
      try {
        db.put(`key ${n}`, `${n}`.repeat(300))
      } catch {
        break
      }
    }
    for (let i = 0; i < n; i += 2) db.delete(`key ${i}`)
    for (let i = 0; i < 3; i++) db.put(`long ${i}`, `${i}ä`.repeat(9000))
    const { W, epochs } = db._test.engine
    let inPieces = 0
    eachEntry(W, W[epochs.versions.current + R_STATE + S_LIVE], entry => {
      if (isInPieces(W, entry)) inPieces++
    })
    expect(inPieces).toBeGreaterThan(0)
    replayAll(twin, log.commits)
    expect(twin.entries().toArray()).toEqual(db.entries().toArray())
    sound(twin)
  })

  it('a log that throws undoes the commit, whatever kind it is', () => {
    const failure = new Error('the disk is full')
    const log = { append: (): void => {}, settle() {}, close() {} }
    const db = openWith({ maxBytes: 2 ** 21 }, { now: Date.now, log })
    db.put('a', 1)
    db.tag('one')
    const before = everythingOf(db)
    log.append = () => {
      throw failure
    }
    const writes: [string, () => unknown][] = [
      ['put', () => db.put('a', 2)],
      ['clear', () => db.clear()],
      ['store', () => db.store('fresh')],
      ['transact', () => db.transact(tx => tx.put('b', 1))],
      ['tag', () => db.tag('two')],
      ['untag', () => db.untag('one')],
      ['prune', () => db.prune({ before: 1 })],
      ['setHistory', () => db.setHistory({ versions: 0 })],
    ]
    for (const [what, run] of writes) {
      expect(run, what).toThrow(failure)
      expect(everythingOf(db), what).toEqual(before)
      sound(db as ZVerse<Any, Any>)
    }
    log.append = () => {}
    expect(db.put('a', 3)).toBe(2)
    expect(db.oldestVersion).toBe(0)
  })

  it('one of another database, or of a later release, is refused with nothing changed', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 21 })
    db.store('there')
    const batch = new Batch()
    batch.make(1, 'other', 'string', 'msgpack')
    const { engine } = db._test
    const run = (what: Batch) => () =>
      inTurn(engine, WRITING_VERB, tx => replay(tx, what, undefined))
    expect(run(batch)).toThrow(expect.objectContaining({ code: 'ZVERSE_FORMAT' }))
    const strange = new Batch()
    strange.clear()
    strange.words[0] = 99
    expect(run(strange)).toThrow(expect.objectContaining({ code: 'ZVERSE_FORMAT' }))
    expect(db.version).toBe(1)
    sound(db as ZVerse<Any, Any>)
    expect(db.put('a', 1)).toBe(2)
  })
})

function everythingOf(db: ZVerse): unknown {
  return { versions: db.versions(), entries: db.entries().toArray(), stores: db.stores() }
}
