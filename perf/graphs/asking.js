// @ts-check
/** Questions to a graph as work: each answer is looked at once before it is timed. */
import { expect } from '../indexes/data.js'
import { walk } from '../stage.js'

/** Questions of one row that are drawn: so many that no cache has the answers to all. */
export const DRAWS = 100_000
/** Questions of a run. */
const CHUNK = 100

/**
 * Work that asks one after the other.
 * @template T
 * @param {readonly T[]} questions a multiple of 100
 * @param {(question: T) => number} ask
 * @param {(question: T) => number} right
 */
export function asking(questions, ask, right) {
  for (const question of questions) expect(question, ask(question), right(question))
  return walk(questions, CHUNK, (from, to) => {
    let sum = 0
    for (let i = from; i < to; i++) sum += ask(questions[i])
    return sum
  })
}
