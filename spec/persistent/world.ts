/** Persistent databases on a disk in memory, all that can be seen of one, and workloads for them. */
import { crc32 } from 'node:zlib'
import { expect } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import type { DiskHistory, History } from '../../lib/options.js'
import { boundsIn } from '../../lib/versions/past.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import type { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'

/** Bytes of a segment: few, so that commits of any size come to the end of one. */
export const SEGMENT = 2048

export interface Options {
  syncInterval?: number
  sync?: 'commit' | 'interval' | 'never'
  maxBytes?: number
  lockTimeout?: number
  history?: History
  repair?: boolean
  queue?: { groupBytes?: number }
}

/** Time, for a database and its twin. */
export class Time {
  ms = 1_700_000_000_000
}

export function openOn(disk: Disk, time: Time, options: Options = {}): ZVerse {
  const all = { maxBytes: 2 ** 21, path: 'db', background: false, ...options }
  return openWith(all, { now: () => time.ms, indexFrom: 1, poison: true, files: disk })
}

/** A handle of what poses as another thread. */
export function attachOn(disk: Disk, time: Time, db: ZVerse, threadId: number): ZVerse {
  const hooks = { now: () => time.ms, poison: true, threadId, files: disk }
  return attachWith(db.share(), {}, hooks) as unknown as ZVerse
}

/** What a crash leaves that keeps nothing but what was synced. */
export const worst = (disk: Disk): Disk => disk.crashed(below => (below === 2 ? 1 : 0))

/** A database in memory that does what another one does. */
export function twinOf(time: Time, { maxBytes = 2 ** 21, history }: Options): ZVerse {
  const { disk, ...memory } = history ?? {}
  const { deflate, bitsPerKey, ...bounds } = disk ?? (memory as DiskHistory)
  const options = history === undefined ? { maxBytes } : { maxBytes, history: bounds }
  return openWith(options, { now: () => time.ms, indexFrom: 1, poison: true })
}

const shorter = (_: string, value: unknown) =>
  typeof value === 'string' && value.length > 64 ? `${value.length}:${crc32(value)}` : value

export const text = (value: unknown) => JSON.stringify(value, shorter)

/** All that can be read, as text. */
export function stateOf(db: ZVerse): string {
  const versions = db.versions()
  // Those of all that it keeps, be it on disk.
  const { disk, ...memory } = boundsIn(db._test.engine.epochs.arena)
  const kept = disk ?? memory
  const bounds = [kept.versions, kept.ms, kept.bytes]
  const lines = [
    text({ version: db.version, oldest: db.oldestVersion, bounds: bounds.map(String) }),
    ...versions.map(info => text({ ...info, tags: [...info.tags].sort() })),
  ]
  for (const { version } of versions) {
    const view = { at: version }
    lines.push(text([version, [...db.getEntries(view)], db.stores(view)]))
    // The records of stores, too, with the versions of their entries.
    for (const record of db.dump(view)) if ('store' in record) lines.push(text(record))
  }
  for (const record of db.dump({ history: true })) lines.push(text(record))
  for (const { name, keys, values } of db.stores()) {
    const store = db.store(name, { keys, values } as never)
    for (const key of store.keys()) lines.push(text([...store.history(key as never)]))
  }
  for (const key of seenKeys(db)) lines.push(text([key, [...db.history(key)]]))
  return lines.join('\n')
}

/** Keys of all versions of the unnamed store. */
function seenKeys(db: ZVerse): string[] {
  const keys = new Set<string>()
  for (const { version } of db.versions()) for (const key of db.keys({ at: version })) keys.add(key)
  return [...keys].sort()
}

export function expectSound(db: ZVerse): void {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}

/** A change, for a database and its twin; or what only one in a directory does. */
export type Step = ((db: ZVerse) => unknown) | 'compact' | 'reopen' | 'flush'

export interface Workload {
  name: string
  options: Options
  steps: Step[]
}

