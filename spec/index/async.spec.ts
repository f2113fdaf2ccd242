/**
 * Indexes that are built beside writers: what is in them, who waits, and what is left where the build ends early.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { pairsOf } from './plain-index.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

const DIST = new URL('../../dist/index.js', import.meta.url).href

type Value = { n?: unknown; tags?: number[] }

const key = (i: number) => `key ${String(i).padStart(5, '0')}`

function filled(count = 5000): ZVerse<string, Value> {
  const db = ZVerse.open<string, Value>({
    maxBytes: 2 ** 26,
    functions: { n: ({ n }: Value) => n },
  })
  db.batch(
    Array.from({ length: count }, (_, i) => {
      return { type: 'put', key: key(i), value: { n: i % 97, tags: [i % 5, i % 7] } }
    }),
  )
  return db
}

/** Lets the build take a turn or two. */
const some = () => new Promise(resolve => setImmediate(resolve))

it(`has what the store has when it is there, however others write meanwhile, seed ${SEED}`, async () => {
  const random = new Random(SEED)
  const db = filled()
  let isDone = false
  const write = () => {
    const at = key(random.int(6000))
    const kind = random.int(20)
    if (kind < 5) db.delete(at)
    else if (kind === 19) db.clear({ gte: at, lt: `${at.slice(0, -1)}9` })
    else db.put(at, { n: random.int(50), tags: [random.int(9)] })
  }
  const writing = (async () => {
    while (!isDone) {
      for (let i = 0; i < 30; i++) write()
      await some()
    }
  })()
  const { version } = db
  const all = await Promise.all([
    db.indexAsync('n', { on: 'n' }),
    db.indexAsync('tags', { on: ['tags', 'n'], multi: true }),
    db.indexAsync('f', { by: 'n' }),
    db.indexAsync('place', { kind: 'spatial', on: ['n'], dimensions: ['float64'] }),
  ])
  isDone = true
  await writing
  const [n, tags, f, place] = all
  const check = () => {
    const entries = new Map(db.range().toArray())
    expect([...n.pairs()]).toEqual(pairsOf(entries, { on: 'n' }))
    expect([...tags.pairs()]).toEqual(pairsOf(entries, { on: ['tags', 'n'], multi: true }))
    expect([...f.pairs()]).toEqual([...n.pairs()])
    expect(place.count()).toBe(n.count())
  }
  check()
  for (let i = 0; i < 100; i++) write()
  check()
  expectCode(() => n.count({ at: version }), 'UNKNOWN_INDEX')
  expect(db.check().problems).toEqual([])
  expect(db.stats().readers.pins).toBe(0)
  db.close()
})

it('is no commit where it is there already, and refused where it is another', async () => {
  const db = filled(10)
  db.index('n', { on: 'n' })
  const { version } = db
  expect((await db.indexAsync('n', { on: 'n' })).count()).toBe(10)
  expect(db.version).toBe(version)
  const refused = (code: string) => expect.objectContaining({ code: `ZVERSE_${code}` })
  await expect(db.indexAsync('n', { on: 'other' })).rejects.toEqual(refused('INVALID_OPTION'))
  await expect(db.indexAsync('m', undefined as never)).rejects.toEqual(refused('INVALID_OPTION'))
  await expect(db.indexAsync('', { on: 'n' })).rejects.toEqual(refused('INVALID_OPTION'))
  await expect(db.indexAsync('m', { by: 'none' })).rejects.toEqual(refused('UNKNOWN_FUNCTION'))
  // Somebody else makes it meanwhile.
  const other = db.indexAsync('m', { on: 'n' })
  db.index('m', { on: 'n' })
  await other
  expect(db.version).toBe(version + 1)
  const differs = db.indexAsync('l', { on: 'n' })
  db.index('l', { on: 'tags', multi: true })
  await expect(differs).rejects.toEqual(refused('INVALID_OPTION'))
  const tx = db.beginWrite()
  await expect(db.indexAsync('k', { on: 'n' })).rejects.toEqual(refused('NESTED_TRANSACTION'))
  tx.abort()
  expect(db.check().problems).toEqual([])
  db.close()
})

