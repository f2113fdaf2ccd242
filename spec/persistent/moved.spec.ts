/** A directory that is moved while its database is open, and one in its place: neither loses anything. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ZVerse, type ZVerseError } from '../../lib/index.js'

const scratch = mkdtempSync(join(tmpdir(), 'zverse-moved-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const [live, old, other] = ['live', 'live.old', 'other'].map(name => join(scratch, name)) as [
  string,
  string,
  string,
]
const VALUE = 'x'.repeat(1000)

function fill(db: ZVerse<string, unknown>, count: number): { done: number; error: unknown } {
  for (let done = 0; done < count; done++) {
    try {
      db.put(`key-${done}`, `${done} ${VALUE}`)
    } catch (error) {
      return { done, error }
    }
  }
  return { done: count, error: null }
}

describe('a directory that is moved', () => {
  it('goes on as far as its files are open; nothing is written into the one in its place', async () => {
    const options = { sync: 'never', background: false } as const
    const first = ZVerse.open({ path: live, ...options, history: { versions: 10, disk: {} } })
    first.put('begin', 1)
    renameSync(live, old)
    const second = ZVerse.open({ path: live, ...options })
    second.put('its own', 2)
    const { done, error } = fill(first, 20_000)
    expect(done).toBeGreaterThan(100)
    expect(error).toMatchObject({ code: 'ZVERSE_IO', syscall: 'stat', path: live })
    expect((error as ZVerseError).message).toMatch(/moved, or another one was put in its place/)
    await expect(first.compact()).rejects.toMatchObject({ code: 'ZVERSE_IO' })
    await expect(first.backup(join(scratch, 'copy'))).rejects.toMatchObject({ code: 'ZVERSE_IO' })
    expect(first.get('begin')).toBe(1)
    expect([...second.keys()]).toEqual(['its own'])
    second.close()
    renameSync(live, other)
    renameSync(old, live)
    first.close()
    for (const [path, keys] of [
      [live, done + 1],
      [other, 1],
    ] as const) {
      const again = ZVerse.open({ path, ...options })
      expect(again.recovery).toMatchObject({ lost: [] })
      expect(again.size).toBe(keys)
      expect(again.check()).toMatchObject({ ok: true, problems: [] })
      again.close()
    }
  })

  it('takes no handle of another thread in its place', () => {
    const path = join(scratch, 'shared')
    const first = ZVerse.open({ path, background: false })
    const handle = first.share()
    renameSync(path, `${path}.old`)
    const second = ZVerse.open({ path, background: false })
    expect(() => ZVerse.attach(handle)).toThrow(/moved, or another one was put in its place/)
    second.close()
    rmSync(path, { recursive: true })
    renameSync(`${path}.old`, path)
    const attached = ZVerse.attach(handle)
    attached.put('a', 1)
    expect(first.get('a')).toBe(1)
    attached.close()
    first.close()
  })
})
