/** The functions that indexes are defined by, as a thread has been given them: by their names. */
import { invalidOption } from '../options.js'

/**
 * Gives the index key of a value, or, for `multi`, an array of them; undefined for none. Must not use the database.
 */
export type IndexFunction = (value: unknown, key: unknown) => unknown

export type Functions = ReadonlyMap<string, IndexFunction>

/** Checks the option `functions`. @throws ZVerseError `ZVERSE_INVALID_OPTION` */
export function functionsIn(given: unknown): Functions {
  const functions = new Map<string, IndexFunction>()
  if (given === undefined) return functions
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidOption('functions', 'must be an object of functions, by their names')
  }
  for (const [name, one] of Object.entries(given)) {
    if (typeof one !== 'function') throw invalidOption(`functions.${name}`, 'must be a function')
    functions.set(name, one as IndexFunction)
  }
  return functions
}
