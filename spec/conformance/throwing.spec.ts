/**
 * The caller's code throws in the middle of a read: a decoder, a getter in options, a signal. The error
 * passes on, and a loop that has ended keeps nothing: no pins, no memory, no timers.
 */
import { describe, expect, it } from 'vitest'
import { ZVerse, zorder } from '../../lib/index.js'
import { ZVerseLevel } from '../../lib/level/index.js'
import { expectCode, thrownBy } from '../support/expect.js'

const MIB = 2 ** 20
const boom = new Error('boom')

/** A codec whose decoder throws while `isAngry`. */
function moody(name = 'moody') {
  const state = { isAngry: false }
  const codec = {
    name,
    encode: (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value)),
    decode: (bytes: Uint8Array): unknown => {
      if (state.isAngry) throw boom
      return JSON.parse(Buffer.from(bytes).toString())
    },
  }
  return { state, codec }
}

function opened() {
  const { state, codec } = moody()
  const keys = zorder(['uint16', 'uint16'])
  const db = ZVerse.open({ keys, values: codec, maxBytes: MIB, history: { versions: 20 } })
  const side = db.store('side', { keys: 'tuple', values: codec })
  for (let i = 0; i < 10; i++) {
    db.put([i, i], `value ${i}`)
    side.put([i, 'x'], i)
  }
  return { db, side, state, codec }
}

type World = ReturnType<typeof opened>
type Made = Iterable<unknown> & { next(): unknown; toArray(): unknown[] }

/** Everything that iterates and decodes values. */
const VERBS: Record<string, (world: World) => Made> = {
  range: ({ db }) => db.range(),
  'range, backwards': ({ db }) => db.range({ reverse: true, limit: 3 }),
  'range of the past': ({ db }) => db.range({ at: db.version - 2 }),
  'range in a box': ({ db }) =>
    db.range({
      box: [
        [0, 0],
        [9, 9],
      ],
    }),
  'the database itself': ({ db }) => db[Symbol.iterator](),
  values: ({ db }) => db.values(),
  getEntries: ({ db }) => db.getEntries(),
  box: ({ db }) => db.box([0, 0], [9, null]),
  nearest: ({ db }) => db.nearest([3, 3], 5),
  diff: ({ db }) => db.diff(db.version - 4, db.version),
  'diff, backwards': ({ db }) => db.diff(db.version - 9, db.version, { reverse: true }),
  history: ({ db }) => db.history([1, 1]),
  dump: ({ db, codec }) => db.dump({ codecs: [codec] }) as Made,
  'dump with history': ({ db, codec }) => db.dump({ history: true, codecs: [codec] }) as Made,
  'a named store': ({ side }) => side.range(),
  'values of a named store': ({ side }) => side.values({ prefix: [3] }),
  'diff of a named store': ({ side, db }) => side.diff(db.version - 9, db.version),
}

/** Every way to go through one. */
const WAYS: Record<string, (made: Made) => unknown> = {
  'for-of': made => {
    for (const _ of made);
  },
  spread: made => [...made],
  toArray: made => made.toArray(),
  'Array.from': made => Array.from(made),
  destructuring: made => {
    const [a, b, c, d, e, f, g, ...rest] = made
    return [a, b, c, d, e, f, g, rest]
  },
  'next, left at that': made => {
    for (let i = 0; i < 100; i++) made.next()
  },
  'yield*': made => [
    ...(function* () {
      yield* made
    })(),
  ],
  'map of newer Nodes': made => {
    const { map } = made as { map?: (f: (item: unknown) => unknown) => Iterable<unknown> }
    return map === undefined ? [...made] : [...map.call(made, item => item)]
  },
}

const pinsOf = (db: { stats(): { readers: { pins: number } } }) => db.stats().readers.pins

