// @ts-check
/** Queries of indexes as work: drawn at random, and each answer looked at once before it is timed. */
import { consume } from '../measure.js'
import { emailOf, expect } from './data.js'

/** Entries of a range. */
export const LIMIT = 100
/** Queries of many entries that are drawn for a row. */
export const DRAWS = 10_000
/** Entries that a run asks for, at most; it ends sooner, with a query, if they are more. */
const CHUNK = 1000

/**
 * What to ask for.
 * @param {number} most as many as there are users at most
 * @param {import('./data.js').Users} set
 */
export function draw(most, { users, cities, random }) {
  /** @template T @param {() => T} one */
  const some = one => Array.from({ length: Math.min(most, users.length) }, one)
  return {
    cities: some(() => cities[random(cities.length)]),
    // Every range is full.
    scores: some(() => random(Math.max(1, users.length - LIMIT))),
    emails: some(() => emailOf(random(users.length))),
  }
}

/**
 * Work that asks for one after the other.
 * @template T
 * @param {{ system: { isAsync?: true } }} stage
 * @param {number} each entries that a query hands out
 * @param {readonly T[]} queries
 * @param {(query: T) => import('./stage.js').Sum} ask
 * @param {(query: T) => number} right
 * @returns {Promise<import('../measure.js').Work>}
 */
export async function asking({ system: { isAsync } }, each, queries, ask, right) {
  for (const query of queries) expect(query, await ask(query), right(query))
  const asks = Math.min(CHUNK / each, queries.length)
  let at = 0
  const next = () => {
    const from = at
    at = from + 2 * asks > queries.length ? 0 : from + asks
    return from
  }
  const run = () => {
    const from = next()
    let sum = 0
    for (let i = from; i < from + asks; i++) sum += /** @type {number} */ (ask(queries[i]))
    consume(sum)
    return asks * each
  }
  const runAsync = async () => {
    const from = next()
    let sum = 0
    for (let i = from; i < from + asks; i++) sum += await ask(queries[i])
    consume(sum)
    return asks * each
  }
  return { run: isAsync ? runAsync : run, isAsync }
}
