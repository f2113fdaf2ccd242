/**
 * A small database with everything in it, as an image that can be copied: a window of versions, tags
 * and pins below it, named stores, deletions, a cleared tree half taken apart, a ring segment about to
 * be left. Threads are posed by handles with ids of their own.
 */
import { expect } from 'vitest'
import type { ReadTransaction, ZVerse } from '../../../lib/index.js'
import { Arena } from '../../../lib/memory/arena.js'
import { LAYOUT, R_STATE, S_LIVE, T_PINS } from '../../../lib/memory/layout.js'
import { Cursor, WHOLE } from '../../../lib/tree/cursor.js'
import { attachWith, openWith } from '../../../lib/zverse.js'
import { type Tracer, tracedArena } from './traced.js'

export const BUILDER = 50
export const SURVIVOR = 1
const FIRST_VERSION = 1023 - 39

export type Db = ZVerse<string, unknown>

/** All that can be read of a database. */
export interface Contents {
  version: number
  oldest: number
  versions: unknown[][]
  /** The contents of named stores: by name and version. */
  stores: Map<string, unknown>
  pinned: unknown[]
  tags: unknown[]
}

export interface Image {
  readonly bytes: Uint32Array
  readonly maxBytes: number
  readonly line: number
  readonly pins: number
  readonly contents: Contents
}

/** The clock of all but the builder stands still, so that runs can be compared. */
const now = () => 5000

/** Builds it. */
export function build(history = 12): Image {
  const options = { maxBytes: 2 ** 21, history: { versions: history }, maxThreads: 16 }
  let time = 1000
  const hooks = {
    now: () => ++time,
    threadId: BUILDER,
    firstVersion: FIRST_VERSION,
    poison: true,
    indexFrom: 1,
    units: 4,
  }
  const db = openWith(options, hooks) as Db
  const other = db.store('other')
  const pins: ReadTransaction<string, unknown>[] = []
  for (let i = 0; i < 34; i++) {
    db.put(`key ${(i * 7) % 23}`, `value ${i} ${'.'.repeat((i * 31) % 90)}`)
    if (i % 5 === 2) db.delete(`key ${(i * 3) % 23}`)
    if (i % 6 === 1) other.put(`other ${i % 4}`, i)
    if (i === 9) db.index('n', { on: 'n', multi: true })
    if (i % 8 === 3) db.put(`indexed ${i % 4}`, { n: [i % 3, 'and', i] })
    if (i % 9 === 4) db.tag(`tag ${i}`)
    if (i % 11 === 5) pins.push(db.beginRead())
    if (i === 20) {
      db.batch(Array.from({ length: 150 }, (_, n) => ({ type: 'put', key: `many ${n}`, value: n })))
      pins.push(db.beginRead())
      db.clear({ prefix: 'many' })
    }
  }
  return imageOf(db, pins.length)
}

/** The present state of a database, to be copied. */
export function imageOf(db: Db, pins = 0): Image {
  db.share()
  const W = db._test.engine.W
  const used = db._test.engine.epochs.allocator.touchedWords
  const line = db._test.line
  return {
    bytes: W.slice(0, used),
    maxBytes: W.length * 4,
    line,
    pins,
    contents: contents(db, line, pins),
  }
}

/** A handle, as one thread gives it to another, on a copy of the image. */
export function copyOf(image: Image): unknown {
  const arena = Arena.reserve(image.maxBytes)
  arena.words.set(image.bytes)
  return {
    format: 'zverse',
    layout: LAYOUT,
    buffer: arena.buffer,
    keys: 'string',
    values: 'msgpack',
  }
}

export function attach(handle: unknown, threadId: number): Db {
  return attachWith(handle, undefined, { now, threadId }) as Db
}

export function attachTraced(handle: unknown, threadId: number, tracer: Tracer): Db {
  const wrap = (arena: Arena) => tracedArena(arena, tracer)
  return attachWith(handle, undefined, { now, threadId, wrap }) as Db
}

/** Reads everything, the builder's pins included. */
export function contents(db: Db, line: number, pins: number): Contents {
  const { engine } = db._test
  const { W } = engine
  const { _core: core } = db
  const versions = db
    .versions()
    .map(info => [
      info.version,
      info,
      [...db.getEntries({ at: info.version })],
      [...db.keys({ at: info.version, reverse: true })].length,
      db.stores({ at: info.version }),
    ])
  const stores = new Map<string, unknown>()
  // A store that was dropped would be made anew by asking for it.
  for (const { name } of db.stores()) {
    for (const [at] of versions) {
      stores.set(`${name} at ${at}`, [...db.store(name).range({ at: at as number })])
    }
  }
  const pinned: unknown[] = []
  for (let i = 0; i < pins; i++) {
    const record = W[line + T_PINS + i] as number
    const root = W[record + R_STATE + S_LIVE] as number
    const cursor = new Cursor(W, root, WHOLE, false, Number.POSITIVE_INFINITY)
    const all: unknown[] = []
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      all.push([core.keyOf(entry), core.valueOf(entry)])
    }
    pinned.push(all)
  }
  const histories = ['key 3', 'key 7', 'many 5'].map(key => db.history(key).toArray())
  return {
    version: db.version,
    oldest: db.oldestVersion,
    versions,
    stores,
    pinned,
    tags: histories,
  }
}

/** Checks the whole structure. */
export function sound(db: Db): void {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}
