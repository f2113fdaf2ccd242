/**
 * The lock of a directory between real processes: one has it, a killed one does not, and of many that race for what a
 * killed one has left, one gets it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { scaled } from '../support/runs.js'
import { LockProcess } from './lock-process.js'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zverse-locks-'))
  path = join(folder, 'db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = () => ZVerse.open({ path, maxBytes: 2 ** 20, background: false })
const refused = (pid: number) => expect.objectContaining({ code: 'ZVERSE_LOCKED', pid })

describe('the lock of a directory', () => {
  it('is told at once in the process that has it', () => {
    const db = open()
    expect(open).toThrow(refused(process.pid))
    expect(open).toThrow('this process')
    db.close()
    open().close()
  })

  it('is told in another process, also where the holder is stopped; a killed holder has none', async () => {
    const [holder, other] = await Promise.all([LockProcess.start(path), LockProcess.start(path)])
    expect(await holder.tell('open 0')).toEqual({ open: holder.pid })
    expect(await other.tell('open 0')).toMatchObject({ code: 'ZVERSE_LOCKED', pid: holder.pid })
    expect(open).toThrow(refused(holder.pid))
    holder.signal('SIGSTOP')
    expect(await other.tell('open 0')).toMatchObject({ code: 'ZVERSE_LOCKED', pid: holder.pid })
    expect(open).toThrow(refused(holder.pid))
    await holder.kill()
    expect(await other.tell('open 0')).toEqual({ open: other.pid })
    expect(open).toThrow(refused(other.pid))
    expect(await other.tell('close')).toEqual({ closed: other.pid })
    const db = open()
    expect(db.get('holder')).toBe(other.pid)
    db.close()
    await other.kill()
  })

  it('is got by one of many that race for what a killed process has left', async () => {
    const racers = await Promise.all(
      Array.from({ length: Math.min(20, scaled(20)) }, () => LockProcess.start(path)),
    )
    for (let round = scaled(15); round > 0; round--) {
      const at = Date.now() + 20
      const said = await Promise.all(racers.map(racer => racer.tell(`open ${at}`)))
      const winners = said.filter(one => one.open !== undefined)
      expect(winners).toHaveLength(1)
      const pid = winners[0]?.open
      for (const one of said) {
        if (one.open === undefined) expect(one).toMatchObject({ code: 'ZVERSE_LOCKED', pid })
      }
      const winner = racers.findIndex(racer => racer.pid === pid)
      // Every other time the lock is given back instead.
      if (round % 2 === 0) await racers[winner]?.tell('close')
      else {
        await racers[winner]?.kill()
        racers[winner] = await LockProcess.start(path)
      }
    }
    await Promise.all(racers.map(racer => racer.kill()))
  })
})

/** Opens alone, in a worker, and ends in some way. */
const ALONE = `
  const { workerData: { dist, path, options, end }, parentPort } = require('node:worker_threads')
  import(dist).then(({ ZVerse }) => {
    const db = ZVerse.open({ path, maxBytes: 2 ** 20, ...options })
    db.put('from', 'a worker')
    if (end !== 'returns') globalThis.db = db
    parentPort.postMessage(db.share())
    if (end === 'exits') process.exit()
    if (end === 'is terminated') setInterval(() => {}, 1000)
  })`

describe('a worker that has a database open alone', () => {
  const dist = new URL('../../dist/index.js', import.meta.url).href
  const ends = ['returns', 'exits', 'is terminated']
  const cases = ends.flatMap(end => [true, false].map(background => [end, background] as const))
  it.each(cases)('%s, background %s: the same process opens it', async (end, background) => {
    const workerData = { dist, path, options: { background }, end }
    const worker = new Worker(ALONE, { eval: true, workerData })
    const exited = new Promise(resolve => worker.once('exit', resolve))
    await new Promise(resolve => worker.once('message', resolve))
    if (end === 'is terminated') {
      expect(open).toThrow(refused(process.pid))
      await worker.terminate()
    }
    await exited
    const db = open()
    expect(db.get('from')).toBe('a worker')
    db.close()
  })
})

describe('a handle that a worker left behind', () => {
  const dist = new URL('../../dist/index.js', import.meta.url).href
  const leave = async () => {
    const workerData = { dist, path, options: { background: false }, end: 'is terminated' }
    const worker = new Worker(ALONE, { eval: true, workerData })
    const handle = await new Promise(resolve => worker.once('message', resolve))
    return { worker, attach: () => ZVerse.attach(handle as never) }
  }

  it('attaches no thread once the directory has been opened anew', async () => {
    const { worker, attach } = await leave()
    await worker.terminate()
    const db = open()
    expect(attach).toThrow(expect.objectContaining({ code: 'ZVERSE_CLOSED' }))
    db.close()
    expect(attach).toThrow(expect.objectContaining({ code: 'ZVERSE_CLOSED' }))
  })

  it('keeps the lock where a thread has attached', async () => {
    const { worker, attach } = await leave()
    const db = attach()
    await worker.terminate()
    expect(open).toThrow(refused(process.pid))
    db.put('from', 'the one that is left' as never)
    db.close()
    open().close()
  })
})

describe('a handle that is dropped without being closed', () => {
  it.each([true, false])('gives the lock back when it is collected, shared: %s', async isShared => {
    const gc = (globalThis as { gc?: () => void }).gc ?? collector()
    const drop = () => {
      const db = open()
      db.put('from', 'a dropped handle')
      if (isShared) db.share()
    }
    drop()
    await expect
      .poll(
        () => {
          gc()
          try {
            const db = open()
            const from = db.get('from')
            db.close()
            return from
          } catch (error) {
            return (error as { code: string }).code
          }
        },
        { timeout: 60_000 },
      )
      .toBe('a dropped handle')
  })
})

/** The garbage collector, as --expose-gc gives it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