/** Puts, deletes, updates, one key at a time. */
export function singles(seed: number, length = 40): Workload {
  const random = new Random(seed)
  const steps: Step[] = []
  for (let i = 0; i < length; i++) {
    const key = `key-${random.int(9)}`
    const value = random.chance(0.2) ? 'v'.repeat(random.int(700)) : random.int(1000)
    const way = random.int(12)
    if (way < 7) steps.push(db => db.put(key, value))
    else if (way < 9) steps.push(db => db.delete(key))
    else if (way < 11) steps.push(db => db.update(key, old => [old === undefined, value]))
    else
      steps.push(db =>
        db.batch([
          { type: 'put', key, value },
          { type: 'del', key: 'key-0' },
        ]),
      )
    if (i % 9 === 7) steps.push('compact')
    if (i % 13 === 11) steps.push('reopen')
    if (i % 11 === 10) steps.push('flush')
  }
  return { name: 'single puts', options: { history: { versions: random.int(5) } }, steps }
}

/** Commits of several records, in several segments; values larger than a block of a base, and in pieces. */
export function batches(seed: number): Workload {
  const random = new Random(seed)
  const steps: Step[] = []
  for (let i = 0; i < 14; i++) {
    const count = random.int(60)
    const from = random.int(80)
    const big = random.chance(0.3) ? random.int(20_000) : 0
    steps.push(db =>
      db.batch([
        ...Array.from({ length: count }, (_, n) => ({
          ...{ type: 'put' as const, key: `key-${from + n}`, value: `${i}-${n}-`.padEnd(30, 'x') },
        })),
        { type: 'put', key: 'big', value: `${i}`.repeat(big) },
        { type: 'del', key: `key-${from}` },
      ]),
    )
    if (i === 5) steps.push(db => db.clear({ gte: 'key-3', lt: 'key-6' }))
    if (i === 9) steps.push(db => db.clear())
    if (i % 5 === 3) steps.push('compact')
    if (i % 6 === 5) steps.push('reopen')
  }
  return { name: 'large batches', options: { history: { versions: random.int(4) } }, steps }
}

/** The history that {@link mixed} begins with. */
function dumped(seed: number): unknown[] {
  const random = new Random(seed)
  const time = new Time()
  time.ms -= 1e9
  const db = twinOf(time, { history: { versions: 1 + random.int(8) } })
  for (let i = 0; i < 12; i++) {
    time.ms += random.int(50)
    if (i === 2) db.store('loaded', { values: 'json' }).put('in', 'it')
    else if (i === 7) db.dropStore('loaded')
    else if (random.chance(0.2)) db.delete(`key-${random.int(5)}`)
    else db.put(`key-${random.int(5)}`, `loaded ${i}`)
    if (random.chance(0.3)) db.tag(`old-${random.int(3)}`)
  }
  const records = [...db.dump({ history: true })]
  db.close()
  return records
}

/** Steps that change the bounds. */
const BOUNDS = new WeakSet<object>()

