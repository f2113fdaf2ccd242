/**
 * The suites on a disk, very small: each row gives the figures that it declares, and nothing stays behind. Peers, which
 * are not installed here, are left out.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileSystemOf } from '../../perf/disk.js'
import type { Stage } from '../../perf/stage.js'
import { one } from '../../perf/stage.js'
import { scenarios, suiteOf, suites } from '../../perf/suites.js'

const settings = { keys: 1000, seed: 1, sampleMs: 2, seconds: 0.02, minutes: 0.01 }

/** What a row has no figure for where it is small, by system. */
const LACKING: Record<string, string[]> = {
  'zverse disk-churn': [
    ...['disk÷live', 'stall', 'stall seen', 'stall durable', 'disk', 'disk÷data', 'live'],
    'begun÷live',
  ],
  'raw durable-commit': ['÷raw'],
  'raw amplification': ['past write', 'past space'],
  'raw durable-threads': ['by 1', 'by 8', '8÷1', 'syncs'],
  'in memory matrix-write': ['never'],
  'in memory matrix-memory': ['disk'],
  'plain Map matrix-read': ['range'],
  'plain Map matrix-write': ['never'],
  'plain Map matrix-readers': ['by 2', 'by 4'],
  'plain Map matrix-memory': ['disk'],
  'plain Map matrix-history': ['get', 'diff', 'version'],
}

/** Rows of zverse alone. */
const OWN = ['never-commit', 'persistent-reads', 'reopen', 'disk-churn', 'deep-past', 'past-churn']

const cases = ['persistent', 'matrix'].flatMap(suite =>
  (suites[suite]?.own ?? []).map(system => [suite, system] as const),
)

describe('the suite', () => {
  it.each(cases)('%s of %s has all figures, and leaves nothing', async (suite, system) => {
    const directory = mkdtempSync(join(tmpdir(), 'zverse-perf-'))
    try {
      const { systems, stage: make } = suites[suite] as (typeof suites)[string]
      const around = { directory, keys: settings.keys }
      const stage: Stage<unknown> = make(await systems[system]?.(around), settings)
      for (const scenario of scenarios.filter(one => suiteOf(one) === suite)) {
        const taken = await stage.start(scenario)
        expect(taken, scenario.name).toBe(system !== 'raw' || !OWN.includes(scenario.name))
        if (!taken) continue
        const figures = await stage.round()
        const lacking = LACKING[`${system} ${scenario.name}`] ?? []
        const wanted = Object.keys(scenario.figures).filter(name => !lacking.includes(name))
        expect(Object.keys(figures).sort(), scenario.name).toEqual(wanted.sort())
        for (const name of wanted) expect(one(figures[name] ?? Number.NaN), name).not.toBeNaN()
        await stage.stop()
      }
      await stage.close()
      expect(readdirSync(directory)).toEqual([])
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('says what file system a directory is on', () => {
    expect(fileSystemOf(tmpdir())).toMatch(/^\w+( 0x[0-9a-f]+)?$/)
  })
})
