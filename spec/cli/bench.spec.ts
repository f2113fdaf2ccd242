/**
 * `zverse bench`: every workload runs and gives sane rows, it can be stopped, a thread's failure is
 * reported. Speed is not looked at. The runs use the built code, as workers do.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it, vi } from 'vitest'
import type * as benching from '../../dist/cli/bench/bench.js'
import {
  bench,
  progressLine,
  quantile,
  renderTable,
  workloads,
} from '../../dist/cli/bench/bench.js'
import { Thread, together } from '../../dist/cli/bench/crew.js'
import { benchMatrix } from '../../dist/cli/bench/matrix.js'
import { measure } from '../../dist/cli/bench/measure.js'
import type { MatrixRow } from '../../dist/cli/bench/systems.js'
import { renderMatrix } from '../../dist/cli/bench/table.js'
import { Call } from '../../dist/cli/command.js'
import { BENCH } from '../../dist/cli/commands/bench.js'
import type { Session } from '../../dist/cli/session.js'
import type { Word } from '../../dist/cli/words.js'
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
      const [, what, count] = /^(readers|beside|writers|submit)-(\d+)$/.exec(name) ?? []
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
    ['submit-2', 700],
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

/** An empty directory, which is removed in the end. */
function emptyDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'zverse-spec-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

