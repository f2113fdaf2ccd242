/** The errors for values that an index cannot take. */
import { ZVerseError } from '../errors.js'
import type { Defined, Known } from './definition.js'
import type { Unfit } from './extract.js'

const FIT = 'null, booleans, numbers, strings, bytes, dates and arrays of them can'

export function unfitValue({ name, defined }: Known, { what, path }: Unfit): ZVerseError {
  if (what === 'edge') {
    const message = 'the key of an edge must be [from, type, to], and its type a string'
    return new ZVerseError('ZVERSE_INVALID_KEY', message)
  }
  const from = defined.by === null ? `at ${path}` : `by the function ${path}`
  const fit = fitFor(defined)
  const why = {
    missing: `has nothing ${from}`,
    invalid: `has ${from} what can be no index key; ${fit}`,
    large: `has ${from} more than an index key has room for`,
    many: `has more than 1000 index keys ${from}`,
  }[what]
  const message = `the value ${why}, for index ${JSON.stringify(name)}`
  return new ZVerseError('ZVERSE_INVALID_VALUE', message, { index: name })
}

/** What can be an index key. */
function fitFor({ points, vectors }: Defined): string {
  if (points !== null) return 'a number for each dimension, within its bounds, can'
  if (vectors === null) return FIT
  const { dims, metric } = vectors
  return `an array of ${dims} finite numbers, ${metric === 'cosine' ? 'not all 0,' : 'none huge,'} can`
}

export function unknownFunction(index: string, by: string): ZVerseError {
  const what = `this thread has no function ${JSON.stringify(by)} for index ${JSON.stringify(index)}`
  const message = `${what}: give it in the option functions of open or attach`
  return new ZVerseError('ZVERSE_UNKNOWN_FUNCTION', message, { function: by, index })
}
