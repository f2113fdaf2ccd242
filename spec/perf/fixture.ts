/** Small runs, as the benches write them, with made-up figures. */
import type { Row } from '../../perf/bench.js'
import type { ChurnRun } from '../../perf/churn/verdict.js'
import { growthOf } from '../../perf/churn/verdict.js'
import { summarize } from '../../perf/measure.js'
import type { Run } from '../../perf/report.js'
import { scenarios } from '../../perf/scenarios/index.js'
import { verdicts } from '../../perf/targets.js'
import type { Run as ThreadsRun } from '../../perf/threads/report.js'
import { rowsOf } from '../../perf/threads/report.js'
import { scenarios as threaded } from '../../perf/threads/scenarios/index.js'

const machine = {
  ...{ node: 'v20.19.0', v8: '11.3', cpu: 'R&D <sample>', cores: 2 },
  ...{ memoryGiB: 8, system: 'linux x64' },
}
const date = '2026-01-31'

/** Every scenario there is, on all systems, but no order in Map. */
export function compareRun(): Run {
  const rows = scenarios.map((scenario, i): Row => {
    const own = scenario.needs.includes('database' as never)
    const names = own ? ['zverse'] : ['zverse', 'lmdb', 'Map', 'SQLite', 'sorted-btree']
    const measured = names.map((name, n) => {
      const figures = Object.keys(scenario.figures)
        .filter(figure => name !== 'Map' || figure !== 'range')
        .map(figure => [figure, summarize([1.1, 0.9, 1].map(time => (time * (i + 1)) / (n + 1)))])
      return [name, Object.fromEntries(figures)]
    })
    const { name, title, note, family, figures: units } = scenario
    const on = scenario.points === undefined ? 'entries' : 'points'
    return {
      ...{ name, title, on, note, family, units },
      ...{ systems: Object.fromEntries(measured), failures: {} },
    }
  })
  const settings = { keys: 1_000_000, rounds: 3, seed: 20 }
  return { machine, date, settings, versions: { lmdb: '3' }, rows, verdicts: verdicts(rows) }
}

/** Every figure of the rows that need threads. */
export function threadsRun(): ThreadsRun {
  const rows = threaded.flatMap(scenario =>
    rowsOf(
      scenario,
      [1.9, 2, 2.1].map(value =>
        Object.fromEntries(Object.keys(scenario.figures).map(name => [name, value])),
      ),
    ),
  )
  const settings = { keys: 1000, rounds: 3, seconds: 1, tries: 1, seed: 20 }
  return { machine, date, settings, others: undefined, failures: [], rows }
}

/** A minute in which used bytes grow by `growth` a second. */
export function churnRun(growth: number): ChurnRun {
  const samples = Array.from({ length: 60 }, (_, second) => ({
    ...{ second: second + 1, used: 1e6 + growth * second, touched: 3e6, resident: 1e8 },
    ...{ heap: 1e7, held: second % 4, retained: 1000, entries: 1000, commits: 50 },
  }))
  return {
    ...{ kind: 'churn' as const, machine, date },
    settings: { minutes: 1, keys: 1000, seed: 20, period: 4 },
    ...{ before: 5e7, samples, growth: growthOf(samples), problems: [] },
  }
}
