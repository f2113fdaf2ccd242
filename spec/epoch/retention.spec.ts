/**
 * Retention: the pure choice against a naive one, and the arena of a database that is written for ever
 * under each kind of bound.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { History } from '../../lib/index.js'
import { oldestToKeep } from '../../lib/versions/retention.js'
import { openWith } from '../../lib/zverse.js'
import { scaled } from '../support/runs.js'

const INFINITE = Number.POSITIVE_INFINITY

describe('oldestToKeep', () => {
  it('keeps exactly what no bound excludes', () => {
    const commit = fc.record({ wait: fc.nat(20), bytes: fc.nat(50) })
    const bound = (max: number) => fc.option(fc.nat(max), { nil: INFINITE })
    fc.assert(
      fc.property(
        fc.array(commit, { maxLength: 30 }),
        fc.nat(10),
        fc.record({ versions: bound(30), ms: bound(300), bytes: bound(800) }),
        fc.nat(100),
        (commits, oldest, bounds, later) => {
          const newest = oldest + commits.length
          let time = 1000
          const times = [time, ...commits.map(({ wait }) => (time += wait))]
          const timeOf = (version: number) => times[version - oldest] as number
          const replaced = (version: number) => commits[version - oldest - 1]?.bytes as number
          const past = (from: number) => {
            let bytes = 0
            for (let v = from + 1; v <= newest; v++) bytes += replaced(v)
            return bytes
          }
          const now = time + later
          const line = { oldest, newest, now, time: timeOf, replacedSince: past }
          let expected = oldest
          const isOutside = (v: number) =>
            newest - v > bounds.versions ||
            now - timeOf(v + 1) > bounds.ms ||
            past(v) > bounds.bytes
          while (expected < newest && isOutside(expected)) expected++
          expect(oldestToKeep(line, bounds)).toBe(expected)
        },
      ),
      { numRuns: scaled(2000) },
    )
  })
})

describe('writing for ever', () => {
  const bounds: History[] = [
    { versions: 0 },
    { versions: 100 },
    { bytes: 300_000 },
    { ms: 200 },
    { versions: 300, bytes: 200_000, ms: 100 },
  ]
  it.each(bounds)('does not grow the arena under %j', history => {
    let time = 0
    const db = openWith({ maxBytes: 2 ** 26, history }, { now: () => time++ })
    const write = (i: number) => {
      const key = `key ${(i * 17) % 500}`
      if (i % 7 === 3) db.delete(key)
      else db.put(key, 'v'.repeat((i * 13) % 300))
    }
    for (let i = 0; i < 20_000; i++) write(i)
    const before = db.stats().memory.touchedBytes
    for (let i = 20_000; i < 60_000; i++) write(i)
    expect(db.stats().memory.touchedBytes).toBeLessThan(before * 1.05)
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    if (history.versions !== undefined) {
      expect(db.version - db.oldestVersion).toBeLessThanOrEqual(history.versions)
    }
    db.close()
  })
})
