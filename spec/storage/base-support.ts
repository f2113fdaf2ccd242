/** Shared by the specs of bases: what a keeper pins, and databases written to a disk and opened again. */

import { expect } from 'vitest'
import { Batch } from '../../lib/engine/batch.js'
import type { Engine } from '../../lib/engine/engine.js'
import type { Mutation, Stamp } from '../../lib/engine/mutation.js'
import { R_CATALOG, R_VERSION } from '../../lib/memory/layout.js'
import { load48 } from '../../lib/memory/words.js'
import { type BaseRead, readBase, readBaseHead, writeBase } from '../../lib/storage/base.js'
import { OpenFile } from '../../lib/storage/files.js'
import { nextStoreIn } from '../../lib/tree/catalog.js'
import { boundsIn } from '../../lib/versions/past.js'
import { openWith, type TestHooks, type ZVerse } from '../../lib/zverse.js'
import { type Any, type Made, optionsOf, sound } from '../dump/support.js'
import { Disk } from '../support/disk.js'
import type { Random } from '../support/random.js'

export const SALT = Uint8Array.from({ length: 16 }, (_, i) => i * 7)
export const NUMBER = 2 ** 33 + 5
export const PATH = 'db/base-5'

/** What a keeper pins for a base. */
export interface Held {
  readonly versions: number[]
  readonly content: Parameters<typeof writeBase>[4]
  release(): void
}

/** Pins the present version, all tagged ones, and others of the run that `keeps` names. */
export function hold(
  { _test: { engine } }: ZVerse<Any, Any>,
  keeps: (version: number) => boolean,
): Held {
  const { W, epochs, tags } = engine
  const { slots, versions } = epochs
  slots.enterAll()
  const all = new Map<number, number>()
  for (const { version, record } of tags.all()) all.set(version, record)
  const { newest } = versions
  for (let version = versions.oldest; version <= newest; version++) {
    if (version === newest || keeps(version)) all.set(version, versions.record(version))
  }
  const records = [...all].sort(([a], [b]) => a - b).map(([, record]) => record)
  const pins = records.map(record => slots.acquire(record))
  const content = { records, tags: tags.all(), bounds: boundsOf(engine) }
  slots.exit()
  return {
    versions: records.map(record => load48(W, record + R_VERSION)),
    content,
    release: () => pins.forEach(pin => void slots.release(pin)),
  }
}

export const boundsOf = ({ epochs }: Engine) => boundsIn(epochs.arena)

/** Writes all of a base at once. */
export function written(db: ZVerse<Any, Any>, held: Held, blockWords?: number): Disk {
  const disk = new Disk()
  const file = new OpenFile(disk, PATH, 'create')
  const steps = writeBase(db._test.engine, file, SALT, NUMBER, held.content, blockWords)
  let last = 0
  let result = steps.next()
  for (; !result.done; result = steps.next()) {
    expect(result.value).toBe(file.size)
    last = result.value
  }
  expect(result.value.bytes).toBe(last)
  file.close()
  return disk
}

export interface Read {
  db: ZVerse<Any, Any>
  read: BaseRead
}

/** A database that was opened from a base. */
export function reopened(disk: Disk, options: object, hooks: Partial<TestHooks> = {}): Read {
  const file = new OpenFile(disk, PATH, 'read')
  const { version, time } = readBaseHead(file, SALT, NUMBER)
  let isOpen = false
  const now = () => (isOpen && hooks.now !== undefined ? hooks.now() : time)
  const all = { indexFrom: 1, poison: true, firstVersion: version, ...hooks, now }
  const db = openWith({ maxBytes: 2 ** 24, ...options }, all) as ZVerse<Any, Any>
  const done: [number, number][] = []
  try {
    const read = readBase(db._test.engine, file, SALT, NUMBER, (...at) => done.push(at))
    expect(done.at(-1)).toEqual([file.size, file.size])
    expect(read.bytes).toBe(file.size)
    isOpen = true
    return { db, read }
  } catch (error) {
    // What was read of it is no harm: memory is whole.
    sound(db)
    db.close()
    throw error
  } finally {
    file.close()
  }
}

export function like({ kinds }: Made, hooks: Partial<TestHooks> = {}) {
  return [optionsOf(kinds.get('') as Any), hooks] as const
}

/** Keeps the commits of a database. */
export class Kept {
  commits: { batch: Batch; stamp: Stamp | undefined }[] = []

  append(mutation: Mutation): void {
    const batch = new Batch()
    mutation.describe(batch)
    // As from a file.
    this.commits.push({ batch: Batch.of(batch.words), stamp: mutation.stamp })
  }

  settle(): void {}

  close(): void {}
}

export function letGo({ db, read }: Read): void {
  for (const pin of read.pins) db._test.engine.epochs.slots.release(pin)
}

export const nextStore = ({ _test: { engine } }: ZVerse<Any, Any>) =>
  nextStoreIn(engine.W, engine.W[engine.epochs.versions.current + R_CATALOG] as number)

/** Puts some large values, beside the small ones of `step`. */
export function grow({ db, kinds }: Made, random: Random): void {
  for (const [name, kind] of kinds) {
    const store: Any = name === '' ? db : db.store(name, optionsOf(kind as Any))
    const { values, key } = kind as Any
    const n = random.int(3000)
    if (values === 'string') store.put(key(0), 'ä'.repeat(n))
    if (values === 'binary') store.put(key(0), new Uint8Array(n).fill(n))
    if (values === 'msgpack') store.put(key(0), { n: 'x'.repeat(n) })
  }
}

export const BLOCKS = [8, 13, 64, 1000, undefined]

/** As {@link reopened}, with something done to the memory before. */
export function reopenedIn(disk: Disk, options: object, before: (engine: Engine) => void): Read {
  const file = new OpenFile(disk, PATH, 'read')
  const { version, time } = readBaseHead(file, SALT, NUMBER)
  const hooks = { now: () => time, firstVersion: version, poison: true, indexFrom: 5 }
  const db = openWith(options, hooks) as ZVerse<Any, Any>
  before(db._test.engine)
  try {
    return { db, read: readBase(db._test.engine, file, SALT, NUMBER) }
  } catch (error) {
    sound(db)
    db.close()
    throw error
  }
}
