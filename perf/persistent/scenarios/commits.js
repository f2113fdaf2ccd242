// @ts-check
/**
 * Durable commits: of single puts on random keys of the set, by one thread and by several, and of the whole set in
 * one transaction. A thread of classic-level is a loop that awaits its puts.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { presentKey } from '../../data.js'
import { measure, measureInTurns } from '../../measure.js'
import { measureWindow, sum } from '../../threads/threads.js'
import { peers } from '../peers.js'

/** ms of work before it counts. */
const WARM = 200
const COUNTS = [1, 4, 8]
/** Windows of all threads before the first that counts: the code of each is optimised after 1000 commits. */
const WARM_WINDOWS = 3

/**
 * Puts on random keys of the set.
 * @param {import('../stage.js').PersistentStage} stage
 * @param {import('../systems.js').Store} store
 */
function putter({ data, count }, { put }) {
  const { random, values } = data
  let at = 0
  return () => put(presentKey(random(count)), values[at++ % count])
}

/** @param {() => unknown} put */
const each = put => () => {
  put()
  return 1
}

/** @type {import('../stage.js').Scenario} */
const commit = {
  name: 'durable-commit',
  title: 'durable single-put commits',
  figures: {
    rate: { what: 'a second', unit: '/s' },
    '÷raw': { what: 'in turns with a bare write and fdatasync, speed ÷ theirs', unit: '×' },
    p50: { what: 'half took no longer', unit: 'ms' },
    p99: { what: '99 in 100 took no longer', unit: 'ms' },
  },
  note: 'raw: a bare write of as many bytes, and fdatasync',
  async start(stage) {
    const put = putter(stage, await stage.loaded())
    const { isAsync, engine } = stage.system
    const run = isAsync
      ? async () => {
          await put()
          return 1
        }
      : each(put)
    const bare = engine && (await rawIn(stage))
    return async () => {
      const ms = stage.settings.seconds * 1000
      const { mean, p50, p99 } = await measure({ run, isAsync }, ms, WARM)
      const figures = { rate: 1e6 / mean, p50: p50 / 1000, p99: p99 / 1000 }
      if (bare === undefined) return figures
      // The disk is not the same from one second to the next.
      const works = [bare, put].map(put => ({ run: each(put) }))
      const [theirs, ours] = await measureInTurns(works, ms)
      return { ...figures, '÷raw': theirs.mean / ours.mean }
    }
  },
}

/** Bare writes in a directory of the scenario's own. @param {import('../stage.js').PersistentStage} stage */
async function rawIn(stage) {
  const path = stage.directory()
  const { put, close } = await peers.raw(path)
  stage.after(() => {
    close()
    stage.remove(path)
  })
  return () => put('', '')
}

/**
 * Puts a second of loops that each await theirs.
 * @param {() => unknown} put
 * @param {number} count of loops
 * @param {number} seconds
 */
async function rateOfLoops(put, count, seconds) {
  let puts = 0
  let isOver = false
  const loops = Array.from({ length: count }, async () => {
    while (!isOver) {
      await put()
      puts++
    }
  })
  await delay(WARM)
  const [begun, before] = [performance.now(), puts]
  await delay(seconds * 1000)
  const rate = ((puts - before) * 1000) / (performance.now() - begun)
  isOver = true
  await Promise.all(loops)
  return rate
}

/** @type {import('../stage.js').Scenario} */
const threads = {
  name: 'durable-threads',
  title: 'durable single-put commits of several threads',
  figures: {
    'by 4': { what: '4 threads', unit: '/s' },
    '8÷1': { what: '8 threads ÷ 1', unit: '×' },
    syncs: { what: '4 threads, fsyncs a commit', unit: '' },
    'by 1': { what: '1 thread', unit: '/s' },
    'by 8': { what: '8 threads', unit: '/s' },
  },
  ratios: { '8÷1': ['by 8', 'by 1'] },
  note: 'a thread of classic-level is one of 4 puts at a time; only zverse is measured with 1 and 8',
  async start(stage) {
    const { system, settings } = stage
    const { seconds } = settings
    const store = await stage.loaded()
    const { db } = store
    if (system.isAsync) {
      const put = putter(stage, store)
      return async () => ({ 'by 4': await rateOfLoops(put, 4, seconds) })
    }
    const counts = db === undefined ? [4] : COUNTS
    const all = (await stage.threads(Math.max(...counts))).map(thread => {
      return { thread, role: 'commit' }
    })
    await measureWindow(all, WARM_WINDOWS * seconds)
    return async () => {
      /** @type {Record<string, number>} */
      const figures = {}
      for (const count of counts) {
        const before = db && { ...db.stats().storage, version: db.version }
        const parts = all.slice(0, count)
        figures[`by ${count}`] = sum((await measureWindow(parts, seconds)).rates)
        if (count !== 4 || before === undefined) continue
        const { syncs } = db.stats().storage
        figures.syncs = (syncs - before.syncs) / (db.version - before.version)
      }
      return figures
    }
  },
}

/** @type {import('../stage.js').Scenario} */
const transaction = {
  name: 'durable-transaction',
  title: 'a million keys in one durable transaction, a put',
  figures: { time: 'µs' },
  start(stage) {
    const { keys, values } = stage.data
    /** @type {import('../systems.js').Store} */
    let store
    const time = {
      ...{ runs: 1, isAsync: true },
      before: async () => {
        store = await stage.open()
      },
      run: async () => {
        await store.putAll(keys, values)
        return keys.length
      },
      after: async () => void (await store.close()),
    }
    return { time }
  },
}

export const commits = [commit, threads, transaction]
