/**
 * Looking at a whole database at once: its soundness, its contents, and both against the oracle.
 */
import type { Oracle } from '../oracle/oracle.js'
import type { Database, Entry, Reads, StoreHandle, ViewOptions } from './contract.js'
import { agree, Mismatch, show } from './outcome.js'

/** Results may be arrays or iterators; both become arrays. */
export function list<T>(items: Iterable<T>): T[] {
  return Array.isArray(items) ? (items as T[]) : Array.from(items)
}

/** Each byte reachable, waiting or free, and no problem found. */
export function checkDb(db: Database): void {
  const report = db.check()
  if (!report.ok || report.problems.length > 0 || report.leakedBytes !== 0) {
    throw new Mismatch(`check() found ${show(report)}`)
  }
}

/** Everything that can be seen of one view. */
export function contents(reads: Reads, view: ViewOptions = {}): Entry[] {
  return list(reads.getEntries(view))
}

/** Plain data of all that can be read of `db` and `stores`, to compare before and after. */
export function snapshot(db: Database, stores: readonly StoreHandle[] = []): unknown {
  const versions = list(db.versions())
  return {
    version: db.version,
    oldestVersion: db.oldestVersion,
    versions,
    present: contents(db),
    past: versions.map(({ version }) => {
      const view = { at: version }
      return [contents(db, view), db.stores(view), ...stores.map(store => contents(store, view))]
    }),
  }
}

/** Compares every readable version of every store with the oracle, and the versions themselves. */
export function compareAll(
  db: Database,
  oracle: Oracle,
  stores: readonly { name: string; handle: StoreHandle }[] = [],
): void {
  agree(
    'versions()',
    () => list(db.versions()).map(info => ({ ...info, tags: [...info.tags].sort() })),
    () => oracle.versions(),
  )
  for (const { version } of oracle.versions()) {
    const view = { at: version }
    agree(
      `getEntries of version ${version}`,
      () => contents(db, view),
      () => oracle.reader(oracle.unnamed, view).getEntries(),
    )
    agree(
      `stores of version ${version}`,
      () => db.stores(view),
      () => oracle.stores(view),
    )
    for (const { name, handle } of stores) {
      agree(
        `getEntries of ${name} at version ${version}`,
        () => contents(handle, view),
        () => oracle.reader(oracle.storeLog(name), view).getEntries(),
      )
    }
  }
}