describe('a decoder that throws leaves nothing pinned', () => {
  it.each(Object.entries(VERBS))('in %s', (_, verb) => {
    const world = opened()
    const { db, state } = world
    for (const [way, go] of Object.entries(WAYS)) {
      state.isAngry = true
      expect(
        thrownBy(() => go(verb(world))),
        way,
      ).toBe(boom)
      expect(pinsOf(db), way).toBe(0)
      state.isAngry = false
    }
    expect([...verb(world)].length).toBeGreaterThan(0)
    expect(db.check()).toMatchObject({ ok: true, problems: [] })
    db.close()
  })

  it.each(Object.entries(VERBS))('in %s, round after round: memory comes free', (_, verb) => {
    const world = opened()
    const { db, state } = world
    db.setHistory({ versions: 0 })
    const text = 'x'.repeat(50_000)
    for (let round = 0; round < 40; round++) {
      state.isAngry = true
      // Without a past those that ask for one throw something else.
      expect(thrownBy(() => verb(world).toArray())).toBeInstanceOf(Error)
      state.isAngry = false
      db.put([7, 7], `${round}${text}`)
    }
    expect(pinsOf(db)).toBe(0)
    expect(db.stats().memory.freeBytes).toBeGreaterThan(0)
    expect(db.check().ok).toBe(true)
    db.close()
  })

  it('in transactions, whose own pin stays until they end', () => {
    const world = opened()
    const { db, side, state } = world
    const tx = db.beginRead()
    state.isAngry = true
    for (const go of Object.values(WAYS)) {
      for (const made of [tx.range(), tx.store(side).values(), tx.nearest([1, 1], 3)]) {
        expect(thrownBy(() => go(made as Made))).toBe(boom)
      }
      expect(pinsOf(db)).toBe(1)
    }
    tx.close()
    expect(pinsOf(db)).toBe(0)
    db.transact(draft => {
      draft.delete([0, 0])
      for (const go of Object.values(WAYS)) {
        for (const made of [draft.range(), draft.store(side).values(), draft.nearest([1, 1], 3)]) {
          expect(thrownBy(() => go(made as Made))).toBe(boom)
        }
      }
    })
    state.isAngry = false
    expect(pinsOf(db)).toBe(0)
    expect([...db.keys()]).toHaveLength(9)
    expect(db.check().ok).toBe(true)
    db.close()
  })

  it('in changes', async () => {
    const { db, state } = opened()
    state.isAngry = true
    const commits = db.changes({ since: db.version - 2 })
    await expect(commits.next()).rejects.toBe(boom)
    expect(await commits.next()).toEqual({ value: undefined, done: true })
    state.isAngry = false
    expect(pinsOf(db)).toBe(0)
    db.close()
  })
})

describe('a level whose encoding throws', () => {
  const valueEncoding = 'json'
  const ways: Record<string, (level: ZVerseLevel) => unknown> = {
    'for await': async level => {
      for await (const _ of level.iterator({ valueEncoding }));
    },
    'for await of values': async level => {
      for await (const _ of level.values({ valueEncoding }));
    },
    all: level => level.iterator({ valueEncoding }).all(),
    'all of a sublevel': level => level.sublevel('s').values({ valueEncoding }).all(),
    'all of the past': async level => {
      const past = level.at(1)
      await past
        .values({ valueEncoding })
        .all()
        .finally(() => past.close())
    },
    get: level => level.get('key', { valueEncoding }),
    getMany: level => level.getMany(['key'], { valueEncoding }),
    diff: async level => [...level.diff(0, 1, { valueEncoding })],
    history: async level => level.history('key', { valueEncoding }).toArray(),
    changes: async level => {
      for await (const _ of level.changes({ since: 0, valueEncoding }));
    },
  }

  it.each(Object.entries(ways))('%s leaves nothing pinned', async (_, way) => {
    const db = ZVerse.open({ keys: 'binary', values: 'binary', maxBytes: MIB })
    const level = new ZVerseLevel({ db })
    await level.put('key', 'no JSON')
    await level.sublevel('s').put('key', 'no JSON')
    for (let i = 0; i < 3; i++) {
      await expect(way(level)).rejects.toMatchObject({ code: expect.stringMatching(/^LEVEL_/) })
      expect(pinsOf(db)).toBe(0)
    }
    await level.close()
    db.close()
  })
})

