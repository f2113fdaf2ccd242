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
import type { Directory } from './files.js'
import type { LogEnd } from './log-format.js'

const FORMAT = 1

export interface Manifest {
  /** Of the files that it names. */
  readonly format: number
  /** Order of the bytes of a word in them: 'LE' or 'BE'. */
  readonly order: string
  /** What the checksums of the log begin with, in hexadecimal. */
  readonly salt: string
  /** The base, and its version; null: the log has everything. */
  readonly base: { readonly file: string; readonly version: number } | null
  /** Where the log goes on from the base. */
  readonly log: LogEnd
}

/** A manifest that has no name yet. */
const DRAFT = 'manifest-draft'

/**
 * The manifest that counts; null if there is none: the directory has no database.
 * @throws ZVerseError `ZVERSE_CORRUPT`; `ZVERSE_FORMAT` where it is of a later zverse, or of other machines
 */
export function readManifest(directory: Directory): Manifest | null {
  const number = directory.numbers('manifest').at(-1)
  if (number === undefined) return null
  const file = `manifest-${number}`
  const manifest = parsed(directory.text(file))
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

/** Makes a manifest count: it is durable when this returns. Earlier ones are deleted. */
export function writeManifest(
  directory: Directory,
  content: Omit<Manifest, 'format' | 'order'>,
): void {
  const numbers = directory.numbers('manifest')
  const line = JSON.stringify({ format: FORMAT, order: endianness(), ...content })
  // Left by a crash, if it is there.
  directory.unlinkIfThere(DRAFT)
  const file = directory.open(DRAFT, 'create')
  try {
    file.write(Buffer.from(`${line}\n${checkOf(line)}\n`), 0)
    file.datasync()
  } finally {
    file.close()
  }
  directory.link(DRAFT, `manifest-${(numbers.at(-1) ?? 0) + 1}`)
  directory.sync()
  for (const name of [DRAFT, ...numbers.map(number => `manifest-${number}`)]) directory.unlink(name)
}

/** What a manifest says; null if it is not whole. */
function parsed(content: string): Manifest | null {
  const [line, check] = content.split('\n')
  return check === undefined || check !== checkOf(line) ? null : (JSON.parse(line) as Manifest)
}

const checkOf = (line: string): string => crc32(line).toString(16).padStart(8, '0')
