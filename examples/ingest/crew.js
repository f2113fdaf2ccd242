// @ts-check
/** The threads, and what they say. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** @typedef {import('./sensors.js').Database} Database */
/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('./producer.js').Known} Known */
/** @typedef {import('./producer.js').Progress} Progress */

export class Crew {
  /** What each producer knows to be acknowledged, once it has ended. @type {Known[]} */
  known = []
  /** @type {Set<string>} */
  problems = new Set()
  /** @type {Map<Worker, Progress>} */
  #progress = new Map()
  #drilled = 0
  /** @typedef {{ worker: Worker, exited: Promise<unknown> }} Thread */
  /** @type {Thread[]} */
  #producers = []
  /** @type {Thread | undefined} */
  #committer
  #db

  /** @param {Database} db @param {Options} options */
  constructor(db, { producers, sensors, rate, packet, drain }) {
    this.#db = db
    if (drain) this.#committer = this.#start('./committer.js', {})
    for (let i = 0; i < producers; i++) {
      const all = Array.from({ length: sensors }, (_, number) => number)
      const numbers = all.filter(number => number % producers === i)
      const share = (rate * numbers.length) / sensors
      const thread = this.#start('./producer.js', { numbers, packet, rate: share })
      thread.worker.on('message', ({ progress, drilled, known }) => {
        if (progress) this.#progress.set(thread.worker, progress)
        if (drilled) this.#drilled++
        if (known) this.known.push(known)
      })
      this.#producers.push(thread)
    }
  }

  /** @param {string} file @param {object} data @returns {Thread} */
  #start(file, data) {
    const workerData = { ...data, handle: this.#db.share() }
    const worker = new Worker(new URL(file, import.meta.url), { workerData })
    this.#db.track(worker)
    worker.on('error', error => this.problems.add(`${file}: ${error.stack}`))
    return { worker, exited: once(worker, 'exit').catch(() => {}) }
  }

  /** @param {'measured' | 'drill' | 'stop'} order to all producers */
  tell(order) {
    for (const { worker } of this.#producers) worker.postMessage(order)
  }

  /** Waits until all threads have ended by themselves, the committer last. */
  async stop() {
    this.tell('stop')
    await Promise.all(this.#producers.map(({ exited }) => exited))
    this.#committer?.worker.postMessage('stop')
    await this.#committer?.exited
  }

  get haveAllBegun() {
    const all = [...this.#progress.values()]
    return all.length === this.#producers.length && all.every(({ observed }) => observed > 0)
  }

  get haveAllDrilled() {
    return this.#drilled === this.#producers.length
  }

  /** Observations so far, a moment ago. */
  get observed() {
    return [...this.#progress.values()].reduce((sum, { observed }) => sum + observed, 0)
  }

  /** Observations that had no room when they came first. */
  get rejected() {
    return [...this.#progress.values()].reduce((sum, { rejected }) => sum + rejected, 0)
  }
}
