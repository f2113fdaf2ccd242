/** CSV in all its forms: records and the faults in them, against files with known contents. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CsvRecord, csvRecords } from '../../lib/cli/files/csv.js'
import { decoded } from '../../lib/cli/files/encoding.js'
import { peek } from '../../lib/cli/files/source.js'
import { type Line, linesOf } from '../../lib/cli/lines.js'

async function* cut(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function recordsIn(
  content: string | Uint8Array,
  { delimiter = ',', size = 64, most = 2 ** 24 } = {},
): Promise<CsvRecord[]> {
  const found: CsvRecord[] = []
  const lines = linesOf(cut(Buffer.from(content as string), size))
  for await (const record of csvRecords(lines, delimiter, most)) found.push(record)
  return found
}

/** Cells of good records, and lines of faults. */
async function read(content: string, options?: { most: number }) {
  const records = await recordsIn(content, options)
  return records.map(({ cells, fault }) => fault?.line ?? cells.join('|'))
}

describe('lines', () => {
  it('do not depend on how the bytes are cut', async () => {
    const text = '\ufeffé\u{1f600}\r\n\ud800x\r\u{1f600}'
    for (const [bytes, wanted] of [
      [Buffer.from(text, 'utf16le'), ['é\u{1f600}', null, '\u{1f600}']],
      [Buffer.from(text, 'utf16le').swap16(), ['é\u{1f600}', null, '\u{1f600}']],
      [Buffer.from(text.replace('\ud800', '')), ['é\u{1f600}', 'x', '\u{1f600}']],
    ] as const) {
      for (let size = 1; size < 9; size++) {
        const { utf8, was } = await decoded(cut(bytes, size), 'utf8', 'x')
        const lines = []
        for await (const { text, fault } of linesOf(utf8, was))
          lines.push(fault === null ? text : null)
        expect(lines).toEqual(wanted)
      }
    }
  })

  it('are no longer than a string', async () => {
    const all = async () => {
      for await (const _ of linesOf(cut(Buffer.alloc(1000), 100), 'UTF-8', 999));
    }
    await expect(all()).rejects.toThrow('line 1 is longer than 999 bytes')
  })
})

describe('a source', () => {
  it('is let go of, read or not', async () => {
    for (const lines of [0, 1, 3]) {
      let ended = false
      async function* bytes() {
        try {
          for (let i = 0; i < 3; i++) yield Buffer.from('x\n')
        } finally {
          ended = true
        }
      }
      const { all, close } = await peek({ name: 'x', bytes: bytes(), total: 0, read: () => 0 })
      const input = all[Symbol.asyncIterator]()
      for (let i = 0; i < lines; i++) await input.next()
      await close()
      expect(ended).toBe(true)
    }
  })
})

describe('records', () => {
  it('have fields with delimiters, quotes and line ends in them', async () => {
    expect(await recordsIn('a,"b,""c"""\r\n"",\n\n"x\r\ny\rz",""\r1,2')).toEqual([
      { line: 1, cells: ['a', 'b,"c"'], fault: null },
      { line: 2, cells: ['', ''], fault: null },
      { line: 4, cells: ['x\r\ny\rz', ''], fault: null },
      { line: 7, cells: ['1', '2'], fault: null },
    ])
  })

  it('end at line ends of any kind, wherever the bytes are cut', async () => {
    for (const end of ['\n', '\r', '\r\n']) {
      for (const size of [1, 2, 3, 100]) {
        const text = ['a,b', '', '1,2', '"3', '",4', '5,6'].join(end)
        const records = await recordsIn(text, { size })
        expect(records.map(({ line, cells }) => [line, ...cells])).toEqual([
          [1, 'a', 'b'],
          [3, '1', '2'],
          [4, `3${end}`, '4'],
          [6, '5', '6'],
        ])
      }
    }
    expect(await read('a,b\n1,2\r3,4\r\n5,6\r\r\n7,8')).toEqual(['a|b', '1|2', '3|4', '5|6', '7|8'])
  })

  it('take a delimiter of any kind', async () => {
    for (const delimiter of [';', '\t', '|', ' ', '\u{1f600}', '.', '\\']) {
      const [{ cells }] = await recordsIn(`a${delimiter}"b${delimiter}"${delimiter}`, { delimiter })
      expect(cells).toEqual(['a', `b${delimiter}`, ''])
    }
  })
})

