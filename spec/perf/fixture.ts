/** A small run, as the bench writes it, with made-up figures. */
import type { Run } from '../../perf/report.js'
import { type Row, summarize } from '../../perf/rows.js'
import { unitOf } from '../../perf/stage.js'
import { scenarios, suiteOf, suites } from '../../perf/suites.js'

/** Systems that have a made-up figure in each row of a suite. */
const SYSTEMS: Record<string, string[]> = {
  entries: ['zverse', 'lmdb', 'Map', 'SQLite', 'sorted-btree'],
  indexes: ['zverse', 'SQLite', 'LokiJS', 'Dexie'],
  graphs: ['zverse', 'graphology'],
  level: ['zverse', 'memory-level'],
  threads: ['zverse', 'lmdb', 'arithmetic'],
  persistent: ['zverse', 'raw', 'lmdb', 'SQLite', 'classic-level'],
  matrix: ['in memory', 'persistent', 'plain Map'],
}

/** Every row there is; a second of churn a sample, in which used bytes grow by `growth` MiB. */
export function madeUp(growth = 0): Run {
  const rows = scenarios.map((scenario, i): Row => {
    const suite = suiteOf(scenario)
    const figures = Object.fromEntries(
      Object.entries(scenario.figures).map(([name, figure]) => [
        name,
        { what: typeof figure === 'string' ? '' : figure.what, unit: unitOf(figure) },
      ]),
    )
    const systems = (SYSTEMS[suite] ?? ['zverse']).map((system, n) => {
      const measured = Object.keys(figures)
        .filter(figure => system !== 'Map' || figure !== 'range')
        .map(figure => [figure, summarize([1.1, 0.9, 1].map(time => (time * (i + 1)) / (n + 1)))])
      return [system, Object.fromEntries(measured)]
    })
    const { name, group, title, at, note } = scenario
    const keys = suites[suite]?.keys as number
    const row = { name, group, title, at, note, keys, figures, failures: {} }
    return { ...row, systems: Object.fromEntries(systems) } as Row
  })
  const churn = rows.find(({ name }) => name === 'churn')?.systems.zverse as Row['systems'][string]
  const seconds = Array.from({ length: 60 }, (_, second) => second + 1)
  churn.second = summarize(seconds)
  churn.used = summarize(seconds.map(second => 10 + growth * second))
  churn.touched = summarize(seconds.map(() => 30))
  churn.resident = summarize(seconds.map(() => 100))
  churn.held = summarize(seconds.map(second => second % 4))
  return {
    machine: {
      ...{ node: 'v20.19.0', v8: '11.3', cpu: 'R&D <sample>', cores: 2 },
      ...{ memoryGiB: 8, system: 'linux x64' },
    },
    ...{ date: '2026-01-31', disk: 'ext4' },
    settings: { rounds: 3, seed: 20, sampleMs: 200, seconds: 1, minutes: 1 },
    ...{ versions: { lmdb: '3', 'memory-level': '4' }, rows },
  }
}
