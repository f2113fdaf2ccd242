// @ts-check
/**
 * The way without shared memory: each worker gets a copy and every update. Against sharing: the
 * time until four workers can read, the memory that this adds to the process, and the time of an
 * update to reach them. Each way in a process of its own, so that its memory is its own.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { figuresFor } from '../stage.js'

const CHILD = fileURLToPath(new URL('../copies/main.js', import.meta.url))
const WAYS = {
  map: 'postMessage of a Map',
  entries: 'postMessage of an array of entries, a Map made of it',
  zverse: 'zverse share + attach',
}
const UPDATES = {
  message: 'postMessage, Map.set',
  waitFor: 'put, waitFor',
  changes: 'put, changes()',
}

/** @type {import('../stage.js').Scenario} */
export const copies = {
  name: 'threads-copies',
  title: 'copies against sharing, 4 workers',
  figures: {
    'ready ratio': { what: 'until all can read, Map ÷ zverse', unit: '×' },
    'grown ratio': { what: 'memory added, Map ÷ zverse', unit: '×' },
    ...each('ready', 'until all can read', 'ms'),
    ...each('grown', 'memory added', 'MiB'),
    set: { what: 'memory of the shared set itself', unit: 'MiB' },
    ...figuresFor(Object.keys(UPDATES), way => [
      `${way} p50`,
      { what: `an update: ${UPDATES[/** @type {'message'} */ (way)]}, p50`, unit: 'µs' },
    ]),
    ...figuresFor(Object.keys(UPDATES), way => [
      `${way} p99`,
      { what: `an update: ${UPDATES[/** @type {'message'} */ (way)]}, p99`, unit: 'µs' },
    ]),
  },
  ratios: { 'ready ratio': ['ready map', 'ready zverse'] },
  cold: true,
  needs: 'zverse',
  async start(stage) {
    const { keys, seed, engine } = stage.settings
    const run = promisify(execFile)
    return async () => {
      /** @type {Record<string, number>} */
      const figures = {}
      for (const way of Object.keys(WAYS)) {
        const task = JSON.stringify({ way, keys, seed, engine })
        const { stdout } = await run(process.execPath, ['--expose-gc', CHILD, task])
        Object.assign(figures, JSON.parse(stdout))
      }
      const least = Math.max(1, figures['grown zverse'])
      return { ...figures, 'grown ratio': figures['grown map'] / least }
    }
  },
}

/** @param {string} name @param {string} what @param {import('../../stage.js').Unit} unit */
function each(name, what, unit) {
  return figuresFor(Object.keys(WAYS), way => [
    `${name} ${way}`,
    { what: `${what}: ${WAYS[/** @type {'map'} */ (way)]}`, unit },
  ])
}
