/** Calls of a disk in memory that fail as those of the system do. */
import { Disk } from '../support/disk.js'

export const ERRNO = { EIO: -5, ENOSPC: -28, EINTR: -4 }
export type Kind = keyof typeof ERRNO | 'short'
export const KINDS: readonly Kind[] = ['EIO', 'ENOSPC', 'EINTR', 'short']
/** Calls that need room on the disk. */
const FILLS = ['open', 'write', 'fdatasync', 'fsync', 'link', 'mkdir']
export const SYNCS = ['fdatasync', 'fsync']

export interface Fault {
  syscall: string
  path: string
}

export interface Armed {
  /** The call that has failed. */
  fault: Fault | undefined
}

/** Makes call `at` of a disk fail, once; says which one it was. @param failed told of it */
export function arm(disk: Disk, at: number, kind: Kind, failed: (what: string) => void): Armed {
  const armed: Armed = { fault: undefined }
  let calls = 0
  disk.before = (syscall, path) => {
    if (calls++ !== at) return undefined
    if (kind === 'ENOSPC' && !FILLS.includes(syscall)) return undefined
    if (kind === 'short') return 1
    armed.fault = { syscall, path }
    failed(`${syscall} ${kind}`)
    throw Disk.failure(kind, syscall, ERRNO[kind])
  }
  return armed
}
