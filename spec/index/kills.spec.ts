/**
 * A process that is killed while it writes: what is read again of its directory has indexes that fit their store.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'

const DIST = new URL('../../dist/index.js', import.meta.url).href

/** Writes until it is killed; says so after each commit. */
const CHILD = `
  import { ZVerse } from ${JSON.stringify(DIST)}
  const [path, seed] = process.argv.slice(1)
  let state = Number(seed)
  const random = below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const functions = { half: ({ n }) => Math.floor(n / 2) }
  const db = ZVerse.open({ path, sync: 'never', functions, history: { versions: 10, disk: {} } })
  const value = () => ({ n: random(9), tags: [random(5), random(5)], at: [random(7), random(7)] })
  const INDEXES = [
    { on: 'n' },
    { on: ['tags', 'n'], multi: true },
    { by: 'half' },
    { kind: 'spatial', on: 'at', dimensions: ['uint8', 'float64'] },
  ]
  const some = store => {
    for (let n = random(9); n >= 0; n--) {
      if (random(4) === 0) store.delete('key ' + random(300))
      else store.put('key ' + random(300), value())
    }
  }
  for (;;) {
    const i = random(40)
    if (i < INDEXES.length) db.index('i' + i, INDEXES[i])
    else if (i === 9) for (const { name } of db.indexes().slice(0, 1)) db.dropIndex(name)
    else if (i === 10) db.clear({ gte: 'key 2' })
    else if (i === 11) db.restore({ at: db.oldestVersion })
    else if (i < 20) some(db)
    else db.transact(some)
    process.stdout.write('.')
    if (random(20) === 0) await new Promise(resolve => setImmediate(resolve))
  }
`

it('leaves indexes that fit their store', async () => {
  const path = mkdtempSync(join(tmpdir(), 'zverse-killed-'))
  try {
    for (let round = 0; round < 5; round++) {
      const args = ['--input-type=module', '--eval', CHILD, path, String(round + Date.now())]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      let commits = 0
      await new Promise<void>(resolve => {
        child.stdout.on('data', (text: Buffer) => {
          commits += text.length
          if (commits > 100 * (round + 1)) child.kill('SIGKILL')
        })
        child.on('exit', (_, signal) => {
          expect(signal).toBe('SIGKILL')
          resolve()
        })
      })
      const db = ZVerse.open<string, { n: number }>({
        path,
        sync: 'never',
        history: { versions: 10, disk: {} },
      })
      expect(db.check().problems).toEqual([])
      for (const at of [db.oldestVersion, db.version]) {
        const all = [...db.range({ at })].filter(([, { n }]) => n === 4)
        expect([...db.where({ n: 4 }, { at })]).toEqual(all)
        const names = db.indexes({ at }).map(({ name }) => name)
        if (names.includes('i0') && db.indexes().some(({ name }) => name === 'i0')) {
          expect([...db.index('i0').range({ at, eq: 4 })]).toEqual(all)
        }
      }
      db.close()
    }
  } finally {
    rmSync(path, { recursive: true })
  }
})
