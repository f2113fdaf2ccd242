/** Lays out rows and progress in so many columns. */
import { styleText } from 'node:util'
import stringWidth from 'string-width'
import { bar, thousands } from '../bar.js'
import { cut as cutTo } from '../table.js'
import type { BenchRow } from './bench.js'
import { type MatrixRow, SYSTEMS } from './systems.js'

const HEADINGS = ['', 'ops/s', 'p50 µs', 'p99 µs']
/** A narrower bar shows too little to be worth its place. */
const LEAST_BAR = 8
const MOST_BAR = 60
const INDENT = 2

type Style = 'bold' | 'dim' | 'cyan'

/**
 * All rows, in the order given, under the names of their groups. The bar's length shows the row's rate,
 * in each group by itself. If there are few columns, bars go to lines of their own.
 * @returns lines, none wider than `width`, without a newline at the end
 */
export function renderTable(rows: readonly BenchRow[], width: number, colours: boolean): string {
  const paint = painter(colours)
  const cells = rows.map(row => [
    row.name,
    rate(row.opsPerSecond),
    micros(row.p50),
    micros(row.p99),
  ])
  const { line, gap, beside } = layOut([HEADINGS, ...cells], width)
  const below = beside < LEAST_BAR
  const barWidth = Math.min(MOST_BAR, below ? width - 2 * INDENT : beside)

  const lines = [paint('dim', line(HEADINGS))]
  const groups = new Set(rows.map(row => row.group))
  for (const group of groups) {
    lines.push(paint('bold', cut(group, width)))
    const members = [...rows.keys()].filter(i => rows[i].group === group)
    const most = Math.max(...members.map(i => rows[i].opsPerSecond))
    for (const i of members) {
      const shown = paint('cyan', blocks(rows[i].opsPerSecond / most, barWidth))
      if (below) lines.push(line(cells[i]), ' '.repeat(2 * INDENT) + shown)
      else lines.push(line(cells[i]) + ' '.repeat(gap) + shown)
    }
  }
  return lines.join('\n')
}

/**
 * Rows side by side: a column a system, rates under the names of their groups; at the end what an entry takes.
 * @returns lines, none wider than `width`, without a newline at the end
 */
export function renderMatrix(rows: readonly MatrixRow[], width: number, colours: boolean): string {
  const paint = painter(colours)
  const names = [...new Set(rows.map(({ name }) => name))]
  const shown = (name: string) =>
    SYSTEMS.map(system => {
      const row = rows.find(one => one.name === name && one.system === system)
      if (row === undefined) return '–'
      return 'bytes' in row ? thousands(row.bytes) : rate(row.opsPerSecond)
    })
  const cells = names.map(name => [name, ...shown(name)])
  const { line } = layOut([['ops/s', ...SYSTEMS], ...cells], width)
  const lines = [paint('dim', line(['ops/s', ...SYSTEMS]))]
  // The rates first, whatever was measured first.
  const groups = [...new Set(rows.map(({ group }) => group))].filter(group => group !== 'memory')
  for (const group of [...groups, 'memory']) {
    const unit = group === 'memory' ? 'memory, bytes an entry' : group
    lines.push(paint('bold', cut(unit, width)))
    const isIn = (name: string) => rows.some(row => row.name === name && row.group === group)
    for (const row of cells) if (isIn(row[0])) lines.push(line(row))
  }
  return lines.join('\n')
}

/** Columns of these cells; `beside`: what is left on their right. */
function layOut(cells: readonly (readonly string[])[], width: number) {
  const widths = cells[0].map((_, column) => {
    return Math.max(...cells.map(row => stringWidth(row[column])))
  })
  const gaps = widths.length - 1
  const wanted = (gap: number) => INDENT + widths.reduce((sum, one) => sum + one) + gaps * gap
  const gap = wanted(2) <= width ? 2 : 1
  // Names give way to numbers.
  widths[0] = Math.max(1, widths[0] - Math.max(0, wanted(gap) - width))
  const beside = width - wanted(gap) - gap
  const line = (row: readonly string[]) => {
    const [name, ...numbers] = row.map((cell, column) =>
      pad(cut(cell, widths[column]), widths[column], column > 0),
    )
    return cut([' '.repeat(INDENT) + name, ...numbers].join(' '.repeat(gap)), width)
  }
  return { line, gap, beside }
}

/** The progress of a run: `done` workloads of so many, and the part of `what` that is over, 0 to 1. */
export interface ProgressState {
  readonly what: string
  readonly done: number
  readonly part: number
  readonly of: number
}

/** The progress of a run as one line no wider than `width`. */
export function progressLine(
  { what, done, part, of }: ProgressState,
  width: number,
  colours: boolean,
): string {
  const text = cut(`${String(done).padStart(String(of).length)}/${of}  ${what}`, width)
  const barWidth = Math.min(20, width - stringWidth(text) - 2)
  if (barWidth < LEAST_BAR) return text
  const shown = pad(blocks((done + part) / of, barWidth), barWidth, false)
  return `${painter(colours)('cyan', shown)}  ${text}`
}

/** A bar that is never empty unless the share is 0. */
function blocks(share: number, width: number): string {
  return share > 0 ? bar(Math.max(1 / (8 * width), Math.min(1, share)), width) : ''
}

const rate = (perSecond: number) => (perSecond < 100 ? perSecond.toFixed(1) : thousands(perSecond))

/** Three digits, or all digits before the point. */
function micros(us: number): string {
  if (us < 9.995) return us.toFixed(2)
  return us < 99.95 ? us.toFixed(1) : thousands(us)
}

function pad(text: string, width: number, left: boolean): string {
  const spaces = ' '.repeat(Math.max(0, width - stringWidth(text)))
  return left ? spaces + text : text + spaces
}

const cut = (text: string, width: number) => cutTo(text, width, stringWidth)

/** Paints always: the caller, who knows the terminal, has decided whether to. */
function painter(colours: boolean): (style: Style, text: string) => string {
  if (!colours) return (_, text) => text
  return (style, text) => styleText(style, text, { validateStream: false })
}
