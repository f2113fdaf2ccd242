/** What the database gives, what the second reader reads, and what expected.json has, in one form. */
import { crc32 } from 'node:zlib'
import { Unpackr } from 'msgpackr'
import { expect } from 'vitest'
import { toJson } from '../../../lib/index.js'
import { keyCodecNamed } from '../../../lib/key/resolve.js'
import { boundsIn } from '../../../lib/versions/past.js'
import type { ZVerse } from '../../../lib/zverse.js'
import type { Reading } from '../golden-reader.js'
import type { DiskBounds, StoreState } from './state.js'

export interface Expected {
  options?: object
  bounds: { versions?: number; ms?: number; bytes?: number }
  /** Those of the past on disk. */
  disk?: Partial<DiskBounds> | null
  tornBytes: number
  tags: [string, number][]
  dump: Record<string, unknown>[]
}

const shorter = (_: string, value: unknown) =>
  typeof value === 'string' && value.length > 256 ? `${value.length}:${crc32(value)}` : value
/** As expected.json has a record. */
export const plain = (value: unknown) => JSON.parse(toJson(value), shorter)

/** As getEntries() gives it, plain. */
export interface Entry {
  key: unknown
  value: unknown
  version: number
}

/** Key and value as text, with the version that wrote it. */
type Shown = Record<string, [value: string, version: number]>
interface ShownVersion {
  version: number
  time: number
  until: number | undefined
  /** By name; '' is the unnamed one. */
  stores: Record<string, { keys: string; values: string; entries: Shown }>
}

/** The versions of a dump with history, as `plain` gives its records. */
function ofDump(records: Record<string, unknown>[]): ShownVersion[] {
  const [header, ...rest] = records as Record<string, never>[]
  const { keys, values } = header as Record<string, unknown> as { keys: string; values: string }
  const versions: ShownVersion[] = []
  let stores: ShownVersion['stores'] = { '': { keys, values, entries: {} } }
  for (const { type, store = '', key, value, version, timestamp, until, ...more } of rest) {
    const entries = stores[store]?.entries as Shown
    if (type === 'version') {
      stores = structuredClone(stores)
      versions.push({ version, time: timestamp, until, stores })
    } else if (type === 'store') {
      stores[store] = { keys: more.keys as never, values: more.values as never, entries: {} }
    } else if (type === 'drop') delete stores[store]
    else if (type === 'del') delete entries[JSON.stringify(key)]
    else if (type === 'put') {
      const born = version ?? (versions.at(-1) as ShownVersion).version
      entries[JSON.stringify(key)] = [JSON.stringify(value), born]
    }
  }
  return versions
}

const unpackr = new Unpackr({ int64AsType: 'number', mapsAsObjects: true, useRecords: false })

function decodedKey(codec: string, bytes: Buffer): unknown {
  if (codec === 'string') return bytes.toString()
  if (codec === 'binary') return new Uint8Array(bytes)
  const padded = Buffer.concat([bytes, Buffer.alloc(8)])
  const words = Uint32Array.from({ length: padded.length >> 2 }, (_, i) =>
    padded.readUInt32BE(i * 4),
  )
  return keyCodecNamed(codec).decode(words, 0, bytes.length)
}

function decodedValue(codec: string, bytes: Buffer): unknown {
  if (codec === 'string') return bytes.toString()
  if (codec === 'binary') return new Uint8Array(bytes)
  return codec === 'json' ? JSON.parse(bytes.toString()) : unpackr.unpack(bytes)
}

/** Entries of a store as the reader has it, in the order of their keys. */
export function entriesOf({ keys, values, entries }: StoreState): { key: string; shown: Entry }[] {
  const sorted = [...entries].sort(([one], [other]) => (one < other ? -1 : 1))
  return sorted.map(([key, { value, ascii, version }]) => {
    const decoded = decodedValue(values, Buffer.from(value, 'hex'))
    const isText = typeof decoded === 'string' && values !== 'json'
    expect(ascii).toBe(isText && /^[\0-\x7f]*$/.test(decoded))
    const decodedBy = decodedKey(keys, Buffer.from(key, 'hex'))
    return { key, shown: { key: plain(decodedBy), value: plain(decoded), version } }
  })
}

/** The same of the reader, of the versions that `numbers` names. */
function ofReading({ versions }: Reading, numbers: Set<number>): ShownVersion[] {
  return versions
    .filter(({ version }) => numbers.has(version))
    .map(({ version, time, ended, stores }, i, all) => {
      const shown: ShownVersion['stores'] = {}
      for (const store of stores.values()) {
        const { name, keys, values } = store
        const texts = entriesOf(store).map(({ shown: { key, value, version } }) => {
          return [JSON.stringify(key), [JSON.stringify(value), version]]
        })
        shown[name ?? ''] = { keys, values, entries: Object.fromEntries(texts) }
      }
      const next = all[i + 1]?.version
      const until = next === undefined || next === version + 1 ? undefined : ended
      return { version, time, until, stores: shown }
    })
}

export function expectSame(reading: Reading, expected: Omit<Expected, 'tornBytes'>): void {
  const { dump, tags, bounds, disk } = expected
  const versions = ofDump(dump)
  const { oldest } = dump[0] as { oldest: number }
  const numbers = new Set(versions.map(({ version }) => version))
  expect(ofReading(reading, numbers)).toEqual(versions)
  expect([...reading.tags].sort()).toEqual(tags)
  const { versions: most = Infinity, ms = Infinity, bytes = Infinity } = bounds
  expect(reading.bounds).toEqual({ versions: most, ms, bytes })
  const all = { versions: Infinity, ms: Infinity, bytes: Infinity, deflate: false, bitsPerKey: 10 }
  expect(reading.disk).toEqual(disk == null ? null : { ...all, ...disk })
  // What the database has let go of may be there still; what belongs to no history is not asked for.
  expect(reading.begin).toBeLessThanOrEqual(oldest)
  const run = reading.versions.filter(({ version }) => version >= oldest)
  expect(run.every(({ version }) => numbers.has(version))).toBe(true)
}

export function shownBy(db: ZVerse) {
  const tags = db.versions().flatMap(({ version, tags }) => {
    return tags.map((tag): [string, number] => [tag, version])
  })
  const { disk, ...bounds } = boundsIn(db._test.engine.epochs.arena)
  const dump = [...db.dump({ history: true })].map(plain)
  return { tags: tags.sort(), dump, bounds, disk }
}
