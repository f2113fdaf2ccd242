/**
 * Each call of the file system fails once: a verb goes on, or throws what failed and has not happened; after a failure
 * that leaves doubt nothing more is written; and what was acknowledged is there when the directory is opened again.
 */
import { describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { type Armed, arm, ERRNO, type Fault, KINDS, type Kind, SYNCS } from './failing.js'
import {
  batches,
  deep,
  expectSound,
  mixed,
  type Options,
  openOn,
  outcome,
  SEGMENT,
  singles,
  stateOf,
  Time,
  twinOf,
  type Workload,
} from './world.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 31)
let failures = 0
const seen = new Set<string>()

function count(what: string): void {
  failures++
  seen.add(what)
}

/** What a call threw; undefined where it threw nothing. */
async function thrownBy(act: () => unknown): Promise<Record<string, unknown> | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    return error as Record<string, unknown>
  }
}

function expectIO(error: Record<string, unknown> | undefined): void {
  expect(error).toMatchObject({ code: 'ZVERSE_IO', name: 'ZVerseError' })
  expect(typeof error?.syscall).toBe('string')
  expect(typeof error?.path).toBe('string')
  expect(error?.errno).toBeLessThan(0)
}

/** No change is done any more, and none of them is seen. */
async function expectDead(db: ZVerse): Promise<void> {
  const before = stateOf(db)
  const { version, oldestVersion } = db
  const changes: (() => unknown)[] = [
    ...[() => db.put('dead', 1), () => db.batch([{ type: 'put', key: 'dead', value: 1 }])],
    ...[() => db.tag('dead'), () => db.store('dead'), () => db.setHistory({ versions: 9 })],
    ...[() => db.prune({ before: version }), () => db.transact(tx => tx.put('dead', 1))],
    ...[() => db.update('dead', () => 1), () => db.flush(), () => db.compact()],
  ]
  if (db.size > 0) changes.push(() => db.clear())
  changes.push(() => db.put('dead', 2))
  for (const change of changes) expectIO(await thrownBy(change))
  expectIO(
    await thrownBy(() => {
      using tx = db.beginWrite()
      tx.put('dead', 3)
      tx.commit()
    }),
  )
  expect(db.version).toBe(version)
  expect(db.oldestVersion).toBe(oldestVersion)
  expect(stateOf(db)).toBe(before)
  // What changes nothing needs no disk, but where it follows from what is not durable.
  const error = await thrownBy(() => expect(db.delete('never there')).toBe(version))
  if (error !== undefined) expectIO(error)
  expectSound(db)
}

