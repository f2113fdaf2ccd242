/**
 * The one door from the tests to the engine: opens databases with the hooks that tests need.
 *
 * Everything under spec/model and spec/conformance opens through here, so another target (an
 * attached worker, persistent mode) can be put in its place.
 */
import { ZVerse, ZVerseError } from '../../lib/index.js'
import type { CommitLog } from '../../lib/storage/commit-log.js'
import { Keeper } from '../../lib/storage/keeper.js'
import { attachWith, openWith, type TestHooks } from '../../lib/zverse.js'
import type { Database } from './contract.js'
import { Disk } from './disk.js'

export { ZVerseError }

export interface Hooks {
  now?: () => number
  failAfter?: number
  slots?: 'auto' | 'always'
  poison?: boolean
  units?: number
  firstVersion?: number
  /** In a directory, of a disk in memory. */
  onDisk?: boolean
}

/** Only reserved, but thousands of databases are opened: keep the reservation small. */
const MAX_BYTES = 16 * 2 ** 20

/** Opens a database with a test's clock and hooks. */
export function open(options: Record<string, unknown> = {}, hooks: Hooks = {}): Database {
  const all = { maxBytes: MAX_BYTES, ...options } as unknown as Parameters<typeof openWith>[0]
  const { onDisk = isPersistent, ...others } = hooks
  const outside = { now: Date.now, indexFrom: 1, ...others } as unknown as TestHooks
  if (!onDisk) {
    const db = openWith(all, outside)
    return (isAttached ? attached(db, options, outside) : db) as unknown as Database
  }
  const inDirectory = { path: 'db', background: false, ...all }
  const files = new Disk(SEGMENT)
  const db = openWith(inDirectory, { ...outside, files }) as unknown as Database
  // The bounds of history are those that it is left with.
  const again = { ...inDirectory, history: undefined }
  opened.set(db, () => openWith(again, { ...outside, files }) as unknown as Database)
  return db
}

/** Bytes of a segment of the log: small, so that many databases cost little, and logs have several. */
const SEGMENT = 2 ** 13

/** How databases on a disk are opened again. */
const opened = new WeakMap<Database, () => Database>()

/** True for a database on a disk. */
export const isOnDisk = (db: Database): boolean => opened.has(db)

/** Closes a database on a disk, and opens it again: ends all that is open on it. */
export function reopened(db: Database): Database {
  const open = opened.get(db) as () => Database
  db.close()
  const again = open()
  opened.set(again, open)
  return again
}

/** What `compact` does, at once. */
export function compact(db: Database): void {
  const { engine } = (db as unknown as ZVerse)._test
  const keeper = new Keeper(engine, engine.log as CommitLog, 1000)
  for (const _ of keeper.work(true));
}

/** `ZVERSE_TARGET=persistent`: every database is in a directory, of a disk in memory. */
const isPersistent = process.env.ZVERSE_TARGET === 'persistent'

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
