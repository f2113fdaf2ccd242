/**
 * Rows of JSON lines and CSV as entries, one at a time. A row that cannot be one is a Mistake that tells
 * its line, or is skipped and counted.
 */

import type { Line } from '../lines.js'
import type { KeyForm, ValueForm } from '../literals.js'
import { parseJson, shorten } from '../literals.js'
import { asWord, Mistake } from '../words.js'
import { type Source, textOf } from './source.js'

export interface Mapping {
  /** The fields that make the key, and the one that is the value; without it the row is. */
  readonly key: readonly string[]
  readonly value: string | undefined
  /** Leave the key's fields out of the row. */
  readonly dropKey: boolean
  /** CSV: no numbers, only text. */
  readonly text: boolean
  readonly keys: KeyForm
  readonly values: ValueForm
}

/** Where a bad row is, and why it is bad. */
export interface Bad {
  readonly line: number
  readonly reason: string
  readonly hint?: string | undefined
}

type Row = Record<string, unknown>
export interface FoundRow {
  readonly line: number
  readonly row: Row
}

/** What happens to a bad row: the reader goes on, or it throws. */
export type OnBad = (bad: Bad) => void

// ── JSON lines ────────────────────────────────────────────────────────────────────────────────────

export async function* jsonRows(
  source: Source,
  lines: AsyncIterable<Line>,
  onBad: OnBad,
): AsyncGenerator<FoundRow> {
  for await (const line of lines) {
    let row: unknown
    try {
      const text = textOf(line, source.name)
      if (text.trim() === '') continue
      row = parseJson(text)
      if (typeof row !== 'object' || row === null || Array.isArray(row)) {
        throw new Mistake(`a row is an object, not ${shorten(text, 40)}`)
      }
    } catch (error) {
      onBad({ line: line.number, reason: reasonOf(error, source.name) })
      continue
    }
    yield { line: line.number, row: row as Row }
  }
}

/** Why, without where. */
function reasonOf(error: unknown, name: string): string {
  const { message } = error as Error
  const text = message.startsWith(`${name}, line`) ? message.replace(/^.*?line \d+: /, '') : message
  return text.replace(/at position/, 'in column')
}

// ── CSV ───────────────────────────────────────────────────────────────────────────────────────────

/** What csv-parse tells of a failure. */
interface CsvFault {
  readonly code?: string
  readonly message: string
  readonly lines?: number
  readonly column?: number | string | null
}

export async function* csvRows(
  source: Source,
  lines: AsyncIterable<Line>,
  onBad: OnBad,
): AsyncGenerator<FoundRow> {
  const [{ parse }, { Readable }] = await Promise.all([import('csv-parse'), import('node:stream')])
  const bad: Bad[] = []
  const parser = parse({
    ...{
      columns: names => header(names, source.name),
      info: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
    },
    record_delimiter: ['\r\n', '\n'],
    on_skip: fault => {
      if (fault !== undefined) bad.push(badIn(fault as CsvFault))
      return undefined
    },
  })
  /** Tells of the bad rows before a line: the parser is ahead of what is taken from it. */
  const tell = (before: number) => {
    while (bad.length > 0 && bad[0].line < before) onBad(bad.shift() as Bad)
  }
  let last = 1
  const input = Readable.from(textIn(lines, source.name))
  input.on('error', error => parser.destroy(error))
  input.pipe(parser)
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Row
      info: { lines: number }
    }>) {
      tell(info.lines)
      last = info.lines
      yield { line: last, row: record }
    }
    // Found at the end, where it should have closed.
    if (bad.at(-1)?.reason === UNCLOSED) {
      bad.pop()
      bad.push({ line: (bad.at(-1)?.line ?? last) + 1, reason: UNCLOSED })
    }
    tell(Number.POSITIVE_INFINITY)
  } finally {
    input.destroy()
  }
}

/** The names of the fields. */
function header(names: string[], file: string): string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new Mistake(`${file}, line 1: two fields are called ${asWord(twice)}`)
  return names
}

const UNCLOSED = 'a quote is opened that is never closed'

function badIn({ code, message, lines = 0, column }: CsvFault): Bad {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return { line: lines, reason: UNCLOSED }
  const [, fields, found] = /columns length is (\d+), got (\d+)/.exec(message) ?? []
  if (found !== undefined) {
    return { line: lines, reason: `fields: ${found} instead of ${fields}` }
  }
  const place =
    column === undefined || column === null ? '' : `, in column ${asWord(String(column))}`
  return { line: lines, reason: `${message.replace(/ (at|on) line \d+/, '')}${place}` }
}

/** The lines as text again, several at once. */
async function* textIn(lines: AsyncIterable<Line>, name: string): AsyncGenerator<string> {
  let chunk = ''
  for await (const line of lines) {
    chunk += textOf(line, name) + line.ending
    if (chunk.length < 65_536) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}

/** A number where it reads back as the same text: 007 and 1.0 stay text. */
export function cellOf(text: unknown): unknown {
  if (typeof text !== 'string' || !/^-?\d/.test(text)) return text
  const number = Number(text)
  return String(number) === text && number !== Number.POSITIVE_INFINITY ? number : text
}

// ── Entries ───────────────────────────────────────────────────────────────────────────────────────

/** The entry that a row makes. @throws Mistake */
export function entryOf(
  row: Row,
  mapping: Mapping,
  isCsv: boolean,
): { key: unknown; value: unknown } {
  const { keys, values, key: names, value: valueName } = mapping
  const field = (name: string, isText: boolean) => {
    if (!Object.hasOwn(row, name)) {
      const there = Object.keys(row).map(asWord).join(', ')
      throw new Mistake(`there is no field ${asWord(name)}: there are ${shorten(there, 200)}`)
    }
    return isCsv && !isText && !mapping.text ? cellOf(row[name]) : row[name]
  }
  const keyIsText = keys.name === 'string' || keys.name === 'binary'
  const key = keys.fromFields(names.map(name => field(name, keyIsText)))
  if (valueName !== undefined) {
    const valueIsText = values.name === 'string' || values.name === 'binary'
    return { key, value: values.fromField(field(valueName, valueIsText)) }
  }
  const dropped = new Set(mapping.dropKey ? names : [])
  const fields = Object.keys(row).filter(name => !dropped.has(name))
  const whole = Object.fromEntries(fields.map(name => [name, field(name, false)]))
  return { key, value: values.fromField(whole) }
}
