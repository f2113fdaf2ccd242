/** What was born after a version: all of it, in order, at the cost of what was changed. */
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { versionOf } from '../../lib/memory/entry.js'
import { BornCursor } from '../../lib/tree/born.js'
import { walk } from '../../lib/tree/box-cursor.js'
import { type Range, WHOLE } from '../../lib/tree/cursor.js'
import { countOf, entriesBelow, kidAt, levelOf, nodeBirth, refAt } from '../../lib/tree/node.js'
import type { Any } from '../dump/support.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'
import { anyRange, entriesOf, IDS, motley, pointed, rootAt } from './past.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

function entries(cursor: { next(): number }): number[] {
  const all: number[] = []
  for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) all.push(entry)
  return all
}

/** The greatest birth of an entry below a node: not after the node's, for any node. */
function youngest(W: Uint32Array, node: number): number {
  let most = 0
  for (let i = 0; i < countOf(W, node); i++) {
    const isLeaf = levelOf(W, node) === 0
    most = Math.max(most, isLeaf ? versionOf(W, refAt(W, node, i)) : youngest(W, kidAt(W, node, i)))
  }
  expect(most).toBeLessThanOrEqual(nodeBirth(W, node))
  return most
}

describe(`what was born after a version, seeds ${SEED} and on`, () => {
  it('is found in any range, either way', () => {
    for (let run = 0; run < runs(300); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const world = random.chance(0.3) ? motley(seed, random) : pointed(random, 120)
      const { W, oldest, newest } = world
      for (let n = 0; n < 6; n++) {
        const version = oldest + random.int(newest - oldest + 1)
        const after = oldest - 1 + random.int(version - oldest + 3)
        for (const id of IDS) {
          const root = rootAt(world, version, id)
          if (root !== 0) youngest(W, root)
          const range = anyRange(world, id, entriesOf(world, version, id), random)
          for (const isReverse of [false, true]) {
            const all = entries(walk(W, root, range, isReverse, 2 ** 30))
            const expected = all.filter(entry => versionOf(W, entry) > after)
            const found = entries(new BornCursor(W, root, range, after, isReverse))
            const where = `seed ${seed}, version ${version}, store ${id}, after ${after}`
            expect(found, where).toEqual(expected)
          }
        }
      }
      world.db.close()
    }
  })

  it('is found in trees that were loaded with births of their own', () => {
    for (let run = 0; run < runs(40); run++) {
      const random = new Random(SEED + run)
      const from: Any = ZVerse.open({ maxBytes: 2 ** 24 })
      for (let n = 0; n < 30; n++) {
        from.transact((tx: Any) => {
          for (let i = random.int(60); i > 0; i--) tx.put(`key ${random.int(900)}`, n)
        })
      }
      from.prune({ before: from.version - random.int(Math.min(20, from.version + 1)) })
      const db: Any = ZVerse.open({ maxBytes: 2 ** 24, history: {} })
      db.load(from.dump().toArray())
      for (let n = random.int(3); n > 0; n--) db.put(`key ${random.int(900)}`, 'late')
      const { W, epochs } = db._test.engine
      const { current, newest } = epochs.versions
      const root = db._core.rootIn(current, false) as number
      youngest(W, root)
      const all = entries(walk(W, root, WHOLE, false, 2 ** 30))
      for (let after = -1; after <= newest; after++) {
        const expected = all.filter(entry => versionOf(W, entry) > after)
        expect(entries(new BornCursor(W, root, WHOLE, after, false))).toEqual(expected)
      }
      from.close()
      db.close()
    }
  })

  it('costs what was changed, not what is stored', () => {
    const db: Any = ZVerse.open({ maxBytes: 2 ** 26 })
    const key = (i: number) => `key ${String(i).padStart(6, '0')}`
    db.transact((tx: Any) => {
      for (let i = 0; i < 50_000; i++) tx.put(key(i), i)
    })
    const after = db.version
    for (let i = 0; i < 5; i++) db.put(key(9000 * i), 'new')
    const { W, epochs } = db._test.engine
    const root = db._core.rootIn(epochs.versions.current, false) as number
    expect(entriesBelow(W, root)).toBe(50_000)
    const height = levelOf(W, root) + 1
    const cost = (range: Range) => {
      const cursor = new BornCursor(W, root, range, after, false)
      return { found: entries(cursor).length, nodes: cursor.nodes }
    }
    const all = cost(WHOLE)
    expect(all.found).toBe(5)
    expect(all.nodes).toBeLessThanOrEqual(5 * height)
    // Nothing behind the range is looked at.
    db._core.encodeKey(key(9000), db._test.engine.key)
    const { words, bytes } = db._test.engine.key
    const upper = { words: words.slice(), bytes, after: true }
    const some = cost({ lower: null, upper, box: null })
    expect(some.found).toBe(2)
    expect(some.nodes).toBeLessThanOrEqual(2 * height)
    const none = new BornCursor(W, root, WHOLE, db.version, false)
    expect([none.next(), none.nodes]).toEqual([0, 0])
    db.close()
  })
})
