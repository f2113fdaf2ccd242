/**
 * `zverse bench`: measures the workloads that zverse's documentation speaks of, on this machine.
 *
 * To measure one's own use of zverse, read `tasks.ts` for what is done and `measure.ts` for how it is
 * timed. One database serves all workloads: the set is put in once, every workload leaves it as large as
 * it was, and begins with no past but its own.
 *
 * The rows compare workloads on one machine on one afternoon. They come from one window each, in one
 * process in which other workloads ran before, and whoever first needs more memory than those did pays for
 * the system's handing it out, which large batches do. The project's own figures are made more carefully,
 * in several rounds with what they are compared to (see `perf/` in the repository).
 */
import { setImmediate } from 'node:timers/promises'
import { ZVerse } from '../../index.js'
import { together } from './crew.js'
import { Histogram } from './histogram.js'
import { type Measured, measure, warmUp } from './measure.js'
import { type BenchOptions, checked } from './options.js'
import { type Database, fill, type Pause, type Plan, Stage } from './stage.js'
import { progressLine } from './table.js'
import { PAST } from './tasks.js'
import type { Workload } from './workloads.js'

export type { BenchOptions } from './options.js'
export { progressLine, renderTable } from './table.js'
export { workloads } from './workloads.js'

/** What came of a workload. */
export interface BenchRow {
  name: string
  group: string
  /** Of all threads measured. What an operation is, and what a call: see `measure.ts`. */
  opsPerSecond: number
  /** µs: half of the calls took no longer. */
  p50: number
  /** µs: 99 in 100 calls took no longer. */
  p99: number
  operations: number
  /** Threads that worked at the same time, the one that was not measured included. */
  threads: number
}

/** Where a run shows how it goes. */
export interface Screen {
  /** Columns. */
  readonly width: number
  readonly colours: boolean
  /** Shows a line in place of the one before; null clears it. */
  progress(line: string | null): void
  /** Called as each workload ends; there is no progress line then. */
  row(row: BenchRow): void
}

/** ms between two progress lines. */
const SHOW_EVERY = 100
/** What a workload takes in all, in times that it is measured. */
const WARM_TOO = 1.6

/**
 * Measures workloads one after the other.
 * @returns a row of each, in the order of `workloads()`
 * @throws Error naming the option that is wrong, or saying what failed; the reason of `signal`
 */
export async function bench(options: BenchOptions, screen: Screen): Promise<BenchRow[]> {
  const { chosen, plan, maxBytes, signal } = checked(options)
  signal?.throwIfAborted()
  const progress = new Progress(screen, chosen.length, WARM_TOO * plan.seconds * 1000)
  const db = ZVerse.open({ values: 'string', maxBytes, history: { versions: 0 } })
  const pause = async () => {
    progress.show()
    await setImmediate()
    signal?.throwIfAborted()
  }
  const rows: BenchRow[] = []
  try {
    await fill(db, plan, share => {
      progress.load(share)
      return pause()
    })
    db.setHistory({ versions: PAST })
    for (const workload of chosen) {
      progress.begin(workload.name, rows.length)
      db.prune({ before: db.version })
      await pause()
      const measured =
        workload.threads === undefined
          ? [await alone(workload, db, plan, pause)]
          : await crewed(workload, workload.threads, db, plan, signal, () => progress.show())
      const row = rowOf(workload, measured)
      rows.push(row)
      progress.clear()
      screen.row(row)
    }
    return rows
  } finally {
    progress.clear()
    db.close()
  }
}

/** On this thread. */
async function alone({ task }: Workload, db: Database, plan: Plan, pause: Pause) {
  const work = await task(new Stage(db, plan, pause))
  try {
    const bundle = await warmUp(work, plan.seconds, 1, pause)
    return await measure(work, bundle, performance.now() + plan.seconds * 1000, pause)
  } finally {
    work.end?.()
  }
}

/** On threads of their own, one more where something is done beside it. */
async function crewed(
  { name: workload, beside }: Workload,
  threads: number,
  db: Database,
  plan: Plan,
  signal: AbortSignal | undefined,
  show: () => void,
) {
  const crew = Array.from({ length: threads }, (_, number) => {
    return { workload, beside: false, seat: { number, of: threads } }
  })
  if (beside !== undefined) crew.push({ workload, beside: true, seat: { number: 0, of: 1 } })
  const ticker = setInterval(show, SHOW_EVERY)
  try {
    const measured = await together(db, plan, crew, signal)
    return measured.slice(0, threads)
  } finally {
    clearInterval(ticker)
  }
}

function rowOf({ name, group, beside, threads = 1 }: Workload, measured: Measured[]): BenchRow {
  const histogram = new Histogram()
  let operations = 0
  let opsPerSecond = 0
  for (const one of measured) {
    histogram.add(one.counts)
    operations += one.operations
    // Each thread by its own clock: they neither begin nor end in the same microsecond.
    opsPerSecond += (one.operations * 1000) / one.ms
  }
  const [p50, p99] = [0.5, 0.99].map(q => histogram.quantile(q) / 1000)
  const all = beside === undefined ? threads : threads + 1
  return { name, group, opsPerSecond, p50, p99, operations, threads: all }
}

/** The line that tells where a run is; drawn now and then, however often it is asked to be. */
class Progress {
  readonly #screen: Screen
  readonly #of: number
  readonly #each: number
  #what = 'loading'
  #done = 0
  #begun = Number.POSITIVE_INFINITY
  #shown = Number.NEGATIVE_INFINITY

  /** @param each ms that a workload takes, about */
  constructor(screen: Screen, of: number, each: number) {
    this.#screen = screen
    this.#of = of
    this.#each = each
  }

  load(share: number): void {
    this.#what = `loading ${Math.floor(share * 100)} %`
  }

  begin(what: string, done: number): void {
    this.#what = what
    this.#done = done
    this.#begun = performance.now()
    this.#shown = Number.NEGATIVE_INFINITY
    this.show()
  }

  show(): void {
    const now = performance.now()
    if (now < this.#shown + SHOW_EVERY) return
    this.#shown = now
    const { width, colours } = this.#screen
    const part = Math.min(1, Math.max(0, now - this.#begun) / this.#each)
    const state = { what: this.#what, done: this.#done, part, of: this.#of }
    this.#screen.progress(progressLine(state, width, colours))
  }

  clear(): void {
    this.#screen.progress(null)
  }
}
