// @ts-check
/** Threads that ask for neighbours, by themselves and beside one that replaces vectors. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const READERS = 8

/** @type {import('../stage.js').Scenario} */
export const readers = {
  name: 'vectors-readers',
  title: `the ten nearest, asked for by ${READERS} threads`,
  figures: {
    eight: { what: 'queries by all', unit: '/s' },
    one: { what: 'queries by one', unit: '/s' },
    beside: { what: 'queries by all, beside a writer', unit: '/s' },
    commits: { what: 'commits beside them', unit: '/s' },
  },
  needs: ['share'],
  async start(stage) {
    const { queries, vectors } = stage.set
    const store = stage.filled()
    const { seconds, engine } = stage.settings
    const begin = async (/** @type {number} */ seed) => {
      const data = { handle: store.share?.(), engine, queries, count: vectors.length, seed }
      const worker = new Worker(new URL('../worker.js', import.meta.url), { workerData: data })
      await once(worker, 'message')
      return worker
    }
    const workers = await Promise.all(Array.from({ length: READERS + 1 }, (_, i) => begin(i)))
    stage.after(async () => {
      await Promise.all(workers.map(worker => worker.terminate()))
      store.close()
    })
    const [writer, ...others] = workers
    /** @param {Worker} worker @param {'read' | 'write'} role @returns {Promise<number>} */
    const rateOf = async (worker, role) => {
      worker.postMessage({ role, seconds })
      const [rate] = await once(worker, 'message')
      return rate
    }
    const rates = (/** @type {number} */ count) =>
      Promise.all(others.slice(0, count).map(worker => rateOf(worker, 'read')))
    const sum = (/** @type {number[]} */ all) => all.reduce((a, b) => a + b, 0)
    return async () => {
      const one = sum(await rates(1))
      const eight = sum(await rates(READERS))
      const [all, commits] = await Promise.all([rates(READERS), rateOf(writer, 'write')])
      return { eight, one, beside: sum(all), commits }
    }
  },
}