/** Stores, tags, bounds, what comes of them; a history first. */
export function mixed(seed: number, length = 40): Workload {
  const random = new Random(seed)
  const steps: Step[] = []
  if (random.chance(0.7)) {
    const records = dumped(seed)
    steps.push(Object.assign((db: ZVerse) => db.load(records), { isLoad: true }))
  }
  const name = () => random.pick(['a', 'b', 'ü'])
  const tag = () => random.pick(['x', 'y', 'z', 'old-0'])
  const ways: (() => Step)[] = [
    () => {
      const [key, value] = [`key-${random.int(9)}`, random.int(1000)]
      return db => db.put(key, value)
    },
    () => {
      const [store, key, value] = [name(), `k${random.int(5)}`, random.int(1000)]
      return db => db.store(store, { values: 'json' }).put(key, value)
    },
    () => {
      const [store, key] = [name(), `k${random.int(5)}`]
      return db => db.store(store, { values: 'json' }).delete(key)
    },
    () => {
      const [to, back] = [tag(), random.int(4)]
      return db => db.tag(to, { at: Math.max(db.oldestVersion, db.version - back) })
    },
    () => {
      const to = tag()
      return db => db.untag(to)
    },
    () => {
      const to = tag()
      return db => db.restore({ at: to })
    },
    () => {
      const back = random.int(4)
      return db => db.prune({ before: Math.max(0, db.version - back) })
    },
    () => {
      const history = random.pick([{ versions: 0 }, { versions: 3 }, { versions: 6, ms: 90 }])
      const step = (db: ZVerse) => db.setHistory(history)
      BOUNDS.add(step)
      return step
    },
    () => {
      const store = name()
      return db => db.dropStore(store)
    },
    () => {
      const store = name()
      return db => db.store(store, { values: 'json' }).clear()
    },
    () => {
      const [store, key] = [name(), `k${random.int(5)}`]
      return db => {
        const made = db.store(store, { values: 'json' })
        db.transact(tx => {
          tx.put(key, 'in both')
          tx.store(made).put(key, 'in both')
        })
      }
    },
  ]
  const often = [0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10]
  for (let i = 0; i < length; i++) {
    steps.push((ways[random.pick(often)] as () => Step)())
    if (i % 7 === 5) steps.push('compact')
    if (i % 11 === 9) steps.push('reopen')
  }
  return { name: 'stores and tags', options: { history: { versions: random.int(6) } }, steps }
}

/** Bounds for a database that keeps the past on disk, or in memory as its twin does. */
const keeping = (db: ZVerse, versions: number): History =>
  db._test.engine.reader.past === null ? { versions } : { versions: 1, disk: { versions } }

/** A past on disk, that is written and merged often: what {@link mixed} does, at deep versions. */
export function deep(seed: number, length = 40): Workload {
  const random = new Random(seed)
  const { steps: others } = mixed(seed, length)
  const versions = random.pick([3, 8, 100])
  const steps: Step[] = []
  for (const step of others) {
    if (typeof step === 'function' && 'isLoad' in step) continue
    const [key, at] = [`key-${random.int(9)}`, random.next() / 2 ** 32]
    const big = 'v'.repeat(random.int(900))
    steps.push(db => db.put(key, big))
    const old = (db: ZVerse) =>
      db.oldestVersion + Math.floor(at * (db.version - db.oldestVersion + 1))
    const way = random.int(12)
    if (way === 0) steps.push(db => db.tag('deep', { at: old(db) }))
    else if (way === 1) steps.push(db => db.restore({ at: old(db) }))
    else if (way === 2) steps.push(db => db.prune({ before: old(db) }))
    else if (way === 3) steps.push(db => db.untag('deep'))
    else if (way === 4) {
      const most = random.pick([2, 6, 100])
      steps.push(db => db.setHistory(keeping(db, most)))
    } else if (way < 8) steps.push('compact')
    // Its bounds are for memory.
    if (typeof step === 'string' || !BOUNDS.has(step)) steps.push(step)
  }
  return {
    name: 'a past on disk',
    options: { history: { versions: 1, disk: { versions } } },
    steps,
  }
}

/** What an error says, so that two verbs that may fail can be compared. */
export function outcome(act: () => unknown): string {
  try {
    act()
    return 'done'
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    return code
  }
}

/** The last of the states that a database may be in; throws what differs where it is in none. */
export function indexOfState(found: string, states: readonly string[], ceiling?: number): number {
  const at = states.lastIndexOf(found, ceiling ?? states.length)
  if (at >= 0) return at
  const [was, is] = [states[ceiling ?? states.length - 1] ?? '', found].map(all => all.split('\n'))
  const lost = was?.filter(line => !is?.includes(line)).slice(0, 5)
  const more = is?.filter(line => !was?.includes(line)).slice(0, 5)
  throw new Error(`no state that was: ${JSON.stringify({ lost, more }, null, 1).slice(0, 2000)}`)
}
