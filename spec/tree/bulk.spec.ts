/** Trees built from the leaves up: what is put in is there, each invariant holds, and they take changes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UNNAMED } from '../../lib/engine/names.js'
import { versionOf, writeEntry } from '../../lib/memory/entry.js'
import { N_MIN, R_STATE, S_LIVE, S_LIVE_WORDS, WRITING_VERB } from '../../lib/memory/layout.js'
import { BulkTree, Unsorted } from '../../lib/tree/bulk.js'
import { addressOf, countOf, eachEntry, entriesBelow, kidAt, levelOf } from '../../lib/tree/node.js'
import { entrySize, nodeSize } from '../../lib/tree/size.js'
import { commitVersion } from '../../lib/write/commit.js'
import { inTurn, type Transaction } from '../../lib/write/transaction.js'
import { openWith, type ZVerse } from '../../lib/zverse.js'
import { scaled } from '../support/runs.js'

type Db = ZVerse<string, unknown>

function open(): Db {
  return openWith({ maxBytes: 2 ** 24 }, { now: () => 1, indexFrom: 1, poison: true }) as Db
}

/** An entry for a key, in the arena. */
function entryOf({ engine }: Transaction, key: string, value: unknown): number {
  const { W, epochs } = engine
  const text = JSON.stringify(value)
  const bytes = Buffer.from(text)
  const words = new Uint32Array(Math.ceil(bytes.length / 4))
  new Uint8Array(words.buffer).set(bytes)
  const encoded = engine.names.keyOf(key)
  const block = epochs.space.allocateEntry(encoded.bytes, words.length)
  const made = { words, at: 0, length: bytes.length, ascii: false }
  writeEntry(W, block, epochs.space.version, encoded, made)
  return block
}

/** Builds the unnamed store of a database. */
function build(db: Db, keys: readonly string[]): void {
  inTurn(db._test.engine, WRITING_VERB, tx => {
    tx.begin()
    tx.engine.epochs.space.spend()
    const tree = new BulkTree(tx.engine.W, tx.engine.epochs.space)
    for (const key of keys) tree.add(entryOf(tx, key, key.length))
    const draft = tx.draftOf(UNNAMED)
    draft.live = tree.finish()
    // Nothing of it was noted: the list of changes is made by comparing trees.
    draft.changes.goBack(false)
    commitVersion(tx, true)
  })
}

/** Words of all blocks of a tree. */
function wordsBelow(W: Uint32Array, node: number): number {
  let words = 0
  if (node === 0) return words
  words += nodeSize(W, addressOf(node))
  if (levelOf(W, node) === 0) {
    eachEntry(W, node, entry => {
      words += entrySize(W, entry)
    })
  } else for (let i = 0; i < countOf(W, node); i++) words += wordsBelow(W, kidAt(W, node, i))
  return words
}

/** The fewest slots of a node below the root. */
function least(W: Uint32Array, node: number, isRoot = true): number {
  let few = isRoot ? Number.POSITIVE_INFINITY : countOf(W, node)
  if (levelOf(W, node) === 0) return few
  for (let i = 0; i < countOf(W, node); i++) few = Math.min(few, least(W, kidAt(W, node, i), false))
  return few
}

const sorted = (keys: Iterable<string>) => {
  return [...keys]
    .map(key => Buffer.from(key))
    .sort(Buffer.compare)
    .map(String)
}

const sound = (db: Db) => {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}

/** Keys of a few shapes: long common prefixes, one a prefix of the other, numbers. */
const keyOf = fc.oneof(
  fc.nat(5000).map(String),
  fc.nat(400).map(i => `${'common prefix '.repeat(3)}${i}`),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.nat(60).map(n => 'a'.repeat(n)),
  fc.nat(60).map(n => '\0'.repeat(n)),
)

describe('a tree that is built', () => {
  it('has what was put in, keeps every invariant, and counts its words as the editor does', () => {
    const sizes = fc.oneof(fc.nat(200), fc.nat(6000))
    fc.assert(
      fc.property(sizes, fc.nat(), (size, seed) => {
        const keys = sorted(new Set(fc.sample(keyOf, { numRuns: size + 1, seed }).slice(1)))
        const db = open()
        build(db, keys)
        expect([...db.keys()]).toEqual(keys)
        sound(db)
        const { W, epochs } = db._test.engine
        const state = epochs.versions.current + R_STATE
        const root = W[state + S_LIVE] as number
        expect(W[state + S_LIVE_WORDS]).toBe(wordsBelow(W, root))
        expect(entriesBelow(W, root)).toBe(keys.length)
        if (root !== 0) expect(least(W, root)).toBeGreaterThanOrEqual(N_MIN)
        for (const key of keys.slice(0, 50)) expect(db.has(key)).toBe(true)
        eachEntry(W, root, entry => expect(versionOf(W, entry)).toBe(1))
        db.close()
      }),
      { numRuns: scaled(150) },
    )
  })

  it('takes puts, deletes and clears like any other', () => {
    const change = fc.tuple(fc.boolean(), keyOf)
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.nat(),
        fc.array(change, { maxLength: 400 }),
        (size, seed, all) => {
          const keys = sorted(new Set(fc.sample(keyOf, { numRuns: size + 1, seed }).slice(1)))
          const db = open()
          build(db, keys)
          const has = new Set(keys)
          for (const [puts, key] of all) {
            if (puts) db.put(key, 1)
            else db.delete(key)
            if (puts) has.add(key)
            else has.delete(key)
          }
          for (const key of keys.slice(0, keys.length / 2)) {
            db.delete(key)
            has.delete(key)
          }
          expect([...db.keys()]).toEqual(sorted(has))
          expect([...db.keys({ at: 1 })]).toEqual(keys)
          sound(db)
          db.clear()
          sound(db)
          db.close()
        },
      ),
      { numRuns: scaled(60) },
    )
  })

  it('takes some keys anywhere before its leaves split', () => {
    const db = open()
    build(db, sorted(Array.from({ length: 4800 }, (_, i) => `key ${String(i).padStart(6, '0')}`)))
    const nodes = db.check().nodes
    db.transact(tx => {
      for (let i = 0; i < 4800; i += 4) tx.put(`key ${String(i).padStart(6, '0')} more`, 1)
    })
    db.prune({ before: db.version })
    // Each leaf has a quarter more, and is still one.
    expect(db.check().nodes).toBeLessThan(nodes + 1200 + 20)
    sound(db)
  })

  it('refuses entries out of order, and twice; an abort leaves nothing', () => {
    for (const keys of [
      ['b', 'a'],
      ['a', 'a'],
      [...sorted(Array.from({ length: 700 }, (_, i) => `${i}`)), '0'],
    ]) {
      const db = open()
      expect(() => build(db, keys)).toThrow(Unsorted)
      expect([...db.keys()]).toEqual([])
      sound(db)
      expect(db.put('a', 1)).toBe(1)
    }
  })

  it('that finds no memory leaves nothing', () => {
    for (const failAfter of [1, 2, 40, 100, 500, 1300]) {
      const db = open()
      db._test.failAfter(failAfter)
      const keys = sorted(Array.from({ length: 1300 }, (_, i) => `${i}`))
      expect(() => build(db, keys)).toThrow(expect.objectContaining({ code: 'ZVERSE_FULL' }))
      sound(db)
      build(db, keys)
      expect(db.size).toBe(1300)
      sound(db)
    }
  })
})
