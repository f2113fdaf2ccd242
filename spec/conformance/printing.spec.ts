/**
 * All that users get prints, compares and serialises in short: no enumerable property leads to the arena.
 */
import { inspect } from 'node:util'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { ZVerse, ZVerseError, zorder } from '../../lib/index.js'
import { ZVerseLevel } from '../../lib/level/index.js'
import { thrownBy } from '../support/expect.js'

const text = 'x'.repeat(5000)

async function everything() {
  const db = ZVerse.open({ keys: 'tuple', maxBytes: 2 ** 22 })
  for (let i = 0; i < 200; i++) db.put(['k', i], { text })
  const store = db.store(`side ${text}`, { values: 'json' })
  store.put(text, [text])
  const points = db.store('points', { keys: zorder(['uint8', 'uint8']) })
  const tx = db.beginRead()
  const level = new ZVerseLevel({ valueEncoding: 'json', maxBytes: 2 ** 22 })
  await level.put('key', { text } as never)
  const sublevel = level.sublevel('sub')
  const past = level.at(1)
  const rows = level.iterator()
  await rows.next()
  const of = {
    ...{ db, store, points, tx, attached: ZVerse.attach(db.share()), handle: db.share() },
    ...{ storeSnapshot: tx.store(store), range: db.range(), keys: tx.keys(), diff: db.diff(1, 2) },
    ...{ history: db.history(['k', 1]), dump: db.dump(), nearest: points.nearest([1, 1], 1) },
    ...{ changes: db.changes(), ref: db.ref(['k', 1]), longRef: store.ref(text) },
    ...{ codec: zorder(['float64', 'date']), codecs: store.codecs },
    ...{ level, sublevel, past, rows, levelKeys: level.keys(), levelValues: past.values() },
    ...{ snapshot: level.snapshot(), levelHistory: level.history('key'), batch: level.batch() },
    ...{ levelDiff: level.diff(0, 1), levelChanges: level.changes() },
    ...{ pastSublevel: past.sublevel('sub'), sublevelOfPast: sublevel.at(1) },
    error: thrownBy(() => db.get(undefined as never)),
    other: thrownBy(() => db.get('k', { at: 'no such tag' })),
  }
  const write = db.beginWrite()
  const drafts = { write, draft: write.store(store), draftRange: write.range() }
  const close = async () => {
    write.abort()
    db.close()
    await level.close()
  }
  return { all: { ...of, ...drafts } as Record<string, object>, db, write, close }
}

/** All that is reachable from an object by own enumerable properties. */
function reach(from: object): Set<object> {
  const seen = new Set<object>([from])
  for (const object of seen) {
    for (const key of Reflect.ownKeys(object)) {
      const property = Object.getOwnPropertyDescriptor(object, key)
      if (!property?.enumerable) continue
      const { value } = property
      if (typeof value === 'object' && value !== null) seen.add(value)
    }
  }
  return seen
}

const SHORT = 300
/** Abstract-level's own iterators of sublevels and chained batches print their encodings, too. */
const SHORT_INSPECTION = 500

describe.each(['open', 'closed'])('what is %s', async state => {
  const { all, db, close } = await everything()
  if (state === 'closed') await close()
  afterAll(close)

  it.each(Object.entries(all))('%s leads to no memory', (name, object) => {
    for (const found of reach(object)) {
      expect(ArrayBuffer.isView(found)).toBe(false)
      // Structured cloning takes enumerable properties: a handle's buffer has to be one.
      if (name !== 'handle') expect(found).not.toBeInstanceOf(SharedArrayBuffer)
    }
    expect(reach(object).size).toBeLessThan(200)
  })

  it.each(Object.entries(all))('%s prints in short', (_, object) => {
    expect(JSON.stringify({ object }).length).toBeLessThan(SHORT)
    // An error has its stack.
    if (object instanceof Error) return
    expect(inspect(object, { depth: 10 }).length).toBeLessThan(SHORT_INSPECTION)
    expect(inspect({ deep: { deeper: [object] } }, { depth: 10 }).length).toBeLessThan(600)
  })

  it('says what it is', () => {
    const [json, text] = [JSON.parse(JSON.stringify(db)), inspect(db)]
    if (state === 'closed') {
      expect(json).toEqual({ type: 'ZVerse', closed: true })
      expect(text).toBe('ZVerse { closed: true }')
      return
    }
    const { usedBytes } = db.stats().memory
    expect(json).toEqual({ type: 'ZVerse', in: 'memory', version: 203, keys: 200, usedBytes })
    expect(text).toContain("in: 'memory', version: 203, keys: 200, usedBytes: ")
  })

  it.each(Object.entries(all))('%s is told of by a failing test in short', (_, object) => {
    const spy = vi.fn()
    spy('something else')
    for (const fails of [
      () => expect(spy).toHaveBeenCalledWith(object),
      () => expect({ object }).toEqual({ object: 1 }),
      () => expect([1]).toStrictEqual([object]),
    ]) {
      const { message } = thrownBy(fails) as Error
      expect(message.length).toBeLessThan(2000)
    }
  })
})

describe('printing', () => {
  it('reads nothing where reading is barred, and throws nothing', () => {
    const seen: string[] = []
    const codec = {
      name: 'prints',
      encode: (value: unknown) => {
        seen.push(inspect(db), JSON.stringify(db))
        return Buffer.from(String(value))
      },
      decode: String,
    }
    const db: ZVerse<string, unknown> = ZVerse.open({ values: codec, maxBytes: 2 ** 20 })
    db.put('a', 1)
    db.transact(tx => {
      tx.put('b', 2)
      expect(inspect(tx)).toContain('keys: 2')
      expect(inspect(db)).toContain('keys: 1')
    })
    expect(seen.slice(0, 2)).toEqual(['ZVerse {}', '{"type":"ZVerse"}'])
    const side = db.store('side')
    db.dropStore('side')
    expect(inspect(side)).toBe("Store { name: 'side', dropped: true }")
    db.close()
  })

  it('works on what is only made like one, as test runners make them', async () => {
    const { all, close } = await everything()
    for (const [name, object] of Object.entries(all)) {
      if (object instanceof ZVerseError) continue
      const copy = Object.create(
        Object.getPrototypeOf(object),
        Object.getOwnPropertyDescriptors(object),
      )
      expect(JSON.stringify({ copy }).length, name).toBeLessThan(SHORT)
      expect(inspect(copy).length, name).toBeLessThan(SHORT_INSPECTION)
    }
    await close()
  })

  it('compares without walking the arena', () => {
    const [a, b] = [ZVerse.open({ maxBytes: 2 ** 30 }), ZVerse.open({ maxBytes: 2 ** 30 })]
    a.put('k', 1)
    b.put('k', 1)
    expect(a).toEqual(b)
    expect({ a }).toMatchObject({ a: b })
    b.put('k', 2)
    expect(a).not.toEqual(b)
    expect(a.share()).toMatchObject({ keys: 'string', values: 'msgpack' })
    expect(structuredClone(a.share())).toEqual({ ...a.share() })
    a.close()
    b.close()
  })

  it('a read transaction is known by who made it', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 20 })
    const tx = db.beginRead()
    for (const fake of [Object.create(tx), { ...tx }, Object.create(Object.getPrototypeOf(tx))]) {
      expect(thrownBy(() => db.get('k', { snapshot: fake }))).toMatchObject({
        ...{ code: 'ZVERSE_INVALID_OPTION', option: 'snapshot' },
      })
    }
    db.close()
  })
})
