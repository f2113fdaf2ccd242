/**
 * Directories that an earlier zverse wrote, and such as are made here: the second reader, which knows the page about
 * the format and nothing else, and the database itself find the same in them. A change of the format shows here.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SYSTEM } from '../../lib/storage/files.js'
import { openWith, type ZVerse } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { changedBetween, textOf } from './golden/past.js'
import { type Entry, type Expected, entriesOf, expectSame, plain, shownBy } from './golden/shown.js'
import type { StoreState, VersionState } from './golden/state.js'
import { Unsound } from './golden/words.js'
import { readDirectory } from './golden-reader.js'
import { deep, expectSound, mixed, outcome, type Workload } from './world.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 31)
const GOLDEN = fileURLToPath(new URL('golden', import.meta.url))
const NAMES = readdirSync(GOLDEN, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

/** Those that have a past on disk. */
const PASTS = NAMES.filter(name => filesOf(name, /^past-/).length > 0)

/** Read verbs of the database, or of a store. */
type Verbs = Pick<ZVerse, 'count' | 'diff' | 'entries' | 'getEntries' | 'range'>

function filesOf(name: string, pattern: RegExp): string[] {
  return readdirSync(join(GOLDEN, name)).filter(file => pattern.test(file))
}

const expectedOf = (name: string): Expected => {
  return JSON.parse(readFileSync(join(GOLDEN, name, 'expected.json'), 'utf8'))
}

const scratch = mkdtempSync(join(tmpdir(), 'zverse-golden-'))
afterAll(() => rmSync(scratch, { recursive: true }))

let time = Date.UTC(2027, 0, 1)

function open(path: string, options: object = {}): ZVerse {
  const all = { path, background: false, maxBytes: 2 ** 24, ...options }
  const files = { ...SYSTEM, segmentBytes: 4096 }
  return openWith(all, { now: () => (time += 1000), files, poison: true, indexFrom: 1 })
}

describe.each(NAMES)('golden directory %s', name => {
  const expected = expectedOf(name)
  const { options, tags, dump, tornBytes } = expected

  it('is read by the page', () => {
    const reading = readDirectory(join(GOLDEN, name))
    expectSame(reading, expected)
    expect(reading.tornBytes).toBe(tornBytes)
  })

  it('opens, and has what was written; and is read by the page after more commits', () => {
    const path = join(scratch, name)
    cpSync(join(GOLDEN, name), path, { recursive: true })
    let db = open(path, options)
    expect(db.recovery).toMatchObject({ tornBytes, lost: [] })
    expect(shownBy(db)).toMatchObject({ tags, dump })
    expectSound(db)
    const isBinary = db.codecs.keys === 'binary'
    const put = (text: string) => {
      if (isBinary) db.put(Buffer.from(text) as never, Buffer.from(text))
      else db.put(text, text)
    }
    put('more')
    db.tag('more')
    put('and more')
    const told = shownBy(db)
    expectSame(readDirectory(path), told)
    db.close()
    expectSame(readDirectory(path), told)
    db = open(path, options)
    expect(shownBy(db)).toEqual(told)
    expectSound(db)
    db.close()
  })
})

