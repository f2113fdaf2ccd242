/** Who has the turn to write after a load is cut off, or its thread runs out of stack. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, it, vi } from 'vitest'
import type { ZVerse, ZVerseError } from '../../lib/index.js'
import { Watch } from '../../lib/threads/watch.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { expectCode } from '../support/expect.js'
import { type Any, sound } from './support.js'

const opened: ZVerse<Any, Any>[] = []
afterEach(() => {
  for (const db of opened.splice(0).reverse()) db.close()
})

/** A database; another handle of this thread; and one that poses as another thread. */
function open() {
  const hooks = { now: () => 1000, poison: true }
  const db = openWith({ maxBytes: 2 ** 22, lockTimeout: 30 }, hooks)
  const twin = attachWith(db.share(), {}, hooks)
  const stranger = attachWith(db.share(), {}, { ...hooks, threadId: 77_777 })
  opened.push(db, twin, stranger)
  return { db, twin, stranger }
}

const codecs = { keys: 'string', values: 'msgpack' }
const head = { type: 'zverse', format: 1, history: true, ...codecs, oldest: 0 }
const past = { ...head, version: 3, timestamp: 3 }
const block = (version: number) => ({ type: 'version', version, timestamp: version })
const put = (key: string) => ({ type: 'put', key, value: 1 })
const end = { type: 'end' }

it('what another handle took over of a load that was cut off is not given back twice', () => {
  for (const isClosed of [false, true]) {
    const { db, twin, stranger } = open()
    const text = 'db.load({ *[Symbol.iterator]() { yield past; for (;;); } })'
    expect(() => runInNewContext(text, { db, past }, { timeout: 30 })).toThrow(/timed out/)
    twin.put('a', 1)
    const tx = stranger.beginWrite()
    tx.put('b', 1)
    if (isClosed) db.close()
    else expectCode(() => db.put('c', 1), 'WRITER_BUSY')
    expectCode(() => twin.put('c', 1), 'WRITER_BUSY')
    tx.commit()
    twin.put('c', 1)
    sound(twin)
  }
})

it('an exception from behind the commit of a version does not end the turn', () => {
  const { db, stranger } = open()
  const tell = vi.spyOn(Watch.prototype, 'tell')
  function* records() {
    yield* [past, block(0), block(1), put('a')]
    tell.mockClear()
    tell.mockImplementationOnce(() => {
      throw new RangeError('as of a stack that is too short')
    })
    yield block(2)
    expect(tell.mock.results.map(({ type }) => type)).toEqual(['throw'])
    expectCode(() => stranger.put('x', 1), 'WRITER_BUSY')
    yield* [put('b'), block(3), put('c'), end]
  }
  try {
    expect(db.load(records())).toBe(3)
  } finally {
    tell.mockRestore()
  }
  stranger.put('x', 1)
  sound(db)
})

it('what cannot even be taken away leaves the turn to others', () => {
  for (let n = 1; n < 12; n++) {
    const { db, stranger } = open()
    function* records() {
      yield* [past, block(0), block(1), put('a'), { type: 'tag', name: 't' }]
      yield* [block(2), { type: 'store', store: 's', ...codecs }, block(3), put('b')]
      db._test.failAfter(n)
      throw new Error('mine')
    }
    expect(() => db.load(records())).toThrow('mine')
    db._test.failAfter(0)
    stranger.put('x', 1)
    sound(db)
  }
})

it('near the end of the stack it is refused with nothing begun, or done', () => {
  const records = [past, block(0), block(1), put('a'), block(2), { type: 'tag', name: 't' }]
  const made = Array.from({ length: 60 }, open)
  // Code that is not compiled yet needs more.
  const warm = open()
  expectCode(() => warm.db.load(records), 'FORMAT')
  let n = 0
  let skipped = 0
  const attempt = () => {
    if (skipped++ % 25 === 0 && n < made.length) {
      const { db } = made[n++]
      expect(() => db.load(records)).toThrow()
    }
  }
  const down = () => {
    try {
      down()
    } catch {}
    try {
      attempt()
    } catch {}
  }
  down()
  expect(n).toBe(made.length)
  for (const { db, stranger } of made) {
    expect(db.size).toBe(0)
    expect(db.versions().flatMap(({ tags }) => tags)).toEqual([])
    stranger.put('x', 1)
    sound(db)
  }
})

it('a load whose records are dropped, and never come, gives the turn back', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (const first of [
    [past, block(0)],
    [past, block(0), block(1), put('a')],
  ]) {
    const { db, stranger } = open()
    const begin = () => {
      async function* records() {
        yield* first
        await new Promise(() => {})
      }
      const held = records()
      db.load(held)
      return held
    }
    // Else the system might collect them before.
    let held: unknown = begin()
    await new Promise(resolve => setTimeout(resolve, 20))
    expectCode(() => db.put('x', 1), 'NESTED_TRANSACTION')
    expectCode(() => stranger.put('x', 1), 'WRITER_BUSY')
    expect(held).toBeDefined()
    held = undefined
    const isFree = () => {
      try {
        stranger.put('x', 1)
        return true
      } catch (error) {
        if ((error as ZVerseError).code === 'ZVERSE_WRITER_BUSY') return false
        throw error
      }
    }
    // Until the time of the test is over: nobody can say when the system gets round to it.
    while (!isFree()) {
      collect()
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    db.put('y', 1)
    expect(db.range().toArray()).toEqual([
      ['x', 1],
      ['y', 1],
    ])
    sound(db)
  }
})
