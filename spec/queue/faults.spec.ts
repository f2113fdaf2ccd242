/**
 * Each call of the file system fails while several threads (posed by handles) submit. Each promise is settled; what was
 * acknowledged is there once, in its version, also when the directory is opened again; what was refused is not, but where the
 * failure leaves in doubt what is on the disk; a full disk costs what came to it, and nothing after.
 */
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ZVerse, ZVerseError } from '../../lib/index.js'
import { type Armed, arm, ERRNO, KINDS, type Kind, SYNCS } from '../persistent/failing.js'
import {
  attachOn,
  expectSound,
  type Options,
  openOn,
  SEGMENT,
  Time,
  worst,
} from '../persistent/world.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)
const LANES = ['high', 'normal', 'low'] as const
const MODES = ['commit', 'commit', 'interval', 'never'] as const
const THREADS = 3
const PUT = { type: 'put' as const, value: 'mine' }
const FIRST_ID = 4000

/** A call that fails, and how; with 'full' there is no room from then on, until a later round. */
interface Fault {
  readonly at: number
  readonly kind: Kind | 'full'
}

interface Submission {
  /** Of its thread and lane: they keep their order. */
  readonly place: string
  readonly keys: readonly string[]
  /** A key that it puts if it is absent, as others do, too: one of them can. */
  readonly contested: string | undefined
  readonly settled: Promise<void>
  version: number | undefined
  error: ZVerseError | undefined
}

const failed = new Map<string, number>()
const outcomes = { acknowledged: 0, refused: 0, gone: 0, kept: 0 }

function note(what: string): void {
  failed.set(what, (failed.get(what) ?? 0) + 1)
}

class Run {
  readonly disk: Disk
  readonly #time = new Time()
  readonly #random: Random
  readonly #options: Options
  readonly #all: Submission[] = []
  #threads: ZVerse[] = []
  #armed: Armed = { fault: undefined }

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.disk = new Disk(this.#random.pick([SEGMENT, 2 ** 16, 2 ** 16]))
    const sync = this.#random.pick(MODES)
    const groupBytes = this.#random.pick([1024, 65_536])
    this.#options = { sync, history: { versions: 1e6 }, queue: { groupBytes }, lockTimeout: 1000 }
  }

