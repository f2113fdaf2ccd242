/**
 * Copies the database of a directory, which others go on writing, into another directory.
 *
 * What is never written again is linked where the file system can; the last segment of the log is copied up to where it
 * is durable. The manifest comes last: until it is there, the copy is no database.
 */
import { dirname } from 'node:path'
import { invalidOption } from '../options.js'
import type { LogPlace } from '../versions/tip.js'
import { Directory, isMissing } from './files.js'
import { segmentName, segmentsIn } from './log-reader.js'
import { baseName, type Manifest, runName, writeManifest } from './manifest.js'

/** Bytes copied at a time. */
const CHUNK = 2 ** 20

/** What is to be copied: nobody deletes its files meanwhile. */
export interface Original {
  readonly directory: Directory
  readonly manifest: Manifest
  /** Where the log is durable. */
  readonly end: Pick<LogPlace, 'segment' | 'offset'>
}

/**
 * Yields between pieces of work.
 * @param path of a directory that is not there, or empty
 * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_INVALID_OPTION`; what was written is deleted then
 */
export function* backUp({ directory, manifest, end }: Original, path: string): Generator<void> {
  const to = new Directory(directory.files, path)
  if (isThere(to) && to.list().length > 0) {
    throw invalidOption('directory', `must be empty, or not there yet: ${path} has files`)
  }
  to.make()
  const [base] = manifest.bases
  const runs = manifest.past?.runs ?? []
  const whole = runs.map(({ number }) => runName(number))
  if (base.number !== 0) whole.push(baseName(base.number))
  for (const number of segmentsIn(directory)) {
    if (number >= base.log.segment && number < end.segment) whole.push(segmentName(number))
  }
  let isDone = false
  try {
    for (const name of whole) {
      if (!directory.linkTo(name, to)) yield* copy(directory, name, to, Number.POSITIVE_INFINITY)
      yield
    }
    yield* copy(directory, segmentName(end.segment), to, end.offset)
    to.sync()
    writeManifest(to, { ...manifest, bases: [base] })
    isDone = true
  } finally {
    // Also where the database closes meanwhile, and nobody goes on with this.
    if (!isDone) for (const name of [...whole, segmentName(end.segment)]) to.unlinkIfThere(name)
  }
}

function isThere(directory: Directory): boolean {
  try {
    directory.list()
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Copies the first bytes of a file, durably. */
function* copy(from: Directory, name: string, to: Directory, bytes: number): Generator<void> {
  const source = from.open(name, 'read')
  try {
    const target = to.open(name, 'create')
    try {
      const chunk = new Uint8Array(CHUNK)
      for (let at = 0; at < bytes; ) {
        const count = source.read(chunk.subarray(0, Math.min(CHUNK, bytes - at)), at)
        if (count === 0) break
        target.write(chunk, at, count)
        at += count
        yield
      }
      target.datasync()
    } finally {
      target.close()
    }
  } finally {
    source.close()
  }
}

/** Where a backup of a directory must not lie. */
export const isWithin = (path: string, directory: string): boolean => {
  for (let at = path; ; at = dirname(at)) {
    if (at === directory) return true
    if (dirname(at) === at) return false
  }
}
