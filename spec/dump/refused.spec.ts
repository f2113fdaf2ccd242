/** Input that is no dump, does not fit, or is cut off is refused, and leaves no trace. */
import { afterEach, describe, expect, it } from 'vitest'
import { type DumpRecord, ZVerse, ZVerseError } from '../../lib/index.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { expectCode } from '../support/expect.js'
import { type Any, codecs, emptyLike, lines, make, records, reversed, sound } from './support.js'

const opened: ZVerse<Any, Any>[] = []
afterEach(() => {
  for (const db of opened.splice(0)) db.close()
})

function open(options: object = {}): ZVerse<Any, Any> {
  const db = openWith(
    { maxBytes: 2 ** 22, history: {}, ...options },
    { now: () => 1000, poison: true },
  )
  opened.push(db)
  return db
}

/** The database is empty, everything works, and no thread has the turn to write. */
function isEmpty(db: ZVerse<Any, Any>): void {
  expect(db.size).toBe(0)
  expect(db.stores()).toEqual([])
  expect(db.versions().flatMap(({ tags }) => tags)).toEqual([])
  sound(db)
  const version = db.version
  expect(db.put('written after', 1)).toBe(version + 1)
  const other = attachWith(db.share(), {}, { now: () => 1000 })
  expect(other.delete('written after')).toBe(version + 2)
  other.close()
}

const head = { type: 'zverse', format: 1, history: true, keys: 'string', values: 'msgpack' }
const plain = { ...head, history: false, version: 1, timestamp: 5 }
const past = { ...head, oldest: 0, version: 9, timestamp: 50 }
const zero = { type: 'version', version: 0, timestamp: 1 }
const one = { type: 'version', version: 1, timestamp: 2 }
const two = { type: 'version', version: 2, timestamp: 3 }
const put = { type: 'put', key: 'a', value: 1 }
const del = { type: 'del', key: 'a' }
const store = { type: 'store', store: 's', keys: 'tuple', values: 'json' }
const tag = { type: 'tag', name: 't' }
const end = { type: 'end' }

