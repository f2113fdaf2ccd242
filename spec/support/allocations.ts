/** Writes whose allocations fail, each in turn. */
import { expect } from 'vitest'
import { outcomeOf } from './outcome.js'

/** The part of a database, opened with hooks, that this needs. */
interface Hooked {
  readonly _test: { failAfter(allocations: number): void }
  check(): unknown
  close(): void
}

/** A database, with whatever a write needs beside it. */
interface Prepared {
  readonly db: Hooked
}

const sound = (db: Hooked) =>
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })

/**
 * Fails each allocation of a write in turn. All is as it was after that, which is looked at each time of `every`; more than
 * `least` allocations fail; in the end the write is made as in a twin whose memory never failed.
 */
export function failEach<P extends Prepared>(
  prepare: () => P,
  write: (prepared: P) => unknown,
  stateOf: (db: P['db']) => string,
  { every, least }: { every: number; least: number },
): void {
  const twin = prepare()
  write(twin)
  const after = stateOf(twin.db)
  twin.db.close()
  const prepared = prepare()
  const { db } = prepared
  const before = stateOf(db)
  let failures = 0
  for (let n = 1; ; n++) {
    db._test.failAfter(n)
    const outcome = outcomeOf(() => write(prepared))
    db._test.failAfter(0)
    if (!('code' in outcome)) break
    expect(outcome.code).toBe('ZVERSE_FULL')
    failures++
    if (n % every !== 1) continue
    expect(stateOf(db)).toBe(before)
    sound(db)
  }
  expect(failures).toBeGreaterThan(least)
  expect(stateOf(db)).toBe(after)
  sound(db)
  db.close()
}
