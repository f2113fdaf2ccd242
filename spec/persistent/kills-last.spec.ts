/** The last handle of a database on disk: it goes in any order, amid other work, or with the process. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'

const DIST = new URL('../../dist/index.js', import.meta.url).href

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zverse-last-'))
  path = join(folder, 'db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (options: object = {}) => {
  return ZVerse.open({ path, maxBytes: 2 ** 22, ...options }) as unknown as ZVerse<string, number>
}

/** Opens it again, as it must be possible at once. */
function expectLeft(keys: Record<string, number>): void {
  const db = open()
  expect(db.check().ok).toBe(true)
  expect(Object.fromEntries(db.range())).toEqual(keys)
  expect(db.recovery).toMatchObject({ tornBytes: 0, lost: [] })
  db.close()
}

const MEMBER = `
  const { workerData: { dist, handle, name }, parentPort } = require('node:worker_threads')
  import(dist).then(({ ZVerse }) => {
    const db = ZVerse.attach(handle)
    parentPort.postMessage('attached')
    parentPort.once('message', () => {
      db.put(name, 1)
      db.close()
      parentPort.close()
    })
  })`

describe('the last handle', () => {
  it.each([
    ['first', 0],
    ['in the middle', 2],
    ['last', 3],
  ])('the one that opened goes %s', async (_, place) => {
    const db = open()
    const workers = ['a', 'b', 'c'].map(name => {
      const workerData = { dist: DIST, handle: db.share(), name }
      const worker = new Worker(MEMBER, { eval: true, workerData })
      const attached = new Promise(resolve => worker.once('message', resolve))
      return { worker, attached, ended: new Promise(resolve => worker.once('exit', resolve)) }
    })
    await Promise.all(workers.map(({ attached }) => attached))
    db.put('opener', 1)
    const ended: Promise<unknown>[] = []
    workers.forEach(({ worker, ended: end }, i) => {
      if (i === place) db.close()
      worker.postMessage('end')
      ended.push(end)
    })
    await Promise.all(ended)
    db.close()
    expectLeft({ a: 1, b: 1, c: 1, opener: 1 })
  })

  it.each([true, false])(
    'goes while the database is compacted, background %s',
    async background => {
      for (let pause = 0; pause < 4; pause++) {
        const db = open({ background })
        for (let i = 0; i < 200; i++) db.put(`key ${i}`, i)
        const compacted = db.compact()
        for (let i = 0; i < 3 * pause; i++) await new Promise(setImmediate)
        db.close()
        await compacted.catch(error => expect(error).toMatchObject({ code: 'ZVERSE_CLOSED' }))
        expectLeft(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`key ${i}`, i])))
      }
    },
  )

  it.each(['commit', 'interval', 'never'])(
    'goes with the process, by process.exit, sync %s',
    sync => {
      const script = `
      import { ZVerse } from '${DIST}'
      const db = ZVerse.open({ path: ${JSON.stringify(path)}, maxBytes: 2 ** 22, sync: '${sync}' })
      for (let i = 0; i < 20; i++) db.put('key', i)
      db.compact()
      db.put('key', 20)
      const tx = db.beginWrite()
      tx.put('key', 21)
      process.exit(7)`
      const args = ['--input-type=module', '-e', script]
      expect(spawnSync(process.execPath, args, { stdio: 'inherit' }).status).toBe(7)
      expectLeft({ key: 20 })
    },
  )
})
