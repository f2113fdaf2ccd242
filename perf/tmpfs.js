/** The place of lmdb: a directory on a tmpfs, so that no disk is measured. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Makes a directory whose name begins with `prefix`; it is removed when the process exits.
 * @param {string} prefix
 */
export function makeDirectory(prefix) {
  let base = '/dev/shm'
  try {
    accessSync(base, constants.W_OK)
  } catch {
    base = tmpdir()
    process.stderr.write('no writable /dev/shm: lmdb runs on the temporary directory instead\n')
  }
  const directory = mkdtempSync(join(base, prefix))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}
