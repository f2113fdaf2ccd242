/** The driver: how work is measured, how systems take turns, what a run says. Speed is not looked at. */
import { describe, expect, it } from 'vitest'
import { growth } from '../../perf/alone/churn.js'
import { measureRow, type Player } from '../../perf/drive.js'
import { LevelStage, scenarios as onLevel } from '../../perf/level/stage.js'
import { measure, measureInTurns, type Sample } from '../../perf/measure.js'
import { markdown, rowsTable, speedTable, targetsTable, withSpread } from '../../perf/report.js'
import { median, type Row, ratioOf, summarize } from '../../perf/rows.js'
import { type Figures, type Scenario, Stage } from '../../perf/stage.js'
import { groups, suites } from '../../perf/suites.js'
import { verdicts } from '../../perf/targets.js'
import { madeUp } from './fixture.js'

const settings = { keys: 10, seed: 1, sampleMs: 1, seconds: 1, minutes: 1 }

/** Does nothing for some µs. */
function spin(micros: number): number {
  const end = performance.now() + micros / 1000
  while (performance.now() < end);
  return 1
}

describe('work', () => {
  it('is repeated after a warm-up, and its time is that of an operation', async () => {
    let runs = 0
    const run = () => {
      runs++
      spin(50)
      return 10
    }
    const { mean, p50, p99, error } = await measure({ run }, 2, 1)
    expect(runs).toBeGreaterThan(3)
    // A clock that is read later can only make it longer.
    for (const time of [mean, p50, p99]) expect(time).toBeGreaterThanOrEqual(4.9)
    expect(p50).toBeLessThanOrEqual(p99)
    expect(error).toBeGreaterThanOrEqual(0)
  })

  it('is done so many times if it says so, without a warm-up', async () => {
    const calls: string[] = []
    const hook = (name: string) => () => void calls.push(name)
    const run = () => calls.push('run') && 1
    await measure({ run, before: hook('before'), after: hook('after'), runs: 2 }, 50, 50)
    expect(calls).toEqual(['before', 'run', 'after', 'before', 'run', 'after'])
    const { error } = await measure({ run, runs: 1 }, 50, 50)
    expect(error).toBe(Number.NaN)
  })

  it('is awaited if it says so, and is called only to be measured', async () => {
    let runs = 0
    let open = 0
    const run = async () => {
      runs++
      expect(++open).toBe(1)
      await null
      open--
      return 1
    }
    await measure({ run, isAsync: true, runs: 3 }, 1, 1)
    expect(runs).toBe(3)
  })

  it('that fails says so, after what has to follow', async () => {
    let ended = false
    const failing = {
      run: () => {
        throw new Error('no work today')
      },
      after: () => {
        ended = true
      },
    }
    await expect(measure(failing, 1, 1)).rejects.toThrow('no work today')
    expect(ended).toBe(true)
  })

  it('in turns gives a sample for each', async () => {
    const works = [100, 200].map(micros => ({ run: () => spin(micros) }))
    const samples = await measureInTurns(works, 5)
    expect(samples.map(({ mean }) => mean >= 99)).toEqual([true, true])
  })
})

