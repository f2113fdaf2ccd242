/** The ingest as its users meet it: a process that checks itself and reports the result. */
import { describe, expect, it } from 'vitest'
import { readOptions } from '../../examples/ingest/options.js'
import { quantile } from '../../examples/ingest/report.js'
import { verify } from '../../examples/ingest/verify.js'
import { ZVerse } from '../../lib/index.js'
import { figure, itRefuses, itTells, runExample } from './run.js'

const run = (args: string[]) => runExample('ingest', args)

const SHORT = ['--seconds', '0.5', '--rate', '10000', '--sensors', '20', '--capacity', '2000']

describe('ingest', () => {
  itRefuses('ingest', readOptions, [
    [['--rate', '10'], /--rate takes a whole number from 1000 to 10000000, not '10'/],
    [['--producers', 'many'], /--producers takes a whole number from 1 to 64, not 'many'/],
    [['--producers', '9', '--sensors', '8'], /--sensors takes at least as many as there are/],
    [['--packet', '0'], /--packet takes a whole number/],
    [['--capacity', '1999'], /--capacity takes a whole number from 2000/],
    [['--seconds', '0'], /--seconds takes seconds from 0.1 to 3600, not '0'/],
    [['--fast'], /--fast/],
    [['Zürich'], /Zürich/],
  ])

  itTells('ingest', '--capacity')

  it('submits from several threads, and finds all that was acknowledged', () => {
    const { code, out, err } = run([...SHORT, '--producers', '2', '--packet', '1'])
    expect(err).toBe('')
    expect(out).not.toMatch(/PROBLEM/)
    expect(out).toMatch(/\n {2}all is well\n$/)
    expect(code).toBe(0)

    expect(out).toMatch(
      /^20 sensors, 10 000 observations\/s wanted, 1 at a time; 2 threads submit, 0.5 s\n/,
    )
    expect(out).toMatch(/\n +\d+ s +[\d ]+ observations\/s +[\d ]+ wait \(\w+\) /)
    expect(figure(out, /\n {2}high +(\d+) +0 /)).toBeGreaterThanOrEqual(2)
    expect(figure(out, /\n {2}rate +([\d ]+) observations\/s/)).toBeGreaterThan(0)
    expect(figure(out, /\n {2}groups +([\d ]+) of /)).toBeGreaterThan(0)
    expect(figure(out, / overloaded ([\d ]+) ×/)).toBeGreaterThan(0)
    expect(figure(out, / waited, ([\d ]+) were rejected and came again/)).toBeGreaterThan(0)
    expect(figure(out, /alarms overtook ([\d ]+) observations/)).toBeGreaterThan(0)
    expect(figure(out, /asked +([\d ]+) times about now/)).toBeGreaterThan(0)
    // Two thousand waited for the transaction.
    expect(figure(out, /verified +([\d ]+) observations/)).toBeGreaterThan(2000)
  })

  it('says the same to programs; with one thread that commits for all', () => {
    const { code, out, err } = run([
      ...SHORT,
      '--producers',
      '2',
      '--packet',
      '3',
      '--drain',
      '--json',
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const told = JSON.parse(out)
    expect(told).toMatchObject({ sensors: 20, packet: 3, drain: true, problems: [], ok: true })
    const { lanes, verified, stall } = told
    expect(verified.observations).toBe(3 * lanes.normal.acknowledged)
    expect(verified.alarms).toBe(lanes.high.acknowledged)
    expect(stall.overtaken).toBeGreaterThan(0)
    expect(lanes.normal.rejected).toBeGreaterThanOrEqual(stall.rejected)
  })

  it('finds what is lost, what is another, and what is there twice', () => {
    const db = ZVerse.open() as unknown as Parameters<typeof verify>[0]
    const version = db.batch([
      { type: 'put', key: 'observation:00007:1', value: 20 },
      { type: 'put', key: 'latest:00007', value: { time: 1, value: 20, count: 1, sum: 20 } },
    ])
    const kept = [{ time: 1, value: 20, version }]
    const sensor = { number: 7, count: 1, sum: 20, version, kept, minutes: new Map() }
    const known = (changes: object, more: object = {}) => {
      const none = { alarms: [], drill: { alarm: 0, behind: [] }, lanes: {} as never }
      return [{ ...none, sensors: [{ ...sensor, ...changes }], ...more }]
    }
    const problems = (...given: Parameters<typeof known>) => verify(db, known(...given)).problems
    expect(problems({})).toEqual([])
    expect(problems({ sum: 21 })).toEqual(['latest:00007 has another value'])
    expect(problems({ kept: [{ ...kept[0], value: 21 }] })).toHaveLength(2)
    const again = [{ time: 2, value: 20, version }]
    expect(problems({ kept: again })).toContain('observation:00007:1 was never acknowledged')
    expect(problems({ kept: again })).toContain('observation:00007:2 is lost')
    const alarms = [{ key: 'alarm:3:00007', value: 30_000, version }]
    expect(problems({}, { alarms })).toEqual(['alarm:3:00007 is lost'])
    db.put('observation:00007:1', 20)
    expect(problems({})).toEqual([
      `observation:00007:1 is of version 2, and was acknowledged with ${version}`,
    ])
    db.put('latest:00007', { time: 1, value: 20, count: 1, sum: 20 })
    expect(problems({})).toContain('version 3: sensor 7 goes from 1 to 1')
    db.close()
  })

  it('has quantiles of samples', () => {
    const sorted = Float64Array.of(1, 2, 3, 4)
    expect([quantile(sorted, 0.5), quantile(sorted, 0.99)]).toEqual([2, 4])
    expect(quantile(new Float64Array(), 0.5)).toBe(0)
  })
})
