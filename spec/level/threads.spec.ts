/**
 * Levels of several threads over one database, opened and closed in any order: data, pins and memory
 * are as they should be afterwards. The code is as built, for workers load that.
 */
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { ZVerse as BuiltDatabase } from '../../dist/index.js'
import { ZVerseLevel as BuiltLevel } from '../../dist/level/index.js'
import type * as zverse from '../../lib/index.js'
import type * as levels from '../../lib/level/index.js'

const ZVerse = BuiltDatabase as unknown as typeof zverse.ZVerse
const ZVerseLevel = BuiltLevel as unknown as typeof levels.ZVerseLevel
type Level = levels.ZVerseLevel
type Database = zverse.ZVerse<Uint8Array, Uint8Array>

const NOT_OPEN = { code: 'LEVEL_DATABASE_NOT_OPEN' }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function levelOver(): Promise<{ db: Database; level: Level; pins: () => number }> {
  const db = ZVerse.open({ keys: 'binary', values: 'binary', maxBytes: 2 ** 24 })
  const same = ZVerse.attach(db.share())
  const level = new ZVerseLevel({ db })
  await level.open()
  ends.push(
    () => same.close(),
    () => db.close(),
    () => expect(same.check()).toMatchObject({ ok: true, problems: [] }),
    () => level.close(),
  )
  return { db, level, pins: () => db.stats().readers.pins }
}

/** A thread with a level of its own. */
class Other {
  readonly worker: Worker
  readonly #ready: Promise<unknown>

  constructor(db: Database) {
    const file = new URL('./support-worker.js', import.meta.url)
    this.worker = new Worker(file, { workerData: db.share() })
    db.track(this.worker)
    ends.push(() => this.worker.terminate())
    this.#ready = once(this.worker, 'message')
  }

  async run(order: string, n = 0): Promise<unknown> {
    await this.#ready
    this.worker.postMessage({ order, n })
    for (;;) {
      const [answer] = await once(this.worker, 'message')
      if (answer.order === order) return answer.result
    }
  }
}

describe('threads', () => {
  it('write and iterate at once: a batch is seen whole, and nothing is lost', async () => {
    const { db, level, pins } = await levelOver()
    const other = new Other(db)
    const writing = other.run('write', 1500)
    let done = false
    void writing.then(() => (done = true))
    let ours = 0
    while (!done) {
      const value = `ours ${ours}`
      await level
        .batch()
        .put('left', value)
        .put(`own ${ours % 100}`, value)
        .put('right', value)
        .write()
      ours++
      const iterator = level.iterator()
      const entries = new Map(await iterator.nextv(50))
      for (const [key, value] of await iterator.all()) entries.set(key, value)
      expect(entries.get('left')).toBe(entries.get('right'))
      if (ours % 20 === 0) await new Promise(resolve => setTimeout(resolve))
    }
    await writing
    // Those that met share a version.
    expect(level.version()).toBeLessThanOrEqual(1500 + ours)
    expect(level.version()).toBeGreaterThanOrEqual(1500)
    expect(level.getSync('mine 99')).toBe('theirs 1499')
    expect(level.getSync(`own ${(ours - 1) % 100}`)).toBe(`ours ${ours - 1}`)
    expect(pins()).toBe(0)
  })

  it('read what another writes', async () => {
    const { db, level } = await levelOver()
    const reading = new Other(db).run('read', 200)
    for (let i = 0; i < 2000; i++) {
      const operation = { type: 'put', value: `${i}` } as const
      await level.batch([
        { ...operation, key: 'left' },
        { ...operation, key: 'right' },
      ])
      if (i % 50 === 0) await new Promise(resolve => setTimeout(resolve))
    }
    expect(await reading).toBe(0)
  })

  it('are told of the commits of others', async () => {
    const { db, level } = await levelOver()
    const changes = level.changes({ gte: 'mine', lt: 'mine~' })
    const writing = new Other(db).run('write', 20)
    for (let i = 0; i < 20; i++) {
      const { value } = await changes.next()
      expect(value?.changes).toEqual([{ type: 'put', key: `mine ${i}`, value: `theirs ${i}` }])
    }
    await writing
    const last = changes.next()
    await level.close()
    expect(await last).toEqual({ value: undefined, done: true })
  })

  it('one that is killed in the middle of iterations leaves no pin', async () => {
    const { db, level, pins } = await levelOver()
    for (let i = 0; i < 100; i++) await level.put(`key ${i}`, '')
    const other = new Other(db)
    expect(await other.run('hold', 20)).toBeGreaterThan(0)
    await level.put('key', 'since')
    expect(pins()).toBeGreaterThan(0)
    await other.worker.terminate()
    await level.put('key', 'again')
    expect(pins()).toBe(0)
  })

  it('one that closes its level lets go of what the level held', async () => {
    const { db, pins } = await levelOver()
    const other = new Other(db)
    await other.run('hold', 5)
    expect(await other.run('close')).toBe(0)
    expect(pins()).toBe(0)
  })
})

