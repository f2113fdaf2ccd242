/**
 * Snapshots: a version of a replica, with its tags and the tagged versions before it, as bytes for the log's keeping.
 *
 * Their bytes are a head, and then those of a base (lib/storage/base-format.ts): words of 32 bits, lowest byte first,
 *
 *     0 MAGIC   1 CRC-32 of the words from 2 to the end of the head   2 words of the head
 *     3 record of the log up to which it goes (2)   5 check of that record   6 version (2)
 *     8 JSON: what the log began with (record.ts)
 *
 * A snapshot is read into a database that has just been made, or turned into one change of one that has come too late.
 */
import { crc32 } from 'node:zlib'
import { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import { NAMES_STORE, UNNAMED } from '../engine/names.js'
import { ZVerseError } from '../errors.js'
import { tipOf } from '../memory/atomic.js'
import { R_CATALOG, R_PREV, R_STATE, R_VERSION, S_LIVE } from '../memory/layout.js'
import { isTagged } from '../memory/record.js'
import { load48, store48 } from '../memory/words.js'
import { readBase, readBaseHead } from '../storage/base.js'
import { writeBase } from '../storage/base-writer.js'
import { type Files, OpenFile, SYSTEM } from '../storage/files.js'
import type { Pin } from '../threads/slots.js'
import { stateOf } from '../tree/catalog.js'
import { Cursor, WHOLE } from '../tree/cursor.js'
import { boundsIn } from '../versions/past.js'
import type { Snapshot } from './log.js'
import { jsonIn, wordsOf } from './record.js'

const MAGIC = 0x7276a75a
const HEAD = 8
/** The number that its base has. */
const NUMBER = 1
const NAME = 'snapshot'
/** Bytes of a part, at least. */
const PART = 2 ** 18

/** What a log began with, as its first record has it. */
export interface Beginning {
  readonly format: 1
  /** Names of the codecs. */
  readonly keys: string
  readonly values: string
  /** When version 0 was made, ms since 1970. */
  readonly time: number
  /** Bounds of history; null: none. */
  readonly history: { versions: number | null; ms: number | null; bytes: number | null }
  /** Tells logs apart. */
  readonly id: string
}

/** A place in a log: all up to there. */
export interface Place {
  readonly sequence: number
  readonly check: number
}

/**
 * The snapshot of the present version, which is pinned until `release` is called.
 * @param place where the database is in the log
 */
export function snapshotOf(
  engine: Engine,
  place: Place,
  beginning: Beginning,
): { snapshot: Snapshot; release(): void } {
  const pins: Pin[] = []
  const records = kept(engine, pins)
  const version = load48(engine.W, (records[records.length - 1] as number) + R_VERSION)
  const content = { records, tags: allTags(engine), bounds: boundsIn(engine.epochs.arena) }
  async function* parts(): AsyncGenerator<Uint8Array> {
    const file = new Outlet()
    yield headOf(place, version, beginning)
    const target = new OpenFile(file.files, NAME, 'create')
    for (const _ of writeBase(engine, target, saltOf(beginning), NUMBER, content)) {
      if (file.bytes < PART) continue
      yield file.take()
      engine.gate.checkOpen()
    }
    yield file.take()
  }
  const release = () => {
    if (!engine.gate.isClosed) for (const pin of pins.splice(0)) engine.epochs.slots.release(pin)
  }
  return { snapshot: { sequence: place.sequence, version, parts: parts() }, release }
}

/** Records of the present version, and of tagged ones before it: oldest first, pinned. */
function kept({ epochs, W }: Engine, pins: Pin[]): number[] {
  const { slots, turn } = epochs
  return turn.exclusively(() => {
    const newest = tipOf(W)
    const records: number[] = []
    for (let record = newest; record !== 0; record = W[record + R_PREV]) {
      if (record !== newest && !isTagged(W, record)) continue
      records.push(record)
      pins.push(slots.acquire(record))
    }
    return records.reverse()
  })
}

function allTags({ tags, epochs }: Engine) {
  epochs.slots.enterAll()
  try {
    return tags.all()
  } finally {
    epochs.slots.exit()
  }
}

function headOf({ sequence, check }: Place, version: number, beginning: Beginning): Uint8Array {
  const json = wordsOf(beginning)
  const words = new Uint32Array(HEAD + json.length)
  words[0] = MAGIC
  words[2] = words.length
  store48(words, 3, sequence)
  words[5] = check
  store48(words, 6, version)
  words.set(json, HEAD)
  const bytes = new Uint8Array(words.buffer)
  words[1] = crc32(bytes.subarray(8))
  return bytes
}

const saltOf = ({ id }: Beginning): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, i) => id.charCodeAt(i % id.length))

