/**
 * What goes wrong with a replica: damaged and foreign records, a log out of reach, a full node, one that is too late.
 */
import { describe, expect, it } from 'vitest'
import { type ReplicatedLog, ZVerse } from '../../lib/index.js'
import { memoryLog } from '../../lib/replica/memory-log.js'
import { CHANGE, checkOf, decode, encode, MARK, VERSION } from '../../lib/replica/record.js'
import { FaultyLog } from '../support/faulty-log.js'

const code = (name: string, fields: object = {}) =>
  expect.objectContaining({ code: `ZVERSE_${name}`, ...fields })

/** Until `is` holds. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise(resolve => setTimeout(resolve, 5))
}

/** The records of a log, from the first on. */
async function recordsOf(log: ReplicatedLog): Promise<Uint8Array[]> {
  const { last } = await log.ends()
  const records: Uint8Array[] = []
  const ended = new AbortController()
  for await (const { sequence, bytes } of log.read(1, ended.signal as never)) {
    records.push(bytes)
    if (sequence === last) break
  }
  return records
}

async function openLog() {
  const log = memoryLog()
  await log.open()
  return log
}

describe('a record', () => {
  it('is taken apart as it was put together; damaged in any bit it is none', () => {
    const stamp = { version: 2 ** 40, time: 1e12, ended: 1e12 - 5, forgets: true }
    const body = Uint32Array.from([1, 2, 3])
    const bytes = encode({ kind: VERSION, version: 2 ** 40, stamp, parts: 3, body }, 77)
    const record = decode(bytes)
    expect(record).toMatchObject({ kind: VERSION, previous: 77, version: 2 ** 40, stamp, parts: 3 })
    expect([...(record?.body ?? [])]).toEqual([1, 2, 3])
    expect(record?.check).toBe(checkOf(bytes))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(decode(damaged)).toBe(undefined)
    }
    for (let size = 0; size < bytes.length; size++) {
      expect(decode(bytes.slice(0, size))).toBe(undefined)
    }
  })
})

describe('a node stops, and goes on reading,', () => {
  const bad: [string, (previous: number, version: number) => Uint8Array][] = [
    ['at bytes that are no record', () => new Uint8Array(100)],
    [
      'at a record of another history',
      (previous, version) => encode({ kind: MARK, version }, previous ^ 1),
    ],
    [
      'at a version too high',
      (previous, version) => encode({ kind: MARK, version: version + 1 }, previous),
    ],
    [
      'at a version that is there',
      (previous, version) => {
        const stamp = { version, time: 5, ended: undefined, forgets: false }
        return encode({ kind: VERSION, version, stamp }, previous)
      },
    ],
    [
      'at a record whose parts are missing',
      (previous, version) => encode({ kind: CHANGE, version, parts: 2 }, previous),
    ],
  ]
  it.each(bad)('%s', async (_, make) => {
    const log = await openLog()
    const db = await ZVerse.replicate({ log: log.node(), timeout: 5000 })
    await db.submit({ type: 'put', key: 'a', value: 1 })
    const records = await recordsOf(log)
    const { last } = await log.ends()
    await log.append(last, 'bad', make(checkOf(records.at(-1) as Uint8Array), db.version), 1000)
    await until(() => db.replica?.error !== undefined)
    expect(db.replica).toMatchObject({ connected: false, applied: last, error: code('CORRUPT') })
    expect(db.get('a')).toBe(1)
    await expect(db.sync()).rejects.toThrow(code('CORRUPT'))
    await expect(db.change(() => db.put('b', 1))).rejects.toThrow(code('CORRUPT'))
    await expect(db.submit({ type: 'put', key: 'b', value: 1 })).rejects.toThrow(
      code('UNAVAILABLE'),
    )
    await expect(ZVerse.replicate({ log: log.node() })).rejects.toThrow(code('CORRUPT'))
    expect(db.check().ok).toBe(true)
    await db.close()
  })

  it('where its memory is too small for what others commit', async () => {
    const log = await openLog()
    const large = await ZVerse.replicate({ log: log.node(), maxBytes: 2 ** 24 })
    const small = await ZVerse.replicate({ log: log.node(), maxBytes: 2 ** 20 })
    const value = 'x'.repeat(10_000)
    for (let i = 0; i < 200; i++) await large.submit({ type: 'put', key: `k${i}`, value })
    await until(() => small.replica?.error !== undefined)
    expect(small.replica?.error).toMatchObject({ code: 'ZVERSE_FULL' })
    expect(small.size).toBeGreaterThan(10)
    expect(small.check().ok).toBe(true)
    expect(large.size).toBe(200)
    await small.close()
    await large.close()
  })
})

