/**
 * Threads of a process that goes on are terminated while they write a database on disk: those that commit, the one
 * that opened it, and the keeper with it. A short form of `node spec/stress/persistent.js`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { scaled } from '../support/runs.js'
import { workerKills } from './worker-kills.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

const OPENER = `
  const { workerData: { dist, options }, parentPort } = require('node:worker_threads')
  import(dist).then(({ ZVerse }) => {
    globalThis.db = ZVerse.open(options)
    db.put('from', 'opener')
    parentPort.postMessage(db.share())
    setInterval(() => {}, 1000)
  })`

describe(`threads that are terminated (ZVERSE_SEED=${SEED})`, () => {
  it('leave all that was acknowledged, and nothing half done', async () => {
    expect(await workerKills(scaled(5), 4, SEED)).toBeGreaterThan(0)
  })

  it('may be the keeper: flushed() comes about by another one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zverse-keeper-'))
    const options = {
      path: join(folder, 'db'),
      maxBytes: 2 ** 20,
      sync: 'interval',
      syncInterval: 10,
    }
    const dist = new URL('../../dist/index.js', import.meta.url).href
    const opener = new Worker(OPENER, { eval: true, workerData: { dist, options } })
    const handle = await new Promise(resolve => opener.once('message', resolve))
    const db = ZVerse.attach(handle as never) as unknown as ZVerse<string, string>
    // The keeper is there.
    await db.flushed()
    await opener.terminate()
    const version = db.put('from', 'another')
    expect(await db.flushed(version)).toBe(version)
    db.close()
    const again = ZVerse.open({ path: options.path })
    expect(again.get('from')).toBe('another')
    again.close()
    rmSync(folder, { recursive: true })
  })
})
