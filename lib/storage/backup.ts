/**
 * Copies the database of a directory, which others go on writing, into another directory.
 *
 * What is never written again is linked where the file system can; the last segment of the log is copied up to where it
 * is durable. The manifest comes last: until it is there, the copy is no database. The base to fall back on goes along,
 * with the log behind it: nobody has read the newest one since it was written.
 */
import { dirname } from 'node:path'
import { invalidOption } from '../options.js'
import type { LogPlace } from '../versions/tip.js'
import { Directory, isMissing, isTaken } from './files.js'
import { segmentName, segmentsIn } from './log-reader.js'
import {
  baseName,
  MANIFEST_DRAFT,
  type Manifest,
  manifestName,
  runName,
  writeManifest,
} from './manifest.js'

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
 * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_INVALID_OPTION`; what was made is deleted then
 */
export function* backUp(original: Original, path: string): Generator<void> {
  const { directory, manifest, end } = original
  const to = new Directory(directory.files, path)
  if (isThere(to) && to.list().length > 0) {
    throw invalidOption('directory', `must be empty, or not there yet: ${path} has files`)
  }
  const directories = to.make()
  const made: string[] = []
  let isDone = false
  try {
    for (const name of wholeFiles(original)) {
      made.push(name)
      if (!directory.linkTo(name, to)) yield* copy(directory, name, to, Number.POSITIVE_INFINITY)
      yield
    }
    const last = segmentName(end.segment)
    made.push(last)
    yield* copy(directory, last, to, end.offset)
    to.sync()
    made.push(MANIFEST_DRAFT, manifestName(1))
    writeManifest(to, manifest)
    isDone = true
  } catch (error) {
    // That one was another's.
    if (isTaken(error)) made.pop()
    throw error
  } finally {
    // Also where the database closes meanwhile, and nobody goes on with this. The manifest first.
    if (!isDone) {
      for (const name of made.reverse()) to.discard(name)
      to.unmake(directories)
    }
  }
}

/** The files that are copied whole. */
function wholeFiles({ directory, manifest: { bases, past }, end }: Original): string[] {
  const runs = past?.runs ?? []
  const first = Math.min(...bases.map(({ log }) => log.segment))
  const segments = segmentsIn(directory).filter(n => n >= first && n < end.segment)
  return [
    ...runs.map(({ number }) => runName(number)),
    ...bases.filter(({ number }) => number !== 0).map(({ number }) => baseName(number)),
    ...segments.map(segmentName),
  ]
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
