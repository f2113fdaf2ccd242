/** The worker pool as its users meet it: a process that checks itself and reports the result. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { figure, runExample } from './run.js'

const run = (args: string[]) => runExample('worker-pool', args)

describe('worker pool', () => {
  it('refuses a command line that makes no sense', () => {
    for (const args of [
      ['--seconds', '0'],
      ['--readers', 'many'],
    ]) {
      expect(run(args)).toMatchObject({ code: 2, out: '' })
    }
  })

  it('says what is no longer kept, and goes on', async () => {
    const db = ZVerse.open({ history: { versions: 2 } })
    for (let bid = 1; bid < 9; bid++) db.put('AAAA', { bid, ask: 9 })
    const file = new URL('../../examples/worker-pool/reader.js', import.meta.url)
    const reader = new Worker(file, { workerData: db.share() })
    let id = 0
    const ask = async (question: object) => {
      reader.postMessage({ id: ++id, question })
      const [message] = await once(reader, 'message')
      expect(message.id).toBe(id)
      return message.answer
    }
    const past = { time: 1 }
    expect(await ask({ what: 'priceAt', symbol: 'AAAA', ...past })).toEqual({ gone: true })
    expect(await ask({ what: 'audit', ...past })).toEqual({ gone: true })
    expect(await ask({ what: 'price', symbol: 'AAAA' })).toEqual({ bid: 8, ask: 9 })
    expect(await ask({ what: 'priceAt', symbol: 'AAAA', time: Date.now() })).toMatchObject({
      value: { bid: 8, ask: 9 },
    })
    await Promise.all([once(reader, 'exit'), ask({ what: 'stop' })])
    db.close()
  })

  it('answers from many threads, loses one, and finds all in order', () => {
    const { code, out, err } = run(['--seconds', '1', '--readers', '2'])
    expect(err).toBe('')
    expect(out).not.toMatch(/PROBLEM/)
    expect(out).toMatch(/\n {2}all is well\n$/)
    expect(code).toBe(0)

    const killed = /killed reader 2 in the middle of a report, with (\d+) questions waiting\n/
    expect(figure(out, killed)).toBeGreaterThan(0)
    expect(out).toMatch(/reader 3 takes its place/)
    expect(out).toMatch(/reader 2 {2}[\d ]+ answers\/s, killed\n/)
    expect(out).toMatch(/check\(\) {3}0 bytes leaked, 0 snapshots left pinned\n/)
    expect(figure(out, /reader 1 {2}([\d ]+) answers/)).toBeGreaterThan(0)
    expect(figure(out, /reader 3 {2}([\d ]+) answers/)).toBeGreaterThan(0)
    expect(figure(out, /writer {4}([\d ]+) commits/)).toBeGreaterThan(0)
    expect(figure(out, /prices {4}([\d ]+) asked/)).toBeGreaterThan(0)
    expect(figure(out, /past {6}([\d ]+) prices/)).toBeGreaterThan(0)
    expect(figure(out, /audits {4}([\d ]+) snapshots/)).toBeGreaterThan(0)
  })
})
