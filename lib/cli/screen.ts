/**
 * Prints results in one of three forms: for a terminal, plain (a pipe) or as JSON lines.
 *
 * Rows are read as they are printed, a page at a time. Between chunks events get a turn, so that
 * Ctrl-C stops a long output. The iterator of an unfinished output stays open, and pins
 * its version, until the next output.
 */
import { toJson } from '../index.js'
import { counted } from './bar.js'
import { breathe, type Sink, write } from './output.js'
import { type Paint, plain } from './paint.js'
import type { Column, Result, Row } from './result.js'
import { Interrupted, type Session } from './session.js'
import { cut, type Measure, tableLines } from './table.js'
import { localTime } from './views.js'
import { printable } from './words.js'

export type FormOfOutput = 'terminal' | 'plain' | 'json'

/** Rows between two turns of the events. */
const CHUNK = 200
/** The most lines of one value that a terminal shows before `show`. */
const VALUE_LINES = 20
/** The most characters of a value that is laid out over lines. */
const MOST_PRETTY = 1_000_000

interface Output {
  readonly columns: readonly Column[]
  readonly rows: Iterator<Row>
  /** A row read ahead, to know whether there is more. */
  next: Row | undefined
}

export class Screen {
  readonly form: FormOfOutput
  readonly #sink: Sink
  readonly #paint: Paint
  #measure: Measure | undefined
  #output: Output | null = null
  /** The output for `show`. */
  #last: { columns: readonly Column[]; rows: Row[] } | { text: string } | null = null

  constructor(form: FormOfOutput, sink: Sink, paint: Paint = plain) {
    this.form = form
    this.#sink = sink
    this.#paint = paint
  }

  /** True while there is another page. */
  get hasMore(): boolean {
    return this.#output !== null
  }

  async print(result: Result, session: Session): Promise<void> {
    switch (result.is) {
      case 'nothing':
        return
      case 'more':
        if (this.#output === null) await this.#say('there is no more')
        else await this.#page(this.#output, session)
        return
      case 'show':
        return this.#show(session)
      case 'lines':
        return this.#lines(result.lines, session)
      case 'rows': {
        this.end()
        const output: Output = { columns: result.columns, rows: result.rows, next: undefined }
        this.#output = output
        const first = output.rows.next()
        if (first.done) {
          this.#output = null
          await this.#say('(nothing)')
          return
        }
        output.next = first.value
        return this.#page(output, session)
      }
      case 'value':
        return this.#value(result)
      case 'drawn': {
        if (this.form === 'terminal')
          return this.#line(result.draw(this.#width, this.#paint !== plain))
        return write(this.#sink, await this.#rowsText([], result.rows, true))
      }
      case 'text':
        return this.#line(await this.#textOf(result))
    }
  }

  /** Prints a remark for people only. */
  async #say(text: string): Promise<void> {
    if (this.form === 'terminal') await this.#line(this.#paint('dim', text))
  }

  #line(text: string): Promise<void> {
    return write(this.#sink, `${text}\n`)
  }

  /** Closes an unfinished output. */
  end(): void {
    this.#output?.rows.return?.()
    this.#output = null
  }

  get #width(): number {
    // A terminal that does not know its size reports 0.
    return this.#sink.columns || 80
  }

  async #textOf({ text, value, isCut }: Extract<Result, { is: 'text' }>): Promise<string> {
    if (this.form === 'json') return toJson(value)
    if (this.form === 'plain' || isCut !== true) return text
    const measure = await this.#measured()
    return text.replace(/.+/g, line => cut(line, this.#width, measure))
  }

  /** Loaded when it is first needed: the prompt does not wait for it. */
  async #measured(): Promise<Measure> {
    this.#measure ??= (await import('string-width')).default
    return this.#measure
  }

  // ── Values ────────────────────────────────────────────────────────────────────────────────────

