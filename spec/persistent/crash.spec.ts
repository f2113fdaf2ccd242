/**
 * Crashes at every call of the file system, during commits, bases, openings and what comes after them: what was
 * acknowledged, or could be read, is there; what is there is the state after some commit; and the database goes on.
 */
import { describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import type { Disk, Random as Draw } from '../support/disk.js'
import { Disk as MemoryDisk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import {
  batches,
  deep,
  expectSound,
  mixed,
  type Options,
  openOn,
  outcome,
  SEGMENT,
  type Step,
  singles,
  stateOf,
  Time,
  twinOf,
  type Workload,
} from './world.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 31)

/** The disk right before a call. */
interface Moment {
  disk: Disk
  /** States that the database was in, or came to with the step under way. */
  states: readonly string[]
  /** Of these, the one that was acknowledged. */
  floor: number
  /** And the last one that the step under way could come to. */
  ceiling: number
  /** The version that could be read, and the one that was durable. */
  visible: number
  durable: number
  /** A history is being loaded: states between these two are not known one by one. */
  isLoad: boolean
  /** It was loaded, perhaps without having been synced since. */
  mayBePart: boolean
  options: Options
  /** For a person. */
  what: string
}

let crashes = 0

/** Runs a workload on a disk, and on a twin in memory; returns the disk before each call. */
async function record({ steps, options, name }: Workload): Promise<Moment[]> {
  const time = new Time()
  const disk = new MemoryDisk(SEGMENT)
  const moments: Moment[] = []
  const states: string[] = []
  let db: ZVerse | undefined
  let begun = 0
  let isLoad = false
  let hasLoaded = false
  let what = 'open'
  let visible = 0
  disk.before = syscall => {
    if (db !== undefined) visible = Math.max(visible, db.version)
    const durable = db === undefined ? 0 : db.durableVersion
    moments.push({
      ...{
        disk: disk.copy(),
        states,
        floor: db === undefined && states.length === 0 ? -1 : states.length - 1,
        ceiling: states.length,
        visible,
      },
      ...{
        durable,
        isLoad,
        mayBePart: isLoad || hasLoaded,
        options,
        what: `${name}, ${what}, ${syscall}`,
      },
    })
  }
  const twin = twinOf(time, options)
  const judge = () => {
    const first = begun
    for (; begun < moments.length; begun++) {
      const moment = moments[begun] as Moment
      moment.ceiling = states.length - 1
    }
    return first
  }
  db = openOn(disk, time, options)
  // The bounds of its options come with a change of their own.
  const unbounded = twinOf(time, {})
  states.push(stateOf(unbounded), stateOf(twin))
  unbounded.close()
  judge()
  for (const [i, step] of steps.entries()) {
    what = `step ${i}`
    time.ms += i % 4
    const open: ZVerse = db as ZVerse
    hasLoaded ||= isLoad
    isLoad = typeof step === 'function' && 'isLoad' in step
    if (step === 'compact') await open.compact()
    else if (step === 'flush') open.flush()
    else if (step === 'reopen') {
      db = undefined
      open.close()
      db = openOn(disk, time, withoutHistory(options))
    } else await both(open, twin, step, states)
    judge()
    expect(stateOf(db as ZVerse)).toBe(states.at(-1))
  }
  disk.before = () => {}
  expectSound(db)
  db.close()
  twin.close()
  expect(disk.openFiles).toBe(0)
  return moments
}

/** The bounds that a database has are those that it was left with. */
function withoutHistory({ history, ...options }: Options): Options {
  return options
}

async function both(
  db: ZVerse,
  twin: ZVerse,
  step: Exclude<Step, string>,
  states: string[],
): Promise<void> {
  const log: string[] = []
  // A verb may make several commits: each is a state.
  twin._test.engine.log = {
    append: () => {},
    settle: () => void log.push(stateOf(twin)),
    close: () => {},
  }
  const isLoad = 'isLoad' in step
  if (isLoad) twin._test.engine.log = null
  const expected = outcome(() => step(twin))
  twin._test.engine.log = null
  expect(outcome(() => step(db))).toBe(expected)
  for (const state of [...log, stateOf(twin)]) if (state !== states.at(-1)) states.push(state)
}

const draw =
  (random: Random): Draw =>
  below =>
    random.int(below)

/** One of all that are offered, each as likely as the others. */
class Sample<T> {
  #seen = 0
  readonly #random: Random
  one: T | undefined

  constructor(random: Random) {
    this.#random = random
  }

  offer(make: () => T): void {
    if (this.#random.int(++this.#seen) === 0) this.one = make()
  }
}

/** The disk as a crash at that moment leaves it: opens it, looks, goes on, and crashes again. */
async function crash(moment: Moment, random: Random, depth: number): Promise<void> {
  const { options, states, isLoad } = moment
  const isKill = random.chance(0.25)
  const disk = isKill ? moment.disk.killed() : moment.disk.crashed(draw(random))
  const isPromised = isKill || (options.sync ?? 'commit') === 'commit'
  const floor = isPromised ? moment.floor : Math.min(0, moment.floor)
  const visible = isPromised ? moment.visible : moment.durable
  const time = new Time()
  time.ms += 1000
  const sample = new Sample<Moment>(random)
  disk.before = syscall =>
    void sample.offer(() => {
      const what = `${moment.what}, ${isKill ? 'killed' : 'crashed'}, open, ${syscall}`
      // What this crash has left of a load is all there is from now on.
      const isPart = isLoad || (!isPromised && moment.mayBePart)
      return { ...moment, disk: disk.copy(), floor, visible, what, isLoad: isPart }
    })
  crashes++
  const db = openOn(disk, time, withoutHistory(options))
  const found = stateOf(db)
  const at = states.lastIndexOf(found, moment.ceiling)
  // Nobody has got it: there is no database, or one that is empty.
  if (moment.floor < 0) expect(db.version).toBe(0)
  else if (at < 0 && (isLoad || (!isPromised && moment.mayBePart))) expectPart(db, states)
  else {
    if (at < 0) expect(found).toBe(states[moment.ceiling])
    expect(at).toBeGreaterThanOrEqual(floor)
  }
  expect(db.version).toBeGreaterThanOrEqual(visible)
  expectSound(db)
  // It goes on.
  const after = [found]
  let acknowledged = 0
  let seen = db.version
  disk.before = syscall => {
    seen = Math.max(seen, db.version)
    sample.offer(() => ({
      ...{ disk: disk.copy(), states: after, floor: acknowledged, ceiling: after.length },
      ...{ visible: seen, durable: db.durableVersion, isLoad: false, mayBePart: false, options },
      what: `${moment.what}, ${isKill ? 'killed' : 'crashed'}, went on, ${syscall}`,
    }))
  }
  const large = 'v'.repeat(random.int(3000))
  const steps: (() => unknown)[] = [
    ...[() => db.put('on', 1), () => db.tag('on'), () => db.put('on', large)],
    ...[() => (random.chance(0.3) ? db.compact() : db.flush()), () => db.delete('on')],
  ]
  for (const step of steps) {
    await step()
    after.push(stateOf(db))
    acknowledged = after.length - 1
  }
  // The last sampled moment may have been in the middle of a step: what it came to is known by now.
  disk.before = () => {}
  db.close()
  const again = openOn(disk, time, withoutHistory(options))
  expect(stateOf(again)).toBe(after.at(-1))
  expect(again.recovery).toMatchObject({ tornBytes: 0, lost: [] })
  again.close()
  expect(disk.openFiles).toBe(0)
  const { one } = sample
  if (depth > 0 && one !== undefined) await crash(one, random, depth - 1)
}

/** A load that was cut off leaves the versions loaded by then. */
function expectPart(db: ZVerse, states: readonly string[]): void {
  const whole = states.slice(0, 4).join('\n')
  for (const { version, timestamp } of db.versions()) {
    const line = JSON.stringify([
      version,
      [...db.getEntries({ at: version })],
      db.stores({ at: version }),
    ])
    if (!whole.includes(`\n[${version},[`)) continue
    expect(whole).toContain(line)
    if (version > db.oldestVersion) expect(whole).toContain(`"timestamp":${timestamp}`)
  }
}

async function everyCrash(make: (seed: number) => Workload, options: Options, count: number) {
  const random = new Random(SEED)
  for (let run = 0; run < 2; run++) {
    const seed = random.next()
    const workload = make(seed)
    Object.assign(workload.options, options)
    const moments = await record(workload)
    for (let i = 0; i < scaled(count); i++) {
      const moment = random.pick(moments)
      const how = random.next()
      try {
        await crash(moment, new Random(how), 2)
      } catch (error) {
        const where = `seed ${SEED}, workload ${seed}, ${moment.what}, crash ${how}`
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
      }
    }
  }
}

describe('a crash at any call', () => {
  it('of the first opening', async () => {
    const random = new Random(SEED)
    const moments = await record({ ...singles(SEED), steps: [] })
    for (const moment of moments) {
      for (let i = 0; i < scaled(10); i++) await crash(moment, random, 2)
    }
  })

  for (const sync of ['commit', 'interval', 'never'] as const) {
    const count = sync === 'commit' ? 200 : 80
    it(`single puts, sync ${sync}`, () => everyCrash(singles, { sync }, count))
    it(`large batches, sync ${sync}`, () => everyCrash(batches, { sync }, count / 2))
    it(`stores and tags, sync ${sync}`, () => everyCrash(mixed, { sync }, count))
    it(`a past on disk, sync ${sync}`, () => everyCrash(deep, { sync }, count / 2))
  }

  it('counts', () => {
    console.log(`crash: seed ${SEED}, ${crashes} crash states`)
    expect(crashes).toBeGreaterThan(0)
  })
})