describe('a bad record', () => {
  it('costs itself: the next one is read', async () => {
    // The quote closes nowhere; at the quote that opens the next field; at one that is itself too much.
    expect(await read('a,b\n1,"2\n3,4\n5,6')).toEqual(['a|b', 2, '3|4', '5|6'])
    expect(await read('a,b\n1,"2\n3,4\n5,"6"\n7,"8\n9"')).toEqual([
      ...['a|b', 2, '3|4', '5|6', '7|8\n9'],
    ])
    expect(await read('a,b\n1,"2\n3,4\n5,6"7\n8,9')).toEqual(['a|b', 2, '3|4', 4, '8|9'])
    expect(await read('a,b\n1,"2\n3,"4\n5,"6\n7,8')).toEqual(['a|b', 2, 3, 4, '7|8'])
    expect(await read('a,b\n1,"2\n3,""\n"5","6"\n')).toEqual(['a|b', 2, '3|', '5|6'])
    // Text where the field should end.
    expect(await read('a,b\n1,"2"x\n3,4')).toEqual(['a|b', 2, '3|4'])
    expect(await read('a,b,c\n1,"2\ntwo"x,3\n4,5,6')).toEqual(['a|b|c', 3, '4|5|6'])
    // A quote in the middle, before a field of two lines.
    expect(await read('a,b,c\n1,5" x,"2\n3"\n4,5,6')).toEqual(['a|b|c', 2, '4|5|6'])
    // Fields too many and too few, on two lines.
    expect(await read('a,b\n1,"2\n3",4\n5,6\n"7\n8"\n9,0')).toEqual(['a|b', 2, '5|6', 5, '9|0'])
  })

  it('ends with the line of the quote that is not closed, not with its first', async () => {
    expect(await read('a,b\n"1\n1","2\n3,4')).toEqual(['a|b', 3, '3|4'])
    expect(await read('a,b\n"1\n1","2\n3,"4"')).toEqual(['a|b', 3, '3|4'])
  })

  it('costs itself before as many lines as a record may have', async () => {
    const records = await recordsIn(`a,b\n1,"2\n${'3,4\n'.repeat(300_000)}`, { size: 2 ** 16 })
    expect(records.length).toBe(300_002)
    expect(records.filter(({ fault }) => fault !== null).length).toBe(1)
  })

  it('says what is wrong', async () => {
    const [, ...bad] = await recordsIn('a,b\n1,2"3\n1,"2"3\n1,"2\n1\n"2\n3"\n1,"2\n3"x')
    expect(bad.map(({ fault }) => fault?.reason)).toEqual([
      'a quote stands within a field that has none around it: "2\\"3"',
      'text stands behind a quote that closes: 3',
      'a quote is opened that is never closed',
      'fields: 1 instead of 2',
      'fields: 1 instead of 2, in a row of lines 6 to 7',
      'text stands behind a quote that closes: x, in a row of lines 8 to 9',
    ])
  })

  it('holds no more of a file than a record may be long', async () => {
    let given = 0
    async function* lines(): AsyncGenerator<Line> {
      for (let number = 1; number <= 5000; number++) {
        given = number
        const text = number === 3 ? '3,"' : `${number},${'x'.repeat(100)}`
        yield { number, text, fault: null, ending: '\n' }
      }
    }
    let good = 0
    let ahead = 0
    for await (const { line, fault } of csvRecords(lines(), ',', 10_000)) {
      ahead = Math.max(ahead, given - line)
      if (fault === null) good++
      else expect(fault.line).toBe(3)
    }
    expect(good).toBe(4999)
    expect(ahead).toBeLessThan(110)
  })
})