  async #value(result: Extract<Result, { is: 'value' }>): Promise<void> {
    if (this.form === 'json') return this.#line(toJson(result.value))
    if (this.form === 'plain') return this.#line(result.text)
    if (result.says !== undefined) return this.#say(result.says)
    this.#last = { text: result.text }
    const text = result.text.length <= this.#width ? result.text : pretty(result.text)
    const most = this.#width * VALUE_LINES
    const lines = text.slice(0, most).split('\n')
    const shown = lines.slice(0, VALUE_LINES).join('\n')
    await this.#line(this.#paint('value', shown))
    if (shown.length < text.length)
      await this.#say(`… \`show\` prints all ${counted(text.length, 'character')}`)
  }

  async #lines(lines: Iterator<string>, session: Session): Promise<void> {
    for (;;) {
      const chunk: string[] = []
      while (chunk.length < CHUNK) {
        const { value, done } = lines.next()
        if (done) break
        chunk.push(`${value}\n`)
      }
      await write(this.#sink, chunk.join(''))
      if (chunk.length < CHUNK) return
      await breathe()
      if (session.interrupted) {
        lines.return?.()
        throw new Interrupted('stopped')
      }
    }
  }

  // ── Rows ──────────────────────────────────────────────────────────────────────────────────────

  async #page(output: Output, session: Session): Promise<void> {
    let left = session.limit
    let bare = false
    const shown: Row[] = []
    try {
      while (left > 0 && output.next !== undefined) {
        const rows: Row[] = []
        const most = Math.min(CHUNK, left)
        while (rows.length < most && output.next !== undefined) {
          rows.push(output.next)
          const { value, done } = output.rows.next()
          output.next = done ? undefined : value
        }
        left -= rows.length
        await write(this.#sink, await this.#rowsText(output.columns, rows, bare))
        bare = true
        // An endless output ends with the rows on the screen.
        shown.push(...rows)
        if (shown.length > 5 * CHUNK) shown.splice(0, shown.length - CHUNK)
        await breathe()
        session.goesOn()
      }
    } catch (error) {
      this.end()
      throw error
    }
    this.#last = { columns: output.columns, rows: shown }
    if (output.next === undefined) this.#output = null
    else await this.#say('… Enter or `more` goes on')
  }

  async #rowsText(
    columns: readonly Column[],
    rows: readonly Row[],
    bare: boolean,
  ): Promise<string> {
    if (this.form === 'json') return rows.map(({ item }) => `${toJson(item)}\n`).join('')
    if (this.form === 'plain') {
      return rows.map(({ cells }) => `${cells.map(plainCell).join('\t')}\n`).join('')
    }
    const measure = await this.#measured()
    const cells = rows.map(row => row.cells.map(terminalCell))
    const lines = tableLines(columns, cells, this.#width, measure, this.#paint, bare)
    return lines.map(line => `${line}\n`).join('')
  }

  async #show(session: Session): Promise<void> {
    const last = this.#last
    if (last === null) return this.#say('there is nothing to show')
    if ('text' in last) return this.#line(pretty(last.text))
    if (this.form !== 'terminal') {
      return write(this.#sink, await this.#rowsText(last.columns, last.rows, true))
    }
    for (const { cells } of last.rows) {
      const lines = last.columns.map(({ name, kind }, i) => {
        const text = terminalCell(cells[i])
        const isJson = kind === 'value' && /^[[{]/.test(text) && text.length > this.#width / 2
        const shown = isJson ? pretty(text) : text
        return `${this.#paint('head', `${name}: `)}${this.#paint(kind, shown)}`
      })
      await this.#line(lines.join('\n'))
      await breathe()
      session.goesOn()
    }
  }
}

const plainCell = (cell: string | number) => {
  return typeof cell === 'number' ? new Date(cell).toISOString() : cell
}
const terminalCell = (cell: string | number) => (typeof cell === 'number' ? localTime(cell) : cell)

/** JSON over several lines, if the text is JSON. */
function pretty(text: string): string {
  if (text.length > MOST_PRETTY) return text
  try {
    return printableLines(JSON.stringify(JSON.parse(text), null, 2))
  } catch {
    return text
  }
}

/** Escaped, except for the line ends of the indentation. */
function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
