/** What can be told of a directory without opening the database in it. Takes no lock. */
import { resolve } from 'node:path'
import type { ZVerseError } from '../errors.js'
import { Directory, isMissing, SYSTEM } from './files.js'
import type { Salt } from './log-format.js'
import { firstHeadIn, segmentName, segmentsIn } from './log-reader.js'
import { baseName, manifestOf, readManifest, runName, saltIn } from './manifest.js'

/** Names of the codecs of the unnamed store; and whether some of the past is in files. */
export interface Look {
  readonly keys: string
  readonly values: string
  readonly hasPast: boolean
}

/**
 * What the manifest of a directory tells; null if there is no database.
 * @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_FORMAT`, `ZVERSE_IO`
 */
export function lookAt(path: string): Look | null {
  const directory = new Directory(SYSTEM, resolve(path))
  try {
    const manifest = readManifest(directory)
    if (manifest === null) return null
    const { keys, values, past } = manifest
    return { keys, values, hasPast: past !== undefined }
  } catch (error) {
    const isNone = isMissing(error) && (error as ZVerseError).syscall === 'scandir'
    if (isNone) return null
    throw error
  }
}

/** A file of a database. */
export interface FileOf {
  readonly name: string
  /** A segment of the log; a base; a run of the past. */
  readonly kind: 'log' | 'base' | 'past'
  /** The first and the last version that it tells of; undefined where none is known. */
  readonly from: number | undefined
  readonly to: number | undefined
  readonly bytes: number
}

/**
 * The files of the database in a directory, by kind and version; null if there is none. Others may have it open.
 * @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_FORMAT`, `ZVERSE_IO`
 */
export function filesIn(path: string): FileOf[] | null {
  const directory = new Directory(SYSTEM, resolve(path))
  if (lookAt(path) === null) return null
  const { salt, bases, past } = manifestOf(directory)
  const numbers = segmentsIn(directory)
  const heads = numbers.map(number => headOf(directory, saltIn(salt), number))
  const log = numbers.map((number, i): FileOf => {
    const [from, next] = [heads[i], heads.slice(i + 1).find(head => head !== undefined)]
    const to = from === undefined || next === undefined ? undefined : Math.max(from, next - 1)
    const name = segmentName(number)
    return { name, kind: 'log', from, to, bytes: directory.size(name) }
  })
  const whole = bases
    .filter(({ number }) => number !== 0)
    .map(({ number, version, bytes }): FileOf => {
      return { name: baseName(number), kind: 'base', from: version, to: version, bytes }
    })
  const runs = (past?.runs ?? []).map(({ number, from, to, bytes }): FileOf => {
    return { name: runName(number), kind: 'past', from: from + 1, to, bytes }
  })
  return [...runs, ...whole.reverse(), ...log]
}

/** The version of the first record of a segment; undefined where there is none yet. */
function headOf(directory: Directory, salt: Salt, number: number): number | undefined {
  try {
    return firstHeadIn(directory, salt, number)?.head.version
  } catch (error) {
    // Whoever has the database open has deleted it.
    if (isMissing(error)) return undefined
    throw error
  }
}