// ── Against files with known contents ─────────────────────────────────────────────────────────────

const FAULTS = ['few', 'many', 'within', 'behind', 'behind below', 'open', 'bytes'] as const
type FaultKind = (typeof FAULTS)[number]
/** A placeholder for a byte that is no UTF-8, until the file is made. */
const BAD_BYTE = '\ue000'
/** Stands before the fault until the line is known. */
const MARK = '\ue001'

const WORD = fc.stringMatching(/^[a-z0-9é ]{1,6}$/)
/** Begins with a letter: an open quote cannot close there by chance. */
const QUOTED = fc
  .tuple(
    fc.stringMatching(/^[a-z]$/),
    fc.array(fc.constantFrom('a', '""', ',', ';', '\n', '\r\n', '\r', 'é')),
  )
  .map(([first, rest]) => `"${first}${rest.join('')}"`)
const CELL = fc.oneof(WORD, fc.constantFrom('', '""'), QUOTED)
const ENDS = ['\n', '\r\n', '\r'] as const

const FILE = fc.integer({ min: 2, max: 4 }).chain(width => {
  const cells = (cell: fc.Arbitrary<string>) =>
    fc.array(cell, { minLength: width, maxLength: width })
  const good = fc.record({ cells: cells(CELL), fault: fc.constant(null) })
  const bad = fc.record({ cells: cells(WORD), fault: fc.constantFrom(...FAULTS) })
  return fc.record({
    header: cells(WORD),
    rows: fc.array(fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: bad })),
    ends: fc.array(fc.constantFrom(...ENDS), { minLength: 1 }),
    blank: fc.array(fc.boolean(), { minLength: 1 }),
    delimiter: fc.constantFrom(',', ';'),
    size: fc.integer({ min: 1, max: 200 }),
  })
})

function spoil(cells: readonly string[], kind: FaultKind): string[] {
  const last = cells.length - 1
  const [word] = cells
  const spoilt = (cell: string) => [...cells.slice(0, last), cell]
  if (kind === 'few') return [`${MARK}${word}`, ...cells.slice(1, last)]
  if (kind === 'many') return [`${MARK}${word}`, ...cells.slice(1), word]
  if (kind === 'within') return spoilt(`${MARK}a"${word}`)
  if (kind === 'behind') return spoilt(`${MARK}"a""b"${word}`)
  if (kind === 'behind below') return spoilt(`"a\n${MARK}b"${word}`)
  if (kind === 'open') return [`${MARK}"${word}`, ...cells.slice(1)]
  return spoilt(`${MARK}a${BAD_BYTE}`)
}

/** The value of a cell of a file. */
function said(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
}

describe('files with faults', () => {
  it('give all good records, and each bad one once with its line', async () => {
    const property = fc.asyncProperty(FILE, async file => {
      const { header, rows, ends, blank, delimiter, size } = file
      let text = ''
      const wanted: (number | string[])[] = []
      const lines = () => text.split(/\r\n|\r|\n/).length
      const all = [{ cells: header, fault: null }, ...rows]
      all.forEach(({ cells, fault }, i) => {
        const written = fault === null ? cells : spoil(cells, fault)
        const end = ends[i % ends.length]
        const [before, after] = written.join(delimiter).split(MARK)
        text += before
        wanted.push(fault === null ? cells.map(said) : lines())
        text += `${after ?? ''}${end}${blank[i % blank.length] ? end : ''}`
      })
      const bytes = Buffer.concat(
        text
          .split(BAD_BYTE)
          .flatMap((piece, i) => [...(i > 0 ? [Buffer.of(0xff)] : []), Buffer.from(piece)]),
      )
      const found = await recordsIn(bytes, { delimiter, size })
      expect(found.map(({ cells, fault }) => fault?.line ?? cells)).toEqual(wanted)
    })
    await fc.assert(property, { numRuns: 300 })
  })
})
