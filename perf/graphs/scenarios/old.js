// @ts-check
/**
 * Neighbours at the version 500 commits back, in turns with those at the present, of other nodes: of the same ones the later
 * turn would find more in the caches. Of 1000 commits the first half has added edges, the second half removed them.
 */
import { taste } from '../../measure.js'
import { asking, DRAWS } from '../asking.js'
import { DEGREE, nameOf, otherEdges } from '../data.js'

const COMMITS_BACK = 500
/** Runs before each round: the first of the turns alone would have the code to warm up. */
const WARMING = 100

/** @type {import('../stage.js').Scenario} */
export const old = {
  name: 'graph-old',
  title: `nodes that ${DEGREE} edges from a node lead to, ${COMMITS_BACK} commits back`,
  figures: {
    time: { what: 'then', unit: 'µs' },
    present: { what: 'now', unit: 'µs' },
    ratio: { what: 'then ÷ now, time', unit: '×' },
  },
  ratios: { ratio: ['time', 'present'] },
  inTurns: ['time', 'present'],
  needs: ['version', 'targetsAt'],
  start(stage) {
    const { graph, answers } = stage
    const { names, random } = graph
    const store = stage.filled()
    stage.after(() => store.close())
    const { from, to } = otherEdges(COMMITS_BACK, graph)
    for (let i = 0; i < from.length; i++) store.add(from[i], to[i])
    const version = store.version?.() ?? 0
    for (let i = 0; i < from.length; i++) store.remove(from[i], to[i])
    /** @type {Map<string, number>} */
    const more = new Map()
    from.forEach((node, i) => {
      more.set(node, (more.get(node) ?? 0) + taste(to[i]))
    })
    const nodes = () => Array.from({ length: DRAWS }, () => nameOf(random(names.length)))
    const then = (/** @type {string} */ node) => store.targetsAt?.(node, version) ?? 0
    const wasRight = (/** @type {string} */ node) => answers.targets(node) + (more.get(node) ?? 0)
    const time = asking(nodes(), then, wasRight)
    const present = asking(nodes(), store.targets, answers.targets)
    return () => {
      for (let i = 0; i < WARMING; i++) {
        time()
        present()
      }
      return { time, present }
    }
  },
}