describe('a change that', () => {
  it('has no room here is refused before it is in the log', async () => {
    const log = await openLog()
    const db = await ZVerse.replicate({ log: log.node(), maxBytes: 2 ** 20 })
    const value = 'x'.repeat(10_000)
    let full = 0
    for (let i = 0; i < 200 && full < 5; i++) {
      await db.submit({ type: 'put', key: `k${i}`, value }).catch(error => {
        expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
        full++
      })
    }
    expect(full).toBe(5)
    expect(db.replica?.error).toBe(undefined)
    const { size } = db
    await db.submit({ type: 'del', key: 'k0' })
    expect(db.size).toBe(size - 1)
    expect(db.check()).toMatchObject({ ok: true, problems: [] })
    await db.close()
  })

  it('cannot reach the log says whether it may be in it; and reads go on', async () => {
    const shared = await openLog()
    const log = new FaultyLog(shared.node(), { seed: 1 })
    const db = await ZVerse.replicate({ log, timeout: 50 })
    const other = await ZVerse.replicate({ log: shared.node() })
    await db.submit({ type: 'put', key: 'a', value: 1 })
    log.cut()
    await until(() => db.replica?.connected === false)
    const failed = expect.objectContaining({ code: 'ZVERSE_UNAVAILABLE' })
    await expect(db.submit({ type: 'put', key: 'b', value: 1 })).rejects.toThrow(failed)
    await expect(db.transactAsync(tx => tx.put('c', 1))).rejects.toThrow(failed)
    await expect(db.sync()).rejects.toThrow(failed)
    await other.submit({ type: 'put', key: 'a', value: 2 })
    expect(db.get('a')).toBe(1)
    log.mend()
    await until(() => db.replica?.connected === true)
    await db.sync()
    expect(db.get('a')).toBe(2)
    await db.submit({ type: 'put', key: 'd', value: 1 })
    await other.sync()
    expect([...other.entries()]).toEqual([...db.entries()])
    await db.close()
    await other.close()
  })

  it('is aborted, or runs out of retries, is not made', async () => {
    const log = await openLog()
    const db = await ZVerse.replicate({ log: log.node() })
    const other = await ZVerse.replicate({ log: log.node() })
    const aborted = AbortSignal.abort(new Error('enough'))
    await expect(db.transactAsync(tx => tx.put('a', 1), { signal: aborted })).rejects.toThrow(
      'enough',
    )
    await expect(db.transactAsync(() => Promise.resolve() as never)).rejects.toThrow(
      code('ASYNC_TRANSACTION'),
    )
    await expect(
      db.transactAsync(() => {
        throw new Error('mine')
      }),
    ).rejects.toThrow('mine')
    await expect(db.transactAsync(tx => tx.put('a', 1), { retries: -1 })).rejects.toThrow(
      code('INVALID_OPTION', { option: 'retries' }),
    )
    await expect(db.change(5 as never)).rejects.toThrow(code('INVALID_OPTION'))
    let runs = 0
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) =>
        (i % 2 ? db : other).transactAsync(
          tx => {
            runs++
            tx.put('n', ((tx.get('n') as number) ?? 0) + 1)
          },
          { retries: 0 },
        ),
      ),
    )
    const made = results.filter(({ status }) => status === 'fulfilled').length
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'ZVERSE_CONFLICT' })
    }
    await db.sync()
    expect(db.get('n')).toBe(made)
    expect(runs).toBe(40)
    await db.close()
    await other.close()
  })
})

