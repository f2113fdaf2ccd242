/** The bench of Level's workloads: its rows, and the table of ratios. */
import { describe, expect, it } from 'vitest'
import { driverOf, LevelBench, type LevelRow } from '../../perf/level/bench.js'
import { ratioTable } from '../../perf/level/report.js'
import { choose, rows } from '../../perf/level/rows/index.js'
import { summarize } from '../../perf/measure.js'
import { makeRun } from '../../perf/report.js'
import { scenarios } from '../../perf/scenarios/index.js'

describe("rows of Level's workloads", () => {
  it('have names of their own, which no other row has', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
    expect(rows.length).toBeGreaterThan(20)
    for (const { name } of rows) {
      expect(scenarios.map(scenario => scenario.name)).not.toContain(name)
    }
    expect(choose(['get']).map(({ name }) => name)).toEqual(['get'])
    expect(() => choose(['nothing'])).toThrow('no such row: nothing')
  })

  it('about the past are left out where there is none', async () => {
    const create = () => {
      throw new Error('opened for nothing')
    }
    const bench = new LevelBench({ name: 'none', travels: false, create }, 10, 1)
    const row: LevelRow = { name: 'x', title: 'x', travels: true, start: async () => async () => 1 }
    expect(await driverOf(bench, () => row).start('x')).toBe(false)
    expect(await driverOf(bench, () => ({ ...row, travels: undefined })).start('x')).toBe(true)
  })
})

describe('ratios', () => {
  it('are taken within a round, against the memory-level that was faster', () => {
    const time = (...samples: number[]) => ({ time: summarize(samples) })
    const systems = {
      zverse: time(1, 2, 4),
      'memory-level': time(9, 9, 9),
      'memory-level-utf8': time(2, 2, 2),
      'classic-level': time(10, 20, 40),
    }
    const rest = { name: 'get', title: 'get', note: undefined, family: undefined, failures: {} }
    const row = { ...rest, on: 'level' as const, units: { time: 'µs' as const }, systems }
    const table = ratioTable(makeRun({ keys: 1, rounds: 3, seed: 1 }, {}, [row]))
    expect(table).toContain('1.00 × (0.500–2.00), utf8')
    expect(table).toContain('10.0 × (10.0–10.0)')
    expect(ratioTable(makeRun({ keys: 1, rounds: 3, seed: 1 }, {}, []))).toBe('')
  })
})
