/**
 * A commit's work for the past is bounded, however much was just released: counted in blocks, not
 * timed. And pins never wait, however many there are.
 */

import { describe, expect, it } from 'vitest'
import { R_VERSION } from '../../lib/memory/layout.js'
import { addressOf } from '../../lib/tree/node.js'
import { attachWith, openWith } from '../../lib/zverse.js'

/**
 * Blocks that one commit of a single put may free: some 80, and those in the lists of 64 unlinked
 * records.
 */
const MOST = 500

/** Counts the blocks that `commit` frees. */
function freed(db: ReturnType<typeof openWith>, commit: () => void): number {
  const { allocator } = db._test.engine.epochs
  const free = allocator.free
  let count = 0
  allocator.free = ref => {
    count++
    free.call(allocator, ref)
  }
  commit()
  allocator.free = free
  return count
}

function sound(db: ReturnType<typeof openWith>) {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}

describe('a commit after much was let go of', () => {
  it.each([
    ['a snapshot held over many overwrites', { versions: 0 }],
    ['a window of many versions that time runs out for', { ms: 50_000 }],
  ])('%s', (_, history) => {
    let time = 0
    const db = openWith({ maxBytes: 2 ** 27, history }, { now: () => time })
    for (let i = 0; i < 400; i++) db.put(`key ${i}`, i)
    const snapshot = db.beginRead()
    for (let i = 0; i < 20_000; i++) {
      time++
      db.put(`key ${(i * 7) % 400}`, i)
    }
    const before = db.stats().memory.usedBytes
    snapshot.close()
    time += 100_000
    let most = 0
    let commits = 0
    while (commits < 6000) {
      most = Math.max(
        most,
        freed(db, () => db.put(`key ${commits % 400}`, commits)),
      )
      commits++
    }
    expect(most).toBeLessThan(MOST)
    // All of it is gone in the end: the lag is bounded, too.
    expect(db.stats().writer.lag).toBeLessThan(64)
    const rest = db.stats().memory.usedBytes
    db.prune({ before: db.version })
    if ('ms' in history) expect(rest).toBeLessThan(before / 2)
    sound(db)
    db.close()
  })

  it('a tree that was cleared', () => {
    const db = openWith({ maxBytes: 2 ** 27, history: { versions: 0 } }, { now: Date.now })
    const empty = db.stats().memory.usedBytes
    db.transact(tx => {
      for (let i = 0; i < 100_000; i++) tx.put(`key ${i}`, i)
    })
    const full = db.stats().memory.usedBytes
    expect(full).toBeGreaterThan(3 * empty)
    expect(freed(db, () => db.clear())).toBeLessThan(MOST)
    let most = 0
    for (let i = 0; i < 3000; i++)
      most = Math.max(
        most,
        freed(db, () => db.put('a', i)),
      )
    expect(most).toBeLessThan(MOST)
    // The page table has been written to meanwhile.
    expect(db.stats().memory.usedBytes).toBeLessThan(empty + full / 50)
    sound(db)
    db.close()
  })

  it('with thousands of pins that stay', () => {
    const db = openWith({ maxBytes: 2 ** 27, history: { versions: 0 } }, { now: Date.now })
    for (let i = 0; i < 50; i++) db.put(`key ${i}`, i)
    const pins = Array.from({ length: 3000 }, (_, i) => {
      db.put(`key ${i % 50}`, i)
      return db.beginRead()
    })
    for (let i = 0; i < pins.length; i += 2) pins[i]?.close()
    for (let i = 0; i < 2000; i++) db.put(`key ${i % 50}`, -i)
    expect(db.stats().readers.pins).toBe(1500)
    expect(db.stats().versions.retained).toBeLessThan(1500 + 256)
    for (let i = 1; i < pins.length; i += 2) expect(pins[i]?.get(`key ${i % 50}`)).toBe(i)
    sound(db)
    for (const pin of pins) pin.close()
    db.prune({ before: db.version })
    expect(db.stats().versions.retained).toBe(1)
    sound(db)
    db.close()
  })
})

describe('pins', () => {
  it('do not wait for a writer, however many there are', () => {
    const options = { maxBytes: 2 ** 23, history: { versions: 0 }, lockTimeout: 0 }
    const db = openWith(options, { now: Date.now, threadId: 1, poison: true })
    const writer = attachWith(db.share(), undefined, { now: Date.now, threadId: 2 })
    for (let i = 0; i < 10; i++) writer.put(`key ${i}`, i)
    const old = db.beginRead()
    writer.put('key 1', 'later')
    const early = Array.from({ length: 60 }, (_, i) => {
      writer.put('key 2', i)
      const tx = writer.beginWrite()
      const pin = db.beginRead()
      tx.abort()
      return pin
    })
    for (let i = 0; i < 300; i++) writer.put(`key ${i % 10}`, `last ${i}`)
    early.forEach((pin, i) => void expect(pin.get('key 2')).toBe(i))
    expect(old.get('key 1')).toBe(1)
    sound(db)
    for (const pin of early) pin.close()
    old.close()
    writer.prune({ before: writer.version })
    expect(writer.stats().versions.retained).toBe(1)
    sound(db)
    writer.close()
    db.close()
  })

  it('a read of everything holds what was unlinked in version 0', () => {
    const db = openWith({ maxBytes: 2 ** 21 }, { now: Date.now, threadId: 1, poison: true })
    db.share()
    db.tag('a')
    db.tag('b')
    const { epochs, W, tags } = db._test.engine
    const { root } = tags
    epochs.slots.enterAll()
    const writer = attachWith(db.share(), undefined, { now: Date.now, threadId: 2 })
    for (let i = 0; i < 20; i++) writer.tag(`more ${i}`)
    // Still a node of the tag tree, not a reused block.
    expect(W[addressOf(root)]).toBeLessThan(4)
    expect(W[epochs.versions.current + R_VERSION]).toBe(0)
    epochs.slots.exit()
    writer.close()
    sound(db)
    db.close()
  })
})