describe('the end', () => {
  it('a database that is closed underneath: everything says so, and the level closes', async () => {
    const { db, level } = await levelOver()
    await level.put('a', '1')
    await level.put('b', '2')
    const sublevel = level.sublevel('s')
    await sublevel.open()
    const past = level.at(1)
    await past.open()
    const iterator = level.iterator()
    await iterator.next()
    const history = level.history('a')
    const snapshot = level.snapshot()
    const next = level.changes().next()
    db.close()
    expect(await next).toMatchObject({ done: true })
    const rejected = [
      level.get('a'),
      level.put('a', ''),
      level.del('a'),
      level.batch([{ type: 'del', key: 'a' }]),
      level.batch().del('a').write(),
      level.clear(),
      level.clear({ limit: 1 }),
      level.getMany(['a']),
      level.has('a'),
      level.hasMany(['a']),
      level.iterator().all(),
      level.keys().next(),
      iterator.next(),
      sublevel.get('a'),
      sublevel.values().all(),
      past.get('a'),
      past.iterator().next(),
      level.get('a', { snapshot }),
    ]
    for (const promise of rejected) await expect(promise).rejects.toMatchObject(NOT_OPEN)
    const thrown = [
      () => level.getSync('a'),
      () => level.version(),
      () => level.at(1),
      () => level.snapshot(),
      () => level.history('a'),
      () => level.diff(0, 1),
      () => level.changes(),
      () => history.next(),
      () => past.version(),
    ]
    for (const action of thrown) expect(action).toThrow(expect.objectContaining(NOT_OPEN))
    await level.close()
    expect([level.status, past.status, sublevel.status]).toEqual(['closed', 'closed', 'closed'])
    await expect(level.open()).rejects.toMatchObject(NOT_OPEN)
  })

  it('opening and closing in any order, any number of times', async () => {
    const level = new ZVerseLevel({ maxBytes: 2 ** 20 })
    await Promise.all([level.open(), level.open()])
    await level.put('a', '1')
    await Promise.all([level.close(), level.open(), level.close(), level.close(), level.open()])
    expect([level.status, await level.get('a')]).toEqual(['open', '1'])
    await level.close()
    await expect(level.get('a')).rejects.toMatchObject(NOT_OPEN)
    await level.open()
    expect([level.version(), await level.get('a')]).toEqual([1, '1'])
    const early = new ZVerseLevel({ maxBytes: 2 ** 20 })
    const put = early.put('a', '1')
    void early.close()
    await expect(put).rejects.toMatchObject(NOT_OPEN)
    await early.open()
    expect(await early.get('a')).toBeUndefined()
    await Promise.all([level.close(), early.close()])
  })

  it('closing while something is read waits for it', async () => {
    const { level, pins } = await levelOver()
    for (let i = 0; i < 100; i++) await level.put(`${i}`, '')
    const iterator = level.iterator()
    const next = iterator.next()
    const all = level.keys().all()
    const closing = level.close()
    expect(await next).toBeDefined()
    expect(await all).toHaveLength(100)
    await closing
    await expect(iterator.next()).rejects.toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' })
    expect(pins()).toBe(0)
  })

  it('what a level made ends with it: the past, its sublevels and iterators', async () => {
    const { level, pins } = await levelOver()
    const sublevel = level.sublevel('s').sublevel('t')
    await sublevel.put('a', '1')
    const past = level.at(1)
    const within = past.sublevel('s').sublevel('t')
    const aside = sublevel.at(1)
    expect([await within.get('a'), await aside.get('a')]).toEqual(['1', '1'])
    const iterators = [past, within, aside].map(level => level.iterator())
    const late = past.at(1)
    const never = sublevel.at(0)
    past.snapshot()
    within.snapshot()
    await level.close()
    for (const one of [past, within, aside, late, never]) expect(one.status).toBe('closed')
    for (const iterator of iterators) {
      await expect(iterator.next()).rejects.toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' })
    }
    expect(pins()).toBe(0)
    await level.open()
    await past.open()
    expect(await past.get('!s!!t!a')).toBe('1')
    await past.close()
    expect(pins()).toBe(0)
  })
})

describe('a hundred thousand', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heap = () => {
    gc()
    return process.memoryUsage().heapUsed
  }
  const kinds: Record<
    string,
    (level: Level, sublevel: levels.ZVerseSublevel<Level, string, string>) => Promise<void>
  > = {
    iterators: async level => {
      const iterator = level.iterator()
      await iterator.next()
      await iterator.close()
    },
    snapshots: level => level.snapshot().close(),
    'levels of the past': level => level.at(1).close(),
    'sublevels of the past': async (_, sublevel) => {
      const past = sublevel.at(1)
      await past.get('a')
      await past.close()
    },
    'histories left in the middle': async level => {
      level.history('a').return()
    },
  }

  it.each(Object.keys(kinds))('%s, opened and closed, leave nothing behind', async kind => {
    const { level, pins } = await levelOver()
    await level.put('a', '1')
    const sublevel = level.sublevel('s')
    await sublevel.open()
    const turn = kinds[kind] as (typeof kinds)[string]
    for (let i = 0; i < 5000; i++) await turn(level, sublevel)
    const before = heap()
    const turns = kind === 'sublevels of the past' ? 20_000 : 100_000
    for (let i = 0; i < turns; i++) await turn(level, sublevel)
    expect(heap() - before).toBeLessThan(2 ** 21)
    expect(pins()).toBe(0)
  })
})
