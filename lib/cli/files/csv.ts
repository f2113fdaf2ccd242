/**
 * Turns lines into the records of CSV (RFC 4180): fields between delimiters; those in quotes may have
 * delimiters, line ends and doubled quotes in them. Empty lines are no records.
 *
 * Invariants, which parsers that give up at a fault, or look for the end of a quote up to the end of the
 * file, do not keep:
 * 1. Every record comes out, a bad one with its fault and the line of the fault. The lines of a bad
 *    record are those that it would have if the fault were text, so that the next one begins where it should.
 * 2. A quote that never closes makes its own record bad. That record ends with the line where the quote was
 *    opened, and the lines after it are read again.
 * 3. At most MOST characters are in memory.
 */
import type { Line } from '../lines.js'
import { asWord } from '../words.js'

export interface CsvRecord {
  /** The line in which it begins. */
  readonly line: number
  readonly cells: readonly string[]
  readonly fault: Fault | null
}

/** The fault of a row, and its line. */
export interface Fault {
  readonly line: number
  readonly reason: string
  /** True if the row's bytes are no characters. */
  readonly isBytes?: boolean
}

/** The most characters of a record. A short line counts as SHORT: it takes as much memory. */
const MOST = 2 ** 24
const SHORT = 64

const QUOTE = '"'
/** How many characters of a bad field a message shows. */
const SHOWN = 40

/**
 * @param delimiter one character
 * @param most the most characters of a record
 */
export async function* csvRecords(
  lines: AsyncIterable<Line>,
  delimiter: string,
  most = MOST,
): AsyncGenerator<CsvRecord> {
  const input = lines[Symbol.asyncIterator]()
  /** Lines to read again, the next one last. */
  const again: Line[] = []
  const next = async (): Promise<Line | undefined> => {
    const held = again.pop()
    if (held !== undefined) return held
    const { value, done } = await input.next()
    return done ? undefined : value
  }
  /** How many fields the first record has, and so all. */
  let width: number | undefined
  try {
    for (let line = await next(); line !== undefined; line = await next()) {
      if (line.text === '') continue
      const row = new Row(line.number, delimiter)
      row.read(line)
      const taken = [line]
      /** The line with which the record ends because a quote opened there does not close. */
      let end = 0
      for (let size = 0; row.isOpen && end === 0; ) {
        const { openedAt } = row
        const more = size > most ? undefined : await next()
        if (more === undefined) {
          end = openedAt
          break
        }
        taken.push(more)
        size += Math.max(SHORT, more.text.length)
        const quote = row.read(more)
        if (quote < 0) continue
        const since = taken.slice(openedAt - row.line + 1)
        if (isOfAnother(quote, since, delimiter, width)) end = openedAt
      }
      if (end > 0 || row.faultAmong(width) !== null) end = row.swallowedAt(width) ?? end
      if (end > 0) {
        row.endAt(end)
        // One by one: a call takes no more arguments than the stack has room for.
        for (let i = taken.length - 1; i > end - row.line; i--) again.push(taken[i])
      }
      width ??= row.cells.length
      yield { line: row.line, cells: row.cells, fault: row.faultAmong(width) }
    }
  } finally {
    await input.return?.()
  }
}

/**
 * Whether a quote with text behind it, on the last of some lines, belongs to another record than the one
 * that was open before them: either it opens a field itself, or one of the lines has as many fields as a
 * record. Otherwise it closes the field, and the text behind it is the fault.
 */
function isOfAnother(
  quote: number,
  lines: readonly Line[],
  delimiter: string,
  width: number | undefined,
): boolean {
  const { text } = lines[lines.length - 1]
  if (quote === 0 || text.startsWith(delimiter, quote - delimiter.length)) return true
  return lines.some(line => {
    const row = new Row(line.number, delimiter)
    row.read(line)
    return row.cells.length + (row.isOpen ? 1 : 0) === width
  })
}

/** A record, read line by line. */
class Row {
  readonly line: number
  cells: string[] = []
  fault: Fault | null = null
  /** The line where the last quote was opened. */
  openedAt = 0
  readonly #delimiter: string
  #last = 0
  /** The content so far of a field whose quote is open. */
  #open: string[] | null = null
  /** Lines that closed a quote opened on an earlier line. */
  readonly #closing: { openedAt: number; line: Line }[] = []