describe('load refuses', () => {
  const wrong: [string, unknown[], string, RegExp][] = [
    ['nothing', [], 'FORMAT', /cut short/],
    ['a header alone', [plain], 'FORMAT', /cut short/],
    ['no header', [put, end], 'FORMAT', /begin with/],
    ['another format', [{ ...plain, format: 2 }, end], 'FORMAT', /format 2, .* reads 1/],
    ['no format', [{ ...plain, format: undefined }, end], 'FORMAT', /format undefined/],
    ['no version', [{ ...plain, version: -1 }, end], 'FORMAT', /version of a zverse/],
    ['a time too late', [{ ...plain, timestamp: 2 ** 50 }, end], 'FORMAT', /timestamp/],
    ['no begin of the run', [{ ...past, oldest: undefined }, end], 'FORMAT', /oldest/],
    [
      'other keys',
      [{ ...plain, keys: 'tuple' }, end],
      'INVALID_OPTION',
      /tuple, of the database string/,
    ],
    [
      'other values',
      [{ ...plain, values: 'json' }, end],
      'INVALID_OPTION',
      /json, of the database msgpack/,
    ],
    ['no object', [plain, 5, end], 'FORMAT', /a number/],
    ['null', [plain, null, end], 'FORMAT', /null/],
    ['an array', [plain, [put], end], 'FORMAT', /an array/],
    ['an unknown type', [plain, { type: 'what' }, end], 'FORMAT', /"what"/],
    ['a type that is no text', [plain, { type: 5n }, end], 'FORMAT', /type a bigint/],
    [
      'a version that none can come after',
      [past, { ...two, version: 2 ** 48 - 1 }, put, tag, put],
      'FORMAT',
      /no version can come after/,
    ],
    ['records after the end', [plain, put, end, put], 'FORMAT', /after its end/],
    ['a wrong key', [plain, put, { ...put, key: 5 }, end], 'INVALID_KEY', /./],
    ['no key', [plain, { type: 'put', value: 1 }, end], 'INVALID_KEY', /./],
    ['a wrong value', [plain, { ...put, value: () => 1 }, end], 'INVALID_VALUE', /./],
    ['a store never made', [plain, { ...put, store: 's' }, end], 'FORMAT', /"s" has not been made/],
    ['a store without a name', [plain, { ...store, store: '' }, end], 'FORMAT', /store of a store/],
    ['a store made twice', [plain, store, store, end], 'FORMAT', /twice/],
    ['unknown keys', [plain, { ...store, keys: 'x' }, end], 'INVALID_OPTION', /./],
    [
      'unknown values',
      [plain, { ...store, values: 'x' }, end],
      'INVALID_OPTION',
      /"x" of store "s"/,
    ],
    ['versions without history', [plain, one, put, end], 'FORMAT', /no history/],
    ['deletions without history', [plain, put, del, end], 'FORMAT', /no history/],
    ['tags without history', [plain, put, tag, end], 'FORMAT', /no history/],
    [
      'an entry of its own version without history',
      [plain, { ...put, version: 7 }, end],
      'FORMAT',
      /version 7/,
    ],
    ['an entry in no version', [past, put, end], 'FORMAT', /no version/],
    ['an entry behind a tag', [past, one, put, tag, del, end], 'FORMAT', /no version/],
    ['a store in no version', [past, store, end], 'FORMAT', /no version/],
    ['a tag of no version', [past, tag, end], 'FORMAT', /no version/],
    ['a tag that comes twice', [past, one, put, tag, two, del, tag, end], 'FORMAT', /comes twice/],
    [
      'a tag of digits',
      [past, one, put, { type: 'tag', name: '12' }, end],
      'INVALID_OPTION',
      /digits/,
    ],
    ['versions that fall', [past, two, put, one, end], 'FORMAT', /version 1 comes after version 2/],
    ['versions that stay', [past, one, put, one, end], 'FORMAT', /version 1 comes after version 1/],
    ['times that fall', [past, one, put, { ...two, timestamp: 1 }, end], 'FORMAT', /comes after/],
    [
      'a version that ends before it begins',
      [past, { ...one, until: 1 }, end],
      'FORMAT',
      /too soon/,
    ],
    [
      'a version before the last has ended',
      [past, { ...one, until: 9 }, put, { ...two, version: 5 }, end],
      'FORMAT',
      /version 5 comes after version 1/,
    ],
    [
      'an entry too young',
      [past, one, { ...put, version: 2 }, end],
      'FORMAT',
      /of version 2 in version 1/,
    ],
    [
      'an entry too old',
      [past, one, put, two, { ...put, version: 1 }, end],
      'FORMAT',
      /of version 1 in version 2/,
    ],
    ['a key that comes twice', [past, two, { ...put, version: 1 }, put, end], 'FORMAT', /twice/],
    ['deleted though it comes', [past, two, { ...put, version: 1 }, del, end], 'FORMAT', /twice/],
    ['a deletion of nothing', [past, one, del, end], 'FORMAT', /not there/],
    ['a drop of nothing', [past, one, { type: 'drop', store: 's' }, end], 'FORMAT', /not there/],
    [
      'a drop after use',
      [past, one, store, { type: 'drop', store: 's' }, end],
      'FORMAT',
      /after use/,
    ],
    [
      'an entry in version 0',
      [past, zero, put, end],
      'CONFLICT',
      /version 0.*load it into a new one/,
    ],
  ]
  it.each(wrong)('%s', (_, given, code, message) => {
    const db = open()
    const error = expectCode(() => db.load(given), code)
    expect(error.message).toMatch(message)
    isEmpty(db)
  })

  it.each(wrong)('%s, from an async iterable', async (_, given, code) => {
    const db = open()
    async function* slowly() {
      yield* given
    }
    await expect(db.load(slowly())).rejects.toMatchObject({ code: `ZVERSE_${code}` })
    isEmpty(db)
  })

  it('a history of the future, whose times do not stay', () => {
    const late = { ...zero, timestamp: 2 ** 47 }
    const next = { ...one, timestamp: 2 ** 47 }
    for (const rest of [[next, put], [tag], [{ ...next, version: 2 ** 40 }], []]) {
      const db = open()
      db.share()
      expect(() => db.load([past, late, ...rest])).toThrow()
      db.put('a', 1)
      expect(db.versions().map(({ timestamp }) => timestamp)).toEqual([1000, 1000])
      sound(db)
    }
  })

  it('what cannot be iterated, and unknown options', () => {
    const db = open()
    for (const given of [undefined, null, 5, 'text', {}, () => []] as Any[]) {
      expectCode(() => db.load(given), 'INVALID_OPTION', { option: 'records' })
    }
    for (const [options, option] of [
      [{ what: 1 }, 'what'],
      [{ codecs: 5 }, 'codecs'],
      [{ codecs: ['x'] }, 'values'],
    ] as Any[]) {
      expectCode(() => db.load([plain, end], options), 'INVALID_OPTION', { option })
    }
    for (const [options, option] of [
      [{ what: 1 }, 'what'],
      [{ history: 1 }, 'history'],
      [{ at: 1, asOf: new Date() }, 'at'],
      [{ codecs: {} }, 'codecs'],
    ] as Any[]) {
      expectCode(() => db.dump(options), 'INVALID_OPTION', { option })
    }
    expectCode(() => db.dump({ at: 'nobody' }), 'UNKNOWN_TAG')
    expectCode(() => db.dump({ at: 7, history: true }), 'FUTURE_VERSION')
    isEmpty(db)
  })

  it('a history, where something is', () => {
    const history = [past, zero, one, put, end]
    for (const fill of [
      (db: ZVerse) => db.put('a', 1),
      (db: ZVerse) => db.store('s'),
      (db: ZVerse) => db.tag('t'),
    ]) {
      const db = open()
      fill(db)
      const before = lines(db)
      expectCode(() => db.load(history), 'CONFLICT', { expected: 0, actual: db.version })
      expect(lines(db)).toEqual(before)
      sound(db)
    }
    // Emptied, but its numbers are used up.
    const db = open()
    db.put('a', 1)
    db.delete('a')
    expectCode(() => db.load(history), 'CONFLICT')
    expect(
      db.load([{ ...past, oldest: 4 }, { ...two, version: 4 }, { ...put, version: 3 }, end]),
    ).toBe(4)
    expect(db.getEntry('a')).toEqual({ key: 'a', value: 1, version: 3 })
    expect(db.oldestVersion).toBe(4)
    sound(db)
  })

  it('a store that is there with other codecs', () => {
    const db = open()
    db.store('s', { keys: 'binary' })
    expectCode(() => db.load([plain, put, store, end]), 'INVALID_OPTION', { option: 'keys' })
    expect(db.size).toBe(0)
    db.store('t', { keys: 'tuple' })
    expectCode(() => db.load([plain, { ...store, store: 't' }, end]), 'INVALID_OPTION', {
      option: 'values',
    })
  })

  it('a custom codec that was not given, on either side', () => {
    const db = open()
    db.store('s', { values: reversed }).put('a', 'abc')
    expectCode(() => db.dump().toArray(), 'INVALID_OPTION', { option: 'codecs' })
    const text = lines(db)
    expect(text).toContain('{"type":"put","store":"s","key":"a","value":"abc"}')
    const copy = open()
    expectCode(() => copy.load(records(text)), 'INVALID_OPTION', { option: 'codecs' })
    isEmpty(copy)
    copy.load(records(text), { codecs })
    expect(copy.store('s', { values: reversed }).get('a')).toBe('abc')
  })

  it('numbers too far away, where other threads could be reading', () => {
    const far = [{ ...past, oldest: 2 ** 40 }, { ...two, version: 2 ** 40 }, put, end]
    const db = open()
    db.share()
    expectCode(() => db.load(far), 'CONFLICT')
    isEmpty(db)
    const alone = open()
    expect(alone.load(far)).toBe(2 ** 40)
    expect(alone.versions()).toEqual([{ version: 2 ** 40, timestamp: 3, tags: [] }])
    sound(alone)
  })
})

