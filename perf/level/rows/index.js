// @ts-check
/** The rows in the order in which they are measured, and choosing some of them. */
import { iterators } from './iterators.js'
import { past } from './past.js'
import { reads } from './reads.js'
import { writes } from './writes.js'

/** @type {import('../bench.js').LevelRow[]} */
export const rows = [...reads, ...iterators, ...past, ...writes]

/**
 * @param {readonly string[]} names none: all
 */
export function choose(names) {
  const known = new Set(rows.map(({ name }) => name))
  for (const name of names) {
    if (!known.has(name)) {
      throw new Error(`no such row: ${name}; there are ${[...known].join(', ')}`)
    }
  }
  return names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name))
}
