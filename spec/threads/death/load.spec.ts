/**
 * A thread dies before single stores while it loads a history. The versions loaded by then are there,
 * whole and as in the dump; nothing leaks, and others write.
 *
 * `ZVERSE_DEATHS` and `ZVERSE_SEED` as in steps.spec.ts.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DumpRecord, toJson } from '../../../lib/index.js'
import { bury } from '../../../lib/threads/lines.js'
import { openWith } from '../../../lib/zverse.js'
import { runToDeath, storesOf, Tracer, traceAtomics, untraceAtomics } from './traced.js'
import {
  attach,
  attachTraced,
  copyOf,
  type Db,
  type Image,
  imageOf,
  SURVIVOR,
  sound,
} from './world.js'

const DEATHS = Number(process.env.ZVERSE_DEATHS ?? 2)
vi.setConfig({ testTimeout: 7_200_000 })
const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1000)
const VICTIM = 99

/** A history with tags below the run, a store that is dropped and made anew, keys that come and go. */
function history(): DumpRecord[] {
  let now = 100
  const options = { maxBytes: 2 ** 21, history: { versions: 9 } }
  const db = openWith(options, { now: () => ++now, poison: true }) as Db
  for (let i = 0; i < 30; i++) {
    db.put(`key ${i % 7}`, `value ${i} ${'.'.repeat((i * 31) % 90)}`)
    if (i % 4 === 2) db.delete(`key ${(i * 3) % 7}`)
    if (i % 9 === 4) db.tag(`tag ${i}`)
    if (i === 20) db.dropStore('side')
    if (i % 6 === 1) db.store('side').put(`side ${i}`, i)
    if (i === 25) db.clear()
  }
  const records = db.dump({ history: true }).toArray()
  db.close()
  return records
}

/** The lines of the versions, by number; a version's tags apart. */
function byVersion(records: readonly DumpRecord[]): Map<number, string[]> {
  const versions = new Map<number, string[]>()
  let lines: string[] = []
  for (const record of records) {
    if (record.type === 'version') {
      lines = []
      versions.set(record.version, lines)
    } else if (record.type !== 'tag' && record.type !== 'end') lines.push(toJson(record))
  }
  return versions
}

describe('death before stores while a history is loaded', () => {
  let image: Image
  const records = history()
  const whole = byVersion(records)
  beforeAll(() => {
    const db = openWith(
      { maxBytes: 2 ** 21, history: { versions: 9 }, maxThreads: 16 },
      { now: () => 5000, threadId: 50, poison: true, indexFrom: 1 },
    ) as Db
    image = imageOf(db)
    traceAtomics()
  })
  afterAll(untraceAtomics)

  /** Each version is as in the dump, or takes a failed load away. */
  function survive(db: Db): void {
    sound(db)
    const versions = db.versions()
    const told = byVersion(db.dump({ history: true }).toArray())
    for (const [i, { version }] of versions.entries()) {
      if (version === 0) continue
      expect([...whole.keys()]).toContain(version)
      // The first has come whole, wherever the low-water mark is by now.
      if (i > 0) expect(told.get(version)).toEqual(whole.get(version))
    }
    const version = db.version
    expect(db.put('survivor', 'writes')).toBe(version + 1)
    sound(db)
    for (const { tags } of db.versions()) for (const name of tags) db.untag(name)
    for (const { name } of db.stores()) db.dropStore(name)
    db.clear()
    db.prune({ before: db.version })
    sound(db)
    db.close()
  }

  it('another thread goes on, or the same handle where it was cut off', async () => {
    const tracer = new Tracer(Number.POSITIVE_INFINITY)
    const handle = copyOf(image)
    const clean = attachTraced(handle, VICTIM, tracer)
    const attached = tracer.steps
    clean.load(records)
    const { steps } = tracer
    expect(clean.dump({ history: true }).toArray()).toEqual(records)
    for (const n of storesOf(attached, steps, DEATHS * 10, SEED)) {
      await turn()
      const handle = copyOf(image)
      const tracer = new Tracer(n)
      const victim = attachTraced(handle, VICTIM, tracer)
      expect(runToDeath(tracer, () => victim.load(records))).toEqual({ died: true })
      try {
        if (n % 2 === 0) {
          const db = attach(handle, SURVIVOR)
          bury(db._test.engine.epochs.arena, VICTIM, SURVIVOR)
          survive(db)
        } else survive(victim)
      } catch (error) {
        throw new Error(`death before store ${n} of ${steps} (ZVERSE_SEED=${SEED})`, {
          cause: error,
        })
      }
    }
  })
})
