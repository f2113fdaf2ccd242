/**
 * `zverse bench`: measures the workloads of zverse's documentation, on this machine.
 *
 * To measure your own use of zverse, read `tasks.ts` for the work and `measure.ts` for its
 * timing, which tinybench does. One database serves all workloads: the set is put in once, every workload leaves it as large as
 * it was, and begins with no past but its own.
 *
 * The rows compare workloads on one machine on one afternoon. They come from one window each, in one
 * process in which other workloads ran before, and a workload that needs more memory than those before it
 * (large batches do) pays for the system's page faults. The project's own figures are made more carefully,
 * in several rounds, interleaved with other systems (see `perf/` in the repository).
 */
import { setImmediate } from 'node:timers/promises'
import { ZVerse } from '../../index.js'
import { together } from './crew.js'
import { type Measured, measure } from './measure.js'
import { type BenchOptions, type CheckedOptions, checked } from './options.js'
import { type Database, fill, type Pause, type Plan, Stage } from './stage.js'
import { progressLine } from './table.js'
import { PAST } from './tasks.js'
import type { Workload } from './workloads.js'

export type { BenchOptions } from './options.js'
export { progressLine, renderTable } from './table.js'
export { workloads } from './workloads.js'

/** The result of a workload. */
export interface BenchRow {
  name: string
  group: string
  /** Of all threads measured. `measure.ts` defines operations and calls. */
  opsPerSecond: number
  /**
   * Margin of error of the rate, in percent: where, in 19 of 20 cases, the mean of longer measuring would
   * lie, if each bundle were independent of the others. The next run differs by more.
   */
  rme: number
  /** µs: half of the calls took no longer. */
  p50: number
  /** µs: 99 in 100 calls took no longer. */
  p99: number
  operations: number
  /** How many threads worked at the same time, the unmeasured one included. */
  threads: number
}

/** Where a run shows its progress. */
export interface Screen {
  /** Columns. */
  readonly width: number
  readonly colours: boolean
  /** Replaces the line shown; null clears it. */
  progress(line: string | null): void
  /** Called as each workload ends, with no progress line shown. */
  row(row: BenchRow): void
}

/** ms between two progress lines. */
const SHOW_EVERY = 100
/** How long a workload takes in all, in multiples of its measured time. */
const WARM_TOO = 1.6

/**
 * Measures workloads one after the other.
 * @returns a row of each, in the order of `workloads()`
 * @throws Error that names a wrong option, or a failure; the reason of `signal`
 */
export async function bench(options: BenchOptions, screen: Screen): Promise<BenchRow[]> {
  const settings = checked(options)
  settings.signal?.throwIfAborted()
  const run = new Run(settings, screen, settings.chosen.length)
  const db = ZVerse.open(run.options)
  try {
    await fill(db, settings.plan, run.loading)
    return await run.on(db)
  } finally {
    run.clear()
    db.close()
  }
}

/** A run on one database or several: its pauses and its progress. */
export class Run {
  readonly #settings: CheckedOptions
  readonly #screen: Screen
  readonly #progress: Progress
  #done = 0

  /** @param of so many workloads in all */
  constructor(settings: CheckedOptions, screen: Screen, of: number) {
    this.#settings = settings
    this.#screen = screen
    this.#progress = new Progress(screen, of, WARM_TOO * settings.plan.seconds * 1000)
  }

  /** Of each database. */
  get options() {
    const { maxBytes } = this.#settings
    return { values: 'string', maxBytes, history: { versions: 0 } } as const
  }

  readonly pause = async (): Promise<void> => {
    this.#progress.show()
    await setImmediate()
    this.#settings.signal?.throwIfAborted()
  }

  readonly loading = (share: number): Promise<void> => {
    this.#progress.load(share)
    return this.pause()
  }

  /** Measures the workloads on a database that has the set. */
  async on(db: Database): Promise<BenchRow[]> {
    const { chosen, plan, signal } = this.#settings
    db.setHistory({ versions: PAST })
    const rows: BenchRow[] = []
    for (const workload of chosen) {
      await this.begin(workload, () => db.prune({ before: db.version }))
      const measured =
        workload.threads === undefined
          ? [await alone(workload, db, plan, this.pause)]
          : await crewed(workload, workload.threads, db, plan, signal, () => this.#progress.show())
      const row = rowOf(workload, measured)
      rows.push(row)
      this.end(row)
    }
    return rows
  }

  /** @param prepare done while the workload is shown */
  async begin(workload: Workload, prepare: () => unknown = () => {}): Promise<void> {
    this.#progress.begin(workload.name, this.#done)
    prepare()
    await this.pause()
  }

  end(row: BenchRow): void {
    this.#done++
    this.clear()
    this.#screen.row(row)
  }

  clear(): void {
    this.#progress.clear()
  }
}

/** On this thread. */
async function alone({ task }: Workload, db: Database, plan: Plan, pause: Pause) {
  const work = await task(new Stage(db, plan, pause))
  try {
    return await measure(work, { seconds: plan.seconds, threads: 1 }, pause)
  } finally {
    work.end?.()
  }
}

/** On worker threads, with one more if the workload has work beside it. */
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

/** The quantiles are of the samples of all threads. */
export function rowOf(
  { name, group, beside, threads = 1 }: Workload,
  measured: Measured[],
): BenchRow {
  // Each thread's own clock counts: they neither begin nor end in the same microsecond.
  const opsPerSecond = sum(measured.map(one => one.opsPerSecond))
  const margins = measured.map(one => (one.opsPerSecond * one.rme) / opsPerSecond)
  const samples = new Float64Array(sum(measured.map(one => one.samples.length)))
  let at = 0
  for (const one of measured) {
    samples.set(one.samples, at)
    at += one.samples.length
  }
  samples.sort()
  return {
    ...{ name, group, opsPerSecond, rme: Math.hypot(...margins) },
    ...{ p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) },
    operations: sum(measured.map(one => one.operations)),
    threads: beside === undefined ? threads : threads + 1,
  }
}

const sum = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0)

/** The sorted sample that a share `q` of the samples does not exceed (nearest rank). */
export function quantile(samples: Float64Array, q: number): number {
  return samples[Math.max(1, Math.ceil(q * samples.length)) - 1]
}

/** The progress line of a run; drawn now and then, however often it is called. */
class Progress {
  readonly #screen: Screen
  readonly #of: number
  readonly #each: number
  #what = 'loading'
  #done = 0
  #begun = Number.POSITIVE_INFINITY
  #shown = Number.NEGATIVE_INFINITY

  /** @param each about how many ms a workload takes */
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
