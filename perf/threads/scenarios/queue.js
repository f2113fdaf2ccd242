// @ts-check
/**
 * The write queue: four producers that submit single puts, of zverse beside lmdb-js' asynchronous put, and beside the same threads
 * that put in loops; then one that submits now and then. Each store has a set of its own, or a few keys that are written
 * again and again.
 */
import { MessageChannel } from 'node:worker_threads'
import { memoryFor, WAYS } from '../handing.js'
import { figuresFor, OTHERS } from '../stage.js'
import { sum } from '../threads.js'

const PRODUCERS = 4
const FEW = 10_000
/** Sets: all the keys of the stage, or few of them. */
const SETS = { all: 'of the set', few: `of ${FEW}` }

/** @type {import('../stage.js').Scenario} */
export const producers = {
  name: 'queue-producers',
  title: `${PRODUCERS} threads that submit puts on random keys`,
  figures: {
    all: { what: 'submitted, keys of the set', unit: '/s' },
    few: { what: `submitted, ${FEW} keys`, unit: '/s' },
    'all÷': { what: 'the set: submitted ÷ put in loops', unit: '×' },
    'few÷': { what: `${FEW} keys: submitted ÷ put in loops`, unit: '×' },
    ...figuresFor(Object.keys(SETS), name => [
      `${name} put`,
      { what: `put in loops, keys ${SETS[/** @type {'all'} */ (name)]}`, unit: '/s' },
    ]),
    ...OTHERS,
  },
  ratios: { 'all÷': ['all', 'all put'], 'few÷': ['few', 'few put'] },
  note: 'lmdb: its asynchronous put, and its putSync',
  needs: 'store',
  async start(stage) {
    const store = await stage.shared()
    const putters = await stage.threads(store, 'write together', PRODUCERS)
    const submitters = await stage.threads(store, 'submit', PRODUCERS)
    const rate = async (
      /** @type {import('../threads.js').Thread[]} */ threads,
      /** @type {string} */ role,
      /** @type {number} */ keys,
    ) =>
      sum((await stage.window(threads.map(thread => ({ thread, role, options: { keys } })))).rates)
    return async () => ({
      all: await rate(submitters, 'produce', stage.count),
      'all put': await rate(putters, 'write', stage.count),
      few: await rate(submitters, 'produce', FEW),
      'few put': await rate(putters, 'write', FEW),
    })
  },
}

const TIMES = 5000

/** @type {import('../stage.js').Scenario} */
export const submitLatency = {
  name: 'queue-latency',
  title: 'a thread that submits',
  figures: {
    enqueue: { what: 'a call among many in one go, median', unit: 'µs' },
    p50: { what: 'one at a time, to the resolved promise, p50', unit: 'µs' },
    p99: { what: 'one at a time, to the resolved promise, p99', unit: 'µs' },
  },
  note: 'lmdb: its asynchronous put',
  needs: 'store',
  async start(stage) {
    const [thread] = await stage.threads(await stage.shared(), 'submit now and then', 1)
    return () => thread.run('timeSubmits', { times: TIMES })
  },
}

const HANDERS = [1, 4, 8]

/** @type {import('../stage.js').Scenario} */
export const handing = {
  name: 'queue-handing',
  title: 'things of 100 bytes handed to one thread, without a database',
  figures: {
    ...Object.fromEntries(
      ['mutex', 'ports'].flatMap(way =>
        HANDERS.map(count => [
          `rings÷${way} ${count}`,
          { what: `by ${count}: rings ÷ ${way}`, unit: /** @type {'×'} */ ('×') },
        ]),
      ),
    ),
    ...Object.fromEntries(
      WAYS.flatMap(way =>
        HANDERS.map(count => [
          `${way} ${count}`,
          { what: `${way}, by ${count}`, unit: /** @type {'/s'} */ ('/s') },
        ]),
      ),
    ),
    ...OTHERS,
  },
  ratios: Object.fromEntries(
    ['mutex', 'ports'].flatMap(way =>
      HANDERS.map(count => [`rings÷${way} ${count}`, [`rings ${count}`, `${way} ${count}`]]),
    ),
  ),
  note: 'rings: those of the write queue; mutex: an array in shared memory behind one; ports: one each',
  needs: 'zverse',
  async start(stage) {
    const handers = await stage.threads(undefined, 'hand', Math.max(...HANDERS))
    const [taker] = await stage.threads(undefined, 'take', 1)
    const { engine } = stage.settings
    const rate = async (/** @type {string} */ way, /** @type {number} */ producers) => {
      const W = await memoryFor(way, producers, engine)
      const channels =
        way === 'ports' ? handers.slice(0, producers).map(() => new MessageChannel()) : []
      const shared = { way, W, producers, engine }
      const ports = channels.map(({ port2 }) => port2)
      const parts = handers.slice(0, producers).map((thread, index) => {
        const port = channels[index]?.port1
        const given = port === undefined ? [] : [port]
        return { thread, role: 'hand', options: { ...shared, index, port }, given }
      })
      const take = { thread: taker, role: 'take', options: { ...shared, ports }, given: ports }
      return (await stage.window([take, ...parts], { tries: 1 })).rates[0]
    }
    return async () => {
      /** @type {Record<string, number>} */
      const figures = {}
      for (const count of HANDERS) {
        for (const way of WAYS) figures[`${way} ${count}`] = await rate(way, count)
      }
      return figures
    }
  },
}
