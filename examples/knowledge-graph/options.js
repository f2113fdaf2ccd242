// @ts-check
/** The command line: what it takes and what it says when it is wrong. */
import { parseArgs } from 'node:util'

export const HELP = `knowledge graph: quadstore on many threads, at any version

  node examples/knowledge-graph/main.js

  --people COUNT   50
  --papers COUNT   papers there are to begin with (200)
  --patches COUNT  changes to make after that (1000)
  --askers COUNT   threads that ask (2)
  --seed COUNT     another graph, please (1)
  --help
`

/** The command line cannot be understood. */
export class UsageError extends Error {}

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
 * @throws {UsageError}
 */
export function readOptions(args) {
  let values
  try {
    values = parseArgs({ args, options: DEFINED }).values
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message)
  }
  return {
    people: count('people', values.people, 2, 10_000),
    papers: count('papers', values.papers, 2, 10_000),
    patches: count('patches', values.patches, 10, 1_000_000),
    askers: count('askers', values.askers, 1, 64),
    seed: count('seed', values.seed, 0, 2 ** 32 - 1),
    help: values.help,
  }
}

/** @param {string} name @param {string} text @param {number} least @param {number} most */
function count(name, text, least, most) {
  const value = /^\d+$/.test(text) ? Number(text) : -1
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not '${text}'`)
}
