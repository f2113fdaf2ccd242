/**
 * Tables on a terminal: columns aligned, no line wider than the terminal, longer cells cut with `…`.
 */
import type { Paint } from './paint.js'
import type { Column } from './result.js'

/** The width of a text in columns of the terminal. */
export type Measure = (text: string) => number

const GAP = '  '

/** The widths of the columns for their wanted widths, at most `width` in all: the widest give way. */
export function columnWidths(natural: readonly number[], width: number): number[] {
  const room = Math.max(natural.length, width - GAP.length * (natural.length - 1))
  const within = (most: number) => natural.map(w => Math.max(1, Math.min(w, most)))
  const sum = (widths: number[]) => widths.reduce((a, b) => a + b, 0)
  let most = Math.max(...natural, 1)
  while (most > 1 && sum(within(most)) > room) most--
  const widths = within(most)
  let left = room - sum(widths)
  return widths.map((w, i) => (w < natural[i] && left-- > 0 ? w + 1 : w))
}

/** A text cut to a width, with `…` at the cut. */
export function cut(text: string, width: number, measure: Measure): string {
  // No character has a negative width: most of a long text need not be measured.
  const isLong = text.length > width * 8 + 64
  const head = isLong ? text.slice(0, width * 8 + 64) : text
  if (!isLong && measure(head) <= width) return head
  let shown = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(
    head,
  )) {
    const w = measure(segment)
    if (used + w > width - 1) break
    shown += segment
    used += w
  }
  return `${shown}…`
}

/** The lines of a table, with a header unless `bare`. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  measure: Measure,
  paint: Paint,
  bare = false,
): string[] {
  const natural = columns.map(({ name }, i) => {
    return rows.reduce(
      (w, cells) => Math.max(w, bounded(cells[i], width, measure)),
      bare ? 0 : measure(name),
    )
  })
  const widths = columnWidths(natural, width)
  const line = (cells: readonly string[], isHead: boolean) => {
    const last = columns.length - 1
    let used = 0
    const shown = columns.map(({ kind }, i) => {
      const room = Math.min(widths[i], Math.max(0, width - used))
      const text = room === 0 ? '' : cut(cells[i], room, measure)
      const fill = ' '.repeat(Math.max(0, room - measure(text)))
      used += room + GAP.length
      const painted = paint(isHead ? 'head' : kind, text)
      const right = kind === 'version' || kind === 'number'
      return right ? fill + painted : i === last ? painted : painted + fill
    })
    // If not even the gaps fit, the columns on the right are left out.
    const fits = shown.slice(0, Math.max(1, Math.floor((width + GAP.length) / (1 + GAP.length))))
    return fits.join(GAP).trimEnd()
  }
  const body = rows.map(cells => line(cells, false))
  if (bare) return body
  const names = columns.map(({ name }) => name)
  return [line(names, true), ...body]
}

/** The width of a cell, at most `most`. */
function bounded(text: string, most: number, measure: Measure): number {
  return text.length > most * 8 + 64 ? most : Math.min(most, measure(text))
}
