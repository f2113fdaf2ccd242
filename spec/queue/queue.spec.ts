/** What `submit` promises: units, lanes, who commits, the end. `check()` after each test. */
import { describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { H_DRAINER, H_PUMP, T_QUEUE } from '../../lib/memory/layout.js'
import { PATIENCE } from '../../lib/queue/selection.js'
import { expectCode } from '../support/expect.js'
import { database, other, put, refusal } from './world.js'

describe('submit', () => {
  it('resolves to the version that the operation is in', async () => {
    const db = database()
    expect(await db.submit(put('a', 1))).toBe(1)
    expect(db.get('a')).toBe(1)
    expect(await db.submit({ type: 'del', key: 'a' })).toBe(2)
    expect(db.has('a')).toBe(false)
    expect(db.get('a', { at: 1 })).toBe(1)
  })

  it('commits what is submitted in one go as one version', async () => {
    const db = database()
    const versions = await Promise.all(
      Array.from({ length: 50 }, (_, i) => db.submit(put(`k${i}`, i))),
    )
    expect(new Set(versions)).toEqual(new Set([1]))
    expect(db.size).toBe(50)
    expect(db.stats().queue).toMatchObject({ groups: 1, groupSizes: [0, 0, 0, 0, 0, 1] })
  })

  it('takes what is submitted while it reads an operation for itself', async () => {
    const db = database()
    let inner: Promise<number> | undefined
    const outer = db.submit([
      put('outer', 1),
      {
        type: 'put',
        key: 'late',
        get value() {
          inner ??= db.submit([put('inner', 1, null), put('inner too', 1)])
          return 2
        },
      },
    ])
    expect(await Promise.all([inner, outer])).toEqual([1, 1])
    expect(
      db
        .range()
        .toArray()
        .map(([key]) => key),
    ).toEqual(['inner', 'inner too', 'late', 'outer'])
  })

  it('keeps the order of a lane: the last one on a key wins', async () => {
    const db = database()
    await Promise.all(Array.from({ length: 3000 }, (_, i) => db.submit(put('same', i))))
    expect(db.get('same')).toBe(2999)
  })

  it('takes what it is given at once', async () => {
    const db = database()
    const value = { n: 1 }
    const done = db.submit(put('a', value))
    value.n = 2
    await done
    expect(db.get('a')).toEqual({ n: 1 })
  })

  it('makes no version where nothing changes', async () => {
    const db = database()
    db.put('a', 1)
    expect(await db.submit({ type: 'del', key: 'absent' })).toBe(1)
    expect(await db.submit([])).toBe(1)
    expect(db.version).toBe(1)
  })

  it('does several operations as one, or none', async () => {
    const db = database()
    db.put('a', 1)
    const good = db.submit([put('b', 1), { type: 'del', key: 'a' }, put('b', 2)])
    const bad = refusal(db.submit([put('c', 1), put('b', 3), put('d', 1, 77)]))
    const last = db.submit(put('e', 1))
    expect([await good, await last]).toEqual([2, 2])
    expect(await bad).toMatchObject({ code: 'ZVERSE_CONFLICT', expected: 77, actual: null })
    expect(db.keys().toArray()).toEqual(['b', 'e'])
    expect(db.get('b')).toBe(2)
  })

  it('fails alone for a conflict', async () => {
    const db = database()
    const version = db.put('a', 1)
    const all = await Promise.allSettled([
      db.submit(put('a', 2, version)),
      db.submit(put('a', 3, version)),
      db.submit(put('b', 1, null)),
      db.submit(put('b', 2, null)),
      db.submit({ type: 'del', key: 'a', ifVersion: 2 }),
    ])
    expect(all.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
    ])
    expect((all[1] as PromiseRejectedResult).reason).toMatchObject({
      ...{ code: 'ZVERSE_CONFLICT', expected: version, actual: 2 },
    })
    expect(db.dump().toArray().length).toBeGreaterThan(0)
    expect(db.has('a')).toBe(false)
    expect(db.get('b')).toBe(1)
  })

  it('fails alone where there is no room, and keeps the rest', async () => {
    const db = database({ maxBytes: 2 ** 20, history: { versions: 0 } })
    const value = 'x'.repeat(20_000)
    const all = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) => db.submit(put(`big ${i}`, value))),
    )
    const done = all.filter(({ status }) => status === 'fulfilled').length
    const errors = all.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
    expect(done).toBeGreaterThan(10)
    expect(errors.length).toBeGreaterThan(10)
    for (const error of errors) expect(error).toMatchObject({ code: 'ZVERSE_FULL', max: 2 ** 20 })
    expect(db.size).toBe(done)
    await db.submit(
      Array.from({ length: 20 }, (_, i) => ({ type: 'del' as const, key: `big ${i}` })),
    )
    await db.submit(put('small', 1))
  })

  it('takes values of any size that has room, in their order', async () => {
    const db = database({ maxBytes: 2 ** 24 })
    const sizes = [10, 100_000, 20, 1_000_000, 30, 40_000, 40]
    const all = await Promise.all(sizes.map((n, i) => db.submit(put(`k${i % 2}`, 'x'.repeat(n)))))
    expect([...all].sort((a, b) => a - b)).toEqual(all)
    expect((db.get('k0') as string).length).toBe(40)
    expect((db.get('k1') as string).length).toBe(40_000)
    expect(await refusal(db.submit(put('k', 'x'.repeat(2 ** 25))))).toMatchObject({
      code: 'ZVERSE_VALUE_TOO_LARGE',
    })
  })

  it('writes into named stores, and fails where one has been dropped', async () => {
    const db = database()
    const store = db.store('other', { values: 'json' })
    const gone = db.store('gone')
    expect(await store.submit(put('a', [1]))).toBe(3)
    expect(store.get('a')).toEqual([1])
    db.dropStore('gone')
    expect(await refusal(gone.submit(put('a', 1)))).toMatchObject({
      ...{ code: 'ZVERSE_UNKNOWN_STORE', store: 'gone' },
    })
  })

  it('fails where its store is dropped before it is committed', async () => {
    const db = database()
    const gone = db.store('gone')
    const done = refusal(gone.submit(put('a', 1)))
    db.dropStore('gone')
    expect(await done).toMatchObject({ code: 'ZVERSE_UNKNOWN_STORE', store: 'gone' })
  })

  it.each([
    ['no operation', undefined, undefined, 'ZVERSE_INVALID_OPTION'],
    ['another type', { type: 'get', key: 'a' }, undefined, 'ZVERSE_INVALID_OPTION'],
    ['another property', { type: 'del', key: 'a', at: 1 }, undefined, 'ZVERSE_INVALID_OPTION'],
    ['a wrong key', { type: 'del', key: 1 }, undefined, 'ZVERSE_INVALID_KEY'],
    ['a wrong value', { type: 'put', key: 'a', value: () => 1 }, undefined, 'ZVERSE_INVALID_VALUE'],
    ['a wrong one of several', [{ type: 'del', key: 'a' }, 1], undefined, 'ZVERSE_INVALID_OPTION'],
    ['another lane', { type: 'del', key: 'a' }, { priority: 'urgent' }, 'ZVERSE_INVALID_OPTION'],
    ['another option', { type: 'del', key: 'a' }, { lane: 'high' }, 'ZVERSE_INVALID_OPTION'],
  ])('rejects %s, and nothing is written', async (_, operation, options, code) => {
    const db = database()
    expect(await refusal(db.submit(operation as never, options as never))).toMatchObject({ code })
    expect(db.version).toBe(0)
    expect(db.pressure().depths).toEqual({ high: 0, normal: 0, low: 0 })
  })

  it.each([
    ['nothing', [], 'operation must be an object with type and key'],
    ['null', [null], 'operation must be an object with type and key'],
    ['a key and a value', ['a', { n: 1 }], 'operation must be an object with type and key'],
    ['an array in an array', [[[]]], 'operations[0] must be an object with type and key'],
    ['no type', [{ key: 'a', value: 1 }], "operation.type must be 'put' or 'del'"],
    ['a lane as options', [{ type: 'del', key: 'a' }, 'high'], 'options of submit must be'],
    ['no lane', [[], { priority: 1 }], 'priority must be one of "high", "normal", "low"'],
  ])('says what is wrong with %s', async (_, given, message) => {
    const db = database()
    const error = await refusal(db.submit(...(given as [never])))
    expect(error.code).toBe('ZVERSE_INVALID_OPTION')
    expect(error.message).toContain(message)
  })

  it('waits for a transaction that its own thread has begun since', async () => {
    const db = database()
    let isDone = false
    const done = db.submit(put('a', 'queued')).then(version => {
      isDone = true
      return version
    })
    const tx = db.beginWrite()
    for (let i = 0; i < 20; i++) await new Promise(resolve => setTimeout(resolve, 1))
    expect(isDone).toBe(false)
    tx.put('a', 'first')
    expect(tx.commit()).toBe(1)
    expect(await done).toBe(2)
    expect(db.get('a')).toBe('queued')
  })

  it.each(['submits', 'drains'])(
    'a thread that %s waits for a transaction, where no other call does',
    async who => {
      const db = database({ lockTimeout: 0 })
      const handle = who === 'drains' ? other(db, 72) : db
      // It has a place where others find what it submits.
      await handle.submit([])
      const tx = other(db, 71).beginWrite()
      const over = new AbortController()
      const drained = who === 'drains' ? db.drain({ signal: over.signal }) : undefined
      let asked = 0
      const { turn } = db._test.engine.epochs
      const waitFor = turn.waitFor.bind(turn)
      turn.waitFor = (...args) => {
        if (++asked > 1000) throw new Error('it asks again and again')
        return waitFor(...args)
      }
      const done = handle.submit(put('a', 1))
      await new Promise(resolve => setTimeout(resolve, 100))
      tx.abort()
      expect(await done).toBe(1)
      over.abort()
      await drained
      expect(asked).toBeLessThan(50)
    },
  )

  it('leaves the event loop its turns, though each promise is followed by a submission', async () => {
    const db = database()
    let turns = 0
    let isOver = false
    const next = () => {
      turns++
      if (!isOver) setImmediate(next)
    }
    next()
    for (let count = 0; turns < 10 && count < 20_000; count++) await db.submit(put('a', count))
    isOver = true
    expect(turns).toBe(10)
  })

  it('fails where a clock throws in its commit', async () => {
    let isBroken = false
    const now = () => {
      if (isBroken) throw new RangeError('no time')
      return 5000
    }
    const db = database({}, now)
    const second = other(db, 71, now)
    isBroken = true
    const all = [db, db, second].map((handle, i) => handle.submit(put(`${i}`, i)))
    for (const { status } of await Promise.allSettled(all)) expect(status).toBe('rejected')
    isBroken = false
    expect(await db.submit(put('a', 1))).toBe(1)
    expect(db.size).toBe(1)
  })

  it('gets its place in shared memory with its first group, where the turn was not free before', async () => {
    const db = database()
    const tx = other(db, 71).beginWrite()
    const done = db.submit(put('a', 1))
    const { W } = db._test.engine
    expect(W[db._test.line + T_QUEUE]).toBe(0)
    tx.abort()
    await done
    expect(W[db._test.line + T_QUEUE]).not.toBe(0)
    expect(await db.submit(put('b', 1))).toBe(2)
  })

  it('is refused while its handle has a transaction open', async () => {
    const db = database()
    const tx = db.beginWrite()
    expect(await refusal(db.submit(put('a', 1)))).toMatchObject({
      code: 'ZVERSE_NESTED_TRANSACTION',
    })
    tx.abort()
    expect(await db.submit(put('a', 1))).toBe(1)
  })
})

