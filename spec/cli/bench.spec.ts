/**
 * `zverse bench`: every workload runs and gives sane rows, it can be stopped, a thread's failure is
 * reported. Speed is not looked at. The runs use the built code, as workers do.
 */
import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import type * as benching from '../../dist/cli/bench/bench.js'
import {
  bench,
  progressLine,
  quantile,
  renderTable,
  workloads,
} from '../../dist/cli/bench/bench.js'
import { Thread, together } from '../../dist/cli/bench/crew.js'
import { measure } from '../../dist/cli/bench/measure.js'
import { ZVerse } from '../../dist/index.js'
import { Draws, dealt, missingKey, presentKey, seeded, texts } from '../../lib/cli/bench/data.js'
import { WORKLOADS } from '../../lib/cli/bench/workloads.js'
import { SCALE } from '../support/runs.js'

type Row = benching.BenchRow

const TINY = { keys: 1000, seconds: 0.02 }
const WIDTHS = [40, 80, 200]

/** A screen that remembers. */
function screen(width = 80) {
  const rows: Row[] = []
  const lines: (string | null)[] = []
  return {
    ...{ width, colours: false, rows, lines },
    progress: (line: string | null) => void lines.push(line),
    row: (row: Row) => void rows.push(row),
  }
}

const names = workloads().map(({ name }) => name)
/** In a crew: each takes a third of a second of a core to start. Large crews are for the stress run. */
const MOST_THREADS = SCALE < 1 ? 2 : 16
const few = WORKLOADS.filter(({ threads = 1 }) => threads <= MOST_THREADS).map(({ name }) => name)
const lengthsOf = (text: string) => text.split('\n').map(line => stringWidth(line))

describe('a run', () => {
  it('measures every workload', async () => {
    const seen = screen()
    const rows = await bench({ ...TINY, only: few }, seen)
    expect(rows.map(({ name }) => name)).toEqual(few)
    expect(seen.rows).toEqual(rows)
    for (const row of rows) {
      const { opsPerSecond, p50, p99, operations, threads } = row
      for (const number of [opsPerSecond, p50, p99, operations, threads]) {
        expect(number, row.name).toBeGreaterThan(0)
        expect(number, row.name).toBeLessThan(Number.POSITIVE_INFINITY)
      }
      expect(p50, row.name).toBeLessThanOrEqual(p99)
      expect(row.rme, row.name).toBeGreaterThanOrEqual(0)
      expect(JSON.parse(JSON.stringify(row))).toEqual(row)
    }
    const threadsOf = new Map(rows.map(({ name, threads }) => [name, threads]))
    expect(threadsOf.get('get')).toBe(1)
    for (const name of few) {
      const [, what, count] = /^(readers|beside|writers)-(\d+)$/.exec(name) ?? []
      if (what !== undefined) expect(threadsOf.get(name)).toBe(+count + +(what === 'beside'))
    }
    for (const width of WIDTHS) {
      const table = renderTable(rows, width, false)
      expect(Math.max(...lengthsOf(table))).toBeLessThanOrEqual(width)
      for (const name of few) expect(table).toContain(name)
    }
  })

  it('measures only what is asked for, in its own order, and shows how it goes', async () => {
    const seen = screen(60)
    const rows = await bench({ ...TINY, only: ['diff', 'scan', 'mix', 'scan-keys'] }, seen)
    const mixes = ['mix-80-20', 'mix-50-50', 'mix-20-80']
    const scans = ['scan', 'scan-reverse', 'scan-keys', 'range-100']
    expect(rows.map(({ name }) => name)).toEqual([...scans, 'diff', ...mixes])
    expect(seen.lines.at(-1)).toBe(null)
    const shown = seen.lines.filter(line => line !== null)
    for (const name of mixes) expect(shown.some(line => line.includes(name))).toBe(true)
    for (const line of shown) expect(stringWidth(line)).toBeLessThanOrEqual(60)
  })

  it('takes values of no bytes, and of many', async () => {
    for (const valueBytes of [0, 10_000]) {
      const options = { ...TINY, keys: 100, valueBytes, only: ['read', 'batch-1000', 'past'] }
      expect(await bench(options, screen())).toHaveLength(8)
    }
  })

  it.each([
    ['get', 50],
    ['batch-10000', 50],
    ['readers-2', 50],
    ['readers-2', 1000],
    ['writers-2', 700],
  ])('can be stopped in %s, after %i ms', async (name, ms) => {
    const controller = new AbortController()
    const { signal } = controller
    const seen = screen()
    let begun = false
    const stopping = {
      ...seen,
      progress: (line: string | null) => {
        seen.progress(line)
        if (begun || line?.includes(name) !== true) return
        begun = true
        setTimeout(() => controller.abort(), ms)
      },
    }
    const run = bench({ ...TINY, seconds: 60, only: [name], signal }, stopping)
    await expect(run).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    expect(seen.rows).toEqual([])
    expect(seen.lines.at(-1)).toBe(null)
  })

  it('says so when the set does not fit', async () => {
    const run = bench({ ...TINY, keys: 100_000, maxBytes: 2 ** 22 }, screen())
    await expect(run).rejects.toThrow('the database is full')
  })

  it('does not begin once it is stopped', async () => {
    const reason = new Error('not today')
    const seen = screen()
    const run = bench({ ...TINY, signal: AbortSignal.abort(reason) }, seen)
    await expect(run).rejects.toBe(reason)
    expect(seen.lines).toEqual([])
  })

  it.each([
    [{ only: ['raed'] }, 'there is no workload or group "raed": did you mean "read"?'],
    [
      { only: ['get', 'batch-1001'] },
      'there is no workload or group "batch-1001": did you mean "batch-100"?',
    ],
    [{ keys: 99 }, '--entries must be an integer from 100 to 10000000'],
    [{ keys: 1000.5 }, '--entries must be'],
    [{ valueBytes: -1 }, '--value-bytes must be'],
    [{ seed: 2 ** 32 }, '--seed must be'],
    [{ seconds: 0 }, '--seconds must be a number greater than 0'],
    [{ seconds: Number.NaN }, '--seconds must be'],
    [{ maxBytes: 5 }, 'maxBytes must be'],
  ])('refuses %j', async (options, message) => {
    await expect(bench(options, screen())).rejects.toThrow(message)
  })
})

