/**
 * Indexes of vectors that are built beside writers: what they find, and what is left where the build ends early. Threads that write
 * and search at a time.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { type VectorIndex, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { Asking, type Kind, type Reads } from './asking.js'
import type { Form } from './plain-vectors.js'
import { drawValue, unit, type Value } from './random-vectors.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)
const DIST = new URL('../../dist/index.js', import.meta.url).href
const DIMS = 7

const key = (i: number) => `k${i}`
/** Lets the build take a turn or two. */
const some = () => new Promise(resolve => setImmediate(resolve))

const KINDS: Record<string, Kind & { definition: object }> = Object.fromEntries(
  [
    ['cosine', 'float32', { on: 'vec' }],
    ['euclid', 'float32', { by: 'own' }],
    ['dot', 'float32', { on: 'vec' }],
    ['euclid', 'int8', { by: 'own' }],
    ['cosine', 'int8', { on: 'vec' }],
  ].map(([metric, element, source]) => {
    const form = { dims: DIMS, metric, element } as Form
    const definition = { kind: 'vector', ...form, ...(source as object), invalid: 'skip' }
    return [
      `${metric} ${element}`,
      { form, partOf: (value: unknown) => (value as Value).vec, definition },
    ]
  }),
)

function open(options: object = {}) {
  const functions = { own: ({ vec }: Value) => vec }
  return ZVerse.open<string, Value>({ maxBytes: 2 ** 26, functions, ...options } as never)
}

function fill(db: ZVerse<string, Value>, random: Random, count: number): void {
  db.batch(
    Array.from({ length: count }, (_, i) => {
      return { type: 'put' as const, key: key(i), value: drawValue(random, DIMS, false) }
    }),
  )
}

const build = (db: ZVerse<string, Value>, name: string, signal?: AbortSignal) => {
  const { definition } = KINDS[name] as (typeof KINDS)[string]
  return db.indexAsync(name, definition as never, { signal } as never) as Promise<unknown>
}

it(`finds what is there when it is there, however others write meanwhile, seed ${SEED}`, async () => {
  const random = new Random(SEED)
  const db = open()
  fill(db, random, 2000)
  let isDone = false
  const write = () => {
    const at = key(random.int(2400))
    const kind = random.int(20)
    if (kind < 6) db.delete(at)
    else if (kind === 19) db.clear({ gte: at, lt: `${at.slice(0, -1)}9` })
    else db.put(at, drawValue(random, DIMS, false))
  }
  const writing = (async () => {
    while (!isDone) {
      for (let i = 0; i < 8; i++) write()
      await some()
    }
  })()
  const { version } = db
  const names = Object.keys(KINDS)
  const indexes = (await Promise.all(names.map(name => build(db, name)))) as Reads[]
  isDone = true
  await writing
  const ask = () => {
    const entries = new Map(db.range().toArray())
    for (const [i, name] of names.entries()) {
      const asking = new Asking(random, entries, KINDS[name] as Kind)
      asking.ask(indexes[i] as Reads, {}, 4, name)
      asking.refuse(indexes[i] as Reads, name, {})
    }
  }
  ask()
  for (let i = 0; i < 100; i++) write()
  ask()
  for (const index of indexes) expectCode(() => index.count({ at: version }), 'UNKNOWN_INDEX')
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  expect(db.stats().readers.pins).toBe(0)
  db.close()
})

it('is the same as one that is built at once', async () => {
  const random = new Random(SEED)
  const [db, twin] = [open(), open()]
  fill(db, random, 2500)
  twin.batch(Array.from(db.range(), ([at, value]) => ({ type: 'put' as const, key: at, value })))
  for (const name of Object.keys(KINDS)) {
    const beside = (await build(db, name)) as Reads
    const { definition } = KINDS[name] as (typeof KINDS)[string]
    const plain = twin.index(name, definition as never) as unknown as Reads
    for (let i = 0; i < 10; i++) {
      const q = Array.from({ length: DIMS }, () => unit(random))
      for (const options of [{ exact: true }, { effort: 100 }]) {
        const found = beside.nearest(q, 20, options).toArray()
        expect(found).toEqual(plain.nearest(q, 20, options).toArray())
      }
    }
  }
  for (const one of [db, twin]) one.close()
})

it('what cannot be indexed is judged in the end; an abort leaves nothing', async () => {
  const db = open()
  const random = new Random(SEED)
  const strict = { kind: 'vector' as const, on: 'vec', dims: 3 }
  const vector = () => Array.from({ length: 3 }, () => unit(random) || 1)
  db.batch(
    Array.from({ length: 3000 }, (_, i) => ({
      type: 'put',
      key: key(i),
      value: { vec: vector() },
    })),
  )
  db.put(key(7), { vec: [0, 0, 0] })
  const mended = db.indexAsync('v', strict)
  await some()
  db.put(key(7), { vec: [1, 0, 0] })
  expect(((await mended) as unknown as Reads).count()).toBe(3000)
  db.dropIndex('v')
  const broken = db.indexAsync('v', strict)
  await some()
  db.put(key(9), { vec: [1, 2] })
  await expect(broken).rejects.toMatchObject({ code: 'ZVERSE_INVALID_VALUE', index: 'v' })
  db.delete(key(9))
  for (let turns = 0; turns < 4; turns++) {
    const abort = new AbortController()
    const aborted = db.indexAsync('v', strict, { signal: abort.signal })
    for (let i = 0; i < turns; i++) await some()
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    expect([db.indexes(), db.stats().readers.pins]).toEqual([[], 0])
  }
  const index = (await db.indexAsync('v', strict)) as unknown as Reads
  expect(index.count()).toBe(2999)
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  const closed = db.indexAsync('w', strict)
  await some()
  db.close()
  await expect(closed).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
})

