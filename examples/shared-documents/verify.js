// @ts-check
/**
 * Compares the stored documents, now and before, with those in memory. Each function returns the
 * problems found.
 */
import * as Y from 'yjs'
import { contentOf } from './document.js'
import { at, readDocument, UPDATES } from './store.js'

/** @typedef {import('./plain.js').Plain} Plain */
/** @typedef {import('./store.js').Level} Level */

/**
 * A document at some version, as its owner knew it.
 * @typedef {{ name: string, version: number, content: string }} Sample
 */

/**
 * Whether each update is there that should be, and none was ever written over.
 * @param {Level} level @param {number} count
 */
export function findLost(level, count) {
  const keys = level.diff(0, level.version(), UPDATES).toArray()
  const problems = keys
    .filter(({ key }) => level.history(key).toArray().length !== 1)
    .map(({ key }) => `${key.join(' ')} was written more than once`)
  if (keys.length !== count) problems.push(`${keys.length} updates are stored of ${count}`)
  return problems
}

/**
 * Compares the stored documents, and the final ones of each editor, with those in memory.
 * @param {Level} level @param {Plain} plain @param {[string, string][]} contents by the editors
 */
export async function compareDocuments(level, plain, contents) {
  const problems = []
  for (const [name, document] of plain.documents) {
    const stored = await readDocument(level, name)
    const isSame = Y.equalSnapshots(Y.snapshot(stored), Y.snapshot(document))
    if (!isSame || contentOf(stored) !== contentOf(document)) problems.push(`${name} is another`)
    const others = contents.filter(told => told[0] === name && told[1] !== contentOf(document))
    if (others.length > 0) problems.push(`${others.length} editors have another ${name}`)
  }
  return problems
}

/** Compares the past with its samples. @param {Level} level @param {Sample[]} samples */
export async function compareSamples(level, samples) {
  const problems = []
  for (const { name, version, content } of samples) {
    const then = await at(level, version, past => readDocument(past, name))
    if (contentOf(then) !== content) problems.push(`${name} was another in version ${version}`)
  }
  return problems
}
