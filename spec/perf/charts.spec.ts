/** Charts are well-formed pictures with every row, each in its place on the page. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { draw } from '../../perf/charts/draw.js'
import { linear, logarithmic, spread } from '../../perf/charts/scale.js'
import { FAMILIES } from '../../perf/families.js'
import { fill, sections } from '../../perf/fill.js'
import { faultsOf } from '../support/svg.js'
import { churnRun, compareRun, threadsRun } from './fixture.js'

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

const compare = compareRun()
const threads = threadsRun()
const churn = churnRun(0)
const charts = new Map([...draw(compare), ...draw(threads), ...draw(churn)])
const textsOf = (name: string) => parse(charts.get(`perf-${name}.svg`) as string)

describe('charts', () => {
  it('are drawn for every kind of run', () => {
    expect([...charts.keys()].sort()).toEqual([
      ...['perf-churn.svg', 'perf-history.svg', 'perf-size.svg', 'perf-speed.svg'],
      ...['perf-threads.svg', 'perf-value-size.svg', 'perf-ycsb.svg'],
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
    const rows = compare.rows.filter(
      row => row.on === 'entries' && row.family === undefined && 'lmdb' in row.systems,
    )
    expect(rows.length).toBeGreaterThan(8)
    for (const row of rows) expect(texts).toContain(row.title)
    expect(texts.filter(text => text === 'falls short').length).toBeGreaterThan(0)
  })

  it('hold each place and each system of a family', () => {
    for (const [family, chart] of [
      ['size', 'size'],
      ['value-size', 'value-size'],
      ['history-depth', 'history'],
      ['snapshot-age', 'history'],
    ] as const) {
      const texts = textsOf(chart)
      for (const row of compare.rows.filter(({ family: own }) => own?.name === family)) {
        expect(texts).toContain(FAMILIES[family].label(row.family?.at ?? '', 1_000_000))
        if (chart !== 'history') {
          for (const system of Object.keys(row.systems)) expect(texts).toContain(system)
        }
      }
    }
    const workloads = textsOf('ycsb').filter(text => /^[A-F]: /.test(text))
    expect(workloads.map(text => text[0]).join('')).toBe('ABCDEF')
  })

  it('hold the promises for threads', () => {
    const texts = textsOf('threads')
    expect(texts).toContain('a reader beside a writer')
    expect(texts).toContain('32')
    expect(texts).toContain('lmdb')
  })
})

describe('growth under churn', () => {
  it('is seen where it is, and only there', () => {
    expect(churn.growth.every(({ holds }) => holds)).toBe(true)
    const grown = churnRun(5000).growth.find(({ measure }) => measure === 'used')
    expect(grown?.holds).toBe(false)
    expect(grown?.ratio).toBeCloseTo(1.2 / 1.0475 - 0.001, 1)
  })
})

describe('the page', () => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')

  it('has a place for every section, and keeps what is around', () => {
    const found = new Map([compare, threads, churn].flatMap(run => [...sections(run)]))
    expect([...found.keys()].sort()).toEqual(
      ['bench', 'churn', 'past', 'points', 'size', 'threads', 'value-size', 'ycsb'].sort(),
    )
    const filled = fill(page, found)
    for (const [name, text] of found) expect(filled, name).toContain(text)
    expect(fill(filled, found)).toBe(filled)
    const around = (text: string) => text.replace(/(:start -->)[\s\S]*?(<!-- [\w-]+:end)/g, '$1$2')
    expect(around(filled)).toBe(around(page))
  })

  it('refuses a section that it has no place for', () => {
    expect(() => fill('# Page', new Map([['bench', 'text']]))).toThrow('no section bench')
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
