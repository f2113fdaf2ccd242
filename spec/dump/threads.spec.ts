/** One thread loads a history while others read it as it comes. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { ZVerse } from '../../dist/index.js'
import * as built from '../../dist/zverse.js'
import type { openWith } from '../../lib/zverse.js'
import { Random } from '../support/random.js'

/** The built library, whose hooks its types do not show. */
const open = (built as unknown as { openWith: typeof openWith }).openWith

const RUNS = Number(process.env.ZVERSE_RUNS ?? 1000)
const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

/** Every entry's value is its version; `sum` is the sum of all of them. */
function build(commits: number, random: Random) {
  const db = ZVerse.open<string, number>({ history: { versions: Math.floor(commits / 2) } })
  const values = new Map<string, number>()
  for (let n = 1; n <= commits; n++) {
    db.transact(tx => {
      for (let i = random.int(4); i >= 0; i--) {
        const key = `key ${random.int(100)}`
        if (random.chance(0.3)) {
          tx.delete(key)
          values.delete(key)
        } else {
          tx.put(key, tx.version)
          values.set(key, tx.version)
        }
      }
      tx.put(
        'sum',
        [...values.values()].reduce((a, b) => a + b, 0),
      )
    })
    if (random.chance(100 / commits)) db.tag(`tag ${n}`)
  }
  return db
}

it(`readers see whole versions only (seed ${SEED})`, async () => {
  const commits = RUNS
  const source = build(commits, new Random(SEED))
  const records = source.dump({ history: true }).toArray()
  const db = open(
    { maxBytes: 2 ** 22, history: { versions: 20 }, maxThreads: 8 },
    { now: Date.now, poison: true, indexFrom: 1 },
  )
  const workers = [1, 2].map(() => {
    const workerData = { handle: db.share(), last: commits }
    return new Worker(new URL('./reader.js', import.meta.url), { workerData })
  })
  await Promise.all(workers.map(worker => once(worker, 'message')))
  const results = workers.map(worker => once(worker, 'message'))
  expect(db.load(records)).toBe(commits)
  for (const result of results) {
    const [{ problems, read }] = await result
    expect(problems).toEqual([])
    expect(read).toBeGreaterThan(0)
  }
  expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
  const told = source
    .versions()
    .filter(({ tags, version }) => tags.length > 0 || version > commits - 21)
  expect(db.versions()).toEqual(told)
  source.close()
  db.close()
})