describe('a stage', () => {
  const scenario = (rest: Partial<Scenario>): Scenario => {
    return { name: 'x', title: 'x', figures: { time: 'µs' }, start: () => ({}), ...rest }
  }

  it('plays rounds: works, counts and ratios, in their units', async () => {
    const stage = new Stage('system', settings)
    const figures = { time: 'ms', other: 'µs', ratio: '×', bytes: 'bytes', all: '' } as const
    const order: string[] = []
    const work = (name: string) => () => order.push(name) && spin(1000)
    const start = () => () => ({
      ...{ time: { run: work('time'), runs: 1 }, other: { run: work('other'), runs: 1 } },
      ...{ bytes: { count: () => order.push('bytes') }, all: [1, 2] },
    })
    expect(
      await stage.start(scenario({ figures, ratios: { ratio: ['time', 'other'] }, start })),
    ).toBe(true)
    const round = (await stage.round()) as Record<'time' | 'other', Sample> & Figures
    expect(order).toEqual(['time', 'other', 'bytes'])
    expect(round.time.mean).toBeGreaterThanOrEqual(1)
    expect(round.other.mean).toBeGreaterThanOrEqual(1000)
    expect(round.ratio).toBe(round.time.mean / round.other.mean)
    expect([round.bytes, round.all]).toEqual([3, [1, 2]])
  })

  it('cleans up when the scenario ends, and not twice', async () => {
    const stage = new Stage('system', settings)
    let cleaned = 0
    const start = (on: Stage<string>) => {
      on.after(async () => void cleaned++)
      return {}
    }
    await stage.start(scenario({ start }))
    await stage.stop()
    await stage.close()
    expect(cleaned).toBe(1)
  })

  it('of a level without a past has no row about it', async () => {
    const create = () => {
      throw new Error('opened for nothing')
    }
    const stage = new LevelStage({ name: 'none', travels: false, create }, settings)
    const row = { name: 'x', title: 'x', start: async () => () => 1 }
    const [past, plain] = onLevel([{ ...row, travels: true as const }, row])
    expect(await stage.start(past as Scenario)).toBe(false)
    expect(await stage.start(plain as Scenario)).toBe(true)
  })
})

describe('the driver', () => {
  const turns: string[] = []
  const player = (name: string, round: () => Figures, has = true): Player => ({
    name,
    start: async () => has,
    round: async () => {
      turns.push(name)
      return round()
    },
    ...{ stop: async () => {}, close: async () => {} },
  })
  const scenario = {
    ...{ name: 'x', group: 'g', title: 'the work', start: () => ({}) },
    figures: { time: 'µs', extra: { what: 'more', unit: 'bytes' } } as Scenario['figures'],
  }
  const time = (mean: number): Figures => ({ time: { mean, p50: mean, p99: 2 * mean, error: 1 } })

  it('lets systems take turns, warms up once, and keeps the samples of each', async () => {
    let n = 0
    const players = [player('a', () => time(++n)), player('b', () => ({ ...time(10), extra: 7 }))]
    turns.length = 0
    const row = await measureRow(scenario, [...players, player('c', () => time(1), false)], 3)
    expect(turns.join('')).toBe('baabbaab')
    expect(row.systems.a?.time).toEqual({
      ...{ median: 3, min: 2, max: 4, samples: [2, 3, 4], p50: 3, p99: 6, error: 1 },
    })
    expect(row.systems.b?.extra).toEqual(summarize([7, 7, 7]))
    expect(Object.keys(row.systems)).toEqual(['a', 'b'])
    expect(row.figures).toEqual({
      time: { what: '', unit: 'µs' },
      extra: { what: 'more', unit: 'bytes' },
    })
  })

  it('plays a row that does not vary once, and one that begins from nothing without a warm-up', async () => {
    turns.length = 0
    await measureRow({ ...scenario, once: true }, [player('a', () => time(1))], 3)
    expect(turns.join('')).toBe('a')
    await measureRow({ ...scenario, cold: true }, [player('b', () => time(1))], 3)
    expect(turns.join('')).toBe('abbb')
  })

  it('leaves out a system that fails, and says so without its stack', async () => {
    let rounds = 0
    const failing = player('a', () => {
      if (++rounds === 3) throw new Error('broken\n    at /a/place/of/ours.js')
      return time(1)
    })
    const row = await measureRow(scenario, [failing, player('b', () => time(1))], 3)
    expect(row.failures).toEqual({ a: 'broken' })
    expect(Object.keys(row.systems)).toEqual(['b'])
    expect(row.systems.b?.time?.samples).toHaveLength(3)
  })
})

