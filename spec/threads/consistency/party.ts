/**
 * A real thread that a test steps: each call is one step of that thread, done when its promise is.
 */
import { Worker } from 'node:worker_threads'
import { expect } from 'vitest'
import { ZVerse } from '../../../dist/index.js'

type Database = ZVerse<string, number>
// biome-ignore lint/suspicious/noExplicitAny: results of any verb
type Value = any

/** How long a step that must wait is watched, ms. */
const WATCH = 40

/** The targets of a thread's verbs. */
export interface Target {
  get(key: string, view?: object): Promise<Value>
  getMany(keys: string[], view?: object): Promise<Value>
  getEntry(key: string, view?: object): Promise<Value>
  all(options?: object): Promise<Value>
  count(options?: object): Promise<Value>
  diff(from: number, to: number, range?: object): Promise<Value>
  version(): Promise<number>
  put(key: string, value: number, condition?: object): Promise<Value>
  delete(key: string, condition?: object): Promise<Value>
  batch(operations: object[]): Promise<Value>
  add(key: string, n: number): Promise<Value>
  addToAll(n: number): Promise<Value>
  deleteWhere(value: number): Promise<Value>
  putIfUnchanged(key: string, value: number, versions: [string, number][]): Promise<Value>
  putIfNone(key: string, value: number, since: number, range: object): Promise<Value>
  commit(): Promise<number>
  abort(): Promise<void>
  close(): Promise<void>
}

export class Party {
  readonly db = this.#target('db')
  readonly tx = this.#target('tx')
  readonly read = this.#target('read')
  readonly #worker: Worker
  readonly #open = new Map<number, { resolve(value: Value): void; reject(error: Error): void }>()
  #steps = 0

  constructor() {
    this.#worker = new Worker(new URL('./party-worker.js', import.meta.url))
    // One for each database that tracks it.
    this.#worker.setMaxListeners(100)
    this.#worker.on('message', ({ id, value, error }) => {
      const step = this.#open.get(id)
      this.#open.delete(id)
      if (error) step?.reject(Object.assign(new Error(error.message), error))
      else step?.resolve(value)
    })
    this.#worker.on('error', error => {
      for (const step of this.#open.values()) step.reject(error as Error)
    })
  }

  /** Enters a test's database. */
  async attach(db: Database): Promise<void> {
    db.track(this.#worker)
    await this.#step('db', 'attach', [db.share()])
  }

  /** Leaves it, with all that is still open. */
  detach(): Promise<void> {
    return this.#step('db', 'detach', [])
  }

  /** Begins a write transaction without blocking the thread: done when it is its turn. */
  begin(): Promise<number> {
    return this.#step('db', 'begin', [])
  }

  /** The same, blocking the thread. */
  beginBlocking(): Promise<number> {
    return this.#step('db', 'beginBlocking', [])
  }

  /** Opens a read transaction: its version. */
  beginRead(view?: object): Promise<number> {
    return this.#step('db', 'beginRead', view === undefined ? [] : [view])
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #target(on: string): Target {
    const verbs = {
      get: (_: object, verb: string) => {
        // No promise, though it is awaited.
        if (verb === 'then') return undefined
        return (...args: unknown[]) => this.#step(on, verb, args)
      },
    }
    return new Proxy({}, verbs) as Target
  }

  #step(on: string, verb: string, args: unknown[]): Promise<Value> {
    const id = this.#steps++
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject })
      this.#worker.postMessage({ id, on, verb, args })
    })
  }
}

/** A step that must not be done yet. */
export async function waits(step: Promise<unknown>): Promise<void> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  step.then(done, done)
  await new Promise(resolve => setTimeout(resolve, WATCH))
  expect(isDone, 'the step must wait for its turn').toBe(false)
}

/** Threads that wait for their next test. */
const idle: Party[] = []

export async function endAll(): Promise<void> {
  await Promise.all(idle.splice(0).map(party => party.end()))
}

/** A database with two keys, `1: 10` and `2: 20`, and some threads that use it. */
export async function stage(
  threads: number,
  play: (parties: Party[], db: Database) => Promise<void>,
): Promise<void> {
  const db = ZVerse.open({ maxBytes: 2 ** 21 }) as Database
  db.batch([
    { type: 'put', key: '1', value: 10 },
    { type: 'put', key: '2', value: 20 },
  ])
  const parties = Array.from({ length: threads }, () => idle.pop() ?? new Party())
  await Promise.all(parties.map(party => party.attach(db)))
  await play(parties, db)
  await Promise.all(parties.map(party => party.detach()))
  idle.push(...parties)
  expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
  db.close()
}
