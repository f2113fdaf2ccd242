/** What a workload begins with, on any thread: a database that holds the set, and drawn keys and values. */
import type { ZVerse } from '../../index.js'
import { Draws, dealt, presentKey, type Random, seeded, texts } from './data.js'

export type Database = ZVerse<string, string>

/** The settings of a run; other threads get them unchanged. */
export interface Plan {
  /** Entries in the set. */
  readonly keys: number
  readonly valueBytes: number
  /** How long each workload is measured. */
  readonly seconds: number
  readonly seed: number
}

/**
 * Gives the event loop a turn, so that progress shows and an abort arrives; throws after an abort. Work of
 * more than some 20 ms calls it in between.
 */
export type Pause = () => Promise<void>

/** Keys drawn at a time between two pauses. */
const SOME = 10_000
/** How many keys are drawn: as many as the set has, within these bounds, so that drawing ends soon. */
const FEWEST_DRAWS = 2 ** 14
const MOST_DRAWS = 2 ** 20
/** How many values to write are drawn: some thousand, fewer if they are long. */
const MOST_VALUES = 1000
const VALUES_BYTES = 2 ** 22

export class Stage<D = Database> {
  readonly db: D
  readonly plan: Plan
  readonly pause: Pause
  readonly random: Random
  readonly #seat: { number: number; of: number }
  #used = 0

  /** @param seat index of this thread among those that do the same */
  constructor(db: D, plan: Plan, pause: Pause, seat = { number: 0, of: 1 }) {
    this.db = db
    this.plan = plan
    this.pause = pause
    this.random = seeded(plan.seed + 0x9e3779b9 * (seat.number + 1))
    this.#seat = seat
  }

  /** Random keys of the set; with `missingKey`, absent keys. */
  keys(make = presentKey): Promise<Draws> {
    return this.#draw(make, 0, this.plan.keys)
  }

  /** Random keys of the part of the set that is this thread's own. */
  ownKeys(): Promise<Draws> {
    const { number, of } = this.#seat
    const bound = (seat: number) => Math.floor((this.plan.keys * seat) / of)
    return this.#draw(presentKey, bound(number), bound(number + 1))
  }

  async #draw(make: (index: number) => string, from: number, to: number): Promise<Draws> {
    const draws = Math.min(Math.max(this.plan.keys, FEWEST_DRAWS), MOST_DRAWS)
    const drawn: string[] = []
    while (drawn.length < draws) {
      const some = Math.min(drawn.length + SOME, draws)
      while (drawn.length < some) drawn.push(make(from + this.random(to - from)))
      await this.pause()
    }
    return new Draws(drawn)
  }

  /** Random values to write. */
  values(): Draws {
    const { valueBytes } = this.plan
    const count = Math.min(Math.max(16, VALUES_BYTES / (valueBytes + 1)), MOST_VALUES)
    return new Draws(Array.from({ length: count }, texts(valueBytes, this.random)))
  }

  /** Takes the sums that workloads make of their results, so that the optimiser cannot leave the work out. */
  use(sum: number): void {
    this.#used = (this.#used + sum) | 0
  }
}

/**
 * A number that depends on the whole text: to read the last character of a rope flattens it.
 * Throws on `undefined`, so that no workload looks fast by finding nothing.
 */
export function taste(text: string | undefined): number {
  if (text === undefined) throw new Error('a key of the set was not found')
  return text.length === 0 ? 0 : text.charCodeAt(text.length - 1)
}

/** Commits single puts on random keys, for a workload that needs a past. */
export async function age(stage: Stage, commits: number): Promise<void> {
  const { db, random, plan } = stage
  const values = stage.values()
  for (let i = 1; i <= commits; i++) {
    db.put(presentKey(random(plan.keys)), values.next())
    if (i % 100 === 0) await stage.pause()
  }
}

/** Puts the set into an empty database, in random order. */
export function fill(db: Database, plan: Plan, pause: (share: number) => Promise<void>) {
  const write = (count: number, next: () => [string, string]) =>
    db.transact(tx => {
      for (let i = 0; i < count; i++) tx.put(...next())
    })
  return deal(plan, write, pause)
}

/**
 * Deals the set in random order.
 * @param write takes so many entries, one a call of `next`
 */
export async function deal(
  { keys, valueBytes, seed }: Plan,
  write: (count: number, next: () => [string, string]) => unknown,
  pause: (share: number) => Promise<void>,
): Promise<void> {
  const random = seeded(seed)
  const value = texts(valueBytes, random)
  const index = dealt(keys, random)
  const next = (): [string, string] => [presentKey(index()), value()]
  const step = Math.min(2000, Math.max(1, Math.floor(VALUES_BYTES / (valueBytes + 1))))
  for (let from = 0; from < keys; from += step) {
    write(Math.min(step, keys - from), next)
    await pause(from / keys)
  }
}