  get #db(): ZVerse {
    return this.#threads[0] as ZVerse
  }

  /** Returns the calls that were made. */
  async all(fault?: Fault): Promise<string[]> {
    const { disk } = this
    const calls: string[] = []
    const random = this.#random
    this.#threads = [openOn(disk, this.#time, this.#options)]
    while (this.#threads.length < THREADS) this.#come()
    if (fault === undefined) disk.before = syscall => void calls.push(syscall)
    else if (fault.kind === 'full') this.#fill(fault.at)
    else this.#armed = arm(disk, fault.at, fault.kind, note)
    for (let round = 0; round < 12; round++) {
      this.#time.ms++
      await this.#round(round)
      if (random.chance(0.2)) disk.room = Number.POSITIVE_INFINITY
    }
    await Promise.all(this.#all.map(({ settled }) => settled))
    Object.assign(disk, { before: () => {}, room: Number.POSITIVE_INFINITY })
    expectSound(this.#db)
    const isOver = this.#isOver
    this.#judge(this.#db, false)
    if (!isOver) await this.#goesOn()
    const crashed = [disk.killed(), disk.crashed(below => random.int(below)), worst(disk)]
    for (const handle of this.#threads) handle.close()
    expect(disk.openFiles).toBe(0)
    for (const [i, left] of [...crashed, disk].entries()) {
      const db = openOn(left, this.#time)
      expectSound(db)
      // A crash takes what was not synced, which is not promised but with `sync: 'commit'`.
      if (i === 0 || i === 3 || this.#options.sync === 'commit') this.#judge(db, isOver)
      db.close()
    }
    for (const { version } of this.#all)
      outcomes[version === undefined ? 'refused' : 'acknowledged']++
    return calls
  }

  #come(): void {
    const { disk } = this
    const { before, room } = disk
    Object.assign(disk, { before: () => {}, room: Number.POSITIVE_INFINITY })
    this.#threads.push(attachOn(disk, this.#time, this.#db, FIRST_ID + this.#threads.length))
    Object.assign(disk, { before, room })
  }

  /** From call `at` on there is no room. */
  #fill(at: number): void {
    let calls = 0
    this.disk.before = (syscall, path) => {
      if (calls++ === at) this.disk.room = 0
      if (this.disk.room > 0 || syscall !== 'write') return
      this.#armed.fault = { syscall, path }
      note('full')
    }
  }

  /** Nothing more is written: a call has failed that leaves doubt. */
  get #isOver(): boolean {
    return (
      (this.#db._test.engine.log as unknown as { tip: { failure: unknown } }).tip.failure !== null
    )
  }

  async #round(round: number): Promise<void> {
    const random = this.#random
    for (let n = random.int(8); n > 0; n--) this.#submit(random.int(THREADS))
    const act = random.int(8)
    if (act === 0) await Promise.all(this.#all.map(({ settled }) => settled))
    else if (act === 1) this.#tolerate(() => this.#db.put('direct', round))
    else if (act === 2) this.#tolerate(() => this.#db.flush())
    else if (act === 3) {
      const last = this.#threads.pop() as ZVerse
      last.close()
      await Promise.resolve()
      this.#come()
    } else if (act === 4) {
      const over = new AbortController()
      const drained = (this.#threads[1] as ZVerse)
        .drain({ signal: over.signal })
        .catch(error => this.#expectIO(error))
      for (let n = 0; n < 4; n++) this.#submit(random.int(THREADS))
      await new Promise(resolve => setImmediate(resolve))
      over.abort()
      await drained
    } else for (let n = random.int(12); n > 0; n--) await Promise.resolve()
  }

  #tolerate(act: () => unknown): void {
    try {
      act()
    } catch (error) {
      this.#expectIO(error as ZVerseError)
    }
  }

  /** As `put` would tell it. */
  #expectIO(error: ZVerseError): void {
    expect(error).toBeInstanceOf(ZVerseError)
    const { code, errno, syscall, path } = error
    expect(code).toBe('ZVERSE_IO')
    expect(Object.values(ERRNO)).toContain(errno)
    const { fault } = this.#armed
    expect(syscall).toBe(fault?.syscall)
    // It names the file; or the directory, where a thread tells another one.
    expect(path?.startsWith(dirname(fault?.path as string))).toBe(true)
  }

  #submit(thread: number): void {
    const random = this.#random
    const lane = random.pick(LANES)
    const number = this.#all.length
    const contested = random.chance(0.3) ? `contested ${number >> 2}` : undefined
    const keys = ['', ' too', ' as well'].slice(0, 1 + random.int(3)).map(end => `${number}${end}`)
    const padding = 'x'.repeat(random.pick([0, 10, 100, 700, 9000]))
    const operations = keys.map(key => ({ type: 'put' as const, key, value: `${key} ${padding}` }))
    const all = [
      ...operations,
      ...(contested === undefined ? [] : [{ ...PUT, key: contested, ifVersion: null }]),
    ]
    const handle = this.#threads[thread] as ZVerse
    const settled = handle.submit(all, { priority: lane }).then(
      version => this.#acknowledged(made, version),
      error => this.#refused(made, error),
    )
    const place = `${handle._test.line} ${lane}`
    const made: Submission = {
      place,
      keys,
      contested,
      settled,
      version: undefined,
      error: undefined,
    }
    this.#all.push(made)
  }

  #acknowledged(one: Submission, version: number): void {
    one.version = version
    expect(this.#db.version).toBeGreaterThanOrEqual(version)
    if (this.#options.sync !== 'commit') return
    expect(this.#db.durableVersion).toBeGreaterThanOrEqual(version)
  }

  #refused(one: Submission, error: ZVerseError): void {
    one.error = error
    // What a conflict follows from can be read.
    const actual = this.#db.getEntry(one.contested ?? '')?.version
    if (error.code === 'ZVERSE_CONFLICT') expect(error).toMatchObject({ expected: null, actual })
    else this.#expectIO(error)
  }

  #judge(db: ZVerse, isInDoubt: boolean): void {
    const last = new Map<string, number>()
    for (const { place, keys, contested, version, error } of this.#all) {
      const all = contested === undefined || version === undefined ? keys : [...keys, contested]
      const found = all.map(key => db.getEntry(key)?.version)
      // It is whole.
      expect(new Set(found).size).toBe(1)
      if (version === undefined) {
        const isDefinite = !isInDoubt || error?.code === 'ZVERSE_CONFLICT'
        if (isDefinite) expect(found[0]).toBe(undefined)
        outcomes[found[0] === undefined ? 'gone' : 'kept']++
        continue
      }
      expect(found[0]).toBe(version)
      for (const key of all) expect([...db.history(key)].length).toBe(1)
      expect(version).toBeGreaterThanOrEqual(last.get(place) ?? 0)
      last.set(place, version)
    }
  }

  /** There is room again. */
  async #goesOn(): Promise<void> {
    const first = this.#all.length
    for (let thread = 0; thread < THREADS; thread++) this.#submit(thread)
    const later = this.#all.slice(first)
    await Promise.all(later.map(({ settled }) => settled))
    for (const { version, error } of later)
      if (version === undefined) expect(error?.code).toBe('ZVERSE_CONFLICT')
  }
}

/** Mostly of those that a commit waits for. */
function drawFault(random: Random, calls: readonly string[]): Fault {
  const all = [...calls.keys()]
  const writing = all.filter(at => ['write', ...SYNCS].includes(calls[at] as string))
  const at = random.pick(random.chance(0.7) ? writing : all)
  return { at, kind: random.pick([...KINDS, 'full']) }
}

describe(`submissions, and calls of the disk that fail (ZVERSE_SEED=${SEED})`, () => {
  it('are there once, or refused', async () => {
    const random = new Random(SEED)
    for (let i = 0; i < scaled(120); i++) {
      const seed = random.next()
      const calls = await new Run(seed).all()
      const fault = drawFault(random, calls)
      try {
        await new Run(seed).all(fault)
      } catch (error) {
        const where = `run ${i} (${seed}), ${JSON.stringify(fault)} of ${calls.length}`
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
      }
    }
    const told = [...failed].map(([what, count]) => `${what} ${count}`).sort()
    console.log(`queue faults: ${JSON.stringify(outcomes)}, ${told.join(', ')}`)
    expect(outcomes.refused).toBeGreaterThan(0)
  })
})
