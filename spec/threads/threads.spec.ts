/** Sharing, attaching, tracking, detaching; waiting for versions and for the writer's turn. */
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import type { DatabaseOptions, WriteTransaction } from '../../lib/index.js'
import { SCALE } from '../support/runs.js'
import { Actor, type Db, NEVER, until, ZVerse } from './actors.js'

const actors: Actor[] = []
const databases: Db[] = []

function open(options: DatabaseOptions = {}): Db {
  const db = ZVerse.open({ maxBytes: 2 ** 22, ...options }) as Db
  databases.push(db)
  return db
}

/** A tracked worker; with `track: false` no thread hears of its end. */
function actor(db: Db, track = true, more = {}, options = {}): Actor {
  const made = new Actor(db.share(), more, options)
  if (track) db.track(made.worker)
  actors.push(made)
  return made
}

/** After each test everything is whole, and only the test is attached. */
afterEach(async () => {
  await Promise.all(actors.splice(0).map(each => each.kill()))
  for (const db of databases.splice(0)) {
    let closed = false
    try {
      db.version
    } catch {
      closed = true
    }
    if (closed) continue
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    db.close()
  }
})

describe('share and attach', () => {
  it('gives the same data to every thread, reads and writes', async () => {
    const db = open()
    db.put('a', { n: 1 })
    const one = actor(db)
    const two = actor(db)
    expect(await one.run(`return db.get('a')`)).toEqual({ n: 1 })
    const version = await one.run<number>(`return db.put('b', [1, 2])`)
    expect(db.version).toBe(version)
    expect(db.get('b')).toEqual([1, 2])
    expect(await two.run(`return [db.version, db.get('b'), db.get('b', { at: 1 })]`)).toEqual([
      version,
      [1, 2],
      undefined,
    ])
    expect(await two.run(`return db.store('s').put('k', 1)`)).toBe(version + 2)
    expect(db.store('s').get('k')).toBe(1)
    expect(await one.run(`return [...db.store('s').range()]`)).toEqual([['k', 1]])
  })

  it('attaches all codecs by name, and a custom one when it is given again', async () => {
    const codec = {
      name: 'reversed',
      encode: (text: string) => new TextEncoder().encode([...text].reverse().join('')),
      decode: (bytes: Uint8Array) => [...new TextDecoder().decode(bytes)].reverse().join(''),
    }
    const db = ZVerse.open({ maxBytes: 2 ** 21, keys: 'tuple', values: codec })
    db.put(['a', 1], 'text')
    const handle = db.share()
    expect(ZVerse.attach(handle, { values: codec }).get(['a', 1])).toBe('text')
    const wrong = { code: 'ZVERSE_INVALID_OPTION', option: 'values' }
    expect(() => ZVerse.attach(handle)).toThrow(expect.objectContaining(wrong))
    const other = { ...codec, name: 'other' }
    expect(() => ZVerse.attach(handle, { values: other })).toThrow(expect.objectContaining(wrong))
    expect(() => ZVerse.attach(handle, { values: 'json' })).toThrow(expect.objectContaining(wrong))
    db.close()
  })

  it('refuses what is no handle, and one of another layout', () => {
    const db = open()
    const handle = db.share()
    const bad = [undefined, null, 1, 'handle', {}, [], { ...handle, format: 'x' }]
    const noDatabase = { ...handle, buffer: new SharedArrayBuffer(2 ** 20) }
    const odd = { ...handle, buffer: new SharedArrayBuffer(100) }
    const noBuffer = { ...handle, buffer: new ArrayBuffer(2 ** 20) }
    for (const each of [...bad, noDatabase, odd, noBuffer]) {
      expect(() => ZVerse.attach(each as never)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION', option: 'handle' }),
      )
    }
    expect(() => ZVerse.attach({ ...handle, layout: 1 })).toThrow(
      expect.objectContaining({ code: 'ZVERSE_FORMAT' }),
    )
    expect(() => ZVerse.attach(handle, { keys: 'binary' } as never)).toThrow(
      expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION', option: 'keys' }),
    )
    expect(db.stats().readers.attached).toBe(1)
  })

  it('twice on a thread: two handles, each with an end of its own, one writer', () => {
    const db = open()
    const twin = ZVerse.attach(db.share()) as Db
    db.put('a', 1)
    expect(twin.get('a')).toBe(1)
    const tx = db.beginWrite()
    const nested = expect.objectContaining({ code: 'ZVERSE_NESTED_TRANSACTION' })
    expect(() => twin.put('b', 1)).toThrow(nested)
    expect(() => twin.check()).toThrow(nested)
    expect(() => db.transact(() => twin.put('b', 1))).toThrow(nested)
    tx.put('b', 2)
    tx.commit()
    db.transact(() => expect(() => twin.put('b', 1)).toThrow(nested))
    const pinned = twin.beginRead()
    twin.put('b', 3)
    expect(pinned.get('b')).toBe(2)
    twin.close()
    expect(() => pinned.get('b')).toThrow(expect.objectContaining({ code: 'ZVERSE_CLOSED' }))
    expect(db.get('b')).toBe(3)
    expect(db.stats().readers.attached).toBe(1)
  })

  it('the memory goes with the last thread, whichever that is', async () => {
    const db = open()
    db.put('a', 1)
    const one = actor(db)
    expect(await one.run(`return db.get('a')`)).toBe(1)
    db.close()
    expect(await one.run(`db.put('a', 2); return db.get('a')`)).toBe(2)
    expect(await one.run(`return db.check().ok`)).toBe(true)
  })

  it('hundreds of attach and detach cycles, in any order, leak nothing', async () => {
    const db = open({ maxThreads: 8 })
    const handle = db.share()
    const before = db.stats().memory.usedBytes
    for (let i = 0; i < 300; i++) {
      const some = Array.from({ length: 1 + (i % 7) }, () => ZVerse.attach(handle) as Db)
      for (const each of some) each.beginRead()
      for (const each of some.sort(() => (i % 2 ? 1 : -1))) each.close()
    }
    expect(db.stats().memory.usedBytes).toBe(before)
    expect(db.stats().readers).toMatchObject({ attached: 1, pins: 0 })
    // Each way to end, with handles open and closed: six.
    for (let i = 0; i < (SCALE >= 1 ? 12 : 6); i++) {
      const worker = actor(db)
      await worker.run(`db.beginRead(); if (args % 2) db.close()`, i)
      if (i % 3 === 0) void worker.kill()
      else worker.order(`process.exit()`)
      await worker.exited
    }
    await until(() => db.stats().readers.attached === 1)
    expect(db.stats().memory.usedBytes).toBe(before)
  }, 60_000)

  it('a full table says so, and buries its dead first', async () => {
    const db = open({ maxThreads: 3 })
    const handle = db.share()
    const twins = [ZVerse.attach(handle), ZVerse.attach(handle)]
    expect(() => ZVerse.attach(handle)).toThrow(
      expect.objectContaining({ code: 'ZVERSE_READERS_FULL' }),
    )
    for (const twin of twins) twin.close()
    // Killed, and no thread has heard of it.
    for (let i = 0; i < 2; i++) {
      const worker = actor(db, false)
      await worker.run(`db.beginRead()`)
      await worker.kill()
    }
    expect(db.stats().readers.attached).toBe(3)
    const again = ZVerse.attach(handle)
    expect(db.stats().readers).toMatchObject({ attached: 2, pins: 0 })
    again.close()
  })
})

