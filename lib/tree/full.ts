/** The error of a database that has no memory left. */
import { ZVerseError } from '../errors.js'

/**
 * The error for a database in which `used` of `max` bytes hold data that must stay.
 * @param cause why the disk does not take what memory could let go of, if it does not
 */
export function fullError(used: number, max: number, cause: unknown): ZVerseError {
  const held = 'hold data that is present, tagged or pinned'
  const remedy =
    'delete keys or clear, keep less history (setHistory, prune), untag, end read transactions and ' +
    'iterators, or open with a larger maxBytes'
  const refused =
    cause === undefined ? '' : `, and the disk does not take the past (${(cause as Error).message})`
  const message = `the database is full: ${used} of ${max} bytes ${held}${refused}: ${remedy}`
  return new ZVerseError('ZVERSE_FULL', message, { used, max, cause })
}