describe.each(PASTS)('the past of golden directory %s', name => {
  const reading = readDirectory(join(GOLDEN, name))
  const known = new Map(reading.versions.map(version => [version.version, version]))
  const at = (version: number) => known.get(version) as VersionState
  let db: ZVerse
  beforeAll(() => {
    const path = join(scratch, `past-${name}`)
    cpSync(join(GOLDEN, name), path, { recursive: true })
    db = open(path)
  })
  afterAll(() => db.close())

  /** What verbs give of the versions that there are, of the unnamed store (null) or another one. */
  function expectVerbs(verbs: Verbs, store: string | null): void {
    for (const { version } of db.versions()) {
      if (!known.has(version)) continue
      const entries = shownIn(at(version), store)
      expect(plain([...verbs.getEntries({ at: version })])).toEqual(entries)
      const pairs = entries.map(({ key, value }) => [key, value])
      expect(plain([...verbs.entries({ at: version })])).toEqual(pairs)
      expect(plain([...verbs.range({ at: version, reverse: true })])).toEqual(pairs.reverse())
      expect(verbs.count({ at: version })).toBe(entries.length)
      if (version === db.oldestVersion || !known.has(version - 1)) continue
      const differ = [...verbs.diff(version - 1, version)]
      expect(plain(differ)).toEqual(differencesIn(at(version - 1), at(version), store))
    }
  }

  it('has the versions, times and stores that the page gives', () => {
    const versions = db.versions()
    expect(versions.length).toBeGreaterThan(30)
    for (const { version, timestamp, tags } of versions) {
      const { time, stores } = at(version)
      expect(timestamp).toBe(time)
      const named = [...reading.tags].filter(tag => tag[1] === version).map(([tag]) => tag)
      expect([...tags].sort()).toEqual(named.sort())
      const shown = [...stores.values()].flatMap(({ name, keys, values }) => {
        return name === null ? [] : [{ name, keys, values }]
      })
      const byName = (one: { name: string }, other: { name: string }) =>
        one.name < other.name ? -1 : 1
      expect([...db.stores({ at: version })].sort(byName)).toEqual(shown.sort(byName))
    }
  })

  it('has lists of what each version on disk changed', () => {
    const { pastVersion } = db.stats().storage as { pastVersion: number }
    const isDeep = (version: number) => version > db.oldestVersion && version <= pastVersion
    const deep = [...known.keys()].filter(version => isDeep(version) && known.has(version - 1))
    expect(deep.length).toBeGreaterThan(20)
    for (const version of deep) {
      const changed = changedBetween(at(version - 1), at(version))
      expect(reading.listed.get(version)).toEqual(changed)
    }
  })

  it('is given by the verbs of the unnamed store', () => expectVerbs(db, null))

  it('is given by the verbs of stores, those that were dropped, too', () => {
    const stores = new Map(
      reading.versions.flatMap(({ stores }) => {
        return [...stores.values()].flatMap(one => (one.name === null ? [] : [[one.name, one]]))
      }) as [string, StoreState][],
    )
    expect(stores.size).toBeGreaterThan(0)
    for (const [name, { keys, values }] of stores) {
      expectVerbs(db.store(name, { keys, values } as object) as unknown as Verbs, name)
    }
  })
})

/** Entries of all stores of a name; there is one at most. */
function shownIn({ stores }: VersionState, name: string | null): Entry[] {
  const named = [...stores.values()].filter(store => store.name === name)
  return named.flatMap(store => entriesOf(store).map(({ shown }) => shown))
}

/** As diff() gives them, plain. */
function differencesIn(before: VersionState, after: VersionState, name: string | null): unknown[] {
  const changed = changedBetween(before, after)
  const [olds, news] = [before, after].map(({ stores }) => {
    const named = [...stores.values()].filter(store => store.name === name)
    return new Map(
      named.flatMap(store => {
        const own = entriesOf(store)
        const differing = own.filter(({ key }) => changed.has(textOf({ store: store.id, key })))
        return differing.map(({ key, shown }) => [key, shown] as const)
      }),
    )
  }) as [Map<string, Entry>, Map<string, Entry>]
  return [...new Set([...olds.keys(), ...news.keys()])].sort().map(key => {
    const [old, now] = [olds.get(key), news.get(key)]
    const both = { before: old?.value, after: now?.value }
    return JSON.parse(JSON.stringify({ key: (old ?? now)?.key, ...both }))
  })
}