describe('a history whose numbers lie apart', () => {
  /** Something to be read, all of it in the past by now. */
  function used(): { db: ZVerse<Any, Any>; reading: Any; rest: () => Any[] } {
    const db = open()
    for (let i = 0; i < 250; i++) db.put(`k${i % 50}`, `v${i}`)
    db.clear()
    const reading = db.dump({ history: true })
    reading.next()
    const rest = () => reading.toArray().filter(({ type }: Any) => type === 'put')
    return { db, reading, rest }
  }

  it('takes nothing from a dump under way, in however many steps', () => {
    for (const isShared of [false, true]) {
      for (const step of [2 ** 27, 2 ** 28]) {
        const { db, rest } = used()
        if (isShared) db.share()
        const records: unknown[] = [{ ...past, oldest: 0 }]
        for (let i = 1; i <= 2 ** 30 / step + 1; i++) {
          const version = { type: 'version', version: i * step, timestamp: 2000 + i }
          records.push(version, { ...put, key: `a${i}` })
        }
        for (let i = 0; i < 3; i++) expectCode(() => db.load([...records, end]), 'CONFLICT')
        for (let i = 0; i < 300; i++) db.put(`q${i % 7}`, 'z'.repeat(60))
        expect(rest().map(({ value }) => value)).toEqual(
          Array.from({ length: 250 }, (_, i) => `v${i}`),
        )
        sound(db)
      }
    }
  })

  it('takes nothing from who comes while it goes on', () => {
    const { db, reading, rest } = used()
    reading.return()
    let late: Any
    function* records() {
      yield { ...past, oldest: 0 }
      yield { ...two, version: 2 ** 40, timestamp: 2000 }
      db.share()
      late = db.dump({ history: true })
      yield put
      yield end
    }
    expectCode(() => db.load(records()), 'CONFLICT')
    expect(late.toArray().length).toBeGreaterThan(250)
    expect(rest()).toEqual([])
    sound(db)
  })
})