/** A snapshot that was read, whole. */
export interface Taken extends Place {
  readonly beginning: Beginning
  /** The first version that its base has, a tagged one perhaps; and when that was made, ms since 1970. */
  readonly first: number
  readonly time: number
  /** Reads it into a database that is new, and of that version and time. */
  into(engine: Engine): void
}

/** Reads a snapshot. @throws ZVerseError `ZVERSE_CORRUPT`; and what its parts throw */
export async function take({ parts, sequence }: Snapshot): Promise<Taken> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  const bytes = joined(all)
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2)
  const size = words[2] as number
  const isWhole =
    bytes.length >= 4 * HEAD && words[0] === MAGIC && size >= HEAD && size * 4 <= bytes.length
  if (!isWhole || crc32(bytes.subarray(8, 4 * size)) !== words[1]) {
    const message = `the snapshot up to record ${sequence} is damaged: have another node write one`
    throw new ZVerseError('ZVERSE_CORRUPT', message, { file: NAME, offset: 0 })
  }
  const beginning = jsonIn(words.slice(HEAD, size)) as Beginning
  const files = inlet(bytes.subarray(4 * size))
  const open = () => new OpenFile(files, NAME, 'read')
  const { version: first, time } = readBaseHead(open(), saltOf(beginning), NUMBER)
  return {
    ...{ sequence: load48(words, 3), check: words[5] as number, beginning, first, time },
    into: engine => {
      const { pins } = readBase(engine, open(), saltOf(beginning), NUMBER)
      for (const pin of pins) engine.epochs.slots.release(pin)
    },
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  const bytes = new Uint8Array((size + 3) & ~3)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes.subarray(0, size)
}

/** All that the present version of a database has, as changes of one that has others: each store anew. */
export function contentOf(from: Engine, to: Engine): Batch {
  const batch = new Batch()
  const { W, names, gatherer } = from
  const record = tipOf(W)
  const catalog = W[record + R_CATALOG] as number
  const rootOf = (id: number) => {
    const state = id === UNNAMED ? record + R_STATE : stateOf(W, catalog, id)
    return state === 0 ? 0 : (W[state + S_LIVE] as number)
  }
  const all = storesIn(from, rootOf(NAMES_STORE))
  const old = storesIn(to, rootIn(to))
  for (const [id, name] of old) if (!all.has(id)) batch.drop(id, name)
  const isNew = (id: number) => !old.has(id)
  const cursor = new Cursor(W, rootOf(NAMES_STORE), WHOLE, false, Number.POSITIVE_INFINITY)
  const made: { id: number; entry: number }[] = []
  for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
    made.push({ id: names.describeEntry(entry).id, entry })
  }
  made.sort((a, b) => a.id - b.id)
  for (const { id, entry } of made) {
    const { keys, values } = names.describeEntry(entry)
    if (isNew(id)) batch.make(id, names.nameIn(W, entry), keys, values)
  }
  for (const id of [UNNAMED, ...all.keys()]) {
    batch.store(id)
    if (!isNew(id) || id === UNNAMED) batch.clear()
    const entries = new Cursor(W, rootOf(id), WHOLE, false, Number.POSITIVE_INFINITY)
    for (let entry = entries.next(); entry !== 0; entry = entries.next()) {
      batch.copy(W, entry, gatherer)
    }
  }
  return batch
}

function rootIn({ W, names }: Engine): number {
  return names.rootIn(tipOf(W))
}

/** The stores below a root of names, indexes too, by id. */
function storesIn({ W, names }: Engine, root: number): Map<number, string> {
  const stores = new Map<number, string>()
  const cursor = new Cursor(W, root, WHOLE, false, Number.POSITIVE_INFINITY)
  for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
    stores.set(names.describeEntry(entry).id, names.nameIn(W, entry))
  }
  return stores
}

/** A file that is written from its begin to its end, and taken away in parts. */
class Outlet {
  bytes = 0
  #parts: Uint8Array[] = []
  readonly files: Files = {
    ...SYSTEM,
    open: () => 1,
    write: (_, bytes) => {
      this.#parts.push(bytes.slice())
      this.bytes += bytes.length
      return bytes.length
    },
    close: () => {},
  }

  take(): Uint8Array {
    const all = joined(this.#parts)
    this.#parts = []
    this.bytes = 0
    return all
  }
}

/** Files of which each has the same bytes. */
function inlet(content: Uint8Array): Files {
  return {
    ...SYSTEM,
    open: () => 1,
    size: () => content.length,
    read: (_, bytes, at) => {
      const part = content.subarray(at, at + bytes.length)
      bytes.set(part)
      return part.length
    },
    close: () => {},
  }
}