describe('lanes', () => {
  it('high goes before normal before low, of all threads', async () => {
    const db = database({ maxBytes: 2 ** 26, queue: { groupBytes: 1024 } })
    const b = other(db, 71)
    const c = other(db, 72)
    // From its first submission on a thread has a place where others find what it submits.
    for (const handle of [b, c, db]) await handle.submit([])
    const tx = other(db, 70).beginWrite()
    const order: string[] = []
    const submit = (handle: ZVerse, priority: 'high' | 'normal' | 'low', n: number) =>
      Array.from({ length: n }, (_, i) =>
        handle
          .submit(put(`${priority} ${i}`, i), { priority })
          .then(v => order.push(`${v} ${priority}`)),
      )
    const all = [...submit(b, 'low', 40), ...submit(c, 'normal', 40), ...submit(db, 'high', 40)]
    tx.abort()
    await Promise.all(all)
    const versions = (priority: string) =>
      order.filter(o => o.endsWith(priority)).map(o => Number(o.split(' ')[0]))
    expect(Math.max(...versions('high'))).toBeLessThanOrEqual(Math.min(...versions('normal')))
    expect(Math.max(...versions('normal'))).toBeLessThanOrEqual(Math.min(...versions('low')))
    expect(db.version).toBeGreaterThan(5)
  })

  it('a low one is promoted after so many groups, however much high there is', async () => {
    const db = database({ queue: { groupBytes: 1024 } })
    const begun = db.version
    let isOver = false
    const flow = async () => {
      for (let i = 0; !isOver; i++)
        await db.submit(put(`high ${i % 50}`, 'x'.repeat(40)), { priority: 'high' })
    }
    const flows = Array.from({ length: 200 }, flow)
    const low = await db.submit(put('low', 1), { priority: 'low' })
    const normal = await db.submit(put('normal', 1))
    isOver = true
    await Promise.all(flows)
    // The group in which it is passed over first may have been under way.
    expect(low - begun).toBeLessThanOrEqual(PATIENCE + 2)
    expect(normal - low).toBeLessThanOrEqual(PATIENCE + 2)
    expect(db.stats().queue.promoted).toEqual({ high: 0, normal: 1, low: 1 })
  })

  it('all of a low backlog comes, a quarter of a group at a time', async () => {
    const db = database({ queue: { groupBytes: 1024 } })
    let isOver = false
    const flow = async () => {
      for (let i = 0; !isOver; i++)
        await db.submit(put(`high ${i % 50}`, 'x'.repeat(40)), { priority: 'high' })
    }
    const flows = Array.from({ length: 200 }, flow)
    const low = await Promise.all(
      Array.from({ length: 40 }, (_, i) => db.submit(put(`low ${i}`, i), { priority: 'low' })),
    )
    isOver = true
    await Promise.all(flows)
    expect([...low].sort((a, b) => a - b)).toEqual(low)
    // 256 bytes hold at least two of them.
    expect(Math.max(...low) - Math.min(...low)).toBeLessThanOrEqual((40 / 2) * (PATIENCE + 1))
  })
})