describe('threads', () => {
  const plan = { keys: 1000, valueBytes: 30, seconds: 0.02, seed: 1 }
  const seat = { number: 0, of: 1 }

  it('one that throws ends the work of all, with its message', async () => {
    const db = ZVerse.open({ values: 'string' })
    // The first has nothing to read, the second nothing to do.
    const crew = ['readers-2', 'sleep'].map(workload => ({ workload, beside: false, seat }))
    for (const part of crew) {
      const message = part.workload === 'sleep' ? 'no such work: sleep' : 'was not found'
      await expect(together(db, plan, [part], undefined)).rejects.toThrow(message)
    }
    await expect(together(db, plan, crew, undefined)).rejects.toThrow('a thread failed')
    expect(db.check().problems).toEqual([])
    db.close()
  })

  it('one that exits is an error, too', async () => {
    const db = ZVerse.open({ values: 'string' })
    const post = { handle: db.share(), plan, workload: 'get', beside: false, seat }
    const thread = new Thread(post, new URL('data:text/javascript,process.exit(3)'))
    await expect(thread.ready).rejects.toThrow('get: a thread ended before its work, with code 3')
    await expect(thread.measure({ at: 0 })).rejects.toThrow('code 3')
    db.close()
  })
})

describe('the table', () => {
  const row = (name: string, group: string, opsPerSecond: number): Row => {
    const some = { rme: 1, p50: 0.256, p99: 12_345.6, operations: 1, threads: 1 }
    return { name, group, opsPerSecond, ...some }
  }

  it('aligns, and puts bars beside or below', () => {
    const rows = [row('a', 'one', 1_234_567), row('bb', 'one', 617_283), row('c', 'two', 0.5)]
    expect(renderTable(rows, 60, false).split('\n')).toEqual([
      '          ops/s  p50 µs  p99 µs',
      'one',
      `  a   1,234,567    0.26  12,346  ${'█'.repeat(27)}`,
      `  bb    617,283    0.26  12,346  ${'█'.repeat(13)}▌`,
      'two',
      `  c         0.5    0.26  12,346  ${'█'.repeat(27)}`,
    ])
    expect(renderTable(rows.slice(1), 39, false).split('\n')).toEqual([
      '        ops/s  p50 µs  p99 µs',
      'one',
      '  bb  617,283    0.26  12,346  ████████',
      'two',
      '  c       0.5    0.26  12,346  ████████',
    ])
    expect(renderTable(rows.slice(0, 2), 40, false).split('\n')).toEqual([
      '          ops/s  p50 µs  p99 µs',
      'one',
      '  a   1,234,567    0.26  12,346',
      `    ${'█'.repeat(36)}`,
      '  bb    617,283    0.26  12,346',
      `    ${'█'.repeat(18)}`,
    ])
  })

  it('fits, whatever is in it', () => {
    const name = fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'grapheme', minLength: 1 }))
    const number = fc.double({ min: 1e-9, max: 1e15, noNaN: true })
    const rows = fc.array(
      fc.record({ name, group: name, opsPerSecond: number, p50: number, p99: number }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(rows, fc.integer({ min: 40, max: 200 }), fc.boolean(), (some, width, colours) => {
        const full = some.map(one => ({ ...one, rme: 1, operations: 1, threads: 1 }))
        const widest = Math.max(...lengthsOf(renderTable(full, width, colours)))
        expect(widest).toBeLessThanOrEqual(width)
      }),
    )
  })

  it('is plain unless colours are asked for', () => {
    const rows = [row('a', 'one', 5)]
    expect(renderTable(rows, 80, false)).not.toContain('\u001b')
    expect(renderTable(rows, 80, true)).toContain('\u001b[36m█')
  })

  it('progress is a line that fits', () => {
    for (const width of [10, 20, ...WIDTHS]) {
      const state = { what: 'batch-10000', done: 3, part: 0.5, of: 30 }
      const line = progressLine(state, width, true)
      expect(stringWidth(line)).toBeLessThanOrEqual(width)
      expect(line).not.toContain('\n')
    }
  })
})

