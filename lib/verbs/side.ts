/** The sides of a `diff`. */
import { types } from 'node:util'
import { copyOf, isDate, isVersion, type SnapshotSource, type View } from '../engine/view.js'
import { invalidOption } from '../options.js'

/** A side of a `diff`: a version, a tag, a date, or a read transaction. */
export type Side = number | string | Date | SnapshotSource

/** A side as a view. @throws ZVerseError `ZVERSE_INVALID_OPTION` */
export function sideView(side: unknown, option: string): View {
  if (typeof side === 'string' || isVersion(side)) return { at: side }
  if (isDate(side)) return { asOf: copyOf(side) }
  if (typeof side === 'object' && side !== null && !types.isDate(side)) {
    return { snapshot: side as SnapshotSource }
  }
  throw invalidOption(option, 'must be a version, a tag, a valid Date or a read transaction')
}
