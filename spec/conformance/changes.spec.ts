/**
 * `changes`: commits after a version, as they happen, as the oracle lists them.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bounds, Commit, Database, StoreHandle } from '../support/contract.js'
import { open } from '../support/engine.js'
import { type Fixture, fixture } from '../support/fixture.js'

/** Fields as the oracle has them; a deletion may lack `value` or have it undefined. */
function plain(commit: Commit): Commit {
  const changes = commit.changes.map(({ type, key, value }) => ({ type, key, value }))
  return { version: commit.version, timestamp: commit.timestamp, changes }
}

async function take(iterator: AsyncIterator<Commit>, count: number): Promise<Commit[]> {
  const commits: Commit[] = []
  while (commits.length < count) {
    const { done, value } = await iterator.next()
    if (done) break
    commits.push(plain(value))
  }
  return commits
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  expect.fail('did not reject')
}

describe('changes of the past', () => {
  let f: Fixture

  beforeEach(() => {
    f = fixture('tuple')
  })

  afterEach(() => f.close())

  it('are those of the oracle, from every version, in every range', async () => {
    const keys = f.keys
    const bounds: Bounds[] = [{}, { gt: keys[3] }, { lte: keys[7] }, { prefix: ['a'] }]
    for (let since = f.oracle.oldestVersion; since < f.oracle.version; since++) {
      for (const range of bounds) {
        for (const [target, log] of [
          [f.db, f.oracle.unnamed],
          [f.store, f.storeLog],
        ] as const) {
          const expected = f.oracle.changes(log, since, range)
          const iterator = target.changes({ since, ...range })
          expect(await take(iterator, expected.length)).toEqual(expected)
          await iterator.return?.()
        }
      }
    }
  })

  it('that are not retained, not there, or wrongly asked for', async () => {
    const ask = async (options: object) => f.db.changes(options).next()
    const gone = await failure(ask({ since: f.oracle.oldestVersion - 1 }))
    expect(gone).toMatchObject({ code: 'ZVERSE_VERSION_NOT_RETAINED' })
    const wrong = [{ since: -1 }, { since: 0.5 }, { since: 'x' }, { unheardOf: 1 }, { signal: 1 }]
    for (const options of wrong) {
      expect(await failure(ask(options))).toMatchObject({ code: 'ZVERSE_INVALID_OPTION' })
    }
  })
})

describe('changes as they happen', () => {
  let db: Database
  let store: StoreHandle

  beforeEach(() => {
    db = open({ history: { versions: 10 } })
    store = db.store('s', { keys: 'string', values: 'json' })
    db.put('before', 1)
  })

  afterEach(() => db.close())

  it('come in order, each commit once, none without a change in range', async () => {
    const iterator = db.changes({ gte: 'b' })
    const taken = take(iterator, 3)
    db.put('a', 'out of range')
    db.batch([
      { type: 'put', key: 'c', value: 1 },
      { type: 'put', key: 'b', value: 2 },
      { type: 'put', key: 'a', value: 3 },
    ])
    store.put('z', 'another store')
    await null
    db.put('c', 1)
    db.transact(tx => {
      tx.put('x', 1)
      tx.delete('x')
      tx.delete('b')
    })
    const commits = await taken
    expect(commits.map(({ version, changes }) => ({ version, changes }))).toEqual([
      {
        version: 4,
        changes: [
          { type: 'put', key: 'b', value: 2 },
          { type: 'put', key: 'c', value: 1 },
        ],
      },
      { version: 6, changes: [{ type: 'put', key: 'c', value: 1 }] },
      { version: 7, changes: [{ type: 'del', key: 'b', value: undefined }] },
    ])
    await iterator.return?.()
  })

  it('clear and restore show what they did to each key', async () => {
    const at = db.put('a', 1)
    const iterator = db.changes()
    db.clear()
    db.restore({ at })
    const commits = await take(iterator, 2)
    expect(commits.map(({ changes }) => changes)).toEqual([
      [
        { type: 'del', key: 'a', value: undefined },
        { type: 'del', key: 'before', value: undefined },
      ],
      [
        { type: 'put', key: 'a', value: 1 },
        { type: 'put', key: 'before', value: 1 },
      ],
    ])
    await iterator.return?.()
  })

  it('that retention has passed are an error, not a gap', async () => {
    const iterator = db.changes({ since: db.version })
    for (let i = 0; i < 30; i++) db.put('a', i)
    const error = await failure(take(iterator, 30))
    expect(error).toMatchObject({ code: 'ZVERSE_VERSION_NOT_RETAINED' })
  })

  it('end with abort, also one that waits, and one that came before', async () => {
    const controller = new AbortController()
    const waiting = failure(db.changes({ signal: controller.signal }).next())
    await null
    controller.abort()
    expect(await waiting).toMatchObject({ name: 'AbortError' })
    const late = failure((async () => db.changes({ signal: controller.signal }).next())())
    expect(await late).toMatchObject({ name: 'AbortError' })
  })

  it('end with close, also ones that wait', async () => {
    const waiting = db.changes().next()
    const other = db.changes()
    await null
    db.close()
    // "`close()` ends it": done, or CLOSED as other iterators that are cut off.
    for (const ended of [waiting, (async () => other.next())()]) {
      const result = await ended.catch((error: unknown) => error)
      const isDone = (result as IteratorResult<unknown>).done === true
      if (!isDone) expect(result).toMatchObject({ code: 'ZVERSE_CLOSED' })
    }
  })

  it('do not pin: history goes its way', async () => {
    const iterators = Array.from({ length: 5 }, () => db.changes())
    for (let i = 0; i < 50; i++) db.put('a', i)
    expect(db.oldestVersion).toBe(db.version - 10)
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    for (const iterator of iterators) await iterator.return?.()
  })
})