describe('the end of a worker', () => {
  it('tracked: its pins and its lock are free at once', async () => {
    const db = open({ history: { versions: 0 } })
    db.put('a', 1)
    const worker = actor(db)
    await worker.run(`state.tx = db.beginRead()`)
    const { threadId } = worker.worker
    expect(db.stats().readers).toMatchObject({ pins: 1, oldestPinnedThread: threadId })
    await worker.run(`state.write = db.beginWrite(); state.write.put('a', 9)`)
    // The writer's turn is taken: the last state seen has to do.
    expect(db.stats().readers).toMatchObject({ pins: 1, oldestPinnedThread: threadId })
    await worker.kill()
    await until(() => db.stats().readers.pins === 0)
    expect(db.get('a')).toBe(1)
    expect(db.put('a', 2)).toBe(2)
  })

  it('with the workers that it tracked itself', async () => {
    const db = open()
    const parent = actor(db)
    await parent.run(
      `
      state.child = new state.Worker(new URL(args), { workerData: { handle: state.handle } })
      db.track(state.child)
      await new Promise(resolve => state.child.once('online', resolve))
      const answer = new Promise(resolve => state.child.once('message', resolve))
      state.child.postMessage({ id: 0, code: 'db.beginRead(); state.tx = db.beginWrite()' })
      await answer
    `,
      new URL('./actor.js', import.meta.url).href,
    )
    expect(db.stats().readers).toMatchObject({ attached: 3, pins: 1 })
    await parent.kill()
    await until(() => db.stats().readers.attached === 1)
    expect(db.put('a', 1)).toBe(1)
  })

  it('in good order: it detaches by itself, tracked or not', async () => {
    const db = open()
    const worker = actor(db, false)
    await worker.run(`db.beginRead(); state.tx = db.beginWrite(); state.tx.put('a', 1)`)
    worker.order(`process.exit()`)
    await worker.exited
    expect(db.stats().readers).toMatchObject({ attached: 1, pins: 0 })
    expect(db.put('a', 2)).toBe(1)
  })

  it('while its tracker is blocked in the lock that it held: it goes on', async () => {
    // How long it takes is measured in perf/threads; here it is only not the timeout that ends it.
    const db = open({ lockTimeout: NEVER })
    for (let i = 0; i < (SCALE >= 1 ? 5 : 2); i++) {
      const worker = actor(db)
      await worker.run(`state.tx = db.beginWrite(); state.tx.put('a', 1)`)
      void worker.worker.terminate()
      db.put('b', i)
    }
  })

  it('untracked: what it held is found when it is in the way', async () => {
    const db = open({ history: { versions: 0 } })
    const worker = actor(db, false)
    db.put('a', 0)
    await worker.run(`state.tx = db.beginRead(); state.write = db.beginWrite()`)
    await worker.kill()
    expect(db.stats().readers.pins).toBe(1)
    db.put('a', 1)
    const end = performance.now() + NEVER
    while (db.stats().readers.pins > 0 && performance.now() < end) db.put('a', 2)
    expect(db.stats().readers.pins).toBe(0)
  })

  it('tracking refuses what it cannot track', async () => {
    const db = open()
    const invalid = expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION', option: 'worker' })
    for (const bad of [undefined, null, 1, {}, { threadId: 1 }]) {
      expect(() => db.track(bad as never)).toThrow(invalid)
    }
    const worker = new Worker('', { eval: true })
    await new Promise(resolve => worker.once('exit', resolve))
    expect(() => db.track(worker)).toThrow(invalid)
    const live = actor(db)
    db.track(live.worker)
    expect(live.worker.listenerCount('exit')).toBe(2)
  })
})

