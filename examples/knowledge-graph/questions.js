// @ts-check
/** The questions to the stored graph or to the plain one: each answer is a sorted list. */
import { createHash } from 'node:crypto'

/** @typedef {import('./graph.js').StoredGraph | import('./plain.js').PlainGraph} Graph */
/** @typedef {keyof typeof QUESTIONS} Kind */

/** Citations that `foundations` follows one after the other. */
export const DEPTH = 3

/** @param {Iterable<string>} names */
const sorted = names => [...new Set(names)].sort()

/** Whom could `person` be introduced to? @param {Graph} graph @param {string} person */
async function introductions(graph, person) {
  const known = await graph.objects(person, 'knows')
  const found = []
  for (const friend of known) found.push(...(await graph.objects(friend, 'knows')))
  return sorted(found).filter(name => name !== person && !known.includes(name))
}

/** What does `paper` build on? @param {Graph} graph @param {string} paper */
async function foundations(graph, paper) {
  /** @type {Set<string>} */
  const found = new Set()
  let last = [paper]
  for (let depth = 0; depth < DEPTH; depth++) {
    const next = []
    for (const name of last) next.push(...(await graph.objects(name, 'cites')))
    last = sorted(next).filter(name => !found.has(name))
    for (const name of last) found.add(name)
  }
  return sorted(found)
}

/** Who cites what `person` wrote? @param {Graph} graph @param {string} person */
async function readers(graph, person) {
  const found = []
  for (const paper of await graph.objects(person, 'wrote')) {
    for (const citing of await graph.subjects('cites', paper)) {
      found.push(...(await graph.subjects('wrote', citing)))
    }
  }
  return sorted(found)
}

/** All of it, so much that a hash has to do. @param {Graph} graph */
async function everything(graph) {
  const facts = (await graph.facts()).map(fact => fact.join(' ')).sort()
  return [`${facts.length} facts`, createHash('sha256').update(facts.join('\n')).digest('hex')]
}

export const QUESTIONS = { introductions, foundations, readers, everything }
export const KINDS = /** @type {Kind[]} */ (Object.keys(QUESTIONS))
