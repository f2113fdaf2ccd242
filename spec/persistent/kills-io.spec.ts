/**
 * Calls of the system fail while two threads commit (io-child.js): `strace` makes them fail, or a limit of the size of
 * files does. Where the disk fails nothing more is written, and what was acknowledged stays; where it is full, commits
 * fail one by one, and work again when there is room. Skipped where there is no `strace`, or no `prlimit`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { SCALE } from '../support/runs.js'

const CHILD = fileURLToPath(new URL('./io-child.js', import.meta.url))
const COMMITS = 40
const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const STRACE = ['-f', '-qq', '-o', '/dev/null', '--seccomp-bpf']
const hasStrace = works('strace', ...STRACE, '-e', 'inject=fsync:error=EIO:when=99', 'true')
const hasLimits = works('prlimit', '--version')

interface Told {
  readonly last: number
  readonly errors: number
  readonly first?: { readonly code: string; readonly syscall: string; readonly i: number }
  /** Nothing worked after the first error. */
  readonly isOver: boolean
}

interface Outcome {
  readonly mine: Told
  readonly theirs: Told
  readonly again?: Told
  readonly after: string[]
  readonly check: unknown
  readonly present: [number, number]
}

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zverse-io-'))
  path = join(folder, 'db')
})
afterEach(() => rmSync(folder, { recursive: true }))

function run(command: string, args: string[]): Outcome | string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 })
  return stdout === '' ? stderr : JSON.parse(stdout)
}

function runFailing(call: string, error: string, when: string, sync: string): Outcome | string {
  const inject = ['-e', `inject=${call}:error=${error}:when=${when}`, '-e', `trace=${call}`]
  const child = [process.execPath, CHILD, path, sync, `${COMMITS}`]
  return run('strace', [...STRACE, ...inject, ...child])
}

/** What is in the directory now: all that was acknowledged, and at most what was under way, whole. */
function expectLeft(outcome: Outcome): void {
  const db = ZVerse.open({ path, maxBytes: 2 ** 24 })
  expect(db.check()).toMatchObject({ ok: true, problems: [] })
  for (const [name, told] of [
    ['main', outcome.mine] as const,
    ['worker', outcome.theirs] as const,
  ]) {
    const left = Number(db.get(`${name} a`) ?? 0)
    expect(db.get(`${name} b`) ?? 0).toBe(left)
    expect(left).toBeGreaterThanOrEqual(told.last)
    expect(left).toBeLessThanOrEqual(told.last + 1)
  }
  expect(db.put('goes', 'on')).toBe(db.version)
  db.close()
}

describe.skipIf(!hasStrace)('calls of the system that fail', () => {
  // Counted for each thread. To make a database takes the first twenty writes.
  const all = ['commit', 'interval', 'never'].flatMap(sync => {
    return [24, 25, 27, 33, 44].map(when => [sync, when] as const)
  })
  const some = SCALE >= 1 ? all : all.filter((_, i) => i % 6 === 0)

  it.each(some)('a write with EIO, sync %s, the %i-th', (sync, when) => {
    const outcome = runFailing('pwrite64', 'EIO', `${when}`, sync)
    if (typeof outcome === 'string') throw new Error(outcome)
    const { mine, theirs, after, check, present } = outcome
    expect(check).toBe('ok')
    expect(present).toEqual([mine.last, theirs.last])
    expect(mine.errors + theirs.errors).toBeGreaterThan(0)
    for (const told of [mine, theirs]) expect(told.errors === 0 || told.isOver).toBe(true)
    expect(after).toEqual(['ZVERSE_IO', 'ZVERSE_IO', 'ZVERSE_IO', 'ZVERSE_IO'])
    expectLeft(outcome)
  })

  it.each(some)('a full disk, sync %s, the %i-th write', (sync, when) => {
    const outcome = runFailing('pwrite64', 'ENOSPC', `${when}..${when + 3}`, sync)
    if (typeof outcome === 'string') throw new Error(outcome)
    const { mine, theirs, check, present } = outcome
    expect(check).toBe('ok')
    expect(present).toEqual([mine.last, theirs.last])
    expect(Math.max(mine.last, theirs.last)).toBe(COMMITS)
    expectLeft(outcome)
  })

  it.each(
    ['commit', 'interval'].flatMap(sync =>
      (SCALE >= 1 ? [7, 9, 12, 20] : [9]).map(when => [sync, when] as const),
    ),
  )('a sync with EIO, sync %s, the %i-th', (sync, when) => {
    const outcome = runFailing('fdatasync', 'EIO', `${when}`, sync)
    if (typeof outcome === 'string') throw new Error(outcome)
    const { mine, theirs, after, check, present } = outcome
    expect(check).toBe('ok')
    expect(present).toEqual([mine.last, theirs.last])
    for (const told of [mine, theirs]) expect(told.errors === 0 || told.isOver).toBe(true)
    // With 'interval' there may have been no sync so late.
    const isOver = mine.errors + theirs.errors > 0
    if (isOver) expect(after).toEqual(['ZVERSE_IO', 'ZVERSE_IO', 'ZVERSE_IO', 'ZVERSE_IO'])
    else expect(sync).toBe('interval')
    expectLeft(outcome)
  })

  it.each([
    ['fdatasync', 'EIO'],
    ['fsync', 'EIO'],
    ['link', 'EIO'],
    ['pwrite64', 'ENOSPC'],
  ])('%s with %s while a database is made: it can be made again', (call, error) => {
    for (const when of SCALE >= 1 ? [1, 2, 3, 4] : [2]) {
      const outcome = runFailing(call, error, `${when}`, 'commit')
      if (typeof outcome === 'string') expect(outcome).toContain('ZVERSE_IO')
      const db = ZVerse.open({ path, maxBytes: 2 ** 24 })
      expect(db.check().ok).toBe(true)
      db.close()
      rmSync(path, { recursive: true })
    }
  })
})

describe.skipIf(!hasLimits)('files that may not grow', () => {
  it.each([
    ['commit', 1024],
    ['never', 1024],
    ['commit', 3000],
    ['interval', 1500],
  ])(
    'sync %s, %i KiB: commits fail one by one, and work when files may grow again',
    (sync, most) => {
      const child = [process.execPath, CHILD, path, sync, `${2 * COMMITS}`, 'limited']
      const limited = `trap '' XFSZ; ulimit -S -f ${most}; exec "$0" "$@"`
      const outcome = run('bash', ['-c', limited, ...child])
      if (typeof outcome === 'string') throw new Error(outcome)
      const { mine, theirs, again, after, check, present } = outcome
      expect(check).toBe('ok')
      expect(mine.errors + theirs.errors).toBeGreaterThan(0)
      expect(present).toEqual([mine.last, theirs.last])
      expect(again).toMatchObject({ last: 2 * COMMITS, errors: 0 })
      expect(after).toEqual(['done', 'done', 'done', 'done'])
      expectLeft(outcome)
    },
  )
})