const WRITER = `
  const { workerData, parentPort } = require('node:worker_threads')
  const { isDeepStrictEqual } = require('node:util')
  import(workerData.built).then(async ({ ZVerse }) => {
    const db = ZVerse.attach(workerData.handle)
    const index = db.index('cosine int8')
    let state = workerData.seed
    const random = below => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const vec = () => Array.from({ length: ${DIMS} }, () => random(200) - 99.5)
    for (let n = 0; n < workerData.commits; n++) {
      if (random(5) === 0) db.delete('k' + random(400))
      else if (random(4) === 0) {
        db.transact(tx => {
          for (let i = 0; i < 30; i++) tx.put('k' + random(400), { vec: vec() })
          const found = tx.index(index).nearest(vec(), 3, { exact: true }).toArray()
          if (found.length === 0) throw new Error('none')
        })
      } else db.put('k' + random(400), { vec: vec() })
      const read = db.beginRead()
      const reads = read.index(index)
      const count = reads.count()
      const found = reads.nearest(vec(), 1000).toArray()
      if (found.length !== count) throw new Error(found.length + ' of ' + count)
      for (const { key, value } of found) {
        if (!isDeepStrictEqual(read.get(key), value)) throw new Error('another value')
      }
      read.close()
      if (n % 20 === 0) parentPort.postMessage(n)
    }
    db.close()
  })`

it(`threads that write, each of which finds all that there is, seed ${SEED}`, async () => {
  const db = open({ cache: { bytes: 2 ** 20, indexes: true }, history: { versions: 5 } })
  const random = new Random(SEED)
  const both = ['cosine int8', 'dot float32'].map(name => {
    const kind = KINDS[name] as (typeof KINDS)[string]
    return { kind, index: db.index(name, kind.definition as never) }
  })
  fill(db, random, 300)
  const workers = [1, 2].map(n => {
    const workerData = { handle: db.share(), built: DIST, seed: SEED + n, commits: 60 }
    return new Worker(WRITER, { eval: true, workerData })
  })
  const ends = workers.map(worker => once(worker, 'exit'))
  const failed = Promise.race(
    workers.map(worker =>
      once(worker, 'error').then(([error]) => {
        throw error
      }),
    ),
  )
  failed.catch(() => {})
  let isDone = false
  const all = Promise.all(ends).then(() => {
    isDone = true
  })
  while (!isDone) {
    const read = db.beginRead()
    const entries = new Map(read.range().toArray())
    for (const { kind, index } of both) {
      const reads: unknown = read.index(index as never)
      new Asking(random, entries, kind).ask(reads as Reads, {}, 2, 'beside writers')
    }
    read.close()
    await Promise.race([some(), failed])
  }
  await Promise.race([all, failed])
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  db.close()
})

it('killed in the middle of commits and builds it leaves what is sound', async () => {
  const db = open()
  const random = new Random(SEED)
  fill(db, random, 1500)
  const { definition } = KINDS['cosine int8'] as (typeof KINDS)[string]
  const index = db.index('cosine int8', definition as never) as unknown as VectorIndex<
    string,
    Value
  >
  const text = `
    const { workerData, parentPort } = require('node:worker_threads')
    import(workerData.built).then(async ({ ZVerse }) => {
      const db = ZVerse.attach(workerData.handle)
      const vec = n => Array.from({ length: ${DIMS} }, (_, i) => ((n * 31 + i * 17) % 101) - 50.5)
      for (let n = 0; ; n++) {
        parentPort.postMessage(n)
        if (n % 3 === 0) {
          await db.indexAsync('index ' + n, { kind: 'vector', on: 'vec', dims: ${DIMS}, invalid: 'skip' })
          db.dropIndex('index ' + n)
        } else {
          db.batch(Array.from({ length: 200 }, (_, i) => {
            return { type: 'put', key: 'k' + ((i * n) % 2000), value: { vec: vec(i + n) } }
          }))
        }
      }
    })`
  for (let round = 0; round < 4; round++) {
    const worker = new Worker(text, { eval: true, workerData: { handle: db.share(), built: DIST } })
    for (let n = 0; n <= round * 2; n++) await once(worker, 'message')
    for (let i = 0; i < 20; i++) db.put(key(random.int(2000)), drawValue(random, DIMS, false))
    await worker.terminate()
    db.put('after', { n: round })
    const { problems, leakedBytes } = db.check()
    expect([problems, leakedBytes]).toEqual([[], 0])
    const entries = new Map(db.range().toArray())
    new Asking(random, entries, KINDS['cosine int8'] as Kind).ask(index, {}, 5, `round ${round}`)
    for (const { name } of db.indexes()) if (name.startsWith('index')) db.dropIndex(name)
  }
  db.close()
})
