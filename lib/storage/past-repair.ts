/**
 * What `repair` leaves of the past on disk. A run that is given up, or written anew, is kept as `lost-<name>`.
 *
 * For the one who opens the directory, before anybody reads it.
 */
import type { ZVerseError } from '../errors.js'
import { type Directory, isMissing } from './files.js'
import type { Salt } from './log-format.js'
import { type PastEntry, runName } from './manifest.js'
import { BlockCache } from './past/block-cache.js'
import type { RunInfo } from './past/choose.js'
import { merge } from './past/merge.js'
import { openRun } from './past/open-run.js'
import { type RunOptions, RunWriter } from './past/run-writer.js'

/** A part of a file that was given up. */
export interface Loss {
  readonly file: string
  /** Where it begins, in bytes. */
  readonly offset: number
}

/** What is left, for the manifest to say; and what was given up. */
export interface Left {
  readonly past: PastEntry
  readonly lost: readonly Loss[]
}

/** Without the runs up to the last damaged one: a version before it needs all that died since. */
export function wholePast(directory: Directory, salt: Salt, past: PastEntry): Left {
  const lost: Loss[] = []
  let last = -1
  past.runs.forEach(({ number }, i) => {
    const damage = damageOf(directory, salt, number)
    if (damage === null) return
    lost.push(damage)
    last = i
  })
  const end = past.runs[last]
  if (end === undefined) return { past, lost }
  const gone = past.runs.slice(0, last + 1)
  keepAside(directory, gone)
  for (const { number } of gone) {
    const file = runName(number)
    if (!lost.some(loss => loss.file === file)) lost.push({ file, offset: 0 })
  }
  const floor = Math.max(past.floor, end.to)
  return { past: { ...past, from: end.to, floor, runs: past.runs.slice(last + 1) }, lost }
}

/** Without what it tells of versions after `to`, which the log has lost. The runs are whole. */
export function pastUpTo(
  directory: Directory,
  salt: Salt,
  past: PastEntry,
  to: number,
  form: RunOptions,
): Left {
  if (past.to <= to) return { past, lost: [] }
  const runs = past.runs.flatMap(run => {
    if (run.to <= to) return run
    return run.from < to ? cut(directory, salt, run, to, form) : []
  })
  const gone = past.runs.filter(run => run.to > to)
  keepAside(directory, gone)
  const lost = gone.map(({ number }) => ({ file: runName(number), offset: 0 }))
  const [from, floor] = [Math.min(past.from, to), Math.min(past.floor, to)]
  return { past: { from, to, floor, runs }, lost }
}

/** Writes what a run tells of versions up to `to`. */
function cut(
  directory: Directory,
  salt: Salt,
  run: RunInfo,
  to: number,
  form: RunOptions,
): RunInfo {
  const whole = openRun(directory, salt, run.number, new BlockCache(0))
  try {
    const number = Math.max(...directory.numbers('past')) + 1
    const file = directory.open(runName(number), 'create')
    try {
      const writer = new RunWriter(file, salt, number, { from: whole.span.from, to }, form)
      for (const _ of merge([whole], { from: 0, tagged: [] }, writer, to));
      const { bytes, birth } = writer.end()
      file.datasync()
      return { ...run, number, to, bytes, birth }
    } finally {
      file.close()
    }
  } finally {
    whole.close()
  }
}

function damageOf(directory: Directory, salt: Salt, number: number): Loss | null {
  try {
    const run = openRun(directory, salt, number, new BlockCache(0))
    try {
      for (const _ of run.verify());
    } finally {
      run.close()
    }
    return null
  } catch (error) {
    const { code, offset = 0 } = error as ZVerseError
    if (code !== 'ZVERSE_CORRUPT' && !isMissing(error)) throw error
    return { file: runName(number), offset }
  }
}

/** Gives runs other names beside theirs, durably. */
function keepAside(directory: Directory, runs: readonly RunInfo[]): void {
  for (const { number } of runs) {
    const name = runName(number)
    directory.unlinkIfThere(`lost-${name}`)
    try {
      directory.link(name, `lost-${name}`)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  directory.sync()
}
