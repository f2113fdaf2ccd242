/**
 * One thread writes without pause, in memory so small that it is used again at once, and filled with
 * garbage before; others read by key and through references. Writers are killed in the middle, too.
 *
 * `ZVERSE_SEED=n` repeats the choices of the threads (not their timing); `ZVERSE_RUNS=n` makes the rounds
 * longer (3000 is once).
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import * as built from '../../dist/zverse.js'
import type { openWith } from '../../lib/zverse.js'
import { SCALE, SEED } from './support.js'

/** The built library, whose hooks its types do not show. */
const open = (built as unknown as { openWith: typeof openWith }).openWith

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

interface Result {
  readonly problems: string[]
  readonly count: number
}

class Member {
  readonly worker: Worker
  readonly ready: Promise<unknown>
  readonly result: Promise<Result>

  constructor(data: object) {
    this.worker = new Worker(new URL('./crew.js', import.meta.url), { workerData: data })
    this.ready = once(this.worker, 'message')
    this.result = this.ready.then(() => once(this.worker, 'message')).then(([last]) => last)
    // Nobody waits for the result of a killed worker.
    this.result.catch(() => {})
  }
}

interface Round {
  readonly versions: number
  readonly keys: number
  readonly readers: number
  readonly ms: number
  readonly pointIndex?: boolean
  /** How often the writer is killed. */
  readonly kills?: number
}

async function play({ versions, keys, readers, ms, pointIndex = true, kills = 0 }: Round) {
  const options = { maxBytes: 2 ** 20, history: { versions }, maxThreads: 32, pointIndex }
  const db = open(options, { now: Date.now, poison: true, indexFrom: 1 })
  const memory = new SharedArrayBuffer(4 + 8 * keys)
  const handle = db.share()
  let seed = SEED
  const join = (role: string) => {
    const member = new Member({ handle, role, seed: seed++, keys, memory })
    db.track(member.worker)
    return member
  }
  let writer = join('writer')
  const crew = Array.from({ length: readers }, () => join('reader'))
  await Promise.all([writer, ...crew].map(member => member.ready))
  for (let n = 0; n < kills; n++) {
    await sleep((ms * SCALE) / kills)
    const before = db.version
    await writer.worker.terminate()
    writer = join('writer')
    await writer.ready
    expect(db.version).toBeGreaterThanOrEqual(before)
  }
  if (kills === 0) await sleep(ms * SCALE)
  // On a busy machine nothing may have been written by then.
  await db.waitFor(1)
  Atomics.store(new Int32Array(memory), 0, 1)
  const results = await Promise.all([writer, ...crew].map(member => member.result))
  const { ok, problems, leakedBytes } = db.check()
  const written = db.version
  db.close()
  return {
    problems: results.flatMap(result => result.problems),
    check: { ok, problems, leakedBytes },
    reads: results.slice(1).map(result => result.count),
    written,
  }
}

const ROUNDS: [string, Round][] = [
  ['nothing of the past', { versions: 0, keys: 24, readers: 2, ms: 500 }],
  ['a version of the past', { versions: 1, keys: 300, readers: 2, ms: 500 }],
  ['three versions of the past', { versions: 3, keys: 60, readers: 2, ms: 500 }],
  ['no index', { versions: 0, keys: 60, readers: 2, ms: 400, pointIndex: false }],
  ['writers that are killed', { versions: 0, keys: 200, readers: 2, ms: 900, kills: 3 }],
  ['writers that are killed, and a past', { versions: 3, keys: 40, readers: 1, ms: 500, kills: 2 }],
]

describe(`readers by key beside a writer, ZVERSE_SEED=${SEED}`, () => {
  it.each(ROUNDS)('%s', async (_, round) => {
    const { problems, check, reads, written } = await play(round)
    expect(problems).toEqual([])
    expect(check).toEqual({ ok: true, problems: [], leakedBytes: 0 })
    expect(Math.min(written, ...reads)).toBeGreaterThan(0)
  })
})