  constructor(line: number, delimiter: string) {
    this.line = line
    this.#delimiter = delimiter
  }

  /** True if the record goes on in the next line. */
  get isOpen(): boolean {
    return this.#open !== null
  }

  /** @returns the index of a quote that closes a field of an earlier line though text follows it, or -1 */
  read(line: Line): number {
    const { text } = line
    this.#last = line.number
    if (line.fault !== null) this.#blame(line.number, line.fault, true)
    if (this.#open === null && !text.includes(QUOTE)) {
      this.cells = text.split(this.#delimiter)
      return -1
    }
    let loose = -1
    let at = 0
    if (this.#open !== null) {
      const { openedAt } = this
      at = this.#readQuoted(line, 0, quote => {
        loose = quote
      })
      if (at >= 0) this.#closing.push({ openedAt, line })
    } else at = this.#readField(line, 0)
    while (at >= 0 && at < text.length) at = this.#readField(line, at + this.#delimiter.length)
    return loose
  }

  /** Ends the record with the line of a quote that does not close. */
  endAt(line: number): void {
    this.#open = null
    this.#last = line
    // Faults behind that line are reported when the lines are read again.
    if (this.fault !== null && this.fault.line > line) this.fault = null
    this.#blame(line, 'a quote is opened that is never closed')
  }

  /** The fault of the record among records of so many fields. */
  faultAmong(width = this.cells.length): Fault | null {
    const { length } = this.cells
    const { line } = this
    const reason = `fields: ${length} instead of ${width}`
    const fault = this.fault ?? (length === width ? null : { line, reason })
    if (fault === null || this.#last === line) return fault
    // A quote that closes by chance may have made many lines one row: the reason says so.
    return { ...fault, reason: `${fault.reason}, in a row of lines ${line} to ${this.#last}` }
  }

  /**
   * The line that opened a quote of this bad record, if the quote closed at a quote of another record:
   * in a line that is a good record by itself.
   */
  swallowedAt(width: number | undefined): number | undefined {
    const found = this.#closing.find(({ line }) => {
      const row = new Row(line.number, this.#delimiter)
      row.read(line)
      return !row.isOpen && row.faultAmong(width) === null
    })
    return found?.openedAt
  }

  #blame(line: number, reason: string, isBytes = false): void {
    this.fault ??= { line, reason, isBytes }
  }

  /** Reads the field that begins at `at`. @returns its end; -1 if that is not on this line */
  #readField(line: Line, at: number): number {
    const { text, number } = line
    if (text[at] === QUOTE) {
      this.#open = []
      this.openedAt = number
      return this.#readQuoted(line, at + 1)
    }
    const end = this.#delimited(text, at)
    const cell = text.slice(at, end)
    if (cell.includes(QUOTE)) {
      this.#blame(number, `a quote stands within a field that has none around it: ${excerpt(cell)}`)
    }
    this.cells.push(cell)
    return end
  }

  /** The same for the rest of a field in quotes. `loose` gets the index of a closing quote before text. */
  #readQuoted(line: Line, from: number, loose?: (quote: number) => void): number {
    const { text, number } = line
    const parts = this.#open as string[]
    let at = from
    let quote = text.indexOf(QUOTE, at)
    // Two quotes in a row stand for one.
    while (quote >= 0 && text[quote + 1] === QUOTE) {
      parts.push(text.slice(at, quote + 1))
      at = quote + 2
      quote = text.indexOf(QUOTE, at)
    }
    if (quote < 0) {
      parts.push(text.slice(at), line.ending)
      return -1
    }
    parts.push(text.slice(at, quote))
    const end = this.#delimited(text, quote + 1)
    if (end > quote + 1) {
      const rest = text.slice(quote + 1, end)
      parts.push(rest)
      loose?.(quote)
      this.#blame(number, `text stands behind a quote that closes: ${excerpt(rest)}`)
    }
    this.cells.push(parts.join(''))
    this.#open = null
    return end
  }

  /** Index of the next delimiter, or of the end of the line. */
  #delimited(text: string, at: number): number {
    const end = text.indexOf(this.#delimiter, at)
    return end < 0 ? text.length : end
  }
}

function excerpt(text: string): string {
  return asWord(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text)
}
