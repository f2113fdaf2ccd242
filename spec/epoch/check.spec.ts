/**
 * `check()` looks at shared nodes once, and is as strict as if it looked at them for each version: for
 * every wrong word of a database, it objects where the plain way (check-each.ts) does.
 */

import { describe, expect, it, vi } from 'vitest'
import { Arena } from '../../lib/memory/arena.js'
import {
  C_LEVEL,
  H_CURRENT,
  H_TABLES,
  H_TAG_ROOT,
  K_COUNT,
  K_NEXT,
  PAGE,
  R_CATALOG,
  R_DEAD,
  R_PREV,
  R_STATE,
  S_REST,
  SR_INDEX,
} from '../../lib/memory/layout.js'
import { Marks } from '../../lib/memory/marks.js'
import { D_DEPTH, D_NEXT, X_DIRECTORY } from '../../lib/memory/point-layout.js'
import { dropTable, dropTables } from '../../lib/point/dropped.js'
import { stateOf } from '../../lib/tree/catalog.js'
import { check } from '../../lib/verbs/check.js'
import type { EpochManager } from '../../lib/versions/manager.js'
import { walkDead, walkRecord, walkTree } from '../../lib/versions/walk.js'
import { openWith } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { checkEach } from './check-each.js'

/** `epochs` over words whose loads are counted. */
function counted(epochs: EpochManager) {
  const count = { loads: 0 }
  const words = new Proxy(epochs.arena.words, {
    get(target, name) {
      count.loads++
      return Reflect.get(target, name, target)
    },
  })
  const arena = Object.assign(new Arena(epochs.arena.buffer), { words })
  return {
    count,
    words,
    epochs: Object.create(epochs, { arena: { value: arena } }) as EpochManager,
  }
}

/** Words that are made wrong, one at a time. */
const MUTATIONS = Number(process.env.ZVERSE_CHECK_MUTATIONS ?? 800)
const SEED = Number(process.env.ZVERSE_SEED ?? 15)

const keyOf = (i: number) =>
  `key ${String((i * 7919) % 10_007).padStart(5, '0')}${'x'.repeat(i % 9)}`

/** A database with all there is in a past: trees of some levels, graves, stores come and gone, tags. */
function world(keys: number) {
  let time = 1000
  const db = openWith(
    { maxBytes: 2 ** 22, history: { versions: 10 } },
    { now: () => time++, indexFrom: 40 },
  )
  const fill = (word: string) => {
    return db.transact(tx => {
      for (let i = 0; i < keys; i++) tx.put(keyOf(i), `${word} ${i}`)
    })
  }
  fill('dropped')
  db.clear()
  fill('first')
  const stores = Array.from({ length: 18 }, (_, i) => db.store(`store ${i}`))
  const pin = db.beginRead()
  db.tag('filled')
  for (let i = 0; i < 50; i++) stores[3].put(keyOf(i), i)
  db.dropStore('store 5')
  db.transact(tx => {
    for (let i = 0; i < keys; i += 3) tx.delete(keyOf(i))
    for (const store of stores.slice(6)) tx.store(store).put('name', 'changed')
  })
  db.tag('thinned')
  for (let i = 0; i < 5; i++) db.put(keyOf(i * 5), 'again')
  stores[3].clear()
  stores[17].put('last', 1)
  db.transact(tx => {
    for (let i = 0; i < keys; i += 2) tx.put(keyOf(i), i)
  })
  db.delete(keyOf(4))
  return { db, end: () => pin.close() }
}

/** Blocks that versions, lists and tags refer to. */
function blocksOf({ arena, allocator }: EpochManager): number[] {
  const W = arena.words
  const marks = new Marks(allocator.touchedWords + PAGE)
  const seen = new Marks(allocator.touchedWords + PAGE, 1)
  const blocks: number[] = []
  const add = (ref: number) => {
    const isNew = marks.add(ref)
    if (isNew) blocks.push(ref)
    return isNew
  }
  for (let record = W[H_CURRENT]; record !== 0; record = W[record + R_PREV]) {
    add(record)
    walkRecord(W, record, add, seen)
    walkDead(W, record, add, add, seen)
  }
  walkTree(W, W[H_TAG_ROOT], add, seen)
  return blocks
}

/** A chunk of some version's dead list. */
function chunkOf(W: Uint32Array): number {
  let record = W[H_CURRENT]
  while (W[record + R_DEAD] === 0) record = W[record + R_PREV]
  return W[record + R_DEAD]
}

/** The directory of the unnamed store's point index. */
function directoryOf(W: Uint32Array, record: number): number {
  return W[W[W[record + R_STATE + S_REST] + SR_INDEX] + X_DIRECTORY]
}

/** True if a check objects, or comes to an end by an exception. */
function objects(look: () => boolean): boolean {
  try {
    return look()
  } catch {
    return true
  }
}

