/**
 * `zverse bench DIR`: the workloads on a database in memory, on one in a directory, and, as far as it can do them, on a
 * plain `Map`; and what an entry takes in each.
 *
 * The directory is a new one inside DIR, and is removed at the end. Its database is opened with the usual options: a
 * commit returns once it is on the disk.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ZVerse } from '../../index.js'
import { beforeSignals } from '../signals.js'
import { Run, rowOf, type Screen } from './bench.js'
import { heapBytes, mapTask, type Plain } from './map.js'
import { measure } from './measure.js'
import { type BenchOptions, checked } from './options.js'
import { deal, fill, Stage } from './stage.js'
import type { BytesRow, MatrixRow, System } from './systems.js'

export { renderMatrix } from './table.js'

export interface MatrixOptions extends BenchOptions {
  /** It exists. */
  directory: string
}

/**
 * Measures workloads on one system after the other.
 * @returns the rows of each system, in the order of `workloads()`, and then its bytes
 * @throws Error that names a wrong option, or a failure; the reason of `signal`
 */
export async function benchMatrix(options: MatrixOptions, screen: Screen): Promise<MatrixRow[]> {
  const { directory, ...others } = options
  const settings = checked(others)
  settings.signal?.throwIfAborted()
  const { chosen } = settings
  const onMap = chosen.filter(({ name }) => mapTask(name) !== undefined)
  const run = new Run(settings, screen, 2 * chosen.length + onMap.length)
  const { keys } = settings.plan
  const path = mkdtempSync(join(directory, 'zverse-bench-'))
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  const end = beforeSignals(remove)
  const rows: MatrixRow[] = []
  try {
    for (const system of ['memory', 'persistent'] as const) {
      const where = system === 'persistent' ? path : undefined
      const db = ZVerse.open({ path: where, ...run.options })
      try {
        await fill(db, settings.plan, run.loading)
        rows.push(bytesRow(system, 'entry-bytes', db.stats().memory.usedBytes / keys))
        if (where !== undefined) {
          await db.compact()
          rows.push(bytesRow(system, 'disk-bytes', bytesIn(where) / keys))
        }
        for (const row of await run.on(db)) rows.push({ ...row, system })
      } finally {
        db.close()
      }
    }
    const before = heapBytes()
    const map: Plain = new Map()
    const write = (count: number, next: () => [string, string]) => {
      for (let i = 0; i < count; i++) map.set(...next())
    }
    await deal(settings.plan, write, run.loading)
    rows.push(bytesRow('Map', 'entry-bytes', (heapBytes() - before) / keys))
    for (const workload of onMap) {
      await run.begin(workload)
      const work = await mapTask(workload.name)?.(new Stage(map, settings.plan, run.pause))
      if (work === undefined) continue
      const timing = { seconds: settings.plan.seconds, threads: 1 }
      const row = rowOf(workload, [await measure(work, timing, run.pause)])
      run.end(row)
      rows.push({ ...row, system: 'Map' })
    }
    return rows
  } finally {
    run.clear()
    end()
    remove()
  }
}

const bytesRow = (system: System, name: BytesRow['name'], bytes: number): BytesRow => {
  return { name, group: 'memory', system, bytes }
}

function bytesIn(path: string): number {
  const sizes = readdirSync(path).map(name => {
    return statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0
  })
  return sizes.reduce((sum, size) => sum + size, 0)
}
