/** Tables fit the terminal, with any contents. */
import fc from 'fast-check'
import stringWidth from 'string-width'
import { expect, it } from 'vitest'
import { plain } from '../../lib/cli/paint.js'
import type { Column } from '../../lib/cli/result.js'
import { columnWidths, cut, tableLines } from '../../lib/cli/table.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = { seed: SEED, numRuns: 500 }
const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('古', 'a', ' ', '👩‍👩‍👧', 'e\u0301'), maxLength: 60 }),
  fc.constantFrom('', 'x'.repeat(5000), '古'.repeat(3000)),
)

it('a text that is cut fits, and is whole where it fits', () => {
  fc.assert(
    fc.property(cell, fc.integer({ min: 1, max: 80 }), (text, width) => {
      const shown = cut(text, width, stringWidth)
      expect(stringWidth(shown)).toBeLessThanOrEqual(width)
      if (stringWidth(text) <= width) expect(shown).toBe(text)
      else expect(shown.endsWith('…') && text.startsWith(shown.slice(0, -1))).toBe(true)
    }),
    RUNS,
  )
})

it('widths fill the terminal, and no column gives way without need', () => {
  const widths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(widths, fc.integer({ min: 1, max: 200 }), (natural, width) => {
      const given = columnWidths(natural, width)
      const sum = (all: number[]) => all.reduce((a, b) => a + b, 0)
      const room = Math.max(natural.length, width - 2 * (natural.length - 1))
      expect(sum(given)).toBe(Math.min(sum(natural), room))
      const widest = Math.max(...given)
      for (const [i, w] of given.entries()) {
        expect(w).toBeLessThanOrEqual(natural[i])
        if (w < natural[i]) expect(w).toBeGreaterThanOrEqual(widest - 1)
      }
    }),
    RUNS,
  )
})

it('no line is wider than the terminal', () => {
  const kinds = ['key', 'version', 'value', 'text'] as const
  const rows = fc.array(fc.tuple(cell, cell, cell, cell), { maxLength: 5 })
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 4 }),
      (rows, width, n) => {
        const columns: Column[] = kinds.slice(0, n).map(kind => ({ name: `column ${kind}`, kind }))
        const lines = tableLines(columns, rows, width, stringWidth, plain)
        expect(lines).toHaveLength(rows.length + 1)
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
      },
    ),
    RUNS,
  )
})

it('looks like this', () => {
  const columns: Column[] = [
    { name: 'version', kind: 'version' },
    { name: 'key', kind: 'key' },
    { name: 'value', kind: 'value' },
  ]
  const rows = [
    ['1', 'a', '"short"'],
    ['12', '古い', '"longer than there is room for"'],
  ]
  expect(tableLines(columns, rows, 30, stringWidth, plain)).toEqual([
    'version  key   value',
    '      1  a     "short"',
    '     12  古い  "longer than t…',
  ])
})
