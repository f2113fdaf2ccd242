/** Faults that packages which others wrote for Level ran into. */
import { afterEach, describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { ZVerseLevel } from '../../lib/level/index.js'

const open: { close(): unknown }[] = []

function newDatabase() {
  const db = ZVerse.open({ keys: 'binary', values: 'binary', maxBytes: 2 ** 22 })
  open.push(db)
  return db
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

describe('a level that is made by a package, of a location and options', () => {
  it('takes the options when there is no location', async () => {
    const db = newDatabase()
    const Level = ZVerseLevel as new (location: unknown, options: object) => ZVerseLevel
    const level = new Level(undefined, { db })
    open.push(level)
    await level.put('key', 'value')
    expect(db.size).toBe(1)
  })

  it('is where its database is, whatever location it is given', async () => {
    const db = newDatabase()
    const level = new ZVerseLevel('somewhere', { db })
    open.push(level)
    await level.put('key', 'value')
    expect(db.size).toBe(1)
    expect(level.supports.permanence).toBe(false)
  })
})

describe('iterators that are never closed, as quadstore leaves them', () => {
  it('hold no version when they have given all that their limit allows', async () => {
    const db = newDatabase()
    const level = new ZVerseLevel({ db })
    open.push(level)
    await level.put('key', 'value')
    expect(await level.keys({ limit: 1 }).next()).toBe('key')
    expect(await level.values({ limit: 1 }).nextv(10)).toEqual(['value'])
    expect(db.stats().readers.pins).toBe(0)
  })

  it('hold it after any other end: a seek may come', async () => {
    const db = newDatabase()
    const level = new ZVerseLevel({ db })
    open.push(level)
    await level.put('key', 'value')
    const past = level.at()
    // Of a level that is not open yet abstract-level makes iterators that cannot seek from their end.
    await past.open()
    const iterators = [level.keys(), past.keys()]
    for (const iterator of iterators) {
      expect([await iterator.next(), await iterator.next()]).toEqual(['key', undefined])
    }
    await level.clear()
    db.prune({ before: db.version })
    for (const iterator of iterators) {
      iterator.seek('a')
      expect([await iterator.next(), await iterator.next()]).toEqual(['key', undefined])
    }
    await past.close()
    await iterators[0]?.close()
    expect(db.stats().readers.pins).toBe(0)
  })
})
