/** Tags that move while the log still tells where they were before: found by killing processes at random. */
import { describe, expect, it } from 'vitest'
import { openWith, type ZVerse } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'

const OPTIONS = { path: 'db', background: false, maxBytes: 2 ** 22, history: { versions: 0 } }

function open(files: Disk): ZVerse<string, number> {
  const options = { ...OPTIONS }
  return openWith(options, { now: Date.now, files }) as unknown as ZVerse<string, number>
}

describe('tags that a base has, and the log behind it tells of anew', () => {
  it.each<[string, (db: ZVerse<string, number>) => unknown]>([
    ['were removed in between', db => db.untag('a')],
    ['moved in between', db => [db.tag('b'), db.put('k', 2), db.tag('a')]],
  ])('%s', async (_, change) => {
    const files = new Disk()
    let db = open(files)
    db.put('k', 1)
    db.tag('a')
    change(db)
    db.put('k', 3)
    const version = db.tag('a')
    db.put('k', 4)
    await db.compact()
    db.put('k', 5)
    const told = db.versions()
    db.close()
    db = open(files)
    expect(db.versions()).toEqual(told)
    expect(db.get('k', { at: 'a' })).toBe(3)
    expect(db.get('k', { at: version })).toBe(3)
    expect(db.check().ok).toBe(true)
    db.close()
  })
})