describe('a load that is cut off', () => {
  const made = make(4, 40)
  const text = lines(made.db, { history: true })

  it('after any line leaves nothing', () => {
    for (let n = 0; n < text.length; n++) {
      const copy = emptyLike(made)
      expectCode(() => copy.load(records(text.slice(0, n)), { codecs }), 'FORMAT')
      expect(copy.size).toBe(0)
      expect(copy.stores()).toEqual([])
      expect(copy.versions().flatMap(({ tags }) => tags)).toEqual([])
      sound(copy)
      copy.close()
    }
  })

  it('by an exception of the caller leaves nothing, and passes it on', async () => {
    for (let n = 1; n < text.length; n += 7) {
      const copy = emptyLike(made)
      function* failing() {
        yield* records(text.slice(0, n))
        throw new Error('mine')
      }
      async function* failingSlowly() {
        yield* failing()
      }
      expect(() => copy.load(failing(), { codecs })).toThrow('mine')
      const slow = emptyLike(made)
      await expect(slow.load(failingSlowly(), { codecs })).rejects.toThrow('mine')
      for (const db of [copy, slow]) {
        expect(db.size).toBe(0)
        sound(db)
        db.close()
      }
    }
  })

  it('by memory that runs short, at any allocation, leaves nothing', () => {
    for (let n = 1; n < 400; n += 3) {
      const copy = emptyLike(made)
      copy._test.failAfter(n)
      try {
        copy.load(records(text), { codecs })
        copy._test.failAfter(0)
        expect(lines(copy, { history: true })).toEqual(text)
      } catch (error) {
        copy._test.failAfter(0)
        expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
        expect(copy.size).toBe(0)
        expect(copy.stores()).toEqual([])
      }
      sound(copy)
      copy.close()
    }
  })

  it('by memory that is too small leaves nothing, and memory to go on', () => {
    const large = open({ history: { versions: 3 } })
    for (let i = 0; i < 40; i++) {
      large.put(`key ${i}`, 'x'.repeat(30_000))
      if (i % 3 === 0) large.tag(`tag ${i}`)
    }
    for (const history of [true, false]) {
      const small = open({ maxBytes: 2 ** 20 })
      expectCode(() => small.load(large.dump({ history })), 'FULL')
      isEmpty(small)
    }
  })

  it('by closing the database', async () => {
    const db = open()
    const history = [past, zero, one, put, tag, two, del, end]
    function* closing(): Generator<unknown> {
      yield* history.slice(0, 4)
      db.close()
      yield* history.slice(4)
    }
    expectCode(() => db.load(closing()), 'CLOSED')
    const other = open()
    const handle = attachWith(other.share(), {}, { now: () => 1000 })
    async function* closingSlowly() {
      yield* history.slice(0, 6)
      handle.close()
      yield* history.slice(6)
    }
    await expect(handle.load(closingSlowly())).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
    await expect(handle.load(closingSlowly())).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
    // Published versions stay, and the turn is free.
    sound(other)
    other.put('b', 1)
  })
})