describe('check()', () => {
  it('finds nothing wrong where nothing is', () => {
    const { db, end } = world(150)
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    expect(checkEach(db._test.engine.epochs)).toEqual([])
    expect(db.check().entries).toBe(
      db.size + db.stores().reduce((sum, { name }) => sum + db.store(name).size, 0),
    )
    end()
    db.close()
  })

  it('objects to any wrong word that shows in some version', () => {
    const random = new Random(SEED)
    const { db, end } = world(150)
    const { epochs, W } = db._test.engine
    const blocks = blocksOf(epochs)
    const ways = [
      (word: number) => word ^ 1,
      (word: number) => word ^ (1 << random.int(32)),
      (word: number) => word + 2,
      () => 0,
      () => random.next(),
      () => random.pick(blocks),
      () => W[random.pick(blocks) + random.int(8)],
    ]
    const missed: string[] = []
    let found = 0
    for (let n = 0; n < MUTATIONS; n++) {
      const block = random.pick(blocks)
      const at = block + random.int(Math.min(epochs.allocator.sizeOf(block), 256))
      const right = W[at]
      W[at] = random.pick(ways)(right)
      const objected = objects(() => !check(epochs).ok)
      if (objected) found++
      else if (objects(() => checkEach(epochs).length > 0)) {
        missed.push(`word ${at - block} of block ${block}: ${W[at]} instead of ${right}`)
      }
      W[at] = right
    }
    expect(missed).toEqual([])
    expect(found).toBeGreaterThan(MUTATIONS / 4)
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    end()
    db.close()
  })

  it('loads what versions share once', () => {
    const loads = [1, 100].map(versions => {
      const options = { maxBytes: 2 ** 23, history: { versions }, pointIndex: false }
      const db = openWith(options, { now: () => 1000 })
      db.transact(tx => {
        for (let i = 0; i < 5000; i++) tx.put(keyOf(i), i)
      })
      for (let i = 0; i < 20; i++) db.store(`store ${i}`)
      for (let i = 0; i < versions; i++) db.put(keyOf(i * 37), 'again')
      const { count, epochs } = counted(db._test.engine.epochs)
      expect(check(epochs)).toMatchObject({ ok: true, problems: [] })
      db.close()
      return count.loads
    })
    // A version has two nodes of its own, of a hundred.
    expect(loads[1] / loads[0]).toBeLessThan(4)
  })

  it.each<[string, (W: Uint32Array, newest: number) => [number, number]]>([
    ['a chain that is a ring', (W, newest) => [W[newest + R_PREV] + R_PREV, newest]],
    ['a list that is no ring', W => [chunkOf(W) + K_NEXT, chunkOf(W) + 2]],
    ['a list of too many items', W => [chunkOf(W) + K_COUNT, 0xffffffff]],
    ['a catalog without end', (W, newest) => [W[newest + R_CATALOG] + C_LEVEL, 0xffffffff]],
    ['an index without end', (W, newest) => [directoryOf(W, newest) + D_DEPTH, 0xffffffff]],
  ])('comes to an end with %s', (_, change) => {
    const { db, end } = world(400)
    const { W, epochs } = db._test.engine
    const [at, value] = change(W, W[H_CURRENT])
    const right = W[at]
    W[at] = value
    expect(check(epochs).ok).toBe(false)
    W[at] = right
    expect(check(epochs).ok).toBe(true)
    end()
    db.close()
  })
})

describe('the tables of all stores', () => {
  it('are dropped with a few loads each, the one that a death has dropped by half once', () => {
    const db = openWith({ maxBytes: 2 ** 24 }, { now: () => 1000, indexFrom: 1 })
    const stores = Array.from({ length: 300 }, (_, i) => db.store(`store ${i}`))
    db.transact(tx => {
      for (const store of stores) tx.store(store).put('name', 1)
    })
    const { W, epochs } = db._test.engine
    // As a death leaves it between two stores of a drop.
    const head = W[W[stateOf(W, W[W[H_CURRENT] + R_CATALOG], 150) + S_REST] + SR_INDEX]
    const directory = W[head + X_DIRECTORY]
    dropTable(W, head, db.version + 1)
    W[head + X_DIRECTORY] = directory
    const { count, words } = counted(epochs)
    const atomics = vi.spyOn(Atomics, 'store').mockImplementation((_, at, value) => {
      W[at] = Number(value)
      return value
    })
    dropTables(words, db.version + 1)
    atomics.mockRestore()
    expect(count.loads).toBeLessThan(300 * 60)
    const listed: number[] = []
    for (let d = W[H_TABLES]; d !== 0; d = W[d + D_NEXT]) listed.push(d)
    expect(new Set(listed).size).toBe(listed.length)
    expect(listed).toContain(directory)
    expect(listed).toHaveLength(300)
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    db.close()
  })
})
