// @ts-check
/** What is asked: neighbours on either side of a node, what is within two edges, the shortest path. */
import { asking, DRAWS } from '../asking.js'
import { DEGREE, nameOf } from '../data.js'

/** @typedef {import('../stage.js').Scenario} Scenario */

/** Of what takes long; and longest. */
const FEW = 10_000
const PATHS = 100

/**
 * Strings of their own, in reading order.
 * @param {import('../stage.js').GraphsStage} stage
 * @param {number} most
 */
const draw = ({ graph: { names, random } }, most) =>
  Array.from({ length: most }, () => nameOf(random(names.length)))

/** @type {Scenario[]} */
export const reads = [
  {
    name: 'graph-neighbours',
    title: `nodes that ${DEGREE} edges from a node lead to`,
    figures: { time: 'µs' },
    start(stage) {
      const { loaded, answers } = stage
      return { time: asking(draw(stage, DRAWS), loaded.targets, answers.targets) }
    },
  },
  {
    name: 'graph-in',
    title: `nodes that edges to a node come from, ${DEGREE} in the mean`,
    figures: { time: 'µs' },
    start(stage) {
      const { loaded, answers } = stage
      return { time: asking(draw(stage, DRAWS), loaded.sources, answers.sources) }
    },
  },
  {
    name: 'graph-two-hops',
    title: `nodes that are one or two edges away, ${DEGREE + DEGREE ** 2} at most`,
    figures: {
      time: { what: 'nodes', unit: 'µs' },
      walk: { what: 'nodes with edges, by walk', unit: 'µs' },
    },
    start(stage) {
      const { loaded, answers } = stage
      const nodes = draw(stage, FEW)
      const time = asking(nodes, loaded.twoHops, answers.twoHops)
      return { time, ...(loaded.walk && { walk: asking(nodes, loaded.walk, answers.twoHops) }) }
    },
  },
  {
    name: 'graph-path',
    title: 'the shortest path between two nodes',
    figures: { time: 'µs' },
    start(stage) {
      const { loaded, answers } = stage
      const ends = draw(stage, FEW)
      /** @type {[string, string][]} */
      const pairs = draw(stage, PATHS).map((from, i) => [from, ends[i]])
      return { time: asking(pairs, ([from, to]) => loaded.path(from, to), answers.path) }
    },
  },
]
