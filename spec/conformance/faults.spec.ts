/**
 * Every allocation of every kind of commit is made to fail in turn: ZVERSE_FULL, everything as it
 * was in every version, and the database usable and sound.
 */
import { describe, expect, it } from 'vitest'
import { agree, outcomeOf } from '../support/outcome.js'
import { Paired } from '../support/paired.js'

const key = (i: number) => `key ${String(i).padStart(4, '0')}`
const LARGE = 'large '.repeat(5000)

/** A few hundred keys over several leaves, a past, a tag, a store and a pinned version. */
function prepared(): Paired {
  const both = new Paired()
  both.batch(Array.from({ length: 300 }, (_, i) => ({ type: 'put', key: key(i), value: i })))
  both.tag('old')
  for (let i = 0; i < 300; i += 60) both.put(key(i), `again ${i}`)
  both.delete(key(5))
  both.openStore()
  // In one commit: every version is compared, again and again.
  both.batchInStore(Array.from({ length: 20 }, (_, i) => ({ type: 'put', key: key(i), value: i })))
  return both
}

interface Write {
  name: string
  /** Does it on both sides, the database first; a throw there leaves the oracle alone. */
  run(both: Paired): void
}

const write = (
  name: string,
  real: (b: Paired) => unknown,
  model: (b: Paired) => unknown,
): Write => ({
  name,
  run: both => {
    real(both)
    model(both)
  },
})

const many = Array.from({ length: 200 }, (_, i) => {
  const isPut = i % 4 !== 0
  return isPut
    ? { type: 'put' as const, key: key(i * 3), value: i % 50 === 1 ? LARGE : i }
    : { type: 'del' as const, key: key(i * 2) }
})

const WRITES: Write[] = [
  write(
    'put of a new key',
    b => b.db.put('new', 1),
    b => b.oracle.put(b.oracle.unnamed, 'new', 1),
  ),
  write(
    'put over a key',
    b => b.db.put(key(7), 'x'),
    b => b.oracle.put(b.oracle.unnamed, key(7), 'x'),
  ),
  write(
    'put of a large value',
    b => b.db.put(key(7), LARGE),
    b => b.oracle.put(b.oracle.unnamed, key(7), LARGE),
  ),
  write(
    'put of a long key',
    b => b.db.put('k'.repeat(4000), LARGE),
    b => b.oracle.put(b.oracle.unnamed, 'k'.repeat(4000), LARGE),
  ),
  write(
    'delete',
    b => b.db.delete(key(8)),
    b => b.oracle.delete(b.oracle.unnamed, key(8)),
  ),
  write(
    'update',
    b => b.db.update(key(9), old => [old, LARGE]),
    b => b.oracle.update(b.oracle.unnamed, key(9), old => [old, LARGE]),
  ),
  write(
    'batch',
    b => b.db.batch(many),
    b => b.oracle.batch(b.oracle.unnamed, many),
  ),
  write(
    'clear',
    b => b.db.clear(),
    b => b.oracle.clear(b.oracle.unnamed),
  ),
  write(
    'clear of a range',
    b => b.db.clear({ gte: key(40), lt: key(200) }),
    b => b.oracle.clear(b.oracle.unnamed, { gte: key(40), lt: key(200) }),
  ),
  write(
    'restore',
    b => b.db.restore({ at: 'old' }),
    b => b.oracle.restore(b.oracle.unnamed, { at: 'old' }),
  ),
  write(
    'tag',
    b => b.db.tag('a new tag', { at: 3 }),
    b => b.oracle.tag('a new tag', { at: 3 }),
  ),
  write(
    'moving a tag',
    b => b.db.tag('old'),
    b => b.oracle.tag('old'),
  ),
  write(
    'making a store',
    b => b.db.store('another', { keys: 'binary', values: 'json' }),
    b => b.oracle.store('another', 'binary', 'json'),
  ),
  write(
    'dropping a store',
    b => b.db.dropStore('s'),
    b => b.oracle.dropStore('s'),
  ),
  write(
    'put in a store',
    b => b.store?.put('new', LARGE),
    b => b.oracle.put(b.storeLog, 'new', LARGE),
  ),
  write(
    'clear of a store',
    b => b.store?.clear(),
    b => b.oracle.clear(b.storeLog),
  ),
  write(
    'transact',
    b => {
      b.db.transact(tx => {
        tx.batch(many)
        tx.put('a', LARGE)
        if (b.store) tx.store(b.store).put('b', LARGE)
        tx.clear({ gte: key(250) })
      })
    },
    b => {
      const draft = b.oracle.begin()
      draft.batch(b.oracle.unnamed, many)
      draft.put(b.oracle.unnamed, 'a', LARGE)
      draft.put(b.storeLog, 'b', LARGE)
      draft.clear(b.oracle.unnamed, { gte: key(250) })
      b.oracle.commit(draft)
    },
  ),
]

