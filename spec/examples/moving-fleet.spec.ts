/** The moving fleet as its users meet it: a process that checks itself and reports the result. */
import { describe, expect, it } from 'vitest'
import { readOptions } from '../../examples/moving-fleet/options.js'
import { figure, itRefuses, itTells, runExample } from './run.js'

const run = (args: string[]) => runExample('moving-fleet', args)

const SHORT = ['--seconds', '1', '--ago', '0.3', '--vehicles', '3000']

describe('moving fleet', () => {
  itRefuses('moving-fleet', readOptions, [
    [['--vehicles', '0'], /--vehicles takes a whole number from 1 to 1000000, not '0'/],
    [['--askers', 'many'], /--askers takes a whole number from 1 to 64, not 'many'/],
    [['--seconds', '-1'], /--seconds/],
    [['--ago', 'today'], /--ago takes seconds from 0.1 to 3600, not 'today'/],
    [['--moves', '1.5'], /--moves takes a whole number/],
    [['--together', '0'], /--together takes a whole number from 1 to 1000, not '0'/],
    [['--fast'], /--fast/],
    [['Zürich'], /Zürich/],
  ])

  itTells('moving-fleet', '--vehicles')

  it('moves and asks at once, and finds all in order', () => {
    const { code, out, err } = run([...SHORT, '--askers', '2'])
    expect(err).toBe('')
    expect(out).not.toMatch(/PROBLEM/)
    expect(out).toMatch(/\n {2}all is well\n$/)
    expect(code).toBe(0)

    expect(out).toMatch(/^3 000 vehicles, 5 000 moves\/s wanted; 1 thread moves them, 2 ask, 1 s\n/)
    expect(out).toMatch(/\n +\d+ s +[\d ]+ moves\/s +[\d ]+ answers\/s/)
    for (const row of ['moves', 'boxes', 'past', 'diffs', 'nearest']) {
      expect(figure(out, new RegExp(`\n {2}${row} +([\\d ]+)/s`)), row).toBeGreaterThan(0)
    }
    expect(figure(out, /askers {4}([\d ]+) positions agreed/)).toBeGreaterThan(0)
    expect(out).toMatch(/verified {2}6 versions: 18 000 vehicles with one position each,\n/)
    expect(out).toMatch(/ 120 boxes, 120 neighbourhoods and 100 diffs as by brute force\n/)
  })

  it('says the same to programs', () => {
    const { code, out, err } = run([...SHORT, '--askers', '1', '--json'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const told = JSON.parse(out)
    expect(told).toMatchObject({ vehicles: 3000, askers: 1, ago: 0.3, problems: [], ok: true })
    expect(told.verified).toMatchObject({ versions: 6, vehicles: 18_000, boxes: 120 })
    expect(told.movesPerSecond).toBeGreaterThan(0)
    expect(told.asked.nearest).toBeGreaterThan(0)
  })
})
