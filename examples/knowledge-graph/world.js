// @ts-check
/** The events: people meet and part, papers are published, cite others and are retracted. */
import { PlainGraph } from './plain.js'

/** @typedef {import('./graph.js').Fact} Fact */
/** @typedef {import('./graph.js').Patch} Patch */

const CITATIONS = 3
/** Papers that a new one may cite: so many of the latest. */
const RECENT = 40

/** Numbers below another, the same for a seed each time (mulberry32). @param {number} seed */
export function randomNumbers(seed) {
  let state = seed >>> 0
  return (/** @type {number} */ below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** @param {number} number */
export const person = number => `person:${number}`
/** @param {number} number */
export const paper = number => `paper:${number}`

/**
 * Patches that leave the graph in order: a person who is known knows back; a paper is either
 * published or retracted; a retracted one neither cites nor is cited.
 */
export class World {
  #graph = new PlainGraph()
  #papers = 0
  #people
  #random

  /** @param {number} seed @param {number} people */
  constructor(seed, people) {
    this.#random = randomNumbers(seed)
    this.#people = people
  }

  /** The graph to begin with, as one patch. @param {number} papers @returns {Patch} */
  begin(papers) {
    for (let i = 0; i < papers; i++) this.#graph.apply(this.#publish())
    for (let i = 0; i < 3 * this.#people; i++) this.#graph.apply(this.#meet() ?? this.#publish())
    return { removed: [], added: this.#graph.facts() }
  }

  /** @returns {Patch} */
  next() {
    const chance = this.#random(10)
    const patch = chance < 4 ? this.#meet() : chance < 6 ? this.#part() : undefined
    const done = patch ?? (chance < 9 ? this.#publish() : this.#retract()) ?? this.#publish()
    this.#graph.apply(done)
    return done
  }

  /** @returns {Patch | undefined} */
  #meet() {
    const [one, other] = [this.#anybody(), this.#anybody()]
    if (one === other || this.#graph.objects(one, 'knows').includes(other)) return undefined
    return { removed: [], added: mutual(one, other) }
  }

  /** @returns {Patch | undefined} */
  #part() {
    const one = this.#anybody()
    const other = this.#oneOf(this.#graph.objects(one, 'knows'))
    return other === undefined ? undefined : { removed: mutual(one, other), added: [] }
  }

  /** @returns {Patch} */
  #publish() {
    const name = paper(this.#papers++)
    const authors = new Set([this.#anybody(), this.#anybody()])
    const cited = new Set(Array.from({ length: CITATIONS }, () => this.#recent()))
    cited.delete(undefined)
    const facts = [
      ...[...authors].map(author => [author, 'wrote', name]),
      ...[...cited].map(other => [name, 'cites', other]),
      [name, 'status', 'published'],
    ]
    return { removed: [], added: /** @type {Fact[]} */ (facts) }
  }

  /** @returns {Patch | undefined} */
  #retract() {
    const name = this.#recent()
    if (name === undefined) return undefined
    const cites = this.#graph.objects(name, 'cites').map(other => [name, 'cites', other])
    const cited = this.#graph.subjects('cites', name).map(other => [other, 'cites', name])
    const removed = /** @type {Fact[]} */ ([[name, 'status', 'published'], ...cites, ...cited])
    return { removed, added: [[name, 'status', 'retracted']] }
  }

  /** A paper of the latest, if it is not retracted. @returns {string | undefined} */
  #recent() {
    const few = Math.min(RECENT, this.#papers - 1)
    if (few <= 0) return undefined
    const name = paper(this.#papers - 2 - this.#random(few))
    return this.#graph.objects(name, 'status')[0] === 'published' ? name : undefined
  }

  #anybody() {
    return person(this.#random(this.#people))
  }

  /** @template T @param {T[]} items */
  #oneOf(items) {
    return items.length === 0 ? undefined : items[this.#random(items.length)]
  }
}

/** @param {string} one @param {string} other @returns {Fact[]} */
const mutual = (one, other) => [
  [one, 'knows', other],
  [other, 'knows', one],
]
