/**
 * The one door from the tests to the engine: opens databases with the hooks that tests need.
 *
 * Everything under spec/model and spec/conformance opens through here, so another target (an
 * attached worker, persistent mode) can be put in its place.
 */
import { ZVerse, ZVerseError } from '../../lib/index.js'
import { attachWith, openWith, type TestHooks } from '../../lib/zverse.js'
import type { Database } from './contract.js'

export { ZVerseError }

export interface Hooks {
  now?: () => number
  failAfter?: number
  slots?: 'auto' | 'always'
  poison?: boolean
  firstVersion?: number
}

/** Only reserved, but thousands of databases are opened: keep the reservation small. */
const MAX_BYTES = 16 * 2 ** 20

/** Opens a database with a test's clock and hooks. */
export function open(options: Record<string, unknown> = {}, hooks: Hooks = {}): Database {
  const all = { maxBytes: MAX_BYTES, ...options } as unknown as Parameters<typeof openWith>[0]
  const outside = { now: Date.now, indexFrom: 1, ...hooks } as unknown as Parameters<
    typeof openWith
  >[1]
  const db = openWith(all, outside)
  return (isAttached ? attached(db, options, outside) : db) as unknown as Database
}

/** `ZVERSE_TARGET=attached`: every database is used through a handle that was shared. */
const isAttached = process.env.ZVERSE_TARGET === 'attached'

function attached(db: ZVerse, { values }: Record<string, unknown>, hooks: TestHooks): ZVerse {
  const other = attachWith(db.share(), { values }, hooks)
  // There is no owner: the first handle may go.
  db.close()
  return other
}

/** Opens as users do, with any options, also wrong ones. */
export function openPublic(options?: unknown): Database {
  return ZVerse.open(options as Parameters<typeof ZVerse.open>[0]) as unknown as Database
}
