// @ts-check
/** The processes of the nodes, and what they say. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { kill } from './crew.js'

/** @typedef {import('./crew.js').Crew} Crew */
/** @typedef {import('./crew.js').Child} Child */
/** @typedef {import('./digest.js').Digest} Digest */
/** @typedef {{ servers: string[], stream: string, transfers: number, auditors: number }} Settings */

const FILE = fileURLToPath(new URL('node.js', import.meta.url))

/** What all nodes have told. */
export class Known {
  /** Each commit that a node was told of, and its version. @type {Map<string, number>} */
  acknowledged = new Map()
  /** How often something had to be done again, and why. @type {Record<string, number>} */
  again = {}
  /** @type {Set<string>} */
  problems = new Set()
  newest = 0
  #wake = () => {}

  /** @param {{ key: string, version: number }} acknowledged */
  add({ key, version }) {
    if (this.acknowledged.has(key)) this.problems.add(`${key} was acknowledged twice`)
    this.acknowledged.set(key, version)
    this.newest = Math.max(this.newest, version)
  }

  tell() {
    this.#wake()
  }

  /** Waits until a condition holds, looking whenever a node says something. @param {() => boolean} isSo */
  async until(isSo) {
    while (!isSo()) {
      if (this.problems.size > 0) throw new Error([...this.problems].join('\n'))
      await new Promise(resolve => {
        this.#wake = () => resolve(undefined)
      })
    }
  }
}

export class Node {
  number
  /** Commits that it was told of since it was started last. */
  commits = 0
  /** The versions that it had when it had joined. @type {{ version: number, oldest: number } | undefined} */
  joined
  /** How often it was started. */
  #runs = 0
  /** @type {Child | undefined} */
  #child
  /** Answers that are to come, by their names. @type {Map<string, (answer: any) => void>} */
  #asked = new Map()
  #crew
  #known
  #settings

  /** @param {number} number @param {Crew} crew @param {Known} known @param {Settings} settings */
  constructor(number, crew, known, settings) {
    this.number = number
    this.#crew = crew
    this.#known = known
    this.#settings = settings
  }

  start() {
    this.commits = 0
    this.joined = undefined
    const settings = { name: `node-${this.number}.${++this.#runs}`, ...this.#settings }
    const child = fork(FILE, [JSON.stringify(settings)])
    this.#child = child
    this.#crew.add(child)
    child.on('message', message => this.#hear(/** @type {any} */ (message)))
    child.once('exit', code => {
      // Killed by a signal it has none.
      if (code !== null && code !== 0) this.#known.problems.add(`node ${this.number}: exit ${code}`)
      this.#known.tell()
    })
  }

  /** @param {any} message */
  #hear(message) {
    const known = this.#known
    const { acknowledged, again, problem, joined, ...answer } = message
    if (acknowledged) {
      known.add(acknowledged)
      this.commits++
    }
    if (again) known.again[again] = (known.again[again] ?? 0) + 1
    if (problem) known.problems.add(problem)
    if (joined) this.joined = joined
    for (const name of Object.keys(answer)) {
      this.#asked.get(name)?.(answer[name])
      this.#asked.delete(name)
    }
    known.tell()
  }

  async kill() {
    if (this.#child !== undefined) await kill(this.#child)
    this.#asked.clear()
  }

  /** @param {string} order @param {string} answer @returns {Promise<any>} */
  #ask(order, answer) {
    const child = /** @type {Child} */ (this.#child)
    return new Promise((resolve, reject) => {
      const end = () => reject(new Error(`node ${this.number} has ended, asked to ${order}`))
      child.once('exit', end)
      this.#asked.set(answer, (/** @type {any} */ said) => {
        child.off('exit', end)
        resolve(said)
      })
      child.send(order)
    })
  }

  /** @returns {Promise<number>} its newest version, all that was committed before this call among it */
  sync() {
    return this.#ask('sync', 'synced')
  }

  /** Ends its writers. */
  async stop() {
    await this.#ask('stop', 'stopped')
  }

  /** @returns {Promise<Digest>} */
  digest() {
    return this.#ask('digest', 'digest')
  }

  async close() {
    const child = /** @type {Child} */ (this.#child)
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.send('close')
    await gone
  }
}
