/**
 * One process at a time has a database open: the lock of its directory.
 *
 * A file `lock-<n>` names the process that has it. Numbers only rise, and the file with the highest one is never
 * deleted, so a lock is never made twice: of twenty processes that find a lock whose owner is dead, one makes the
 * next number. An empty file is a lock that was given back. Invariants:
 * 1. A file has its content as soon as it has its name: it is written under another name, and linked.
 * 2. Whoever has made number n has the lock, unless there is a higher one by then.
 * 3. A lock is taken over only where the death of its owner is proved. What cannot be told is refused.
 */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { ZVerseError } from '../errors.js'
import { beginIn } from '../threads/liveness.js'
import { type Directory, isMissing, isTaken } from './files.js'

/** What tells a process from all others. */
export interface Owner {
  readonly pid: number
  /** When it began, in ticks since the system began; null where the system does not say. */
  readonly began: number | null
  /** The run of the system, and the place in it that numbers of processes belong to; null: unknown. */
  readonly boot: string | null
  readonly namespace: string | null
  readonly host: string
}

/** What the lock asks the system. Tests replace it. */
export interface Processes {
  readonly self: Owner
  /** When a process began; 'gone' if there is none; null where the system only says that it is there. */
  beginOf(pid: number): number | 'gone' | null
}

const nameOf = (number: number) => `lock-${number}`
/** A lock that has no name yet; of a process that died in between, if it stays. */
const DRAFT = 'lock-draft-'

/** A lock that this process has. */
export class Lock {
  readonly #directory: Directory
  readonly #number: number

  private constructor(directory: Directory, number: number) {
    this.#directory = directory
    this.#number = number
  }

  /** @throws ZVerseError `ZVERSE_LOCKED { pid }`, `ZVERSE_IO` */
  static take(directory: Directory, processes: Processes = SYSTEM_PROCESSES): Lock {
    for (;;) {
      const numbers = directory.numbers('lock')
      const highest = numbers.at(-1) ?? 0
      const owner = highest === 0 ? null : ownerIn(directory, highest)
      if (owner === undefined) continue
      if (owner !== null && !isDead(owner, processes)) throw locked(directory, highest, owner)
      const lock = Lock.#make(directory, highest + 1, processes.self)
      if (lock !== null) return lock
    }
  }

  /** Makes lock `number`; null if another process was faster. */
  static #make(directory: Directory, number: number, self: Owner): Lock | null {
    const draft = `${DRAFT}${randomBytes(8).toString('hex')}`
    const file = directory.open(draft, 'create')
    try {
      file.write(Buffer.from(JSON.stringify(self)), 0)
    } finally {
      file.close()
    }
    try {
      directory.link(draft, nameOf(number))
    } catch (error) {
      // Gone: the owner of a lock made meanwhile has tidied up.
      if (isTaken(error) || isMissing(error)) return null
      throw error
    } finally {
      directory.unlinkIfThere(draft)
    }
    const numbers = directory.numbers('lock')
    for (const other of numbers) if (other < number) directory.unlinkIfThere(nameOf(other))
    // It was made from an old view: the lock has gone on since.
    if (numbers.at(-1) !== number) {
      directory.unlinkIfThere(nameOf(number))
      return null
    }
    for (const name of directory.list()) if (name.startsWith(DRAFT)) directory.unlinkIfThere(name)
    return new Lock(directory, number)
  }

  /** Gives the lock back. The file stays: the next lock has a higher number. */
  giveBack(): void {
    const file = this.#directory.open(nameOf(this.#number), 'write')
    try {
      file.truncate(0)
    } finally {
      file.close()
    }
  }
}

/** The owner of lock `number`; null if it was given back, undefined if it is there no more. */
function ownerIn(directory: Directory, number: number): Owner | null | undefined {
  try {
    const content = directory.text(nameOf(number))
    return content === '' ? null : (JSON.parse(content) as Owner)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** True where it is proved that a process is there no more. */
export function isDead(owner: Owner, { self, beginOf }: Processes): boolean {
  // Of another machine, or another container: nothing can be told from here.
  if (owner.host !== self.host && owner.boot !== self.boot) return false
  if (owner.boot !== null && self.boot !== null && owner.boot !== self.boot) return true
  if (owner.namespace !== self.namespace) return false
  const began = beginOf(owner.pid)
  if (began === 'gone') return true
  return owner.began !== null && began !== null && began !== owner.began
}

function locked(
  directory: Directory,
  number: number,
  { pid, host, namespace }: Owner,
): ZVerseError {
  const { self } = SYSTEM_PROCESSES
  const isHere = host === self.host && namespace === self.namespace
  const who = pid === self.pid && isHere ? 'this process' : `process ${pid}`
  const where = isHere ? '' : ` of another container or machine (${host})`
  const hint = isHere
    ? ''
    : `; if it is dead for certain, delete ${directory.pathOf(nameOf(number))}`
  const message = `${directory.path} is open in ${who}${where}${hint}`
  return new ZVerseError('ZVERSE_LOCKED', message, { pid })
}

/** The content of a file of the system; null if there is none. */
function told(read: () => string): string | null {
  try {
    return read().trim()
  } catch {
    return null
  }
}

/** When a process of this system began, by /proc. */
function beginOf(pid: number): number | 'gone' | null {
  const stat = told(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (stat !== null) return beginIn(stat) ?? 'gone'
  try {
    process.kill(pid, 0)
    return null
  } catch (error) {
    return (error as { code?: string }).code === 'ESRCH' ? 'gone' : null
  }
}

function self(): Owner {
  const began = beginOf(process.pid)
  return {
    pid: process.pid,
    began: typeof began === 'number' ? began : null,
    boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
    namespace: told(() => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
  }
}

/** Those of the system. */
export const SYSTEM_PROCESSES: Processes = { self: self(), beginOf }