describe('a node that is too late', () => {
  it('joins anew by itself, in place, and says so', async () => {
    const shared = await openLog()
    const log = new FaultyLog(shared.node(), { seed: 1 })
    const options = { snapshot: { bytes: 5000, keep: 0 } }
    const late = await ZVerse.replicate({ log, ...options })
    const db = await ZVerse.replicate({ log: shared.node(), ...options })
    const thread = ZVerse.attach(late.share())
    await db.change(() => db.store('old'))
    await db.change(() => db.index('n', { on: 'n' }))
    await late.sync()
    const stands = thread.beginRead()
    const seen = thread.version
    log.cut()
    await db.change(() => db.tag('before'))
    await db.change(() => db.dropStore('old'))
    const made = await db.change(() => db.store('new', { keys: 'tuple' }))
    for (let i = 0; i < 200; i++) {
      await db.submit({ type: 'put', key: `k${i % 50}`, value: { n: i, text: 'x'.repeat(50) } })
      if (i % 50 === 0) await made.submit({ type: 'put', key: ['a', i], value: i })
    }
    while ((await shared.ends()).first < 20)
      await db.submit({ type: 'put', key: 'more', value: { n: 1 } })
    log.mend()
    await late.sync()
    expect(late.replica?.rejoined).toBe(1)
    expect(late.version).toBe(db.version)
    expect([...late.entries()]).toEqual([...db.entries()])
    expect([...thread.index('n').pairs()]).toEqual([...db.index('n').pairs()])
    expect([...late.store('new', { keys: 'tuple' }).entries()]).toEqual([...made.entries()])
    expect(late.stores()).toEqual(db.stores())
    expect(late.oldestVersion).toBeGreaterThan(seen)
    // What was pinned stays.
    expect(stands.version).toBe(seen)
    expect(stands.get('k1')).toBe(undefined)
    stands.close()
    await late.change(() => late.store('later'))
    await db.sync()
    expect(db.stores()).toEqual(late.stores())
    expect(late.check()).toMatchObject({ ok: true, problems: [] })
    thread.close()
    await late.close()
    await db.close()
  })
})

describe('replicate', () => {
  it('refuses wrong options, and other codecs', async () => {
    const log = await openLog()
    for (const [options, option] of [
      [undefined, 'log'],
      [{}, 'log'],
      [{ log: {} }, 'log'],
      [{ log: log.node(), node: 'a b' }, 'node'],
      [{ log: log.node(), timeout: 0 }, 'timeout'],
      [{ log: log.node(), snapshot: { bytes: 5 } }, 'snapshot.bytes'],
      [{ log: log.node(), snapshot: { keep: -1 } }, 'snapshot.keep'],
      [{ log: log.node(), maxbytes: 5 }, 'maxbytes'],
    ] as const) {
      await expect(ZVerse.replicate(options as never)).rejects.toThrow(
        code('INVALID_OPTION', { option }),
      )
    }
    const db = await ZVerse.replicate({ log: log.node(), keys: 'tuple' })
    await expect(ZVerse.replicate({ log: log.node() })).rejects.toThrow(
      code('INVALID_OPTION', { option: 'keys' }),
    )
    await db.close()
  })

  it('refuses a log that is none of zverse', async () => {
    const log = await openLog()
    await log.append(0, 'a', new Uint8Array(4), 100)
    await expect(ZVerse.replicate({ log: log.node() })).rejects.toThrow(code('CORRUPT'))
  })

  it('says that a log cannot be reached', async () => {
    const log = new FaultyLog(memoryLog(), { seed: 1 })
    log.cut()
    await expect(ZVerse.replicate({ log, timeout: 20 })).rejects.toThrow(
      code('UNAVAILABLE', { outcome: 'none' }),
    )
  })

  it('goes on under the name that it had before', async () => {
    const log = await openLog()
    const options = { node: 'a' }
    const first = await ZVerse.replicate({ log: log.node(), ...options })
    expect(await first.submit({ type: 'put', key: 'a', value: 1 })).toBe(1)
    await first.close()
    const second = await ZVerse.replicate({ log: log.node(), ...options })
    const twin = await ZVerse.replicate({ log: log.node(), ...options })
    const puts = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? second : twin).submit({ type: 'put', key: `k${i}`, value: i }),
    )
    await Promise.all(puts)
    await second.sync()
    await twin.sync()
    expect([...twin.entries()]).toEqual([...second.entries()])
    expect(twin.size).toBe(21)
    await second.close()
    await twin.close()
  })

  it('tells what a verb has made, as any database', async () => {
    const log = await openLog()
    const db = await ZVerse.replicate({ log: log.node() })
    await db.submit([{ type: 'put', key: 'a', value: 1 }])
    const dump = [...db.dump()]
    expect(await db.change(() => db.load(dump))).toBe(2)
    expect(await db.change(() => db.tag('t'))).toBe(2)
    await db.submit([{ type: 'put', key: 'a', value: 2 }])
    expect(await db.change(() => db.prune({ before: 3 }))).toBe(3)
    expect(db.oldestVersion).toBe(3)
    await db.close()
  })
})