describe('who goes on by hand', () => {
  it('reads the same version, whatever was committed since', () => {
    const { db, state } = opened()
    const from = db.version - 12
    const made = [
      () => db.values(),
      () => db.getEntries(),
      () => db.nearest([0, 0], 20),
      () => db.diff(from, db.version),
    ]
    for (const make of made) {
      const at = db.version
      const rows = make()
      rows.next()
      state.isAngry = true
      expect(thrownBy(() => rows.next())).toBe(boom)
      expect(pinsOf(db)).toBe(0)
      state.isAngry = false
      db.put([9, 9], `later than ${at}`)
      expect(db.version).toBe(at + 1)
      // The entry that could not be decoded is passed over.
      expect(JSON.stringify([...rows])).not.toContain(`later than ${at}`)
      expect(pinsOf(db)).toBe(0)
    }
    db.close()
  })

  it('is told where that version is gone', () => {
    const { db, state } = opened()
    db.setHistory({ versions: 1 })
    const made = [
      () => db.values(),
      () => db.nearest([0, 0], 20),
      () => db.diff(db.version - 1, db.version),
    ]
    for (const make of made) {
      const rows = make()
      state.isAngry = true
      expect(thrownBy(() => rows.next())).toBe(boom)
      state.isAngry = false
      for (let i = 0; i < 3; i++) db.put([9, 9], i)
      expectCode(() => rows.next(), 'VERSION_NOT_RETAINED')
      expectCode(() => rows.toArray(), 'VERSION_NOT_RETAINED')
      rows.return()
      expect([...rows]).toEqual([])
      expect(pinsOf(db)).toBe(0)
    }
    expect(db.check().ok).toBe(true)
    db.close()
  })

  it('finds it closed where the database is', () => {
    const { db, state } = opened()
    const rows = db.values()
    state.isAngry = true
    expect(thrownBy(() => rows.next())).toBe(boom)
    db.close()
    expectCode(() => rows.next(), 'CLOSED')
    expect(rows.return()).toEqual({ value: undefined, done: true })
  })
})

describe('options whose getters throw', () => {
  const angry = (name: string) =>
    Object.defineProperty({}, name, {
      enumerable: true,
      get() {
        throw boom
      },
    })

  it('leave nothing pinned', () => {
    const { db } = opened()
    const names = ['at', 'asOf', 'snapshot', 'limit', 'reverse', 'gte', 'box', 'signal', 'since']
    const asks: ((options: object) => unknown)[] = [
      options => db.range(options),
      options => db.getEntries(options),
      options => db.diff(0, 1, options),
      options => db.diff(options as never, 1),
      options => db.nearest([1, 1], 1, options),
      options => db.box([1, 1], [2, 2], options),
      options => db.history([1, 1], options),
      options => db.count(options),
      options => db.beginRead(options),
      options => db.restore(options),
      options => db.changes(options),
      options => db.dump(options),
      options => db.get([1, 1], options),
      options => db.tag('t', options),
    ]
    for (const ask of asks) {
      for (const name of names) expect(thrownBy(() => ask(angry(name)))).toBeInstanceOf(Error)
      expect(pinsOf(db)).toBe(0)
    }
    expect(db.check().ok).toBe(true)
    db.put([1, 1], 1)
    db.close()
  })
})

describe('signals that throw', () => {
  it.each(['aborted', 'addEventListener', 'reason'])(
    'in %s: the wait rejects, and ends',
    async name => {
      const { db } = opened()
      const { signal } = new AbortController()
      // Its capabilities are looked at first.
      const looks = name === 'reason' ? 0 : 1
      const calls = { left: looks }
      Object.defineProperty(signal, name, {
        get() {
          if (calls.left-- > 0) return name === 'aborted' ? false : () => {}
          throw boom
        },
      })
      const before = process.getActiveResourcesInfo().length
      if (name === 'reason') Object.defineProperty(signal, 'aborted', { value: true })
      await expect(db.waitFor(db.version + 1, { signal })).rejects.toBe(boom)
      calls.left = looks
      await expect(db.changes({ signal }).next()).rejects.toBe(boom)
      expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before)
      // No listener stays behind that throws at committers.
      db.put([1, 1], 1)
      db.close()
    },
  )

  it('only once somebody commits: that wait rejects, and the commit is made', async () => {
    const { db } = opened()
    const { signal } = new AbortController()
    let isAngry = false
    Object.defineProperty(signal, 'aborted', {
      get() {
        if (isAngry) throw boom
        return false
      },
    })
    const waits = [db.waitFor(db.version + 9, { signal }), db.changes({ signal }).next()]
    const all = Promise.allSettled(waits)
    isAngry = true
    const version = db.put([1, 1], 1)
    expect(db.version).toBe(version)
    expect(await all).toEqual(waits.map(() => ({ status: 'rejected', reason: boom })))
    db.put([1, 1], 2)
    db.close()
  })
})