describe('the golden directories', () => {
  it('have every kind of record, flag, change, block, and part of a run', () => {
    const seen = new Set(NAMES.flatMap(name => [...readDirectory(join(GOLDEN, name)).seen.keys()]))
    const kinds = (what: string, count: number) => {
      return Array.from({ length: count }, (_, i) => `${what} ${i + 1}`)
    }
    const all = [...kinds('record', 4), ...kinds('flag', 2), ...kinds('change', 12), 'parts']
    for (const what of [...all, ...kinds('block', 6), 'segment']) expect(seen).toContain(what)
    const blocks = ['block of a run', 'deflated block']
    const pieces = ['arrivals', 'deaths', 'versions'].map(what => `first piece of ${what}`)
    const ofRuns = ['run', 'run without lines', 'filter', ...blocks, ...pieces]
    for (const what of [...ofRuns, 'further piece of arrivals']) expect(seen).toContain(what)
  })
})

/** Bytes up to the last one that is not zero. */
function usedOf(bytes: Uint8Array): number {
  let used = bytes.length
  while (used > 0 && bytes[used - 1] === 0) used--
  return used
}

/** The error's code, or what is torn. */
function verdict(act: () => number): number | string {
  try {
    return act()
  } catch (error) {
    if (error instanceof Unsound) return 'ZVERSE_CORRUPT'
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    return code
  }
}

describe('damage', () => {
  it('of a golden directory is seen, or taken for a torn tail, by the page as by the database', () => {
    const path = join(scratch, 'damaged')
    const verdicts = new Set<number | string>()
    for (let run = 0; run < scaled(150); run++) {
      const seed = (SEED + run) % 2 ** 31
      const random = new Random(seed)
      const name = random.pick(NAMES)
      cpSync(join(GOLDEN, name), path, { recursive: true })
      const files = readdirSync(path).filter(file => /^(log|base)-/.test(file))
      const file = join(path, random.pick(files))
      const bytes = readFileSync(file)
      const used = usedOf(bytes)
      const from = random.int(used)
      if (random.chance(0.2)) rmSync(file)
      else {
        if (random.chance(0.3)) bytes.subarray(from, from + random.int(600)).fill(0)
        else if (used > 0) bytes[from] = (bytes[from] as number) ^ (1 << random.int(8))
        writeFileSync(file, bytes)
      }
      const byPage = verdict(() => readDirectory(path).tornBytes)
      const byDatabase = verdict(() => {
        const db = open(path, expectedOf(name).options)
        const { tornBytes = -1 } = db.recovery ?? {}
        db.close()
        return tornBytes
      })
      expect(byPage, `ZVERSE_SEED=${seed}: ${name} ${file} ${from}`).toBe(byDatabase)
      verdicts.add(byPage)
      rmSync(path, { recursive: true })
    }
    if (scaled(150) > 100) expect(verdicts.size).toBeGreaterThan(2)
  })
})

describe('damage of a past', () => {
  it('is seen by the page as by the database, which gives nothing wrong', () => {
    const path = join(scratch, 'damaged-past')
    const right = new Map(PASTS.map(name => [name, statesOf(name)]))
    const verdicts = new Set<string>()
    for (let run = 0; run < scaled(60); run++) {
      const seed = (SEED + run) % 2 ** 31
      const random = new Random(seed)
      const name = random.pick(PASTS)
      cpSync(join(GOLDEN, name), path, { recursive: true })
      const file = random.pick(filesOf(name, /^past-/))
      const what = hurt(join(path, file), random)
      const byPage = verdict(() => readDirectory(path).tornBytes)
      const byDatabase = readDamaged(path, file, right.get(name) as Map<number, string>)
      expect(byDatabase, `ZVERSE_SEED=${seed}: ${name} ${file} ${what}`).toBe(byPage)
      verdicts.add(`${byPage}`)
      rmSync(path, { recursive: true })
    }
    expect(verdicts).toContain('ZVERSE_CORRUPT')
  })
})

/** Damages a file; says how. */
function hurt(file: string, random: Random): string {
  const bytes = readFileSync(file)
  const from = random.int(bytes.length)
  if (random.chance(0.05)) {
    rmSync(file)
    return 'is gone'
  }
  if (random.chance(0.1)) {
    writeFileSync(file, bytes.subarray(0, from))
    return `is cut off at ${from}`
  }
  if (random.chance(0.1)) bytes.subarray(from, from + random.int(600)).fill(0)
  else bytes[from] = (bytes[from] as number) ^ (1 << random.int(8))
  writeFileSync(file, bytes)
  return `at ${from}`
}

