/**
 * A second reader of the directories of persistent mode, written from docs/file-format.md alone. It imports nothing
 * of lib, so that page, format and code cannot drift apart unseen: golden.spec.ts reads golden directories and fresh
 * ones with it.
 *
 * It is strict: what the page calls zero must be zero, and numbers that the page says agree must agree.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { changedBetween, type ManifestPast, Past } from './golden/past.js'
import { RunReader } from './golden/run.js'
import {
  type Bounds,
  type DiskBounds,
  type Ended,
  type Manifest,
  type ManifestBase,
  type Place,
  State,
  type StoreState,
  type VersionState,
} from './golden/state.js'
import { checksum, hex, longWords, Unsound, Words } from './golden/words.js'

export interface Reading {
  /** Number of the base that was read; 0: the empty database. */
  readonly base: number
  /** Versions that runs, the base and the log behind it give, oldest first; the last one is the present. */
  readonly versions: VersionState[]
  /** Versions before this one do not belong to the history. */
  readonly begin: number
  readonly tags: Map<string, number>
  readonly bounds: Bounds | null
  /** Those of the past on disk. */
  readonly disk: DiskBounds | null
  /** By version: the keys that it changed, as `id key`, where a run tells. */
  readonly listed: Map<number, Set<string>>
  readonly end: Place
  readonly tornBytes: number
  /** What there was, and how often: `record 1`, `flag 2`, `change 5`, `block 6` and so on. */
  readonly seen: Map<string, number>
}

const SEGMENT = 0x676c767a
const BASE = 0x627376a7
const HEAD = 64
const RECORD = 48
const BLOCK = 16

const logName = (number: number) => `log-${number.toString(16).padStart(12, '0')}`
const even = (bytes: number) => Math.ceil(bytes / 8) * 8

interface Segment {
  readonly number: number
  readonly words: Words
  readonly seed: number
  readonly from: Place
}

interface Record {
  readonly kind: number
  readonly flags: number
  readonly version: number
  readonly time: number
  readonly check: number
  readonly before: number
  readonly durable: number
  readonly body: Words
  /** The place behind it. */
  readonly next: number
}

class Directory {
  readonly path: string
  readonly manifest: Manifest
  readonly #little: boolean
  readonly #salt: number
  readonly #segments: Segment[]

  constructor(path: string) {
    this.path = path
    this.manifest = this.#readManifest()
    this.#little = this.manifest.order === 'LE'
    this.#salt = crc32(Buffer.from(this.manifest.salt, 'hex'))
    this.#segments = this.#numbers('log', 16).flatMap(number => this.#segment(number))
  }

