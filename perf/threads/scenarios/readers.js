// @ts-check
/** Random gets a second of all of 1, 2, 8 and 32 threads together. */
import { figuresFor } from '../bench.js'
import { mean, sum } from '../threads.js'

const COUNTS = [1, 2, 8, 32]
/** @typedef {import('../bench.js').SystemName} SystemName */

/** @type {import('../bench.js').Scenario} */
export const readers = {
  name: 'readers',
  title: 'readers',
  figures: {
    'zverse 2÷1': {
      what: 'zverse, 2 threads ÷ 1',
      unit: '×',
      target: { sense: 'at least', bound: 1.85, aim: 1.97 },
    },
    'zverse 8÷2': {
      what: 'zverse, 8 threads ÷ 2',
      unit: '×',
      target: { sense: 'at least', bound: 0.94, aim: 1 },
    },
    'zverse 32÷2': { what: 'zverse, 32 threads ÷ 2', unit: '×' },
    ...figuresFor([2, 8, 32], n => [
      `zverse on core ${n}`,
      { what: `zverse, ${threads(n)}, gets in a second on a core, ÷ 1 thread’s`, unit: '×' },
    ]),
    'lmdb 2÷1': { what: 'lmdb, 2 threads ÷ 1', unit: '×' },
    'lmdb 8÷2': { what: 'lmdb, 8 threads ÷ 2', unit: '×' },
    'lmdb 32÷2': { what: 'lmdb, 32 threads ÷ 2', unit: '×' },
    'spin 2÷1': { what: 'arithmetic, 2 threads ÷ 1 (what the machine gives)', unit: '×' },
    ...figuresFor(COUNTS, n => [`zverse ${n}`, { what: `zverse, ${threads(n)}`, unit: '/s' }]),
    ...figuresFor(COUNTS, n => [`lmdb ${n}`, { what: `lmdb, ${threads(n)}`, unit: '/s' }]),
    ...figuresFor(COUNTS, n => [
      `zverse÷lmdb ${n}`,
      { what: `zverse ÷ lmdb, ${threads(n)}`, unit: '×' },
    ]),
    cores: { what: 'cores that zverse with 2 threads got', unit: '' },
  },
  async start(bench) {
    const most = Math.max(...COUNTS)
    for (const name of bench.systems) await bench.threads(await bench.shared(name), 'read', most)
    let round = 0
    return async () => {
      /** @type {import('../bench.js').Figures} */
      const figures = {}
      const order = round++ % 2 === 0 ? bench.systems : [...bench.systems].reverse()
      for (const name of order) await measureSystem(bench, name, figures)
      for (const count of COUNTS) {
        figures[`zverse÷lmdb ${count}`] = figures[`zverse ${count}`] / figures[`lmdb ${count}`]
      }
      figures['spin 2÷1'] = await measureMachine(bench)
      return figures
    }
  },
}

/** @param {number} count */
function threads(count) {
  return count === 1 ? '1 thread' : `${count} threads`
}

/**
 * @param {import('../bench.js').Bench} bench
 * @param {SystemName} name
 * @param {import('../bench.js').Figures} figures
 */
async function measureSystem(bench, name, figures) {
  const store = await bench.shared(name)
  let alone = Number.NaN
  for (const count of COUNTS) {
    const some = await bench.threads(store, 'read', count)
    const parts = some.map(thread => ({ thread, role: 'read' }))
    const measured = await bench.window(parts)
    figures[`${name} ${count}`] = sum(measured.rates)
    if (name !== 'zverse') continue
    if (count === 1) alone = mean(measured.onCore)
    else figures[`zverse on core ${count}`] = mean(measured.onCore) / alone
    if (count === 2) figures.cores = measured.cores
  }
  figures[`${name} 2÷1`] = figures[`${name} 2`] / figures[`${name} 1`]
  for (const count of [8, 32]) {
    figures[`${name} ${count}÷2`] = figures[`${name} ${count}`] / figures[`${name} 2`]
  }
}

/** @param {import('../bench.js').Bench} bench */
async function measureMachine(bench) {
  const pair = await bench.threads(undefined, 'spin', 2)
  const parts = pair.map(thread => ({ thread, role: 'spin' }))
  const seconds = bench.settings.seconds / 2
  const one = await bench.window(parts.slice(0, 1), { seconds })
  const two = await bench.window(parts, { seconds })
  return sum(two.rates) / sum(one.rates)
}
