// @ts-check
/** The command line: its options, its help and its errors. */
import { parse, wholeNumber } from '../command-line.js'

export const HELP = `knowledge graph: quadstore on many threads, at any version

  node examples/knowledge-graph/main.js

  --people COUNT   50
  --papers COUNT   papers there are to begin with (200)
  --patches COUNT  changes to make after that (1000)
  --askers COUNT   threads that ask (2)
  --seed COUNT     another graph, please (1)
  --help
`

/** @typedef {{ people: number, papers: number, patches: number, askers: number, seed: number,
 *   help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  people: { type: 'string', default: '50' },
  papers: { type: 'string', default: '200' },
  patches: { type: 'string', default: '1000' },
  askers: { type: 'string', default: '2' },
  seed: { type: 'string', default: '1' },
  help: { type: 'boolean', short: 'h', default: false },
})

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {import('../command-line.js').UsageError}
 */
export function readOptions(args) {
  const values = parse(args, DEFINED)
  return {
    people: wholeNumber('people', values.people, 2, 10_000),
    papers: wholeNumber('papers', values.papers, 2, 10_000),
    patches: wholeNumber('patches', values.patches, 10, 1_000_000),
    askers: wholeNumber('askers', values.askers, 1, 64),
    seed: wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
    help: values.help,
  }
}