  /** Numbers of the files of a kind. */
  #numbers(kind: string, radix: number): number[] {
    const files = readdirSync(this.path).filter(name => name.startsWith(`${kind}-`))
    return files.map(name => Number.parseInt(name.slice(kind.length + 1), radix))
  }

  #file(name: string): Words {
    if (!existsSync(join(this.path, name))) throw new Unsound(`${name} is not there`)
    return new Words(new Uint8Array(readFileSync(join(this.path, name))), this.#little, name)
  }

  #crc(words: number[], begin: number): number {
    return checksum(words, begin, this.#little)
  }

  #readManifest(): Manifest {
    const name = `manifest-${Math.max(...this.#numbers('manifest', 10))}`
    const [json = '', check, rest] = readFileSync(join(this.path, name), 'utf8').split('\n')
    const isRight = crc32(json).toString(16).padStart(8, '0') === check && rest === ''
    if (!isRight) throw new Unsound(`${name}: the checksum is right`)
    const manifest = JSON.parse(json)
    if (manifest.format !== 1) throw new Unsound(`${name}: the format is 1`)
    return manifest
  }

  /** What the heads of segments and bases have in common. */
  #isHead(words: Words, magic: number, number: number, seed: number): boolean {
    return (
      words.bytes.length >= HEAD &&
      words.word(15) === crc32(words.bytes.subarray(0, 60), seed) &&
      words.word(0) === magic &&
      words.word(1) === 1 &&
      hex(words.bytes.subarray(8, 24)) === this.manifest.salt &&
      words.long(6) === number
    )
  }

  #segment(number: number): Segment[] {
    const words = this.#file(logName(number))
    const seed = this.#crc(longWords(number), this.#salt)
    if (!this.#isHead(words, SEGMENT, number, seed)) return []
    words.zeros(13, 15)
    const from = { segment: words.long(8), offset: words.long(10), check: words.word(12) }
    return [{ number, words, seed, from }]
  }

  /** Reads the runs. */
  past(past: ManifestPast, state: State): Past {
    const runs = past.runs.map(({ number, bytes }) => {
      const words = this.#file(`past-${number}`)
      words.need(words.bytes.length === bytes, `it has ${bytes} bytes`)
      return new RunReader(words, number, this.manifest.salt, what => state.see(what)).read()
    })
    return new Past(past, runs)
  }

  /** A base with all its checks, or the empty database. */
  base(base: ManifestBase): State {
    const state = new State(this.manifest)
    if (base.number === 0) {
      const { version, time } = this.manifest
      state.keep({ version, time, before: undefined })
    } else {
      const words = this.#file(`base-${base.number}`)
      words.need(words.bytes.length === base.bytes, `it has ${base.bytes} bytes`)
      this.#image(words, base.number, state)
      words.need(state.present.version === base.version, `version ${base.version} is its last`)
    }
    return state
  }

  #image(words: Words, number: number, state: State): void {
    const seed = this.#crc([BASE], this.#crc(longWords(number), this.#salt))
    words.need(this.#isHead(words, BASE, number, seed), 'the head is right')
    words.need(words.word(13) === 1 && words.word(14) === 0, 'it has one file')
    /** The version that what follows makes. */
    let next = { version: words.long(8), time: words.long(10), before: undefined as Ended }
    let store: StoreState | undefined
    let missing = 0
    let entries = 0
    let isWhole = false
    for (const { kind, body, checks } of this.#bodies(words, seed, state)) {
      body.need(!isWhole, 'nothing is behind the end')
      if (kind === 1) {
        body.need(missing === 0 && state.versions.length === 0, 'a store has all its entries')
        store = state.imaged(body.word() | 0, body)
        missing = body.word()
      } else if (kind === 2) {
        if (store === undefined) throw body.unsound('entries have a store')
        const count = this.#entries(body, store)
        missing -= count
        entries += count
      } else if (kind === 3) {
        state.keep(next)
        next = { version: body.long(), time: body.long(), before: body.long() }
        body.word()
        body.need(body.word() === 0, 'the last word is zero')
      } else if (kind === 4 || kind === 5) {
        state.making = next.version
        state.batch(body)
      } else {
        body.need(kind === 6, `a block of kind ${kind}`)
        state.keep(next)
        body.need(missing === 0, 'a store has all its entries')
        body.need(body.long() === checks.length, `${checks.length} blocks come before`)
        body.need(body.long() === entries, `the image has ${entries} entries`)
        body.need(body.word() === this.#crc(checks, 0), 'the check of checks is right')
        body.need(body.word() === 0, 'the last word is zero')
        isWhole = true
      }
      body.done()
    }
    words.need(isWhole, 'it has an end')
  }

  #entries(body: Words, { entries }: StoreState): number {
    const before = entries.size
    let last = [...entries.keys()].pop()
    while (body.left > 0) {
      const { key, value } = body.entry()
      body.need(last === undefined || last < key, 'keys rise')
      entries.set(key, value)
      last = key
    }
    return entries.size - before
  }

  /** Blocks, each with those that it goes on in, and the checks of those before. */
  *#bodies(words: Words, base: number, state: State) {
    const checks: number[] = []
    let bodies: Uint8Array[] = []
    for (let place = HEAD; place < words.bytes.length; ) {
      const at = place / 4
      const stop = place + BLOCK + words.word(at + 2) * 4
      const what = `the block at ${place}`
      words.need(stop <= words.bytes.length, `${what} is whole`)
      const check = crc32(words.bytes.subarray(place + 4, stop), this.#crc(longWords(place), base))
      words.need(check === words.word(at), `the check of ${what} is right`)
      words.zeros(at + 3, at + 4)
      const kind = words.word(at + 1) & 0xff
      const flags = words.word(at + 1) >>> 8
      words.need(flags <= 1, `${what} has no flag but 1`)
      state.see(`block ${kind}`)
      if (flags === 1) state.see('block flag 1')
      bodies.push(words.bytes.subarray(place + BLOCK, stop))
      if (flags === 0) {
        const body = new Words(Buffer.concat(bodies), this.#little, `${words.what}: ${what}`)
        yield { kind, body, checks }
        bodies = []
      }
      checks.push(check)
      place = even(stop)
      words.need(place <= words.bytes.length, `${what} is whole`)
      words.zeros(stop / 4, place / 4)
    }
    words.need(bodies.length === 0, 'the last block is whole')
  }

  #headAt({ words, seed }: Omit<Segment, 'from'>, place: number): boolean {
    if (place + RECORD > words.bytes.length) return false
    const check = crc32(words.bytes.subarray(place + 4, place + RECORD), (seed ^ (place / 8)) >>> 0)
    return check === words.word(place / 4)
  }

  /** The record at a place, if its checks are right. */
  #record(segment: Segment, place: number): Record | undefined {
    const { words, seed, number } = segment
    if (!this.#headAt(segment, place)) return undefined
    const at = place / 4
    const stop = place + RECORD + words.word(at + 2) * 4
    if (stop > words.bytes.length) return undefined
    const bytes = words.bytes.subarray(place + RECORD, stop)
    if (crc32(bytes, seed) !== words.word(at + 1)) return undefined
    words.zeros(at + 5, at + 6)
    return {
      kind: words.word(at + 3) & 0xff,
      flags: words.word(at + 3) >>> 8,
      version: words.long(at + 6),
      time: words.long(at + 8),
      check: words.word(at),
      before: words.word(at + 4),
      durable: words.long(at + 10),
      body: new Words(bytes, this.#little, `segment ${number}: record at ${place}`),
      next: even(stop),
    }
  }

  /** Does the log again from a place; returns its end. */
  log(begin: Place, state: State): { end: Place; tornBytes: number } {
    const { version: base } = state.present
    let place = begin
    let parts: Uint8Array[] = []
    let first: Place | undefined
    for (;;) {
      const following = this.#segments.filter(({ from }) => {
        const { segment, offset, check } = place
        return from.segment === segment && from.offset === offset && from.check === check
      })
      if (following.length > 0) {
        const segment = Math.max(...following.map(({ number }) => number))
        state.see(following.length > 1 ? 'segments that go on from one place' : 'segment')
        place = { segment, offset: HEAD, check: place.check }
        continue
      }
      const segment = this.#segments.find(({ number }) => number === place.segment)
      if (segment === undefined) throw new Unsound(`there is a segment ${place.segment}`)
      const record = this.#record(segment, place.offset)
      if (record === undefined || record.before !== place.check) {
        this.#expectTorn(segment, place)
        const end = first ?? place
        return { end, tornBytes: this.#tornBytes(end) }
      }
      const { kind, flags, body, durable } = record
      body.need(durable <= place.offset, 'nothing behind a record is known to be durable')
      state.see(`record ${kind}`)
      for (const flag of [1, 2]) if (flags & flag) state.see(`flag ${flag}`)
      if (kind === 3) first ??= place
      place = { segment: segment.number, offset: record.next, check: record.check }
      if (kind === 4) {
        body.done()
        continue
      }
      parts.push(body.bytes)
      if (kind === 3) continue
      const whole = new Words(Buffer.concat(parts), this.#little, body.what)
      if (parts.length > 1) state.see('parts')
      parts = []
      first = undefined
      this.#apply(record, whole, state, base)
    }
  }

  #apply({ kind, flags, version, time }: Record, body: Words, state: State, base: number): void {
    const { present } = state
    if (kind === 1) {
      if (version <= base) return
      const before = flags & 1 ? body.long() : undefined
      const isNext = version === present.version + 1
      body.need(version > present.version && (isNext || flags !== 0), 'versions follow')
      const ended = before ?? time
      const isLater = ended >= present.time && time >= ended
      body.need(isLater || (flags & 2) === 2, 'times do not fall')
      state.making = version
      state.batch(body)
      state.keep({ version, time, before })
      if (flags & 2) state.begin = version
    } else {
      body.need(kind === 2, `a record of kind ${kind}`)
      body.need(version <= base || version === present.version, 'a change belongs to the present')
      state.isPast = version < present.version
      state.batch(body)
      state.isPast = false
    }
  }

  /** Nothing proves that what was at a place had been durable. */
  #expectTorn(segment: Segment, { offset }: Place): void {
    const { words, number } = segment
    words.need(!this.#isProven(segment, offset), `what was at ${offset} had been durable`)
    for (const other of this.#segments) {
      const { from } = other
      const isBehind = from.segment === number && from.offset > offset
      const isThere = this.#segments.some(({ number }) => number === from.segment)
      const isMissing = from.segment > number && !isThere
      other.words.need(!isBehind && !isMissing, `it goes on from what is not there`)
    }
    for (const later of this.#numbers('log', 16)) {
      const seed = this.#crc(longWords(later), this.#salt)
      const one = { number: later, words: this.#file(logName(later)), seed }
      one.words.need(later <= number || !this.#isProven(one, 0), 'it had been durable')
    }
  }

  /** True if a record behind a byte says that more than that was durable. */
  #isProven(segment: Omit<Segment, 'from'>, offset: number): boolean {
    const { words } = segment
    for (let place = Math.max(HEAD, offset + 8); place + RECORD <= words.bytes.length; place += 8) {
      if (words.word(place / 4 + 3) === 0 || !this.#headAt(segment, place)) continue
      if (words.long(place / 4 + 10) > offset) return true
    }
    return false
  }

  /** Bytes behind a place, up to the last word of each segment that is not zero. */
  #tornBytes({ segment, offset }: Place): number {
    let torn = 0
    for (const number of this.#numbers('log', 16)) {
      if (number < segment) continue
      const { bytes } = this.#file(logName(number))
      let end = bytes.length
      while (end > 0 && bytes[end - 1] === 0) end--
      torn += Math.max(0, Math.ceil(end / 4) * 4 - (number === segment ? offset : 0))
    }
    return torn
  }
}