describe('drain', () => {
  it('commits for others, until aborted', async () => {
    const db = database()
    const worker = other(db, 71)
    const abort = new AbortController()
    const over = worker.drain({ signal: abort.signal })
    for (let i = 0; i < 100; i++) await db.submit(put(`k${i}`, i))
    expect(db.size).toBe(100)
    abort.abort()
    await over
    await db.submit(put('after', 1))
    expect(db.get('after')).toBe(1)
  })

  it('takes over from a thread that has always something to commit', async () => {
    const db = database()
    let isOver = false
    let count = 0
    const flow = async () => {
      while (!isOver && count++ < 200_000) await db.submit(put('a', 1))
    }
    const flows = Array.from({ length: 3000 }, flow)
    const worker = other(db, 71)
    const abort = new AbortController()
    let asked = 0
    const { turn } = worker._test.engine.epochs
    const waitFor = turn.waitFor.bind(turn)
    turn.waitFor = (...args) => {
      isOver = ++asked > 20
      return waitFor(...args)
    }
    const over = worker.drain({ signal: abort.signal })
    await Promise.all(flows)
    expect(isOver).toBe(true)
    abort.abort()
    await over
  })

  it('of a handle that is closed leaves those of its thread alone', async () => {
    const db = database()
    const { W } = db._test.engine
    const [worker, same] = [other(db, 71), other(db, 71)]
    const abort = new AbortController()
    const over = worker.drain({ signal: abort.signal })
    const ended = same.drain()
    await db.submit(put('a', 1))
    same.close()
    await ended
    expect(W[H_DRAINER]).toBe(72)
    expect(await db.submit(put('b', 1))).toBe(2)
    abort.abort()
    await over
    expect(W[H_DRAINER]).toBe(0)
  })

  it('ends with the handle; another one takes over', async () => {
    const db = database()
    const first = other(db, 71)
    const second = other(db, 72)
    const over = first.drain()
    const abort = new AbortController()
    const next = second.drain({ signal: abort.signal })
    await db.submit(put('a', 1))
    first.close()
    await over
    await db.submit(put('b', 1))
    abort.abort()
    await next
    await db.submit(put('c', 1))
    expect(db.size).toBe(3)
  })

  it.each([
    ['what is no signal', { signal: 1 }],
    ['a controller', { signal: new AbortController() }],
    ['a signal in place of the options', new AbortController().signal],
  ])('refuses %s', async (_, options) => {
    const error = await refusal(database().drain(options as never))
    expect(error).toMatchObject({ code: 'ZVERSE_INVALID_OPTION', option: 'signal' })
  })

  it('is not waited for where the thread that commits for all does not get on', async () => {
    const db = database()
    // It has the role, and is at long work.
    Atomics.store(db._test.engine.W, H_PUMP, 8)
    expect(await db.submit(put('a', 1))).toBe(1)
    expect(await other(db, 8).submit(put('b', 1))).toBe(2)
    expect(Atomics.load(db._test.engine.W, H_PUMP)).toBe(8)
  })

  it('ends at once with a signal that is aborted', async () => {
    await database().drain({ signal: AbortSignal.abort() })
  })
})