describe('a run', () => {
  const run = madeUp()

  it('has ratios within a round', () => {
    const figure = (...samples: number[]) => ({ time: summarize(samples) })
    const systems = { zverse: figure(1, 2, 4), peer: figure(10, 20, 40), short: figure(2) }
    const figures = { time: { what: '', unit: 'µs' as const } }
    const row: Row = {
      name: 'x',
      group: 'g',
      title: 'work',
      keys: 1,
      figures,
      systems,
      failures: {},
    }
    expect(ratioOf(row, 'peer', 'zverse')).toEqual(summarize([10, 10, 10]))
    expect(ratioOf(row, 'short', 'zverse')).toEqual(summarize([2]))
    expect(ratioOf(row, 'none', 'zverse')).toBeUndefined()
    expect(speedTable([row])).toContain('| work | 10.0 × (10.0–10.0) | 2.00 ×')
    expect(rowsTable([row])).toContain('2.00 µs (1.00–4.00)')
  })

  it('is told in digits that matter', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(withSpread(summarize([0.5476]), 'µs')).toBe('0.548 µs')
    expect(withSpread(summarize([1_234_567, 2_000_000]), '/s')).toBe('1.62 M/s (1.23 M–2.00 M)')
    expect(withSpread(summarize([12, 14]), '')).toBe('13.0 (12.0–14.0)')
  })

  it('is judged against targets only with the set that they are for', () => {
    const measured = (rows: readonly Row[]) =>
      verdicts(rows).filter(one => one.measured !== undefined)
    expect(measured(run.rows).length).toBeGreaterThan(30)
    expect(measured(run.rows.map(row => ({ ...row, keys: 7 })))).toEqual([])
    const shown = targetsTable(verdicts(run.rows)).split('\n').slice(2)
    const order = shown.map(line => line.split('|')[6]?.trim())
    expect(order.indexOf('falls short')).toBe(0)
    expect(order.lastIndexOf('falls short')).toBeLessThan(order.indexOf('reaches the aim'))
    expect(targetsTable(verdicts([]))).toMatch(/at least 1.7 × +\| 2.5 × +\|/)
  })

  it('counts the fastest of several peers, and more a second as faster', () => {
    const row = run.rows.find(({ name }) => name === 'durable-commit') as Row
    const rates = (zverse: number, lmdb: number, level: number) => {
      const rate = (one: number) => ({ rate: summarize([one]) })
      const systems = { zverse: rate(zverse), lmdb: rate(lmdb), 'classic-level': rate(level) }
      return verdicts([{ ...row, systems }]).find(({ what }) => what.includes('best peer'))
    }
    expect(rates(30, 10, 20)?.measured?.median).toBe(1.5)
    expect(rates(30, 60, 20)).toMatchObject({ verdict: 'falls short', unit: '×' })
    expect(rates(30, 60, 20)?.measured?.median).toBe(0.5)
  })

  it('says on what a disk was measured, where one was', () => {
    const text = markdown(run)
    const lineIn = (group: string) => text.split(`\n## ${group}\n`)[1]?.trim().split('\n')[0]
    for (const group of ['persistent', 'matrix']) expect(lineIn(group)).toContain('; on ext4; ')
    expect(lineIn('entries')).not.toContain('ext4')
  })

  it('is shown whole, group by group, with failures', () => {
    const [first, ...rest] = run.rows as [Row, ...Row[]]
    const broken = { ...first, failures: { lmdb: 'broke' } }
    const text = markdown({ ...run, rows: [broken, ...rest] })
    for (const { name: group } of groups) {
      expect(text).toContain(`\n## ${group}\n`)
    }
    expect(text).toContain(`- FAILED: ${first.title}, lmdb: broke`)
    expect(text).toContain('Measured: lmdb 3.')
    expect(text).toContain('Measured: memory-level 4.')
    expect(text).not.toMatch(/NaN|undefined/)
  })

  it('shows growth where it is, and only there', () => {
    expect(growth([1, 1, 1, 1, 1, 1])).toBe(1)
    expect(growth([1, 1, 5, 5, 2, 4])).toBe(3)
  })

  it('has suites with systems of their own', () => {
    for (const { own, systems } of Object.values(suites)) {
      for (const name of own) expect(systems).toHaveProperty(name)
    }
  })
})
