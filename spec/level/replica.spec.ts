/** Levels over a replica: their writes go into its log, in the order of their calls. */
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { type LevelSource, ZVerseLevel } from '../../lib/level/index.js'
import { memoryLog } from '../../lib/replica/memory-log.js'

const BINARY = { keys: 'binary', values: 'binary' } as const

/** Two nodes of a log. */
async function nodes() {
  const log = memoryLog()
  const open = () => ZVerse.replicate({ ...BINARY, maxBytes: 2 ** 24, log: log.node() })
  const [db, other] = [await open(), await open()]
  const same = async () => {
    await other.sync()
    expect([...other.dump({ history: true })]).toEqual([...db.dump({ history: true })])
  }
  const end = async () => {
    await same()
    for (const node of [db, other]) {
      expect(node.check()).toMatchObject({ ok: true, problems: [] })
      expect(node.stats().readers.pins).toBe(0)
      await node.close()
    }
  }
  return { db, other, end }
}
type Db = Awaited<ReturnType<typeof nodes>>['db']

const textOf = (level: ZVerseLevel) => level.iterator().all()

describe.each([
  ['the database', async (db: Db): Promise<LevelSource> => db],
  ['a store', async (db: Db): Promise<LevelSource> => db.change(() => db.store('level', BINARY))],
  ['a thread that has attached', async (db: Db): Promise<LevelSource> => ZVerse.attach(db.share())],
])('a level over %s of a replica', (_, sourceOf) => {
  const over = async () => {
    const { db, other, end } = await nodes()
    const source = await sourceOf(db)
    const level = new ZVerseLevel({ db: source })
    const close = async () => {
      await level.close()
      if (source instanceof ZVerse && source !== (db as unknown)) source.close()
      await end()
    }
    return { db, other, level, close }
  }

  it('writes and clears', async () => {
    const { level, close } = await over()
    await level.put('a', '1')
    await level.batch([
      { type: 'put', key: 'b', value: '2' },
      { type: 'put', key: 'c', value: '3' },
      { type: 'del', key: 'a' },
    ])
    expect(await textOf(level)).toEqual([
      ['b', '2'],
      ['c', '3'],
    ])
    const snapshot = level.snapshot()
    await level.batch().put('d', '4').put('e', '5').del('b').write()
    await level.clear({ limit: 1, reverse: true })
    expect(await level.keys().all()).toEqual(['c', 'd'])
    await level.clear({ snapshot })
    await snapshot.close()
    expect(await level.keys().all()).toEqual(['d'])
    await level.put('x', '1')
    await level.clear({ gte: 'e' })
    expect(await level.keys().all()).toEqual(['d'])
    await level.clear()
    expect(await level.keys().all()).toEqual([])
    const users = level.sublevel('users')
    await users.put('k', 'v')
    await users.clear()
    expect(await level.keys().all()).toEqual([])
    await close()
  })

  it('keeps the order of calls, whatever is waited for', async () => {
    const { level, close } = await over()
    const all = [
      level.put('a', '1'),
      level.clear(),
      level.put('b', '2'),
      level.put('c', '3'),
      level.clear({ gte: 'c' }),
      level.put('d', '4'),
      level.clear({ lt: 'b' }),
      level.del('nothing'),
    ]
    await Promise.all(all)
    expect(await level.keys().all()).toEqual(['b', 'd'])
    await close()
  })

  it('refuses with the errors of Level, and goes on', async () => {
    const { level, close } = await over()
    const refused = level.put('k'.repeat(20_000), 'v')
    await expect(refused).rejects.toMatchObject({ code: 'LEVEL_INVALID_KEY' })
    await expect(level.clear({ snapshot: {} } as never)).rejects.toThrow()
    await level.put('a', '1')
    expect(await level.get('a')).toBe('1')
    await close()
  })
})

it('a level reads what other nodes have written', async () => {
  const { db, other, end } = await nodes()
  const [here, there] = [new ZVerseLevel({ db }), new ZVerseLevel({ db: other })]
  await here.put('a', '1')
  await other.sync()
  expect(await there.get('a')).toBe('1')
  await there.clear()
  await db.sync()
  expect(await here.get('a')).toBe(undefined)
  expect(await here.at(1).get('a')).toBe('1')
  await here.close()
  await there.close()
  await end()
})

it('a replica that is closed is no open database to a level', async () => {
  const { db, end } = await nodes()
  const level = new ZVerseLevel({ db })
  await level.put('a', '1')
  await end()
  await expect(level.put('b', '1')).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' })
  await expect(level.clear()).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' })
})
