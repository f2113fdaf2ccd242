/**
 * ZVerseLevel against an oracle: random steps on a level, its sublevels and levels of their past, over
 * every kind of database that a level can be over. After each run nothing is left pinned, and the
 * database is sound.
 *
 * `ZVERSE_RUNS` is the number of runs for each kind, `ZVERSE_SEED` the first seed; a failure prints both.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { type LevelSource, ZVerseLevel } from '../../lib/level/index.js'
import { ANY, PLACES, TEXT } from './support-codings.js'
import { Run } from './support-run.js'
import { steps } from './support-steps.js'
import type { Subject } from './support-world.js'

const RUNS = Number(process.env.ZVERSE_RUNS ?? 20)
const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))
const small = { maxBytes: 2 ** 22 }

interface Target {
  readonly name: string
  readonly isText?: boolean
  readonly isSmall?: boolean
  /** Opens a database; undefined: the level's own. */
  open?(): { db: ZVerse<never, never>; source: LevelSource }
}

function over(options: object): () => { db: ZVerse<never, never>; source: LevelSource } {
  return () => {
    const db = ZVerse.open({ ...small, ...options } as never)
    return { db: db as never, source: db as unknown as LevelSource }
  }
}

const binary = { keys: 'binary', values: 'binary' } as const
const TARGETS: Target[] = [
  { name: 'a database of its own' },
  { name: 'a binary database', open: over(binary) },
  { name: 'one that keeps 4 versions', open: over({ ...binary, history: { versions: 4 } }) },
  {
    name: 'a named store',
    open: () => {
      const db = ZVerse.open(small)
      return { db: db as never, source: db.store('level', binary) }
    },
  },
  { name: 'binary keys, msgpack values', open: over({ keys: 'binary', values: 'msgpack' }) },
  { name: 'string keys, msgpack values', isText: true, open: over({}) },
  { name: 'string keys, string values', isText: true, open: over({ values: 'string' }) },
  { name: 'string keys, json values', isText: true, open: over({ values: 'json' }) },
  { name: 'one of 1 MiB', isSmall: true, open: over({ ...binary, maxBytes: 2 ** 20 }) },
]

async function subjectOf({ open, isText = false }: Target): Promise<Subject & { db: ZVerse }> {
  const opened = open?.()
  const level = new ZVerseLevel(opened === undefined ? small : { db: opened.source })
  await level.open()
  const db = opened?.db ?? (level._source as unknown as ZVerse)
  const places = isText ? PLACES.text : PLACES.any
  const codings = isText ? TEXT : ANY
  return { level: level as never, db: db as ZVerse, places, codings }
}

describe.each(TARGETS)('a level over $name', target => {
  it('does what the oracle does', async () => {
    let full = 0
    const seeds = fc.nat(2 ** 30)
    const property = fc.asyncProperty(seeds, steps(target.isSmall === true), async (seed, all) => {
      const subject = await subjectOf(target)
      // Another handle of this thread: the level's own goes when it is closed.
      const db = ZVerse.attach(subject.db.share())
      const run = new Run(subject)
      try {
        await run.start(seed)
        for (const step of all) await run.step(step)
        await run.end()
        const { ok, problems } = db.check()
        expect({ ok, problems }).toEqual({ ok: true, problems: [] })
        expect(db.stats().readers.pins).toBe(0)
      } finally {
        await subject.level.close()
        subject.db.close()
        db.close()
      }
      full += run.full
    })
    await fc.assert(property, { numRuns: RUNS, seed: SEED })
    if (target.isSmall) expect(full).toBeGreaterThan(0)
  })
})
