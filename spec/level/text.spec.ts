/**
 * A level over bytes reads and writes text as text where it can: it answers like a level that cannot, for all
 * formats of keys and values, given and asked for. (A level that keeps values does not.)
 */
import { describe, expect, it } from 'vitest'
import { ZVerseLevel } from '../../lib/level/index.js'
import { seeded } from '../../perf/data.js'

type AnyLevel = ZVerseLevel<unknown, unknown>

const TEXTS = [
  '',
  'a',
  'b\0c',
  'ü',
  '\u{1F600}',
  'x\uD800y',
  '\uFEFFz',
  'long '.repeat(20),
  'é'.repeat(70),
]
const BYTES = [[], [97], [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80], [0, 1]]
const FORMATS = ['utf8', 'buffer', 'view', 'hex', 'json'] as const

/** Bytes and views as hex, to distinguish formats. */
function shown(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(shown)
  if (Buffer.isBuffer(data)) return `buffer ${data.toString('hex')}`
  if (data instanceof Uint8Array) return `view ${Buffer.from(data).toString('hex')}`
  return data
}

/** The result of a call, or the code that it throws. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return shown(await call())
  } catch (error) {
    return `throws ${(error as { code?: string }).code}`
  }
}

describe('text on a level of bytes', () => {
  it.each([1, 2, 3, 4, 5, 6])('is what its bytes say (seed %i)', async seed => {
    const random = seeded(seed)
    const text = new ZVerseLevel<unknown, unknown>({ maxBytes: 2 ** 22 })
    const bytes = new ZVerseLevel<unknown, unknown>({ maxBytes: 2 ** 22, cache: { bytes: 4096 } })
    await Promise.all([text.open(), bytes.open()])
    const one = <T>(of: readonly T[]) => of[random(of.length)] as T
    /** Data of a format, the key of an entry now and then of another. */
    const datum = (format: string) => {
      if (format === 'json') return { text: one(TEXTS) }
      if (format === 'hex') return Buffer.from(one(BYTES)).toString('hex')
      if (format === 'utf8') return one(TEXTS)
      return random(2) === 0 ? Buffer.from(one(TEXTS)) : Uint8Array.from(one(BYTES))
    }
    const both = async (call: (level: AnyLevel) => unknown) => {
      const [mine, theirs] = [await outcome(() => call(text)), await outcome(() => call(bytes))]
      expect(mine).toEqual(theirs)
    }
    const snapshots = new Map<AnyLevel, ReturnType<AnyLevel['snapshot']>>()
    const hold = (level: AnyLevel) => snapshots.set(level, level.snapshot())
    for (let step = 0; step < 250; step++) {
      const [keyEncoding, valueEncoding] = [one(FORMATS), one(FORMATS)]
      const options = { keyEncoding, valueEncoding }
      const [key, value, other] = [datum(keyEncoding), datum(valueEncoding), datum(keyEncoding)]
      const range = { ...options, gte: other, reverse: random(2) === 0, limit: random(5) - 1 }
      if (random(20) === 0) for (const level of [text, bytes]) hold(level)
      const sought = one(FORMATS)
      const target = datum(sought)
      const isNext = random(2) === 0
      const calls: ((level: AnyLevel) => unknown)[] = [
        level => level.put(key, value, options),
        level => level.put(key, value, options),
        level =>
          level.batch(
            [
              { type: 'put', key, value },
              { type: 'del', key: other },
            ],
            options,
          ),
        level => level.batch([{ type: 'put', key: other, value, keyEncoding }], options),
        level => level.del(key, { keyEncoding }),
        level => level.get(key, options),
        level => level.getSync(key, options),
        level => level.getMany([key, other], options),
        level => level.has(key, { keyEncoding }),
        level => level.get(key, { ...options, snapshot: snapshots.get(level) }),
        level => level.at(level.version()).get(key, options),
        level => level.iterator(range).all(),
        level => level.keys(range).nextv(3),
        level => level.values(options).all(),
        level => level.sublevel('s').put(key as string, value as string, options as object),
        level =>
          level
            .sublevel('s')
            .iterator({ ...options, snapshot: snapshots.get(level) })
            .all(),
        async level => {
          const iterator = level.iterator(range)
          if (isNext) await iterator.next()
          iterator.seek(target, { keyEncoding: sought })
          const found = await iterator.nextv(2)
          iterator.seek(key)
          return [found, await iterator.next()]
        },
        level => level.diff(Math.max(0, level.version() - 3), level.version(), options).toArray(),
      ]
      await both(one(calls))
    }
    await both(level => level.iterator({ keyEncoding: 'hex', valueEncoding: 'hex' }).all())
    await both(level => level.iterator({ keyEncoding: 'buffer', valueEncoding: 'view' }).all())
    await Promise.all([text.close(), bytes.close()])
  })

  it('is bytes to the database itself', async () => {
    const level = new ZVerseLevel({ maxBytes: 2 ** 20 })
    await level.put('key', 'value')
    await level.batch([{ type: 'put', key: 'short', value: 'v' }])
    const keys = await level.keys({ keyEncoding: 'view' }).all()
    const values = await level.values<string, Uint8Array>({ valueEncoding: 'view' }).all()
    for (const data of [...keys, ...values]) expect(data).toBeInstanceOf(Uint8Array)
    await level.close()
  })
})