/** What a golden directory gives of each version that can be read: its time and the unnamed store. */
function statesOf(name: string): Map<number, string> {
  const path = join(scratch, `whole-${name}`)
  cpSync(join(GOLDEN, name), path, { recursive: true })
  const db = open(path)
  const numbers = new Set(db.versions().map(({ version }) => version))
  db.close()
  const versions = readDirectory(path).versions.filter(({ version }) => numbers.has(version))
  return new Map(
    versions.map(version => [version.version, text(version.time, shownIn(version, null))]),
  )
}

const text = (time: number, entries: Entry[]) => JSON.stringify({ time, entries })

/** What the database says of a damaged run. All that it gives is right. */
function readDamaged(path: string, file: string, right: Map<number, string>): number | string {
  const db = open(path)
  const { ok, problems } = db.check()
  const give = (act: () => void) => {
    try {
      act()
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error
      expect(error).toMatchObject({ code: 'ZVERSE_CORRUPT', file })
      expect(ok).toBe(false)
    }
  }
  for (const [at, state] of right) {
    give(() => {
      const read = db.beginRead({ at })
      try {
        expect(text(read.timestamp, plain([...read.getEntries()]))).toBe(state)
      } finally {
        read.close()
      }
    })
  }
  give(() => expect(db.versions().map(({ version }) => version)).toEqual([...right.keys()]))
  if (!ok) expect(problems.join()).toContain(file)
  // The present does not depend on it.
  db.put('goes on', 1)
  db.close()
  return ok ? 0 : 'ZVERSE_CORRUPT'
}

describe('a database made here', () => {
  it('is read by the page', async () => {
    for (let run = 0; run < scaled(20); run++) {
      const seed = (SEED + run) % 2 ** 31
      await fresh(seed, mixed(seed, 30)).catch(error => {
        throw new Error(`ZVERSE_SEED=${seed}`, { cause: error })
      })
    }
  })

  it('is read by the page where it has a past on disk', async () => {
    for (let run = 0; run < scaled(15); run++) {
      const seed = (SEED + run) % 2 ** 31
      const { options, ...work } = deep(seed, 30)
      const disk = { ...options.history?.disk, deflate: seed % 2 === 0, bitsPerKey: seed % 12 }
      const history = { ...options.history, disk }
      await fresh(seed, { ...work, options: { ...options, history } }).catch(error => {
        throw new Error(`ZVERSE_SEED=${seed}`, { cause: error })
      })
    }
  })

  it('is read by the page where a value is larger than a block', async () => {
    const path = join(scratch, 'block')
    const db = openWith({ path, background: false }, { now: () => (time += 1000) })
    db.put('image', 'x'.repeat(1_500_000))
    db.tag('image')
    db.put('change', 'y'.repeat(1_500_000))
    db.setHistory({ versions: 0 })
    db.put('last', 1)
    await db.compact()
    const reading = readDirectory(path)
    expect(reading.base).toBe(1)
    expect(reading.seen.get('block flag 1')).toBeGreaterThan(1)
    expectSame(reading, shownBy(db as ZVerse))
    db.close()
  })
})

/** A workload; after each step or so the reader is asked. */
async function fresh(seed: number, { name, steps, options }: Workload): Promise<void> {
  const random = new Random(seed)
  const path = join(scratch, `fresh-${name}-${seed}`)
  let db = open(path, options)
  for (const step of steps) {
    if (step === 'compact') await db.compact()
    else if (step === 'flush') db.flush()
    else if (step === 'reopen') {
      db.close()
      db = open(path)
    } else outcome(() => step(db))
    if (random.chance(0.1)) db.put('large', 'z'.repeat(random.int(12_000)))
    if (random.chance(0.3)) expectSame(readDirectory(path), shownBy(db))
  }
  const told = shownBy(db)
  expectSame(readDirectory(path), told)
  db.close()
  expectSame(readDirectory(path), told)
}
