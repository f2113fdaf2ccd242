// @ts-check
/** The threads: one that moves the fleet and those that ask, and their results so far. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** @typedef {import('./fleet.js').Database} Database */
/** @typedef {import('./asker.js').Asked} Asked */
/** @typedef {{ asked: Asked, compared: number, late: number, said: string, problems: string[] }} Told */

export class Crew {
  moves = 0
  /** The last results of each asker. @type {Map<Worker, Told>} */
  #told = new Map()
  /** @type {Set<string>} */
  #problems = new Set()
  /** @type {{ worker: Worker, exited: Promise<unknown> }[]} */
  #threads = []
  #db
  #data

  /** @param {Database} db @param {{ count: number, rate: number, together: number, ago: number }} data */
  constructor(db, data) {
    this.#db = db
    this.#data = data
  }

  /** @param {string} file */
  #start(file) {
    const workerData = { ...this.#data, handle: this.#db.share() }
    const worker = new Worker(new URL(file, import.meta.url), { workerData })
    this.#db.track(worker)
    worker.on('error', error => this.#problems.add(`${file}: ${error.stack}`))
    this.#threads.push({ worker, exited: once(worker, 'exit').catch(() => {}) })
    return worker
  }

  startMover() {
    this.#start('./mover.js').on('message', ({ moves }) => {
      this.moves = moves
    })
  }

  startAsker() {
    const worker = this.#start('./asker.js')
    worker.on('message', told => this.#told.set(worker, told))
  }

  /** Waits until all threads have ended by themselves. */
  async stop() {
    for (const { worker } of this.#threads) worker.postMessage('stop')
    await Promise.all(this.#threads.map(({ exited }) => exited))
  }

  /** Of all askers together. */
  get asked() {
    /** @type {Asked} */
    const sum = { box: 0, past: 0, diff: 0, nearest: 0 }
    for (const { asked } of this.#told.values()) {
      sum.box += asked.box
      sum.past += asked.past
      sum.diff += asked.diff
      sum.nearest += asked.nearest
    }
    return sum
  }

  /** Positions that askers have compared with their vehicles. */
  get compared() {
    return [...this.#told.values()].reduce((sum, { compared }) => sum + compared, 0)
  }

  /** Questions about a time that was no longer kept. */
  get late() {
    return [...this.#told.values()].reduce((sum, { late }) => sum + late, 0)
  }

  /** The last answers of some asker. */
  get said() {
    return [...this.#told.values()].at(-1)?.said ?? ''
  }

  get problems() {
    return [...this.#problems, ...[...this.#told.values()].flatMap(({ problems }) => problems)]
  }
}