describe('close', () => {
  it('commits what was submitted first', async () => {
    const db = database()
    const reader = other(db, 71)
    const all = Array.from({ length: 5000 }, (_, i) => db.submit(put(`k${i}`, i)))
    db.close()
    expect(reader.size).toBe(5000)
    expect((await Promise.all(all)).length).toBe(5000)
    expect(await refusal(db.submit(put('late', 1)))).toMatchObject({ code: 'ZVERSE_CLOSED' })
  })

  it('rejects it, unwritten, where that is asked for', async () => {
    const db = database()
    const reader = other(db, 71)
    const all = Array.from({ length: 3000 }, (_, i) => refusal(db.submit(put(`k${i}`, i))))
    db.close({ queue: 'reject' })
    for (const { code } of await Promise.all(all)) expect(code).toBe('ZVERSE_CLOSED')
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(reader.size).toBe(0)
    await reader.submit(put('other', 1))
    expect(reader.size).toBe(1)
  })

  it('undoes an open transaction, and then commits', async () => {
    const db = database()
    const reader = other(db, 71)
    const done = db.submit(put('queued', 1))
    const tx = db.beginWrite()
    tx.put('undone', 1)
    db.close()
    await done
    expect(reader.keys().toArray()).toEqual(['queued'])
  })

  it('refuses other options', () => {
    const db = database()
    expectCode(() => db.close({ queue: 'drop' as never }), 'INVALID_OPTION')
    expectCode(() => db.close({ now: true } as never), 'INVALID_OPTION')
    db.put('still', 'open')
  })

  it('ends all verbs of the queue', async () => {
    const db = database()
    const store = db.store('s')
    db.close()
    const refused = [
      db.submit(put('a', 1)),
      db.submit(undefined as never),
      store.submit(put('a', 1)),
      db.drain(),
    ]
    for (const promise of refused) expect((await refusal(promise)).code).toBe('ZVERSE_CLOSED')
    expectCode(() => db.pressure(), 'CLOSED')
    expectCode(() => db.onPressure(() => {}), 'CLOSED')
    db.close({ queue: 'reject' })
  })

  it('of one handle leaves the line to another, with an empty queue', async () => {
    const db = database()
    for (let i = 0; i < 20; i++) {
      const handle = other(db, 100 + i)
      const done = handle.submit(put(`k${i}`, i))
      if (i % 2 === 0) handle.close()
      await done
      handle.close()
    }
    expect(db.size).toBe(20)
  })
})
