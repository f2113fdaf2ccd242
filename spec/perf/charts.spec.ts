/** Charts are well-formed pictures with every row, each in its place on the page. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { draw } from '../../perf/charts/draw.js'
import { linear, logarithmic, spread } from '../../perf/charts/scale.js'
import { fill, sections } from '../../perf/docs.js'
import { groups } from '../../perf/suites.js'
import { verdicts } from '../../perf/targets.js'
import { faultsOf } from '../support/svg.js'
import { madeUp } from './fixture.js'

/** Throws unless `xml` is well-formed, as far as our charts use XML; returns its texts. */
function parse(xml: string): string[] {
  const texts: string[] = []
  const open: string[] = []
  let rest = xml.trim()
  while (rest !== '') {
    const tag = /^<(\/?)([a-z]+)((?: [a-zA-Z0-9:-]+="[^"<&]*")*)(\/?)>/.exec(rest)
    const text = /^[^<]+/.exec(rest)?.[0]
    if (tag !== null) {
      const [, closing, name = '', , empty] = tag
      if (closing && open.pop() !== name) throw new Error(`</${name}> closes something else`)
      if (!closing && !empty) open.push(name)
    } else if (text === undefined || open.length === 0) {
      throw new Error(`not XML: ${rest.slice(0, 80)}`)
    } else if (/&(?!(amp|lt|gt);)/.test(text)) {
      throw new Error(`a bare & in ${text}`)
    } else if (open.at(-1) === 'text') {
      texts.push(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'))
    }
    rest = rest.slice((tag?.[0] ?? text ?? '').length)
    if (open.length === 0 && rest !== '') throw new Error('more than one element')
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} not closed`)
  return texts
}

const run = madeUp()
const charts = draw(run)
const textsOf = (name: string) => parse(charts.get(`perf-${name}.svg`) as string)

describe('charts', () => {
  it('are drawn for all groups that have one', () => {
    expect([...charts.keys()].sort()).toEqual([
      ...['perf-churn.svg', 'perf-history.svg', 'perf-size.svg', 'perf-speed.svg'],
      ...['perf-threads.svg', 'perf-value-size.svg', 'perf-vectors.svg', 'perf-ycsb.svg'],
    ])
  })

  it('are well-formed, have no broken figure, and say machine and day', () => {
    for (const [name, svg] of charts) {
      const texts = parse(svg)
      expect(svg, name).not.toMatch(/NaN|undefined|Infinity/)
      expect(texts.at(2), name).toContain('R&D <sample>')
      expect(texts.at(2), name).toContain('2026-01-31')
    }
  })

  it('need no CSS to be seen, and have a dark form for all that is coloured', () => {
    for (const [name, svg] of charts) expect(faultsOf(svg), name).toEqual([])
  })

  it('hold each row that lmdb has beside zverse, with its verdict', () => {
    const texts = textsOf('speed')
    const rows = run.rows.filter(({ group, systems }) => group === 'entries' && 'lmdb' in systems)
    expect(rows.length).toBeGreaterThan(8)
    for (const row of rows) expect(texts).toContain(row.title)
    expect(texts.filter(text => text === 'falls short').length).toBeGreaterThan(0)
  })

  it('hold each place and each system of a family', () => {
    const places = {
      size: ['10\u202f000', '100\u202f000', '1\u202f000\u202f000', '10\u202f000\u202f000'],
      'value-size': ['10 B', '100 B', '1 KB', '10 KB', '100 KB'],
      history: ['0', '10', '1\u202f000', '10\u202f000', '1', '100'],
    }
    for (const [chart, labels] of Object.entries(places)) {
      const texts = textsOf(chart)
      for (const label of labels) expect(texts, chart).toContain(label)
      if (chart === 'history') continue
      for (const system of ['zverse', 'lmdb', 'Map', 'SQLite', 'sorted-btree']) {
        expect(texts, chart).toContain(system)
      }
    }
    const workloads = textsOf('ycsb').filter(text => /^[A-F]: /.test(text))
    expect(workloads.map(text => text[0]).join('')).toBe('ABCDEF')
  })

  it('hold the floors for threads', () => {
    const texts = textsOf('threads')
    expect(texts).toContain('a reader beside a writer')
    expect(texts).toContain('32')
    expect(texts).toContain('lmdb')
  })

  it('are left out where the run has no row', () => {
    const some = { ...run, rows: run.rows.filter(({ group }) => group === 'size') }
    expect([...draw(some).keys()]).toEqual(['perf-size.svg'])
  })
})

describe('the page', () => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')

  it('has a place for every section, and keeps what is around', () => {
    const found = sections(run)
    expect([...found.keys()]).toEqual(['targets', ...groups.map(({ name }) => name)])
    const filled = fill(page, found)
    for (const [name, text] of found) expect(filled, name).toContain(text)
    expect(fill(filled, found)).toBe(filled)
    const around = (text: string) => text.replace(/(:start -->)[\s\S]*?(<!-- [\w-]+:end)/g, '$1$2')
    expect(around(filled)).toBe(around(page))
  })

  it('shows every target, as it stands now', () => {
    const lines = verdicts([]).map(({ floor, sense, aim, unit }) => [
      ...[floor === undefined ? '–' : `${sense} ${floor} ${unit}`.trim(), `${aim} ${unit}`.trim()],
    ])
    const start = page.indexOf('<!-- targets:start -->')
    const shown = page.slice(start, page.indexOf('<!-- targets:end -->'))
    const cells = shown.split('\n').map(line => line.split('|').map(cell => cell.trim()))
    const sorted = (all: string[][]) => all.map(line => line.join(' / ')).sort()
    const body = cells.filter(line => line.length > 4).slice(2)
    expect(sorted(body.map(line => line.slice(4, 6)))).toEqual(sorted(lines))
  })

  it('keeps the targets that a run has nothing of', () => {
    const some = { ...run, rows: run.rows.filter(({ group }) => group === 'size') }
    const filled = fill(page, sections(run))
    expect(sections(some, filled).get('targets')).toBe(sections(run).get('targets'))
    const changed = filled.replaceAll('| at ', '| now ')
    expect(sections(some, changed).get('targets')).toBe(sections(some).get('targets'))
  })

  it('refuses a section that it has no place for', () => {
    expect(() => fill('# Page', new Map([['size', 'text']]))).toThrow('no section size')
  })
})

describe('scales', () => {
  it('begin at 0, or hold what is given, with ticks at round figures', () => {
    expect(linear(3.2, 0, 400).ticks).toEqual([0, 1, 2, 3, 4])
    expect(linear(4, 0, 400).at(4)).toBe(400)
    const log = logarithmic(0.3, 40, 0, 100)
    expect(log.at(log.ticks[0] as number)).toBeGreaterThanOrEqual(0)
    expect(log.at(0.3)).toBeGreaterThanOrEqual(0)
    expect(log.at(40)).toBeLessThanOrEqual(100)
  })

  it('labels keep their distance', () => {
    const places = spread([50, 50, 51, 100], 14, 0, 100).sort((a, b) => a - b)
    for (let i = 1; i < places.length; i++) {
      expect((places[i] as number) - (places[i - 1] as number)).toBeGreaterThanOrEqual(14)
    }
    expect(Math.max(...places)).toBeLessThanOrEqual(100)
  })
})
