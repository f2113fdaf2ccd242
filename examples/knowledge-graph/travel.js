// @ts-check
/** The past through a level: commits as they happen, the changes of one, the history of a fact. */
import { FACTS, factOf, graphAt } from './graph.js'
import { QUESTIONS } from './questions.js'

/** @typedef {import('zverse/level').ZVerseLevel} ZVerseLevel */
/** @typedef {import('./graph.js').Patch} Patch */

/**
 * Hears of each patch when it is made, by any thread.
 * @param {ZVerseLevel} level @param {number} last the version to end with
 * @returns {Promise<Patch[]>} the first is that of version 1
 */
export async function follow(level, last) {
  /** @type {Patch[]} */
  const patches = []
  for await (const { version, changes } of level.changes({ since: 0, ...FACTS })) {
    const factsOf = (/** @type {'del' | 'put'} */ type) => {
      return changes.filter(change => change.type === type).map(({ key }) => factOf(key))
    }
    patches.push({ removed: factsOf('del'), added: factsOf('put') })
    if (version === last) break
  }
  return patches
}

/**
 * The changes of a version, and when else those facts were said or withdrawn.
 * @param {ZVerseLevel} level @param {number} version
 */
export function lookInto(level, version) {
  /** @type {Patch} */
  const patch = { removed: [], added: [] }
  const lines = []
  for (const { key, after } of level.diff(version - 1, version, FACTS)) {
    const [list, sign] = after === undefined ? [patch.removed, '-'] : [patch.added, '+']
    list.push(factOf(key))
    const past = level.history(key).toArray()
    const events = past.map(row => `${row.deleted ? 'withdrawn' : 'said'} in ${row.version}`)
    lines.push(`${sign} ${factOf(key).join(' ').padEnd(32)} ${events.join(', ')}`)
  }
  return { patch, lines }
}

/**
 * The number of papers that a paper builds on, in a sentence.
 * @param {ZVerseLevel} level @param {number} version @param {string} name
 */
export async function ground(level, version, name) {
  const found = await graphAt(level, version, graph => QUESTIONS.foundations(graph, name))
  const papers = `${found.length} ${found.length === 1 ? 'paper' : 'papers'}`
  return `at version ${version} it builds on ${found.length === 0 ? 'nothing' : papers}`
}
