/**
 * The manifest: what a directory holds, in a file of a few hundred bytes that a person can read.
 *
 * `manifest-<n>` is never changed; the highest number counts. A new one is durable before it gets its name, and its
 * name before anything relies on it: so one that is not whole is damaged, and none is looked at instead. What it
 * no longer names may be deleted then. Its first line is JSON, its second the CRC-32 of the first, in hexadecimal.
 *
 * For the process that has the lock.
 */
import { Buffer } from 'node:buffer'
import { endianness } from 'node:os'
import { crc32 } from 'node:zlib'
import { ZVerseError } from '../errors.js'
import { type Directory, isMissing } from './files.js'
import type { LogEnd, Salt } from './log-format.js'
import type { RunInfo } from './past/choose.js'

const FORMAT = 1

export interface Manifest {
  /** Of the files that it names. */
  readonly format: number
  /** Order of the bytes of a word in them: 'LE' or 'BE'. */
  readonly order: string
  /** What the checksums of the log begin with, in hexadecimal. */
  readonly salt: string
  /** Names of the codecs of the unnamed store. */
  readonly keys: string
  readonly values: string
  /** The first version of the database, which is empty, and its time, ms since 1970. */
  readonly version: number
  readonly time: number
  /** The bases that may be read, the newest first, and after it the one to fall back on. */
  readonly bases: readonly [BaseEntry, ...BaseEntry[]]
  /** The past on disk, where there is one. */
  readonly past?: PastEntry
}

/** The past on disk, as the manifest names it (docs/decisions/0035). */
export interface PastEntry {
  /** All that died in the versions after the first, up to the second, is in the runs, if it is needed. */
  readonly from: number
  readonly to: number
  /** The oldest version that can be read by number. */
  readonly floor: number
  /** Oldest first. */
  readonly runs: readonly RunInfo[]
}

/** A base, as the manifest names it. */
export interface BaseEntry {
  /** Of its file; 0: the empty database, which has no file. */
  readonly number: number
  readonly version: number
  /**
   * The newest version when it was begun, which the log has durably: up to there no bound has released any version
   * after `version`.
   */
  readonly present?: number
  /** A place that the log had durably come to when the base was whole: its tags are of no later moment. */
  readonly durable?: { readonly segment: number; readonly offset: number }
  /** A place in the log behind which all later versions are. */
  readonly log: LogEnd
  readonly bytes: number
}

export const baseName = (number: number): string => `base-${number}`
export const runName = (number: number): string => `past-${number}`

/** What checksums begin with, by the text in a manifest. */
export const saltIn = (salt: string): Salt => Buffer.from(salt, 'hex')

/** A manifest that has no name yet. */
export const MANIFEST_DRAFT = 'manifest-draft'
export const manifestName = (number: number): string => `manifest-${number}`

/** True if {@link writeManifest} failed before the manifest could have had a name. */
export const isUnwritten = (directory: Directory, error: unknown): boolean =>
  error instanceof ZVerseError && error.path === directory.pathOf(MANIFEST_DRAFT)

/**
 * The manifest that counts; null if there is none: the directory has no database.
 * @throws ZVerseError `ZVERSE_CORRUPT`; `ZVERSE_FORMAT` where it is of a later zverse, or of other machines
 */
export function readManifest(directory: Directory): Manifest | null {
  const last = newestIn(directory)
  if (last === null) return null
  const { file, text } = last
  const manifest = parsed(text)
  if (manifest === null) {
    const message = `${directory.pathOf(file)} is damaged: restore it from a backup`
    throw new ZVerseError('ZVERSE_CORRUPT', message, { file, offset: 0 })
  }
  const { format, order } = manifest
  if (format === FORMAT && order === endianness()) return manifest
  const what = format === FORMAT ? `words in ${order} order` : `format ${format}`
  const mine = `format ${FORMAT}, ${endianness()}`
  const message = `${directory.path} has files with ${what}: this zverse reads ${mine}`
  throw new ZVerseError('ZVERSE_FORMAT', message)
}

/**
 * The manifest of a directory that has a database.
 * @throws ZVerseError as {@link readManifest}; `ZVERSE_CORRUPT` where there is none: it was deleted
 */
export function manifestOf(directory: Directory): Manifest {
  const manifest = readManifest(directory)
  if (manifest !== null) return manifest
  const message =
    `${directory.path} has no file manifest-<n> any more, without which nobody can read it: restore it from a ` +
    'backup, or dump the database while it is open'
  throw new ZVerseError('ZVERSE_CORRUPT', message, { file: 'manifest', offset: 0 })
}

/** The text of the manifest with the highest number; null if there is none. */
function newestIn(directory: Directory): { file: string; text: string } | null {
  for (;;) {
    const number = directory.numbers('manifest').at(-1)
    if (number === undefined) return null
    const file = manifestName(number)
    try {
      return { file, text: directory.text(file) }
    } catch (error) {
      // Another thread has replaced it meanwhile.
      if (!isMissing(error) || directory.numbers('manifest').at(-1) === number) throw error
    }
  }
}

/** Makes a manifest count, and returns it: it is durable then. Earlier ones are deleted. */
export function writeManifest(
  directory: Directory,
  content: Omit<Manifest, 'format' | 'order'>,
): Manifest {
  const numbers = directory.numbers('manifest')
  const manifest = { format: FORMAT, order: endianness(), ...content }
  const line = JSON.stringify(manifest)
  // Left by a crash, if it is there.
  directory.unlinkIfThere(MANIFEST_DRAFT)
  const file = directory.open(MANIFEST_DRAFT, 'create')
  try {
    file.write(Buffer.from(`${line}\n${checkOf(line)}\n`), 0)
    file.datasync()
  } finally {
    file.close()
  }
  directory.link(MANIFEST_DRAFT, manifestName((numbers.at(-1) ?? 0) + 1))
  directory.sync()
  // The new one counts. What stays, the next takes away, too.
  for (const name of [MANIFEST_DRAFT, ...numbers.map(manifestName)]) directory.discard(name)
  return manifest
}

/** What a manifest says; null if it is not whole. */
function parsed(content: string): Manifest | null {
  const [line, check] = content.split('\n')
  return check === undefined || check !== checkOf(line) ? null : (JSON.parse(line) as Manifest)
}

const checkOf = (line: string): string => crc32(line).toString(16).padStart(8, '0')
