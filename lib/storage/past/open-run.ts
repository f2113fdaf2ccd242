/** Opens a run of a directory. */
import { type Directory, missing } from '../files.js'
import type { Salt } from '../log-format.js'
import { runName } from '../manifest.js'
import type { BlockCache } from './block-cache.js'
import { Run } from './run.js'

/** @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`, `ZVERSE_IO`, also where it is not there */
export function openRun(directory: Directory, salt: Salt, number: number, cache: BlockCache): Run {
  return Run.open(directory.open(runName(number), 'read'), salt, number, cache)
}

/** The error where a run is not there that the manifest names. */
export const missingRun = (directory: Directory, number: number) =>
  missing(directory, runName(number))
