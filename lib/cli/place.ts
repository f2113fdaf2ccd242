/**
 * Databases in directories: whether a word means one, whether there is one, how its opening is shown, and what to do
 * after an error that the files have to do with.
 */
import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { type ReplicaState, ZVerse, type ZVerseError } from '../index.js'
import { counted } from './bar.js'
import type { Sink } from './output.js'
import type { Session } from './session.js'
import { asWord, Mistake } from './words.js'

/** ms after which the opening of a database is shown. */
const PATIENCE = 300

/** The codecs of a database that is there. */
export type Look = NonNullable<ReturnType<typeof ZVerse._directories.lookAt>>

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** True if a word that may be a file, too, means a directory: one that is there, or that is to be made. */
export function meansDirectory(word: string, creates: boolean): boolean {
  if (/[/\\]$/.test(word) || isDirectory(word)) return true
  return creates && statSync(word, { throwIfNoEntry: false }) === undefined
}

/**
 * The database in a directory; null if one is to be made there.
 * @param creates whether to make one where there is none
 * @throws Mistake
 */
export function lookAt(path: string, creates: boolean): Look | null {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there?.isDirectory() === false) {
    throw new Mistake(
      `${path} is a file: a database lies in a directory`,
      `open a dump with --from`,
    )
  }
  const found = there === undefined ? null : looked(path)
  if (found !== null || creates) return found
  const names = there === undefined ? [] : readdirSync(path)
  if (names.some(name => /^(log|base|past)-\d+$/.test(name))) {
    throw new Mistake(
      `${path} has files of a database, but not the one that tells what they are, manifest-<n>`,
      'a backup that was cut off is to be deleted; a lost manifest can come from a backup',
    )
  }
  const besides = names.length === 0 ? '' : `, but ${counted(names.length, 'other file')}`
  const none = there === undefined ? `there is no database ${path}` : `${path} has no database`
  throw new Mistake(`${none}${besides}`, `\`zverse ${asWord(path)} --create\` makes one there`)
}

function looked(path: string): Look | null {
  try {
    return ZVerse._directories.lookAt(path)
  } catch (error) {
    throw unopened(error, path)
  }
}

/** What the prompt calls a directory. */
export function placeName(path: string): string {
  return asWord(basename(resolve(path)) || '/')
}

/** What is said when a session begins. */
export function greeting({ db, path, wasMade, replica }: Session): string {
  if (replica !== undefined && db.replica !== null) {
    const keys = `version ${db.version}, ${counted(db.size, 'key')}`
    const { name, servers } = replica
    return `stream ${name} of ${servers}: ${keys}\n${replicaWords(db.replica)}`
  }
  const where = resolve(path as string)
  if (wasMade) return `a new database in ${where}`
  const { tornBytes = 0 } = db.recovery ?? {}
  const torn = tornBytes === 0 ? '' : `; ${tornText(tornBytes)}`
  return `${where}: version ${db.version}, ${counted(db.size, 'key')}${torn}`
}

function tornText(bytes: number): string {
  return `cut off: ${counted(bytes, 'byte')} of a commit that a crash has left unfinished`
}

/** What opening a directory has found, in lines. */
export function recoveryLines({ db, path }: Session): string[] {
  const { recovery } = db
  if (recovery === null || path === undefined) return []
  const { replayed, tornBytes, lost } = recovery
  return [
    ...(replayed === 0 ? [] : [`read from the log: ${counted(replayed, 'change')}`]),
    ...(tornBytes === 0 ? [] : [tornText(tornBytes)]),
    ...lost.map(({ file, offset }) => `lost: ${join(path, file)} from byte ${offset} on`),
  ]
}

type Progress = import('./files/progress.js').Progress

/** Shows how far a database is read that takes its time. */
export async function openingProgress(sink: Sink) {
  const { Progress } = await import('./files/progress.js')
  const begin = performance.now()
  let shown: Progress | undefined
  return {
    onProgress: ({ done, total }: { done: number; total: number }) => {
      if (performance.now() - begin < PATIENCE) return
      shown ??= new Progress(sink, undefined, begin)
      shown.tick(done, undefined, total)
    },
    end: () => shown?.end(),
  }
}

// ── Replicas ──────────────────────────────────────────────────────────────────────────────────────

/** Whether the log can be reached, and how much of it is here. */
export function replicaWords(state: ReplicaState): string {
  const { connected, last, applied, lagMs, node, error } = state
  const records = counted(last, 'record')
  const here =
    applied === last ? `all ${records} of the log are here` : `${applied} of ${records} are here`
  const lag = lagMs === 0 ? '' : `, ${Math.round(lagMs)} ms behind`
  const link = error?.message ?? (connected ? 'connected' : 'not connected')
  return `node ${node}, ${link}: ${here}${lag}`
}

/** What `stats` shows of it. */
export function replicaNumbers({ error, ...state }: ReplicaState): Record<string, unknown> {
  return error === undefined ? { ...state } : { ...state, error: error.message }
}

// ── Errors ────────────────────────────────────────────────────────────────────────────────────────

/** The error of an opening, with a hint. */
export function unopened(error: unknown, path: string, repairs = false): unknown {
  const { code, message, cause, file } = error as ZVerseError
  // Who may delete a lock is said in the message.
  if (file?.startsWith('lock-')) return error
  const isLast = repairs || file?.startsWith('manifest-') === true
  const hint = openingHint(code, path, isLast, (cause as { code?: string } | undefined)?.code)
  if (hint === undefined) return error
  // The command has its own words for that.
  const said = message.replace(/: (open with \{ repair: true \}|delete keys or clear).*/s, '')
  return new Mistake(`${said} (${code})`, hint)
}

function openingHint(
  code: string | undefined,
  path: string,
  /** There is nothing that repairs it. */
  isLast: boolean,
  failure: string | undefined,
): string | undefined {
  switch (code) {
    case 'ZVERSE_LOCKED':
      return 'one process at a time has it open: end that one first'
    case 'ZVERSE_CORRUPT':
      if (isLast) return 'there is nothing else to read it from: take a backup'
      return (
        `copy the directory; then \`zverse repair ${asWord(path)}\` keeps what is whole, ` +
        'and says what is lost'
      )
    case 'ZVERSE_FORMAT':
      return 'open it with the zverse that made it, or a later one'
    case 'ZVERSE_FULL':
      return 'give it more room: --max-bytes 4g, say'
    case 'ZVERSE_IO':
      return failureHint(failure)
    default:
      return undefined
  }
}

/** What a failure of the system means. */
export function failureHint(failure: string | undefined): string | undefined {
  switch (failure) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied: the directory must be written to be opened, too'
    case 'EROFS':
      return 'the disk is read-only: a database must be written to be opened'
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'there is no room on the disk: nothing has changed, and with room it works again'
    default:
      return undefined
  }
}
