// @ts-check
/** A pool of reader threads. Questions go to them in turn; one that dies is replaced. */
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** @typedef {import('./market.js').Market} Market */
/** @typedef {import('./reader.js').Question} Question */
/** @typedef {{ question: Question, resolve: (answer: any) => void }} Pending */

/** ms that a report goes on at least before its thread is killed. */
const BUSY = 50

class Reader {
  answered = 0
  killed = false
  begun = performance.now()
  ended = 0
  /** @type {Map<number, Pending>} */
  pending = new Map()
  /** Called when its report has begun. @type {() => void} */
  reporting = () => {}

  /** @param {Market} db @param {number} number */
  constructor(db, number) {
    this.number = number
    this.worker = new Worker(new URL('./reader.js', import.meta.url), { workerData: db.share() })
    // If the worker is killed, this releases its snapshots and its turn to write.
    db.track(this.worker)
    this.worker.on('message', ({ id, answer, reporting }) => {
      if (reporting !== undefined) return this.reporting()
      if (this.answered++ === 0) this.begun = performance.now()
      this.pending.get(id)?.resolve(answer)
      this.pending.delete(id)
    })
  }

  /** @param {number} id @param {Pending} pending */
  send(id, pending) {
    this.pending.set(id, pending)
    this.worker.postMessage({ id, question: pending.question })
  }

  async end() {
    this.ended = performance.now()
    await this.worker.terminate()
  }

  /** Answers a second, from the first one on. */
  get rate() {
    return (this.answered * 1000) / (this.ended - this.begun)
  }
}

export class Pool {
  /** All there were. @type {Reader[]} */
  readers = []
  /** Those at work. @type {Reader[]} */
  #working = []
  #db
  #next = 0
  #id = 0

  /** @param {Market} db @param {number} size */
  constructor(db, size) {
    this.#db = db
    while (this.#working.length < size) this.#working.push(this.#start())
  }

  #start() {
    const reader = new Reader(this.#db, this.readers.length + 1)
    this.readers.push(reader)
    return reader
  }

  /** Asks the next reader. @param {Question} question @returns {Promise<any>} the answer */
  ask(question) {
    const reader = this.#working[this.#next++ % this.#working.length]
    return new Promise(resolve => reader.send(++this.#id, { question, resolve }))
  }

  /**
   * Kills a reader in the middle of a report and lets another one answer its other questions.
   * @param {number} index
   */
  async replace(index) {
    const victim = this.#working[index]
    const reporting = new Promise(resolve => {
      victim.reporting = () => resolve(undefined)
    })
    victim.worker.postMessage({ question: { what: 'report' } })
    // On any machine, however slow, the reader has pinned its snapshot, and has other questions.
    await reporting
    do await delay(BUSY)
    while (victim.pending.size === 0)
    const { pins } = this.#db.stats().readers
    const heir = this.#start()
    this.#working[index] = heir
    await victim.end()
    victim.killed = true
    for (const [id, pending] of victim.pending) heir.send(id, pending)
    return { victim, heir, pending: victim.pending.size, pins }
  }

  async stop() {
    await Promise.all(this.#working.map(() => this.ask({ what: 'stop' })))
    await Promise.all(this.#working.map(reader => reader.end()))
  }
}