/** True if a state is another one without versions before its oldest, of which histories tell less, too. */
function isWithin(state: string, other: string): boolean {
  const [[head, ...lines], [whole, ...all]] = [state, other].map(text => text.split('\n')) as [
    [string, ...string[]],
    [string, ...string[]],
  ]
  const [{ oldest, ...rest }, { oldest: before, ...same }] = [JSON.parse(head), JSON.parse(whole)]
  return (
    JSON.stringify(rest) === JSON.stringify(same) &&
    oldest > before &&
    oldest <= rest.version &&
    lines.every(line => !/^(\{"version"|\[\d)/.test(line) || all.includes(line))
  )
}

/** True for a call that writes: what it leaves is in doubt. Others have done nothing, and may work then. */
const writes = ({ syscall }: Fault): boolean => ['write', ...SYNCS].includes(syscall)

class Run {
  readonly time = new Time()
  readonly disk = new Disk(SEGMENT)
  readonly #options: Options
  readonly #twin: ZVerse
  readonly #random: Random
  readonly #armed: Armed
  #db: ZVerse | undefined

  constructor(options: Options, at: number, kind: Kind, random: Random) {
    this.#options = options
    this.#twin = twinOf(this.time, options)
    this.#random = random
    this.#armed = arm(this.disk, at, kind, count)
  }

  get #open(): ZVerse {
    return this.#db as ZVerse
  }

  async all({ steps }: Workload): Promise<void> {
    await this.#begin(this.#options)
    for (const [i, step] of steps.entries()) {
      this.time.ms += i % 4
      if (step === 'reopen') {
        this.#open.close()
        await this.#begin({ ...this.#options, history: undefined } as Options)
      } else if (typeof step === 'string') {
        const act = () => (step === 'compact' ? this.#open.compact() : this.#open.flush())
        if (!(await this.#does(act, () => {}, false))) return
      } else if (!('isLoad' in step)) {
        if (
          !(await this.#does(
            () => step(this.#open),
            () => step(this.#twin),
          ))
        )
          return
      }
      if (i % 5 === 4) expect(this.#stateOf()).toBe(stateOf(this.#twin))
    }
    this.#open.close()
    this.#end(stateOf(this.#twin))
  }

  /** All that can be read; once more where a file of the past could not be. */
  #stateOf(): string {
    const { fault: before } = this.#armed
    try {
      return stateOf(this.#open)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ZVERSE_IO' || before !== undefined) throw error
      return stateOf(this.#open)
    }
  }

  /** Opens; where that fails, once more. */
  async #begin(options: Options): Promise<void> {
    const open = () => {
      this.#db = openOn(this.disk, this.time, options)
    }
    const error = await thrownBy(open)
    if (error === undefined) return
    expectIO(error)
    expect(this.disk.openFiles).toBe(0)
    open()
  }

  /** Does a step, and once more where it fails; false where the failure is for good. */
  async #does(act: () => unknown, onTwin: () => unknown, isChange = true): Promise<boolean> {
    const { fault: before } = this.#armed
    const error = await thrownBy(act)
    if (error === undefined || error.code !== 'ZVERSE_IO') {
      expect(outcome(onTwin)).toBe(error === undefined ? 'done' : error.code)
      return true
    }
    expectIO(error)
    const { fault } = this.#armed
    // It names the file; or the directory, where a thread tells of what has failed before.
    const { syscall, path } = fault as Fault
    expect(error.syscall).toBe(syscall)
    expect(path.startsWith(error.path as string)).toBe(true)
    // It is of this call, and not of one that an earlier step has hidden.
    expect(before).toBe(undefined)
    const states = [stateOf(this.#twin)]
    this.#twin._test.engine.log = {
      append: () => {},
      settle: () => void states.push(stateOf(this.#twin)),
      close: () => {},
    }
    outcome(onTwin)
    this.#twin._test.engine.log = null
    states.push(stateOf(this.#twin))
    const visible = this.#stateOf()
    // A commit that was staged has applied the bounds to what can be read, whatever became of it.
    if (!states.includes(visible) && isWithin(visible, states[0] as string)) states.unshift(visible)
    const at = states.indexOf(visible)
    expect(at === -1 ? visible : '').toBe('')
    expectSound(this.#open)
    const again = await thrownBy(act)
    if (again === undefined) {
      // It was no failure for good: a full disk, a call that wrote nothing, or a file that no commit needs.
      const isSync = SYNCS.includes(error.syscall as string)
      if (isChange && writes(fault as Fault)) expect(error.errno).toBe(ERRNO.ENOSPC)
      expect(isSync && (isChange || (error.path as string).includes('/log-'))).toBe(false)
      return true
    }
    if (again.code === 'ZVERSE_IO') {
      const isFull = error.errno === ERRNO.ENOSPC
      expect(isFull ? SYNCS : ['write', ...SYNCS]).toContain(error.syscall)
      expect(stateOf(this.#open)).toBe(visible)
      await expectDead(this.#open)
      this.disk.before = () => {}
      const crashed = this.disk.crashed(below => this.#random.int(below))
      this.#open.close()
      for (const disk of [crashed, this.disk]) {
        const db = openOn(disk, this.time, { ...this.#options, history: undefined } as Options)
        const found = states.indexOf(stateOf(db))
        if (found === -1) expect(stateOf(db)).toBe(visible)
        expect(found).toBeGreaterThanOrEqual(at)
        db.put('goes on', 1)
        db.close()
        expect(disk.openFiles).toBe(0)
      }
      return false
    }
    // The twin has done it all by now: what of it was done says that the rest need not be.
    expect(stateOf(this.#open)).toBe(stateOf(this.#twin))
    return true
  }

  #end(state: string): void {
    this.disk.before = () => {}
    expect(this.disk.openFiles).toBe(0)
    const db = openOn(this.disk, this.time, { ...this.#options, history: undefined } as Options)
    expect(stateOf(db)).toBe(state)
    expectSound(db)
    db.close()
  }
}

/** How many calls a workload makes. */
async function callsOf(workload: Workload): Promise<number> {
  const run = new Run(workload.options, -1, 'EIO', new Random(1))
  await run.all(workload)
  return run.disk.calls
}

async function eachFault(make: (seed: number) => Workload, count: number): Promise<void> {
  const random = new Random(SEED)
  const seed = random.next()
  const workload = make(seed)
  const calls = await callsOf(workload)
  for (let i = 0; i < scaled(count); i++) {
    const at = random.int(calls)
    const kind = random.pick(KINDS)
    try {
      await new Run(workload.options, at, kind, random).all(workload)
    } catch (error) {
      const where = `ZVERSE_SEED=${SEED}, call ${at} of ${calls}, ${kind}`
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
    }
  }
}

describe('a call that fails', () => {
  it('in single puts', () => eachFault(seed => singles(seed, 24), 500))
  it('in large batches', () => eachFault(batches, 150))
  it('in changes of stores and tags', () => eachFault(seed => mixed(seed, 24), 500))
  it('in a past on disk', () => eachFault(seed => deep(seed, 12), 500))

  it('counts', () => {
    console.log(`faults: seed ${SEED}, ${failures} failures, ${[...seen].sort().join(', ')}`)
    expect(failures).toBeGreaterThan(0)
  })
})