describe('waiting', () => {
  it('waitFor: for a version of any thread', async () => {
    const db = open()
    const worker = actor(db)
    expect(await db.waitFor(0)).toBe(0)
    const there = db.waitFor(2)
    worker.order(`db.put('a', 1); db.put('a', 2)`)
    expect(await there).toBeGreaterThanOrEqual(2)
    expect(db.get('a')).toBe(2)
    const far = worker.run(`return db.waitFor(4)`)
    db.put('a', 3)
    db.put('a', 4)
    expect(await far).toBe(4)
  })

  it('waitFor: aborted, closed, asked nonsense', async () => {
    const db = open()
    const abort = new AbortController()
    const waiting = db.waitFor(10, { signal: abort.signal })
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await expect(db.waitFor(10, { signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
    const invalid = { code: 'ZVERSE_INVALID_OPTION' }
    await expect(db.waitFor(-1)).rejects.toMatchObject(invalid)
    await expect(db.waitFor(1.5)).rejects.toMatchObject(invalid)
    await expect(db.waitFor(1, { signal: {} as never })).rejects.toMatchObject(invalid)
    await expect(db.waitFor(1, AbortSignal.abort() as never)).rejects.toMatchObject(invalid)
    await expect(db.waitFor(1, { timeout: 1 } as never)).rejects.toMatchObject(invalid)
    const closed = db.waitFor(10)
    db.close()
    await expect(closed).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
  })

  it('changes: of other threads, resumed from a version, nothing missed or doubled', async () => {
    const db = open()
    const worker = actor(db)
    const seen: number[] = []
    const reading = (async () => {
      for await (const { version, changes } of db.changes()) {
        seen.push(version)
        expect(changes).toEqual([{ type: 'put', key: 'a', value: version }])
        if (version === 200) return
      }
    })()
    await worker.run(`for (let i = 1; i <= 200; i++) {
      db.put('a', i)
      if (i % 10 === 0) await new Promise(resolve => setTimeout(resolve, 1))
    }`)
    await reading
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    const rest = await worker.run<number[]>(`
      const found = []
      for await (const { version } of db.changes({ since: 190 })) {
        found.push(version)
        if (version === 200) return found
      }`)
    expect(rest).toEqual([191, 192, 193, 194, 195, 196, 197, 198, 199, 200])
  })

  it('changes: one that falls behind is told, and costs the writer nothing', async () => {
    const db = open({ history: { versions: 5 } })
    const changes = db.changes()
    const worker = actor(db)
    await worker.run(`for (let i = 1; i <= 50; i++) db.put('a', i)`)
    await expect(changes.next()).rejects.toMatchObject({ code: 'ZVERSE_VERSION_NOT_RETAINED' })
  })

  it('lockTimeout: says how long and for whom', async () => {
    const db = open({ lockTimeout: 60 })
    const worker = actor(db)
    await worker.run(`state.tx = db.beginWrite()`)
    const busy = { code: 'ZVERSE_WRITER_BUSY', threadId: worker.worker.threadId }
    const since = performance.now()
    expect(() => db.put('a', 1)).toThrow(expect.objectContaining(busy))
    expect(performance.now() - since).toBeGreaterThanOrEqual(60)
    await expect(db.beginWriteAsync()).rejects.toMatchObject(busy)
    expect(db.get('a')).toBeUndefined()
    await worker.run(`state.tx.commit()`)
    expect(db.put('a', 1)).toBe(1)
    expect(db.stats().writer).toMatchObject({ waits: 2, waiting: 0 })
    expect(db.stats().writer.waitedMs).toBeGreaterThanOrEqual(120)
  })

  it('beginWriteAsync: waits without blocking, keeps its turn, is aborted', async () => {
    const db = open()
    const worker = actor(db)
    await worker.run(`state.tx = db.beginWrite(); state.tx.put('a', 1)`)
    let ticks = 0
    const ticking = setInterval(() => ticks++, 1)
    const abort = new AbortController()
    const aborted = db.beginWriteAsync({ signal: abort.signal })
    const waiting = db.beginWriteAsync()
    const closedTx = db.beginWriteAsync()
    await until(() => ticks > 5)
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    await expect(db.beginWriteAsync({ signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
    await worker.run(`state.tx.commit()`)
    const first = await Promise.race([waiting, closedTx])
    expect(first.get('a')).toBe(1)
    expect(() => db.put('b', 1)).toThrow(
      expect.objectContaining({ code: 'ZVERSE_NESTED_TRANSACTION' }),
    )
    await expect(db.beginWriteAsync()).rejects.toMatchObject({ code: 'ZVERSE_NESTED_TRANSACTION' })
    first.put('b', 2)
    first.commit()
    for (const tx of await Promise.all([waiting, closedTx]))
      (tx as WriteTransaction<string, unknown>).abort()
    clearInterval(ticking)
    expect(db.get('b')).toBe(2)
    await expect(db.beginWriteAsync({ signal: 1 as never })).rejects.toMatchObject({
      code: 'ZVERSE_INVALID_OPTION',
    })
  })

  it('a wait that ends after close leaves the line to its next owner', async () => {
    const db = open()
    const worker = actor(db)
    await worker.run(`state.tx = db.beginWrite()`)
    const twin = ZVerse.attach(db.share()) as Db
    const waiting = twin.beginWriteAsync()
    twin.close()
    const next = ZVerse.attach(db.share()) as Db
    const turn = next.beginWriteAsync()
    await expect(waiting).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
    expect(db.stats().writer.waiting).toBe(1)
    await worker.run(`state.tx.abort()`)
    ;(await turn).abort()
    expect(db.stats().writer.waiting).toBe(0)
    next.close()
  })

  it('nobody starves: a writer without pause leaves others their turn', async () => {
    const db = open({ lockTimeout: NEVER })
    const busy = actor(db)
    busy.order(
      `state.go = true; while (state.go) { for (let i = 0; i < 100; i++) db.put('x', i); await 0; if (db.has('stop')) break }`,
    )
    // Not before it writes.
    await db.waitFor(1)
    const other = actor(db)
    // A starving thread waits for ever: nothing else ends the other's loop.
    const versions = await other.run<number[]>(`
      const versions = []
      for (let i = 0; i < 40; i++) versions.push(db.put('y', i))
      return versions`)
    db.put('stop', 1)
    expect(new Set(versions).size).toBe(40)
    expect(db.version).toBeGreaterThan(41)
  })
})

describe('what is forgotten', () => {
  const collect = `
    const { setFlagsFromString } = await import('node:v8')
    const { runInNewContext } = await import('node:vm')
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc')
    for (let i = 0; i < 20; i++) { await new Promise(resolve => setTimeout(resolve, 5)); gc() }
  `
  it('read transactions and iterators: their pins go when they are collected', async () => {
    const db = open({ history: { versions: 0 } })
    db.put('a', 1)
    const worker = actor(db)
    const warned = new Promise(resolve => worker.worker.stderr?.once('data', resolve))
    await worker.run(`
      for (let i = 0; i < 100; i++) db.beginRead()
      for (let i = 0; i < 100; i++) db.range().next()
      state.iterator = db.beginRead().range()
      process.on('warning', warning => { state.warnings = [...(state.warnings ?? []), warning.code] })
    `)
    expect(db.stats().readers.pins).toBe(1)
    db.put('a', 2)
    await worker.run(`db.beginRead(); ${collect}`)
    expect(db.stats().readers.pins).toBe(1)
    // The iterator keeps its transaction's version.
    expect(await worker.run(`return state.iterator.next().value`)).toEqual(['a', 1])
    expect(await worker.run(`return state.warnings`)).toEqual(['ZVERSE_NOT_CLOSED'])
    await worker.run(`state.iterator = undefined; ${collect}`)
    expect(db.stats().readers.pins).toBe(0)
    void warned
  })

  it('in development with the place where it was opened, in production without a word', async () => {
    for (const mode of ['development', 'production']) {
      const db = open()
      const worker = actor(db, true, {}, { env: { ...process.env, NODE_ENV: mode } })
      const warnings = await worker.run<string[]>(`
        const warnings = []
        process.on('warning', ({ code, detail }) => warnings.push(code + detail))
        ;(function forgetful() { db.beginRead() })()
        await new Promise(resolve => setTimeout(resolve, 5))
        ${collect}
        return warnings`)
      if (mode === 'production') expect(warnings).toEqual([])
      else expect(warnings).toEqual([expect.stringMatching(/ZVERSE_NOT_CLOSED.*forgetful/s)])
    }
  })

  it('write transactions: they are aborted', async () => {
    const db = open()
    const worker = actor(db)
    await worker.run(
      `db.beginWrite().put('a', 1); await new Promise(resolve => setTimeout(resolve, 5)); ${collect}`,
    )
    expect(db.has('a')).toBe(false)
    expect(db.put('a', 2)).toBe(1)
  })

  it('handles: they detach', async () => {
    const db = open()
    const worker = actor(db)
    await worker.run(`for (let i = 0; i < 5; i++) ZVerse.attach(state.handle).get('a'); ${collect}`)
    expect(db.stats().readers.attached).toBe(2)
  })
})

describe('stats', () => {
  it('are of all threads', async () => {
    const db = open()
    const worker = actor(db)
    await worker.run(`
      for (let i = 0; i < 100; i++) db.put('a', i)
      for (let i = 0; i < 20_000; i++) db.get('a')
      state.tx = db.beginRead({ at: 60 })`)
    const { readers, writer, latency, versions } = db.stats()
    expect(readers).toMatchObject({ attached: 2, pins: 1, oldestPinned: 60 })
    expect(readers.oldestPinnedThread).toBe(worker.worker.threadId)
    expect(readers.oldestPinnedMs).toBeGreaterThanOrEqual(0)
    expect(readers.reads).toBeGreaterThanOrEqual(20_000)
    expect(writer).toMatchObject({ published: 100, waits: 0, waitedMs: 0, waiting: 0 })
    expect(writer.retiredBytes).toBeGreaterThan(writer.reclaimedBytes)
    expect(versions.version).toBe(100)
    for (const { samples, p50, p99, p999 } of [latency.read, latency.commit]) {
      expect(samples).toBeGreaterThan(5)
      expect(p50).toBeGreaterThan(0)
      expect(p99).toBeGreaterThanOrEqual(p50)
      expect(p999).toBeGreaterThanOrEqual(p99)
    }
    await worker.kill()
    await until(() => db.stats().readers.pins === 0)
    expect(db.stats().readers.reads).toBeGreaterThanOrEqual(20_000)
  })
})