it('a quantile is the least sample that so large a share does not exceed', () => {
  const samples = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 })
  const share = fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1)
  fc.assert(
    fc.property(samples, share, (some, q) => {
      const found = quantile(new Float64Array(some).sort(), q)
      expect(some).toContain(found)
      const upTo = some.filter(one => one <= found).length
      const below = some.filter(one => one < found).length
      expect(upTo).toBeGreaterThanOrEqual(q * some.length)
      expect(below).toBeLessThan(q * some.length)
    }),
  )
})

describe('measuring', () => {
  const pause = async () => {}
  /** Work that counts what it is asked for. */
  function counting(perCall: number) {
    const bundles: number[] = []
    const run = (calls: number) => {
      bundles.push(calls)
      let sum = 0
      for (let i = 0; i < calls * 100; i++) sum += Math.sqrt(i)
      return sum > 0 ? calls * perCall : 0
    }
    return { bundles, run }
  }

  it('counts the operations of the measured bundles only, a sample each', async () => {
    const work = counting(3)
    let before = 0
    const begin = async () => {
      before = work.bundles.length
    }
    const timing = { seconds: 0.02, threads: 1 }
    const { operations, opsPerSecond, samples } = await measure(work, timing, pause, begin)
    const measured = work.bundles.slice(before)
    expect(new Set(measured).size).toBe(1)
    expect(samples).toHaveLength(measured.length)
    expect(operations).toBe(3 * measured.reduce((sum, calls) => sum + calls, 0))
    const bundle = measured[0] as number
    const us = samples.reduce((sum, one) => sum + one * bundle, 0)
    expect(opsPerSecond / ((operations * 1e6) / us)).toBeCloseTo(1, 6)
    expect([...samples]).toEqual([...samples].sort((a, b) => a - b))
  })

  it('has longer bundles where the run is long', async () => {
    const work = counting(1)
    const over = new Error('over')
    const begin = () => Promise.reject(over)
    const lengths = []
    for (const seconds of [1, 3600]) {
      const timing = { seconds, threads: 1 }
      await expect(measure(work, timing, pause, begin)).rejects.toBe(over)
      lengths.push(work.bundles.at(-1) as number)
    }
    expect(lengths[1]).toBeGreaterThan(lengths[0] as number)
  })
})

describe('the data', () => {
  it('comes from the seed', () => {
    const deal = (seed: number) => Array.from({ length: 50 }, dealt(50, seeded(seed)))
    const draw = (seed: number) => {
      const random = seeded(seed)
      return [...deal(seed), texts(9, random)(), random(1000)]
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(deal(7).sort((a, b) => a - b)).toEqual([...Array(50).keys()])
    expect(texts(9, seeded(7))()).toHaveLength(9)
    expect(presentKey(1) < missingKey(1) && missingKey(1) < presentKey(2)).toBe(true)
    const draws = new Draws(['a', 'b'])
    expect([draws.next(), draws.next(), draws.next()]).toEqual(['a', 'b', 'a'])
  })
})
