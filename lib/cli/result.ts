/** The results of commands, without their form. */

/** The kind of a column, for its colour and alignment. */
export type ColumnKind = 'key' | 'value' | 'version' | 'time' | 'number' | 'text'

export interface Column {
  readonly name: string
  readonly kind: ColumnKind
}

/** A row: its cells as words (times as ms since 1970), and the item of the API's iterator. */
export interface Row {
  readonly cells: readonly (string | number)[]
  readonly item: unknown
}

export const KEY: Column = { name: 'key', kind: 'key' }
export const VALUE: Column = { name: 'value', kind: 'value' }

export type Result =
  | { readonly is: 'nothing' }
  /** One value: as a word, as the result of the API's verb, and as a sentence for a terminal. */
  | { readonly is: 'value'; text: string; value: unknown; says?: string }
  | { readonly is: 'rows'; columns: readonly Column[]; rows: Iterator<Row> }
  /** Lines for people, cut to the width if `isCut`; JSON has `value` instead. `fault`: the command fails. */
  | { readonly is: 'text'; text: string; value: unknown; isCut?: boolean; fault?: string }
  /** JSON lines that are the same in every form. */
  | { readonly is: 'lines'; lines: Iterator<string> }
  /** Rows; a terminal shows them as a table. */
  | { readonly is: 'drawn'; draw(width: number, colours: boolean): string; rows: readonly Row[] }
  | { readonly is: 'more' }
  | { readonly is: 'show' }

export const NOTHING: Result = { is: 'nothing' }

/** An iterable that can be iterated once and left early. */
export interface Items<T> {
  next(): IteratorResult<T, unknown>
  return?(): unknown
}

/** Rows made of items one by one, as they are asked for. */
export function rowsOf<T>(
  columns: readonly Column[],
  items: Items<T>,
  cells: (item: T) => Row['cells'],
): Result {
  const rows: Iterator<Row> = {
    next() {
      const { value, done } = items.next()
      if (done) return { value: undefined, done: true }
      return { value: { cells: cells(value as T), item: value }, done: false }
    },
    return() {
      items.return?.()
      return { value: undefined, done: true }
    },
  }
  return { is: 'rows', columns, rows }
}

export type VersionResult = Extract<Result, { is: 'value' }>

/** The version that a write made. */
export function versionResult(version: number, says = `version ${version}`): VersionResult {
  return { is: 'value', value: version, text: String(version), says }
}