describe('a run in a directory', () => {
  const plain = ['get', 'put', 'batch-10', 'mix-80-20']

  it('measures in memory, there, and on a Map what that can do, and leaves nothing', async () => {
    using place = emptyDirectory()
    const seen = screen()
    const chosen = { ...TINY, only: [...plain, 'get-old', 'readers-1'] }
    const rows = await benchMatrix({ ...chosen, directory: place.path }, seen)
    expect(readdirSync(place.path)).toEqual([])
    const namesOf = (system: string) =>
      rows.filter(row => row.system === system).map(({ name }) => name)
    const all = ['get', 'get-old', 'put', 'batch-10', 'mix-80-20', 'readers-1']
    expect(namesOf('memory')).toEqual(['entry-bytes', ...all])
    expect(namesOf('persistent')).toEqual(['entry-bytes', 'disk-bytes', ...all])
    expect(namesOf('Map')).toEqual(['entry-bytes', ...plain])
    expect(seen.rows).toHaveLength(2 * all.length + plain.length)
    for (const row of rows) {
      const figure = 'bytes' in row ? row.bytes : row.opsPerSecond
      if (row.system !== 'Map' || row.name !== 'entry-bytes') expect(figure).toBeGreaterThan(0)
      expect(JSON.parse(JSON.stringify(row))).toEqual(row)
    }
    expect(seen.lines.at(-1)).toBe(null)
    const progress = seen.lines.filter(line => line !== null)
    expect(progress.some(line => line.includes('15/16'))).toBe(true)
  })

  it('does every workload that a Map can do', async () => {
    using place = emptyDirectory()
    const chosen = { ...TINY, only: ['get-missing', 'write', 'mix'], directory: place.path }
    const rows = await benchMatrix(chosen, screen())
    const on = (system: string) =>
      rows.filter(row => row.system === system && row.group !== 'memory').map(({ name }) => name)
    expect(on('Map')).toEqual(on('memory'))
    expect(on('persistent')).toEqual(on('memory'))
  })

  it('that is stopped leaves nothing', async () => {
    using place = emptyDirectory()
    const controller = new AbortController()
    const stopping = { ...screen(), row: () => controller.abort() }
    const options = { ...TINY, only: plain, signal: controller.signal, directory: place.path }
    await expect(benchMatrix(options, stopping)).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    )
    expect(readdirSync(place.path)).toEqual([])
  })

  it('leaves nothing where a signal ends the process, either', async () => {
    using place = emptyDirectory()
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
    const controller = new AbortController()
    const ending = {
      ...screen(),
      row: () => {
        expect(readdirSync(place.path)).toHaveLength(1)
        process.emit('SIGHUP', 'SIGHUP')
        expect(readdirSync(place.path)).toEqual([])
        controller.abort()
      },
    }
    try {
      const options = { ...TINY, only: plain, signal: controller.signal, directory: place.path }
      await expect(benchMatrix(options, ending)).rejects.toThrow()
      expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGHUP')
      expect(process.listenerCount('SIGHUP')).toBe(0)
    } finally {
      kill.mockRestore()
    }
  })

  const call = (...words: string[]) => {
    const word = (text: string): Word => ({ is: 'word', form: 'argv', text })
    const options = { entries: word('1000'), seconds: word('0.02') }
    return new Call(BENCH, words.map(word), new Map(Object.entries(options)), [])
  }
  const session = { interrupted: false } as Session

  it('is what the command does with a directory as its first word', async () => {
    using place = emptyDirectory()
    const result = await BENCH.run(session, call(place.path, 'get'))
    if (result.is !== 'drawn') throw new Error('it is not drawn')
    expect(result.rows.map(({ cells }) => [cells[1], cells.at(-1)])).toEqual([
      ...[
        ['entry-bytes', 'memory'],
        ['get', 'memory'],
        ['entry-bytes', 'persistent'],
      ],
      ...[
        ['disk-bytes', 'persistent'],
        ['get', 'persistent'],
      ],
      ...[
        ['entry-bytes', 'Map'],
        ['get', 'Map'],
      ],
    ])
    expect(new Set(result.rows.map(({ cells }) => cells.length))).toEqual(new Set([7]))
    expect(result.draw(80, false)).toMatch(/^ {2}ops\/s +memory +persistent +Map\nread\n {2}get /)
    const missing = join(place.path, 'none')
    await expect(BENCH.run(session, call(missing))).rejects.toThrow('there is no directory')
    expect(existsSync(missing)).toBe(false)
    await expect(BENCH.run(session, call('nine'))).rejects.toThrow('no workload or group "nine"')
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

  it('has the systems side by side, in few columns, too', () => {
    const on = (system: MatrixRow['system'], name: string, group: string, rate: number) => {
      return { ...row(name, group, rate), system }
    }
    const bytes = (
      system: MatrixRow['system'],
      name: 'entry-bytes' | 'disk-bytes',
      bytes: number,
    ) => ({ name, group: 'memory', system, bytes }) as const
    const rows: MatrixRow[] = [
      ...[bytes('memory', 'entry-bytes', 75.4), on('memory', 'get', 'read', 2_000_000)],
      ...[on('memory', 'scan', 'scan', 9)],
      ...[bytes('persistent', 'disk-bytes', 210), on('persistent', 'get', 'read', 1_900_000)],
      on('Map', 'get', 'read', 12_345_678),
    ]
    expect(renderMatrix(rows, 80, false).split('\n')).toEqual([
      '  ops/s           memory  persistent         Map',
      'read',
      '  get          2,000,000   1,900,000  12,345,678',
      'scan',
      '  scan               9.0           –           –',
      'memory, bytes an entry',
      '  entry-bytes         75           –           –',
      '  disk-bytes           –         210           –',
    ])
    for (const width of [20, ...WIDTHS]) {
      expect(Math.max(...lengthsOf(renderMatrix(rows, width, false)))).toBeLessThanOrEqual(width)
    }
    expect(renderMatrix(rows, 80, true)).toContain('\u001b[1mread')
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

  it('waits for work that promises, and counts it alike', async () => {
    let under = 0
    let most = 0
    let done = 0
    const run = async (calls: number) => {
      most = Math.max(most, ++under)
      await new Promise(setImmediate)
      under--
      done += calls * 5
      return calls * 5
    }
    let before = 0
    const begin = async () => {
      before = done
    }
    const work = { isAsync: true, run }
    const { operations } = await measure(work, { seconds: 0.02, threads: 1 }, pause, begin)
    expect(operations).toBe(done - before)
    expect({ under, most }).toEqual({ under: 0, most: 1 })
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