it('judges what cannot be indexed, and what is not unique, in the end', async () => {
  const db = filled(3000)
  db.put(key(5), { n: {} })
  const strict = db.indexAsync('n', { on: 'n' })
  await some()
  db.put(key(5), { n: 5 })
  expect((await strict).count()).toBe(3000)
  db.dropIndex('n')
  db.put(key(2999), { n: {} })
  await expect(db.indexAsync('n', { on: 'n' })).rejects.toEqual(
    expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE', index: 'n' }),
  )
  await expect(db.indexAsync('u', { on: 'tags.0', unique: true })).rejects.toEqual(
    expect.objectContaining({ code: 'ZVERSE_NOT_UNIQUE', index: 'u' }),
  )
  db.clear()
  for (let i = 0; i < 50; i++) db.put(key(i), { n: i })
  const unique = db.indexAsync('u', { on: 'n', unique: true })
  // Two are the same for a while.
  db.put(key(3), { n: 4 })
  await some()
  db.put(key(3), { n: 3 })
  expect((await unique).count()).toBe(50)
  expect(db.indexes().map(({ name }) => name)).toEqual(['u'])
  expect(db.check().problems).toEqual([])
  db.close()
})

it('ends with an abort, with the store, and with the database; nothing is left', async () => {
  const db = filled()
  const abort = new AbortController()
  const aborted = db.indexAsync('n', { on: 'n' }, { signal: abort.signal })
  await some()
  abort.abort()
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
  await expect(db.indexAsync('n', { on: 'n' }, { signal: abort.signal })).rejects.toMatchObject({
    name: 'AbortError',
  })
  await expect(db.indexAsync('n', { on: 'n' }, { signal: 5 as never })).rejects.toMatchObject({
    code: 'ZVERSE_INVALID_OPTION',
  })
  expect([db.indexes(), db.stats().readers.pins]).toEqual([[], 0])
  const store = db.store<string, Value>('s')
  for (let i = 0; i < 3000; i++) store.put(key(i), { n: i })
  const dropped = store.indexAsync('n', { on: 'n' })
  await some()
  db.dropStore('s')
  await expect(dropped).rejects.toMatchObject({ code: 'ZVERSE_UNKNOWN_STORE' })
  // A store of the same name stands for it, with what it has.
  for (let i = 0; i < 3000; i++) db.store<string, Value>('t').put(key(i), { n: i })
  const replaced = db.store<string, Value>('t').indexAsync('n', { on: 'n' })
  await some()
  db.dropStore('t')
  db.store<string, Value>('t').put('a', { n: 1 })
  expect([...(await replaced).pairs()]).toEqual([[1, 'a']])
  expect(db.check().problems).toEqual([])
  const closed = db.indexAsync('n', { on: 'n' })
  await some()
  db.close()
  await expect(closed).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
})

it('killed in the middle it leaves nothing, and another thread makes it', async () => {
  const db = filled(8000)
  const text = `
    const { workerData, parentPort } = require('node:worker_threads')
    import(workerData.built).then(async ({ ZVerse }) => {
      const db = ZVerse.attach(workerData.handle)
      for (let n = 0; ; n++) {
        const made = db.indexAsync('index ' + n, { on: ['n', 'tags'], multi: true })
        parentPort.postMessage(n)
        await made
        db.dropIndex('index ' + n)
      }
    })`
  for (let round = 0; round < 4; round++) {
    const workerData = { handle: db.share(), built: DIST }
    const worker = new Worker(text, { eval: true, workerData })
    for (let n = 0; n <= round % 3; n++) await once(worker, 'message')
    for (let i = 0; i < 20; i++) db.put(key(i), { n: round, tags: [i] })
    await worker.terminate()
    db.put('after', { n: round })
    const { problems, leakedBytes } = db.check()
    expect([problems, leakedBytes]).toEqual([[], 0])
    for (const { name } of db.indexes()) db.dropIndex(name)
  }
  const index = await db.indexAsync('n', { on: 'n' })
  expect([...index.pairs()]).toEqual(pairsOf(new Map(db.range().toArray()), { on: 'n' }))
  db.close()
})
