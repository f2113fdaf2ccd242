/**
 * The use of a CSV file's columns: which make the key, which the value. Decided once, by the
 * line of names, so that a missing name is reported for a file without rows, too.
 */
import type { Dimension } from '../../index.js'
import { asWord, Mistake, shorten } from '../words.js'
import { coordinateIn } from './coordinates.js'
import type { CsvRecord } from './csv.js'
import { otherDelimiter } from './delimiter.js'
import { TWO_BYTES } from './encoding.js'
import type { Entry, Mapping } from './mapping.js'

/** Makes the entry of a row's cells. @throws Mistake */
export type EntryOf = (cells: readonly string[]) => Entry

type Cell = (cells: readonly string[]) => unknown

/**
 * @param header the names of the columns; a blank one means no name
 * @throws Mistake
 */
export function entriesOf(header: CsvRecord, delimiter: string, mapping: Mapping): EntryOf {
  const { keys, values, key: keyNames, value: valueName } = mapping
  const names = namesOf(header.cells)
  const columnOf = (name: string) => {
    const at = names.get(name)
    if (at !== undefined) return at
    if (isBlank(name)) throw new Mistake('a column without a name cannot be selected')
    const all = [...names.keys()].map(asWord).join(', ')
    const there = all === '' ? 'none with a name' : shorten(all, 200)
    const hint = otherDelimiter(header.cells, delimiter)
    throw new Mistake(`there is no field ${asWord(name)}: there are ${there}`, hint)
  }
  const cellAt = (at: number, isText: boolean): Cell => {
    return isText || mapping.text ? cells => cells[at] : cells => cellOf(cells[at])
  }
  const dimensions = dimensionsOf(mapping)
  const keyCells = keyNames.map((name, i): Cell => {
    const at = columnOf(name)
    if (dimensions === undefined) return cellAt(at, isOfText(keys.name))
    return pointCell(name, at, dimensions[i])
  })
  const keyOf = (cells: readonly string[]) => keys.fromFields(keyCells.map(cell => cell(cells)))
  if (valueName !== undefined) {
    const valueCell = cellAt(columnOf(valueName), isOfText(values.name))
    return cells => ({ key: keyOf(cells), value: values.fromField(valueCell(cells)) })
  }
  const dropped = new Set(mapping.dropKey ? keyNames : [])
  const fields = fieldsOf(header.cells, at => cellAt(at, false))
  const kept = fields.filter(([name]) => !dropped.has(name))
  return cells => {
    const whole = Object.fromEntries(kept.map(([name, cell]) => [name, cell(cells)]))
    return { key: keyOf(cells), value: values.fromField(whole) }
  }
}

const isBlank = (name: string) => name.trim() === ''
const isOfText = (codec: string) => codec === 'string' || codec === 'binary'

/** The columns that have a name. */
function namesOf(cells: readonly string[]): Map<string, number> {
  const names = new Map<string, number>()
  cells.forEach((name, at) => {
    if (isBlank(name)) return
    if (names.has(name)) throw new Mistake(`two fields are called ${shorten(asWord(name))}`)
    if (name.includes('\0')) {
      throw new Mistake(`the name ${shorten(asWord(name))} has bytes 0 in it`, TWO_BYTES)
    }
    names.set(name, at)
  })
  return names
}

/**
 * The fields of a value. Columns without a name share the empty one: if there are several, it has
 * their cells as an array.
 */
function fieldsOf(cells: readonly string[], cellAt: (at: number) => Cell): [string, Cell][] {
  const unnamed = cells.flatMap((name, at) => (isBlank(name) ? [at] : []))
  const together = unnamed.map(cellAt)
  return cells.flatMap((name, at): [string, Cell][] => {
    if (!isBlank(name)) return [[name, cellAt(at)]]
    if (at !== unnamed[0]) return []
    return [['', together.length === 1 ? together[0] : row => together.map(cell => cell(row))]]
  })
}

// ── Points ────────────────────────────────────────────────────────────────────────────────────────

/** The dimensions of a key's fields, one each. @throws Mistake if their numbers differ */
function dimensionsOf({ keys, key }: Mapping): readonly Dimension[] | undefined {
  const { option } = keys
  if (typeof option !== 'object' || !('dimensions' in option)) return undefined
  const { dimensions } = option
  if (dimensions.length === key.length) return dimensions
  const fields = `${dimensions.length} ${dimensions.length === 1 ? 'field' : 'fields'}`
  throw new Mistake(`keys of codec ${keys.name} take ${fields}, not ${key.length}`)
}

/** A coordinate; a date stays text, for the codec to read. */
function pointCell(name: string, at: number, dimension: Dimension): Cell {
  if (dimension === 'date') return cells => cells[at]
  return cells => {
    try {
      return coordinateIn(cells[at], dimension)
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      throw new Mistake(`${asWord(name)}: ${error.message}`, error.hint)
    }
  }
}

// ── Cells ─────────────────────────────────────────────────────────────────────────────────────────

/** A number if it reads back as the same text: 007 and 1.0 stay text. */
export function cellOf(text: string): unknown {
  if (!/^-?\d/.test(text)) return text
  const number = Number(text)
  return String(number) === text && number !== Number.POSITIVE_INFINITY ? number : text
}
