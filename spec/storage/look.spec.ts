/** What can be told of a directory without opening the database in it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'

const root = mkdtempSync(join(tmpdir(), 'zverse-look-'))
afterAll(() => rmSync(root, { recursive: true }))

it('a directory tells the codecs of its database, be it open or not, and that it is damaged', () => {
  const path = join(root, 'a')
  expect(ZVerse._directories.lookAt(path)).toBe(null)
  mkdirSync(path)
  expect(ZVerse._directories.lookAt(path)).toBe(null)
  const options = { path, keys: 'tuple', values: 'json', background: false } as const
  const db = ZVerse.open({ ...options, maxBytes: 2 ** 20 })
  const codecs = { keys: 'tuple', values: 'json', hasPast: false }
  expect(ZVerse._directories.lookAt(path)).toEqual(codecs)
  db.close()
  expect(ZVerse._directories.lookAt(path)).toEqual(codecs)
  const [manifest] = readdirSync(path).filter(name => name.startsWith('manifest'))
  const file = join(path, manifest as string)
  writeFileSync(file, 'nonsense')
  expect(() => ZVerse._directories.lookAt(path)).toThrow(
    expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: manifest, offset: 0 }),
  )
  expect(() => ZVerse._directories.lookAt(file)).toThrow(
    expect.objectContaining({ code: 'ZVERSE_IO', syscall: 'scandir' }),
  )
})
