// @ts-check
/** The place of what is measured on a disk, and what it is. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** File systems by the numbers that Linux gives them. @type {Record<number, string>} */
const NAMES = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  4076150800: 'f2fs',
  2035054128: 'overlay',
  26985: 'nfs',
  16914836: 'tmpfs',
}

/**
 * Makes a directory below that of ZVERSE_BENCH_DIR, or the temporary one; it is removed when the process exits.
 * @param {string} prefix its name begins so
 */
export function makeDiskDirectory(prefix) {
  const directory = mkdtempSync(join(process.env.ZVERSE_BENCH_DIR ?? tmpdir(), prefix))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  if (fileSystemOf(directory) === 'tmpfs') {
    process.stderr.write('a tmpfs is no disk: name a directory on one by ZVERSE_BENCH_DIR\n')
  }
  return directory
}

/** The kind of file system that a directory is on, as far as the system tells. @param {string} directory */
export function fileSystemOf(directory) {
  const { type } = statfsSync(directory)
  return NAMES[type] ?? `file system 0x${type.toString(16)}`
}
