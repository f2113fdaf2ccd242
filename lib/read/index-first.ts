/** The value of the first entry that a range of an index leads to. */
import type { View } from '../engine/view.js'
import { Cursor, type Range } from '../tree/cursor.js'
import type { IndexCore } from './index-core.js'
import { IndexRows } from './index-rows.js'
import { iterating } from './iterator.js'
import { VALUES } from './rows.js'
import type { Source } from './source.js'

/** The value; undefined where the range leads to nothing. */
export function firstOf<T>(source: Source, view: View | undefined, range: Range): T | undefined {
  const core = source.core as IndexCore
  if (!source.views) return firstHeld(source, view, range)
  const { reader, epochs, W, key } = core.engine
  const record = reader.enter(view)
  if (record === 0) {
    epochs.slots.exit()
    return firstHeld(source, view, range)
  }
  // As `get` of a store: what the present read announces covers both.
  try {
    const { parent } = core
    const entry = new Cursor(W, core.rootIn(record), range, false, 1).next()
    if (entry === 0) return undefined
    core.primaryOf(W, entry, key)
    return parent.valueOf(parent.lookUp(record, parent.stateIn(record), key)) as T
  } finally {
    epochs.slots.exit()
  }
}

function firstHeld<T>(source: Source, view: View | undefined, range: Range): T | undefined {
  const core = source.core as IndexCore
  const values = iterating<T, ReturnType<Source['hold']>>(source.hold(view), held => {
    const finder = source.finder(core.parent, held)
    return new IndexRows(core, held, range, false, 1, VALUES, finder)
  })
  const { value } = values.next()
  values.return()
  return value
}