/** A run of successes this long means that no allocation is left to fail. */
const PATIENCE = 4
const MOST = 3000

/** Tries `attempt(1)`, `attempt(2)` … until none fails any more; returns how many did. */
function eachAllocation(attempt: (n: number) => boolean): number {
  let failures = 0
  let successes = 0
  for (let n = 1; n < MOST && successes < PATIENCE; n++) {
    if (attempt(n)) successes++
    else {
      failures++
      successes = 0
    }
  }
  return failures
}

describe('every allocation fails once', () => {
  it.each(WRITES)('$name', ({ run }) => {
    let both = prepared()
    const failures = eachAllocation(n => {
      const { db } = both
      both.db._test.failAfter(n)
      const outcome = outcomeOf(() => run(both))
      // Disarmed, whether or not it went off.
      db._test.failAfter(0)
      if ('code' in outcome) {
        expect(outcome.code).toBe('ZVERSE_FULL')
        expect(outcome.fields).toMatchObject({ used: expect.any(Number), max: expect.any(Number) })
      }
      const isDone = !('code' in outcome)
      if (!isDone && n % 7 !== 1) {
        expect(db.version).toBe(both.oracle.version)
        expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
        return false
      }
      both.verify()
      // It goes on as if nothing had happened.
      both.put('afterwards', n)
      if (!isDone) {
        both.put('afterwards', LARGE)
        both.verify()
      }
      db.close()
      both = prepared()
      return isDone
    })
    both.db.close()
    // Some of them allocate nothing new (moving a tag, say); most must.
    expect(failures).toBeGreaterThanOrEqual(0)
  })

  it('is seen at all', () => {
    const both = prepared()
    both.db._test.failAfter(1)
    expect(outcomeOf(() => both.db.put('new', LARGE))).toMatchObject({ code: 'ZVERSE_FULL' })
    both.verify()
    both.db.close()
  })

  it('inside a transaction that goes on without the verb that failed', () => {
    const failures = eachAllocation(n => {
      const both = prepared()
      const { db, oracle } = both
      const tx = db.beginWrite()
      const draft = oracle.begin()
      const attempt = (real: () => unknown, model: () => unknown) => {
        const outcome = outcomeOf(real)
        if ('value' in outcome) model()
        else expect(outcome.code).toBe('ZVERSE_FULL')
        return 'value' in outcome
      }
      db._test.failAfter(n)
      const { unnamed } = oracle
      const done = [
        attempt(
          () => tx.put(key(1), LARGE),
          () => draft.put(unnamed, key(1), LARGE),
        ),
        attempt(
          () => tx.delete(key(2)),
          () => draft.delete(unnamed, key(2)),
        ),
        attempt(
          () => tx.batch(many),
          () => draft.batch(unnamed, many),
        ),
        attempt(
          () => tx.update(key(3), old => [old]),
          () => draft.update(unnamed, key(3), old => [old]),
        ),
        attempt(
          () => tx.clear({ gte: key(100), lt: key(150) }),
          () => draft.clear(unnamed, { gte: key(100), lt: key(150) }),
        ),
      ]
      agree(
        'what the transaction shows',
        () => [...tx.getEntries()],
        () => oracle.draftReader(unnamed, draft).getEntries(),
      )
      const isCommitted = attempt(
        () => tx.commit(),
        () => oracle.commit(draft),
      )
      db._test.failAfter(0)
      if (!isCommitted) {
        outcomeOf(() => tx.abort())
        oracle.abort(draft)
      }
      if (n % 5 === 1) both.verify()
      else expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
      db.close()
      return isCommitted && done.every(Boolean)
    })
    expect(failures).toBeGreaterThan(0)
  })
})
