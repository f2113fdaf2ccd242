/**
 * Tells whether another thread of this process lives, without its help and without an event: the
 * thread that would hear 'exit' may itself be blocked in the lock.
 *
 * A thread leaves two words when it attaches. On Linux: the kernel's id of its task, and when that
 * task began; /proc tells whether there is such a task. Elsewhere: a file descriptor of a file of its
 * own, which Node closes with its worker, and the file's inode. Both were tried from a blocked thread:
 * the answer turns to "dead" within a few milliseconds of `terminate`.
 *
 * This is the one place outside storage/ and cli/ that touches files.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isMainThread } from 'node:worker_threads'

/** The two words that a thread leaves; `task` 0 where nothing can be told. */
export interface Trace {
  readonly task: number
  readonly proof: number
}

/** Marks a `task` that is a file descriptor. */
const DESCRIPTOR = 0x80000000
const UNKNOWN: Trace = { task: 0, proof: 0 }

/** The trace of the calling thread. The main thread needs none: it ends with the process. */
export function leaveTrace(system: string = process.platform): Trace {
  if (isMainThread) return UNKNOWN
  return (system === 'linux' ? ownTask() : undefined) ?? ownDescriptor() ?? UNKNOWN
}

/** The trace of the calling thread, where it needs no taking back; of the main thread `task` is 0. */
export function ownTrace(): Trace {
  return (isMainThread ? undefined : ownTask()) ?? UNKNOWN
}

/** Takes the trace back: the calling thread detaches. */
export function takeTrace({ task }: Trace): void {
  if (task >= DESCRIPTOR) closeSync(task - DESCRIPTOR)
}

/** True if the thread that left the trace lives, false if it is dead, null where that cannot be told. */
export function lives({ task, proof }: Trace): boolean | null {
  if (task === 0) return null
  if (task < DESCRIPTOR) {
    const began = beginOf(task)
    return began === null ? null : began === proof
  }
  try {
    return (fstatSync(task - DESCRIPTOR).ino & 0x7fffffff) === proof
  } catch {
    return false
  }
}

function ownTask(): Trace | undefined {
  try {
    const task = Number(readlinkSync('/proc/thread-self').split('/').pop())
    const proof = Number.isInteger(task) && task > 0 ? beginOf(task) : null
    return proof === null || proof === GONE ? undefined : { task, proof }
  } catch {
    return undefined
  }
}

/** No task has this begin. */
const GONE = 0xffffffff

/** When a task of this process began, in clock ticks; GONE if it is not there; null: unknown. */
function beginOf(task: number): number | null {
  let stat: string
  try {
    stat = readFileSync(`/proc/self/task/${task}/stat`, 'latin1')
  } catch (error) {
    const { code } = error as { code?: string }
    return code === 'ENOENT' || code === 'ESRCH' ? GONE : null
  }
  const began = beginIn(stat)
  return began === null ? GONE : began % GONE
}

/** When a task or process began, in clock ticks, as its `stat` in /proc says; null if it has ended. */
export function beginIn(stat: string): number | null {
  // The fields behind the name, which may contain blanks: state, …, the 20th is the begin.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19])
}

function ownDescriptor(): Trace | undefined {
  try {
    const name = join(tmpdir(), `zverse-${randomBytes(12).toString('hex')}`)
    const descriptor = openSync(name, 'wx', 0o600)
    unlinkSync(name)
    return { task: DESCRIPTOR + descriptor, proof: fstatSync(descriptor).ino & 0x7fffffff }
  } catch {
    return undefined
  }
}
