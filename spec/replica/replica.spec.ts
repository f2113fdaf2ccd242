/** Replicas as users meet them: what goes through the log, what is refused, joining, the end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { memoryLog } from '../../lib/replica/memory-log.js'

const nodesOn = async (count: number, options: object = {}) => {
  const log = memoryLog()
  await log.open()
  const nodes: ZVerse[] = []
  for (let i = 0; i < count; i++) {
    nodes.push(await ZVerse.replicate({ log: log.node(), node: `n${i}`, ...options }))
  }
  return { log, nodes }
}

describe('a replica', () => {
  it('has on every node the versions that any node makes', async () => {
    const { nodes } = await nodesOn(3)
    const [a, b, c] = nodes as [ZVerse, ZVerse, ZVerse]
    const version = await a.submit({ type: 'put', key: 'k', value: 1 })
    expect(version).toBe(1)
    expect(a.get('k')).toBe(1)
    expect(await b.sync()).toBe(1)
    expect(b.get('k')).toBe(1)
    const read = await c.transactAsync(tx => {
      const value = tx.get('k') as number
      tx.put('k', value + 1)
      return value
    })
    expect(read).toBe(1)
    expect(c.get('k')).toBe(2)
    await Promise.all(nodes.map(node => node.sync()))
    for (const node of nodes) {
      expect([...node.history('k')]).toEqual([...a.history('k')])
      expect(node.versions().map(({ version, timestamp }) => [version, timestamp])).toEqual(
        a.versions().map(({ version, timestamp }) => [version, timestamp]),
      )
      expect(node.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    }
    for (const node of nodes) await node.close()
  })

  it('refuses what would not go through the log', async () => {
    const { nodes } = await nodesOn(1)
    const [db] = nodes as [ZVerse]
    const refused = expect.objectContaining({ code: 'ZVERSE_REPLICATED' })
    for (const write of [
      () => db.put('a', 1),
      () => db.delete('a'),
      () => db.batch([{ type: 'put', key: 'a', value: 1 }]),
      () => db.transact(() => {}),
      () => db.beginWrite(),
      () => db.clear(),
      () => db.store('s'),
      () => db.index('i', { on: 'a' }),
      () => db.tag('t'),
      () => db.prune({ before: 0 }),
      () => db.setHistory({ versions: 1 }),
      () => db.load([...db.dump()]),
    ]) {
      expect(write).toThrow(refused)
    }
    await expect(db.drain()).rejects.toThrow(refused)
    expect(db.version).toBe(0)
    await db.close()
  })

  it('takes any verb that writes by change, once', async () => {
    const { nodes } = await nodesOn(2)
    const [a, b] = nodes as [ZVerse, ZVerse]
    const users = await a.change(() => a.store('users'))
    const index = await a.change(() => users.index('n', { on: 'n' }))
    await users.submit({ type: 'put', key: 'ann', value: { n: 5 } })
    expect([...index.keys()]).toEqual(['ann'])
    await a.change(() => a.tag('monday'))
    await a.change(() => a.put('x', 1))
    await b.sync()
    const there = b.store('users')
    expect([...there.index('n').keys()]).toEqual(['ann'])
    expect(b.get('x')).toBe(1)
    expect(b.get('x', { at: 'monday' } as never)).toBe(undefined)
    expect([...there.keys({ at: 'monday' } as never)]).toEqual(['ann'])
    await expect(
      a.change(() => {
        a.put('y', 1)
        a.put('z', 1)
      }),
    ).rejects.toThrow(expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION' }))
    expect(a.get('y')).toBe(undefined)
    for (const db of [a, b]) {
      expect(db.check()).toMatchObject({ ok: true, problems: [] })
      await db.close()
    }
  })

  it('joins by a snapshot, and what came after it', async () => {
    const options = { snapshot: { bytes: 20_000, keep: 0 } }
    const { log, nodes } = await nodesOn(2, options)
    const [a, b] = nodes as [ZVerse, ZVerse]
    await a.change(() => a.store('other'))
    await a.change(() => a.index('n', { on: 'n' }))
    for (let i = 0; i < 40; i++) {
      const puts = Array.from({ length: 20 }, (_, j) => {
        const node = j % 2 === 0 ? a : b
        return node.submit({
          type: 'put',
          key: `k${i}-${j}`,
          value: { n: i, text: 'x'.repeat(20) },
        })
      })
      await Promise.all(puts)
      if (i === 20) await b.change(() => b.tag('middle'))
    }
    await b.sync()
    const own = log.node()
    await own.open()
    const snapshot = await own.getSnapshot()
    expect(snapshot?.version).toBeGreaterThan(10)
    expect((await own.ends()).first).toBeGreaterThan(1)
    const late = await ZVerse.replicate({ log: own, ...options })
    await a.sync()
    expect(late.version).toBe(a.version)
    expect([...late.entries()]).toEqual([...a.entries()])
    expect([...late.index('n').pairs()]).toEqual([...a.index('n').pairs()])
    expect(late.versions().find(({ tags }) => tags.includes('middle'))?.version).toBe(
      a.versions().find(({ tags }) => tags.includes('middle'))?.version,
    )
    for (const db of [a, b, late]) {
      expect(db.check()).toMatchObject({ ok: true, problems: [] })
      await db.close()
    }
  })

  it('takes submissions of other threads, and of any size', async () => {
    const log = memoryLog({ maxRecordBytes: 4096 })
    const db = await ZVerse.replicate({ log: log.node() })
    const other = await ZVerse.replicate({ log: log.node() })
    const thread = ZVerse.attach(db.share())
    const all = Array.from({ length: 3000 }, (_, i) =>
      thread.submit({ type: 'put', key: `t${i}`, value: i }),
    )
    const large = 'x'.repeat(300_000)
    const own = db.submit({ type: 'put', key: 'large', value: large })
    await Promise.all(all)
    await own
    expect(thread.count()).toBe(3001)
    expect(() => thread.put('a', 1)).toThrow(expect.objectContaining({ code: 'ZVERSE_REPLICATED' }))
    for (const refused of [
      thread.sync(),
      thread.transactAsync(() => {}),
      thread.change(() => {}),
    ]) {
      await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'ZVERSE_REPLICATED' }))
    }
    await other.sync()
    expect(other.get('large')).toBe(large)
    expect([...other.entries()]).toEqual([...thread.entries()])
    thread.close()
    expect(db.check()).toMatchObject({ ok: true, problems: [] })
    await db.close()
    await other.close()
  })

  it('judges conditions by what is newest anywhere', async () => {
    const { nodes } = await nodesOn(3)
    const [a, b, c] = nodes as [ZVerse, ZVerse, ZVerse]
    const results = await Promise.allSettled(
      [a, b, c].map(db => db.submit({ type: 'put', key: 'k', value: 1, ifVersion: null })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'ZVERSE_CONFLICT' })
    }
    const index = await a.change(() => a.index('mail', { on: 'mail', unique: true }))
    const mails = await Promise.allSettled(
      [a, b, c].map((db, i) => db.submit({ type: 'put', key: `u${i}`, value: { mail: 'x' } })),
    )
    const refused = mails.filter(({ status }) => status === 'rejected')
    expect(refused.map(one => (one as PromiseRejectedResult).reason.code)).toEqual([
      'ZVERSE_NOT_UNIQUE',
      'ZVERSE_NOT_UNIQUE',
    ])
    expect(index.count()).toBe(1)
    for (const db of nodes) await db.close()
  })

  it('counts up on all nodes at once, and loses nothing', async () => {
    const { nodes } = await nodesOn(3)
    const add = (db: ZVerse) =>
      db.transactAsync(tx => tx.put('n', ((tx.get('n') as number) ?? 0) + 1))
    await Promise.all(nodes.flatMap(db => Array.from({ length: 50 }, () => add(db))))
    await nodes[1]?.sync()
    expect(nodes[1]?.get('n')).toBe(150)
    for (const db of nodes) await db.close()
  })

  it('closes when the log has what was submitted; or rejects it', async () => {
    const { log, nodes } = await nodesOn(1)
    const [db] = nodes as [ZVerse]
    const submitted = Array.from({ length: 100 }, (_, i) =>
      db.submit({ type: 'put', key: `k${i}`, value: i }),
    )
    await db.close()
    await Promise.all(submitted)
    const again = await ZVerse.replicate({ log: log.node() })
    expect(again.size).toBe(100)
    const late = Array.from({ length: 100 }, (_, i) =>
      again.submit({ type: 'put', key: `l${i}`, value: i }),
    )
    const settled = Promise.allSettled(late)
    await again.close({ queue: 'reject' })
    const results = await settled
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason.code).toMatch(/^ZVERSE_(CLOSED|UNAVAILABLE)$/)
      }
    }
    await expect(again.sync()).rejects.toThrow(expect.objectContaining({ code: 'ZVERSE_CLOSED' }))
    again.close()
  })
})

describe('a replica with a directory', () => {
  it('goes on from where it was; and joins anew where the log was trimmed', async () => {
    const path = mkdtempSync(join(tmpdir(), 'zverse-replica-'))
    try {
      const options = { snapshot: { bytes: 4000, keep: 0 } }
      const { log, nodes } = await nodesOn(1, options)
      const [a] = nodes as [ZVerse]
      const open = () => ZVerse.replicate({ log: log.node(), path, ...options })
      let b = await open()
      await a.change(() => a.store('gone'))
      await a.submit({ type: 'put', key: 'a', value: 1 })
      await b.sync()
      await b.close()
      await a.submit({ type: 'put', key: 'b', value: 2 })
      b = await open()
      expect(b.replica?.rejoined).toBe(0)
      expect([...b.entries()]).toEqual([...a.entries()])
      expect(b.versions().length).toBe(a.versions().length)
      await b.close()
      await a.change(() => a.dropStore('gone'))
      await a.change(() => a.store('come'))
      for (let i = 0; i < 100; i++)
        await a.submit({ type: 'put', key: `k${i}`, value: 'x'.repeat(99) })
      while ((await log.ends()).first < 9) await a.submit({ type: 'put', key: 'more', value: 1 })
      b = await open()
      expect([...b.entries()]).toEqual([...a.entries()])
      expect(b.stores()).toEqual(a.stores())
      await b.change(() => b.store('later'))
      await a.sync()
      expect(a.stores()).toEqual(b.stores())
      expect(b.check()).toMatchObject({ ok: true, problems: [] })
      await b.close()
      await a.close()
    } finally {
      rmSync(path, { recursive: true, force: true })
    }
  })
})
