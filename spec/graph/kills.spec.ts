/** Processes and threads that are killed while they change a graph: each edge that is left has both ends. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { type TupleKey, ZVerse } from '../../lib/index.js'
import { told } from './plain-graph.js'

const DIST = new URL('../../dist/index.js', import.meta.url).href
const NODES = 30
const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

/** Changes a graph until it is killed, and calls `said` after each commit. */
const CHANGES = `
  let state = seed
  const random = below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const node = () => (random(2) ? random(${NODES}) : 'node ' + random(${NODES}))
  const key = () => [node(), random(2) ? '' : 'type', node()]
  const some = of => {
    for (let n = random(9); n >= 0; n--) {
      if (random(4) === 0) of.removeEdge(node(), node())
      else of.addEdge(node(), node(), { n: random(9) }, { type: random(2) ? '' : 'type' })
    }
    if (random(3) === 0) of.removeNode(node())
  }
  const change = async () => {
    const graph = db.graph('g')
    const i = random(30)
    if (i === 0) db.dropStore('g')
    else if (i === 1) graph.edges.clear({ prefix: [node()] })
    else if (i === 2) graph.edges.restore({ at: db.oldestVersion })
    else if (i < 6) graph.removeNode(node())
    else if (i < 9) await graph.edges.submit([key(), key()].map(key => ({ type: 'put', key, value: 1 })))
    else if (i < 15) some(graph)
    else db.transact(tx => some(tx.graph(graph)))
  }
  for (;;) {
    try {
      await change()
    } catch (error) {
      // Another thread has dropped the graph meanwhile, or the past has moved on.
      if (!/UNKNOWN_STORE|NOT_RETAINED/.test(error.code)) throw error
    }
    said()
    if (random(20) === 0) await new Promise(resolve => setImmediate(resolve))
  }
`

/** What is found from one end is found from the other one, at the oldest version and the newest. */
function expectSound(db: ZVerse): void {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  const graph = db.graph<TupleKey>('g')
  const nodes = Array.from({ length: NODES }, (_, i) => [i, `node ${i}`]).flat()
  for (const at of [db.oldestVersion, db.version]) {
    const keys = graph.edges.keys({ at }).toArray()
    const from = nodes.flatMap(node => graph.out(node, { at }).toArray())
    const to = nodes.flatMap(node => graph.in(node, { at }).toArray())
    for (const found of [from, to]) {
      const texts = found.map(({ from, type, to }) => told([from, type, to]))
      expect(texts.sort()).toEqual(keys.map(told).sort())
    }
  }
}

it(`processes, seed ${SEED}`, async () => {
  const path = mkdtempSync(join(tmpdir(), 'zverse-killed-'))
  const options = { path, sync: 'never', history: { versions: 10, disk: {} } } as const
  const code = `
    import { ZVerse } from ${JSON.stringify(DIST)}
    const [options, seed] = JSON.parse(process.argv[1])
    const db = ZVerse.open(options)
    const said = () => process.stdout.write('.')
    ${CHANGES}`
  for (let round = 0; round < 3; round++) {
    const args = ['--input-type=module', '--eval', code, JSON.stringify([options, SEED + round])]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let commits = 0
    const signal = await new Promise(resolve => {
      child.stdout.on('data', (text: Buffer) => {
        commits += text.length
        if (commits > 100 * (round + 1)) child.kill('SIGKILL')
      })
      child.on('exit', (_, by) => resolve(by))
    })
    expect(signal).toBe('SIGKILL')
    const db = ZVerse.open(options)
    expectSound(db)
    db.close()
  }
  rmSync(path, { recursive: true })
})

it(`threads, seed ${SEED}`, async () => {
  const db = ZVerse.open({ maxBytes: 2 ** 25, history: { versions: 10 } })
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(${JSON.stringify(DIST)}).then(async ({ ZVerse }) => {
      const { handle, seed } = workerData
      const db = ZVerse.attach(handle)
      const said = () => parentPort.postMessage(1)
      ${CHANGES}
    })`
  for (let round = 0; round < 4; round++) {
    const workers = [0, 1].map(i => {
      const workerData = { handle: db.share(), seed: SEED + 2 * round + i }
      return new Worker(code, { eval: true, workerData })
    })
    await Promise.all(
      workers.map(async (worker, i) => {
        let commits = 0
        await new Promise<void>((resolve, reject) => {
          worker.on('error', reject)
          worker.on('message', () => {
            if (++commits > 30 + 20 * i) resolve()
          })
        })
        await worker.terminate()
      }),
    )
    expectSound(db)
  }
  db.close()
})
