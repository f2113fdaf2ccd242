/** What a command answers, before anything is said about how it looks. */

/** What a column holds: for its colour and its side. */
export type ColumnKind = 'key' | 'value' | 'version' | 'time' | 'number' | 'text'

export interface Column {
  readonly name: string
  readonly kind: ColumnKind
}

/** A row: its cells as words (times as ms since 1970), and what the API's iterator gave for it. */
export interface Row {
  readonly cells: readonly (string | number)[]
  readonly item: unknown
}

export const KEY: Column = { name: 'key', kind: 'key' }
export const VALUE: Column = { name: 'value', kind: 'value' }

export type Result =
  | { readonly is: 'nothing' }
  /** One value: as a word, as what the API's verb returned, and as a terminal may say it. */
  | { readonly is: 'value'; text: string; value: unknown; says?: string }
  | { readonly is: 'rows'; columns: readonly Column[]; rows: Iterator<Row> }
  /** Lines for people, cut to the width if `isCut`; `value` is what JSON says instead. */
  | { readonly is: 'text'; text: string; value: unknown; isCut?: boolean }
  /** JSON lines that are the same in every form. */
  | { readonly is: 'lines'; lines: Iterator<string> }
  /** Rows that a terminal shows in a way of their own. */
  | { readonly is: 'drawn'; draw(width: number, colours: boolean): string; rows: readonly Row[] }
  | { readonly is: 'more' }
  | { readonly is: 'show' }

export const NOTHING: Result = { is: 'nothing' }

/** What can be iterated once and left early. */
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