/** The versions that the past on disk has, too; what its runs list is what differs between them. */
function withPast(directory: Directory, state: State): Pick<Reading, 'versions' | 'listed'> {
  const { past: manifest } = directory.manifest
  if (manifest === undefined) return { versions: state.versions, listed: new Map() }
  const past = directory.past(manifest, state)
  const tags = new Set(state.tags.values())
  const tagged = new Map([...state.tagged].filter(([version]) => tags.has(version)))
  const rebuilt = past.before(state.versions, tagged)
  const versions = [...rebuilt, ...state.versions].sort((one, other) => one.version - other.version)
  for (const [i, after] of versions.entries()) {
    const before = versions[i - 1]
    const listed = past.listed.get(after.version)
    if (before?.version !== after.version - 1 || listed === undefined) continue
    const changed = [...changedBetween(before, after)].sort()
    if (changed.join() !== [...listed].sort().join()) {
      throw new Unsound(`past: version ${after.version} changed ${changed}, not ${[...listed]}`)
    }
  }
  return { versions, listed: past.listed }
}

/** The log comes to what each base promises, and each run tells of. */
function needAll({ manifest }: Directory, end: Reading['end'], newest: number): void {
  for (const { present = 0, log, durable = log } of manifest.bases) {
    const isShort =
      end.segment < durable.segment ||
      (end.segment === durable.segment && end.offset < durable.offset)
    if (isShort) throw new Unsound('the log ends before a place that it had come to')
    if (newest < present) throw new Unsound(`the log ends before version ${present}`)
  }
  const { to = 0 } = manifest.past?.runs.at(-1) ?? {}
  if (newest < to) throw new Unsound(`the log ends before version ${to}, of which a run tells`)
}

/** Reads a directory. */
export function readDirectory(path: string): Reading {
  const directory = new Directory(path)
  const faults: string[] = []
  for (const base of directory.manifest.bases) {
    let state: State
    try {
      state = directory.base(base)
    } catch (error) {
      if (!(error instanceof Unsound)) throw error
      faults.push(error.message)
      continue
    }
    const log = directory.log(base.log, state)
    needAll(directory, log.end, state.present.version)
    const { begin, tags, bounds, disk, seen } = state
    const { versions, listed } = withPast(directory, state)
    return { base: base.number, versions, begin, tags, bounds, disk, listed, ...log, seen }
  }
  throw new Unsound(`no base is sound: ${faults.join('; ')}`)
}
