/**
 * Rows of JSON lines and CSV as entries, one at a time. A bad row is reported with its line; the callback
 * throws, or the reader goes on without the row.
 */
import { ZVerseError } from '../../index.js'
import { BadJson, parseJson, revived } from '../literals.js'
import { refuseInexact } from '../numbers.js'
import { asWord, Mistake, shorten } from '../words.js'
import { entriesOf } from './columns.js'
import { type CsvRecord, csvRecords } from './csv.js'
import { otherDelimiter } from './delimiter.js'
import { TWO_BYTES } from './encoding.js'
import type { Entry, Mapping } from './mapping.js'
import type { Peeked } from './source.js'

export interface FoundEntry extends Entry {
  readonly line: number
}

/** The line of a bad row, and the reason. */
export interface Bad {
  readonly line: number
  readonly reason: string
  readonly hint?: string | undefined
}

/** Called for a bad row: the reader goes on, unless it throws. */
export type OnBad = (bad: Bad) => void

/** The codes of errors about one row, not about the whole load. */
const OF_A_ROW: readonly string[] = [
  ...['ZVERSE_INVALID_KEY', 'ZVERSE_INVALID_VALUE'],
  ...['ZVERSE_KEY_TOO_LARGE', 'ZVERSE_VALUE_TOO_LARGE'],
]

/** The report of a row that led to an error. @throws any error that is not about one row */
export function badOf(error: unknown, line: number): Bad {
  if (error instanceof Mistake) return { line, reason: error.message, hint: error.hint }
  if (error instanceof ZVerseError && OF_A_ROW.includes(error.code)) {
    return { line, reason: error.message }
  }
  throw error
}

// ── JSON lines ────────────────────────────────────────────────────────────────────────────────────

type Row = Record<string, unknown>

export async function* jsonEntries(
  { all, otherBytes }: Peeked,
  mapping: Mapping,
  onBad: OnBad,
): AsyncGenerator<FoundEntry> {
  for await (const { number, text, fault } of all) {
    if (fault !== null) {
      onBad({ line: number, reason: fault, hint: otherBytes })
      continue
    }
    if (text.trim() === '') continue
    let entry: Entry
    try {
      entry = entryOf(rowIn(text, mapping), mapping)
    } catch (error) {
      onBad(badOf(error, number))
      continue
    }
    yield { line: number, key: entry.key, value: entry.value }
  }
}

/** @throws Mistake */
function rowIn(text: string, { key: names, keys, values }: Mapping): Row {
  let row: unknown
  try {
    row = parseJson(text, values.parse)
  } catch (error) {
    if (!(error instanceof BadJson)) throw error
    // For bad JSON the column says enough.
    const hint = text.includes('\0') ? TWO_BYTES : undefined
    throw new Mistake(error.message.replace(/at position/, 'in column'), hint)
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new Mistake(`a row is an object, not ${shorten(text, 40)}`)
  }
  // Most keys are text.
  if (!names.every(name => typeof (row as Row)[name] === 'string')) {
    refuseInexact(text, keys.instead, ([name]) => names.includes(name as string))
  }
  return row as Row
}

/** The entry of a row. @throws Mistake */
function entryOf(row: Row, mapping: Mapping): Entry {
  const { keys, values, key: names, value: valueName } = mapping
  const field = (name: string) => {
    if (Object.hasOwn(row, name)) return row[name]
    const there = Object.keys(row).map(asWord).join(', ')
    throw new Mistake(`there is no field ${asWord(name)}: there are ${shorten(there, 200)}`)
  }
  // The row is plain JSON, but its key is read as keys are.
  const keyField = (name: string) => {
    const found = field(name)
    return values.isPlain && typeof found === 'object' ? revived(found) : found
  }
  const key = keys.fromFields(names.map(keyField))
  if (valueName !== undefined) return { key, value: values.fromField(field(valueName)) }
  const dropped = new Set(mapping.dropKey ? names : [])
  const fields = Object.entries(row).filter(([name]) => !dropped.has(name))
  return { key, value: values.fromField(Object.fromEntries(fields)) }
}

// ── CSV ───────────────────────────────────────────────────────────────────────────────────────────

/** @throws Mistake for a bad line of names, even if bad rows are left out */
export async function* csvEntries(
  peeked: Peeked,
  delimiter: string,
  mapping: Mapping,
  onBad: OnBad,
): AsyncGenerator<FoundEntry> {
  const records = csvRecords(peeked.all, delimiter)
  const { value: header } = await records.next()
  if (header === undefined) throw new Mistake(`${peeked.name}: there is no line of names`)
  const makeEntry = planOf(header as CsvRecord, peeked, delimiter, mapping)
  for await (const { line, cells, fault } of records) {
    if (fault !== null) {
      const { reason, isBytes } = fault
      onBad({ line: fault.line, reason, hint: isBytes ? peeked.otherBytes : undefined })
      continue
    }
    let entry: Entry
    try {
      entry = makeEntry(cells)
    } catch (error) {
      onBad(badOf(error, line))
      continue
    }
    yield { line, key: entry.key, value: entry.value }
  }
}

function planOf(header: CsvRecord, peeked: Peeked, delimiter: string, mapping: Mapping) {
  const { name, otherBytes } = peeked
  const { line, fault, cells } = header
  if (fault !== null) {
    const hint = fault.isBytes ? otherBytes : otherDelimiter(cells, delimiter)
    throw new Mistake(`${name}, line ${fault.line}: ${fault.reason}`, hint)
  }
  try {
    return entriesOf(header, delimiter, mapping)
  } catch (error) {
    const { reason, hint } = badOf(error, line)
    throw new Mistake(`${name}, line ${line}: ${reason}`, hint)
  }
}