describe('while a load goes on', () => {
  const history: unknown[] = [past, zero, one, put, store, two, { ...put, key: 'b' }, tag, end]

  function* asking(db: ZVerse<Any, Any>, ask: () => void): Generator<unknown> {
    for (const record of history) {
      yield record
      if (record !== end) ask()
    }
    expect(db.version).toBeGreaterThan(0)
  }

  it('this thread cannot write, and reads what is published', () => {
    const db = open()
    const other = attachWith(db.share(), {}, { now: () => 1000 })
    const writes = [
      () => db.put('x', 1),
      () => db.transact(() => 0),
      () => db.tag('x'),
      () => db.store('x'),
      () => db.load([plain, end]),
      () => other.put('x', 1),
    ]
    let n = 0
    const version = db.load(
      asking(db, () => {
        expectCode(writes[n++ % writes.length], 'NESTED_TRANSACTION')
        expect(db.dump({ history: true }).toArray().length).toBeGreaterThan(1)
      }),
    )
    expect(version).toBe(2)
    expect(db.versions()).toEqual([
      { version: 0, timestamp: 1, tags: [] },
      { version: 1, timestamp: 2, tags: [] },
      { version: 2, timestamp: 3, tags: ['t'] },
    ])
    isEmptyOfX(db)
    other.close()
  })

  it('nor while it waits for an async iterable', async () => {
    const db = open()
    let busy = 0
    async function* slowly() {
      for (const record of asking(db, () => {})) {
        await new Promise(setImmediate)
        yield record
      }
      // However fast it is: somebody else asks meanwhile.
      while (busy === 0) await new Promise(setImmediate)
    }
    const loading = db.load(slowly())
    const timer = setInterval(() => {
      try {
        db.put('x', 1)
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_NESTED_TRANSACTION' })
        busy++
      }
    }, 0)
    expect(await loading).toBe(2)
    clearInterval(timer)
    expect(busy).toBeGreaterThan(0)
    isEmptyOfX(db)
  })

  function isEmptyOfX(db: ZVerse<Any, Any>): void {
    expect(db.has('x')).toBe(false)
    expect(db.put('x', 1)).toBe(3)
    sound(db)
  }

  it('a getter that calls the database changes nothing of its record', () => {
    const db = open()
    const sly = {
      type: 'put',
      value: 'right',
      get key() {
        expectCode(() => db.put('x', 'wrong'), 'NESTED_TRANSACTION')
        return 'a'
      },
    }
    db.load([plain, sly, end])
    expect(db.range().toArray()).toEqual([['a', 'right']])
  })

  it('a codec that calls the database is refused', () => {
    const calling = {
      name: 'calling',
      encode: () => Uint8Array.of(db.put('x', 'y')),
      decode: String,
    }
    const db: ZVerse<Any, Any> = open({ values: calling })
    expectCode(() => db.load([{ ...plain, values: 'calling' }, put, end]), 'NESTED_TRANSACTION')
    expect(db.version).toBe(0)
    sound(db)
  })
})

it('records are typed', () => {
  const db = ZVerse.open()
  db.put('a', 1)
  const kinds: DumpRecord['type'][] = []
  for (const record of db.dump()) kinds.push(record.type)
  expect(kinds).toEqual(['zverse', 'put', 'end'])
  expect(new ZVerseError('ZVERSE_FORMAT', '')).toBeInstanceOf(Error)
  db.close()
})
