/**
 * One process at a time has a database open: the lock of its directory.
 *
 * A file `lock-<n>` names the process that has it. Numbers only rise, and the file with the highest one is never
 * deleted, so a lock is never made twice: of twenty processes that find a lock whose owner is dead, one makes the
 * next number. An empty file is a lock that was given back. Invariants:
 * 1. A file has its content as soon as it has its name: it is written under another name, and linked.
 * 2. Whoever has made number n has the lock, unless there is a higher one by then.
 * 3. A lock is taken over only where the death of its owner is proved. What cannot be told is refused.
 * 4. Behind the owner stand the traces of its threads that have, or had, the database open: each leaves its own before
 *    it uses a file. If all of them are dead, the process has the lock no more, though it lives. A thread leaves its
 *    trace and then looks whether the lock is still the last one; who takes it over makes the next one and then looks
 *    whether there is a trace that it has not seen: one of the two sees the other.
 */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { ZVerseError } from '../errors.js'
import { beginIn, lives, ownTrace, type Trace } from '../threads/liveness.js'
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
/** How often a lock may be listed and not be there: the one who made it has taken it back each time. */
const MOST_MISSES = 100

/** A lock that this process has. */
export class Lock {
  readonly #directory: Directory
  /** Of its file: all that another thread needs to give the lock back. */
  readonly number: number

  constructor(directory: Directory, number: number) {
    this.#directory = directory
    this.number = number
  }

  /** @throws ZVerseError `ZVERSE_LOCKED { pid }`, `ZVERSE_CORRUPT`, `ZVERSE_IO` */
  static take(directory: Directory, processes: Processes = SYSTEM_PROCESSES): Lock {
    for (let misses = 0; ; ) {
      const numbers = directory.numbers('lock')
      const highest = numbers.at(-1) ?? 0
      const owner = highest === 0 ? null : ownerIn(directory, highest)
      if (owner === undefined) {
        if (++misses < MOST_MISSES) continue
        throw unusable(directory, highest, 'leads to no file')
      }
      if (
        owner !== null &&
        !isDead(owner, processes) &&
        !isLeft(directory, highest, owner, processes)
      ) {
        throw locked(directory, highest, owner)
      }
      const lock = Lock.#make(directory, highest + 1, processes)
      if (lock !== null) return lock
    }
  }

  /** Makes lock `number`; null if another process was faster. */
  static #make(directory: Directory, number: number, processes: Processes): Lock | null {
    const draft = `${DRAFT}${randomBytes(8).toString('hex')}`
    const file = directory.open(draft, 'create')
    try {
      file.write(Buffer.from(`${JSON.stringify(processes.self)}\n${lineOf(ownTrace())}`), 0)
    } finally {
      file.close()
    }
    const lock = new Lock(directory, number)
    try {
      directory.link(draft, nameOf(number))
    } catch (error) {
      directory.unlinkIfThere(draft)
      // Gone: the owner of a lock made meanwhile has tidied up.
      if (isTaken(error) || isMissing(error)) return null
      throw error
    }
    try {
      lock.#lookBack(processes)
      return lock.#tidy() ? lock : null
    } catch (error) {
      lock.giveBack()
      throw error
    }
  }

  /** A thread may have joined the lock before this one since it was found left: then this one is none. */
  #lookBack(processes: Processes): void {
    const directory = this.#directory
    const before = ownerIn(directory, this.number - 1) ?? null
    if (before === null || isDead(before, processes)) return
    if (isLeft(directory, this.number - 1, before, processes)) return
    directory.unlinkIfThere(nameOf(this.number))
    throw locked(directory, this.number - 1, before)
  }

  /** Deletes what others left; false where the lock was made from an old view, and has gone on since. */
  #tidy(): boolean {
    const directory = this.#directory
    const numbers = directory.numbers('lock')
    for (const other of numbers) if (other < this.number) directory.unlinkIfThere(nameOf(other))
    if (numbers.at(-1) !== this.number) {
      directory.unlinkIfThere(nameOf(this.number))
      return false
    }
    for (const name of directory.list()) if (name.startsWith(DRAFT)) directory.unlinkIfThere(name)
    return true
  }

  /**
   * Another thread of the process uses the directory from now on.
   * @throws ZVerseError `ZVERSE_CLOSED` if the lock has been taken over since, `ZVERSE_IO`
   */
  join(): void {
    const directory = this.#directory
    try {
      const file = directory.open(nameOf(this.number), 'append')
      try {
        file.write(Buffer.from(lineOf(ownTrace())), file.size)
      } finally {
        file.close()
      }
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    if (directory.numbers('lock').at(-1) === this.number) return
    const message = `all threads that had ${directory.path} open are dead, and it has been opened anew`
    throw new ZVerseError('ZVERSE_CLOSED', message)
  }

  /** Gives the lock back. The file stays: the next lock has a higher number. Throws nothing. */
  giveBack(): void {
    // Once more, for else this process could not open the database again.
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const file = this.#directory.open(nameOf(this.number), 'write')
        try {
          file.truncate(0)
          return
        } finally {
          file.close()
        }
      } catch {
        // It ends with the process.
      }
    }
  }
}

/** The owner of lock `number`; null if it was given back, undefined if it is there no more. */
function ownerIn(directory: Directory, number: number): Owner | null | undefined {
  try {
    const content = directory.text(nameOf(number))
    // Given back; or the system has crashed since, before it had written the first of it, whatever it had of the rest.
    return content === '' || content[0] === '\0' ? null : ownerOf(directory, number, content)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function ownerOf(directory: Directory, number: number, content: string): Owner {
  try {
    const owner = JSON.parse(content.split('\n')[0]) as Owner
    if (Number.isSafeInteger(owner.pid) && typeof owner.host === 'string') return owner
  } catch {
    // As if it said something else.
  }
  throw unusable(directory, number, 'is damaged')
}

function unusable(directory: Directory, number: number, what: string): ZVerseError {
  const file = nameOf(number)
  const message = `${directory.pathOf(file)} ${what}: if no process has the database open, delete it`
  return new ZVerseError('ZVERSE_CORRUPT', message, { file, offset: 0 })
}

/** A trace, as a line. */
const lineOf = ({ task, proof }: Trace): string => `${task} ${proof}\n`

/** True where it is proved that this process is the owner, and that no thread of it has the database open. */
function isLeft(directory: Directory, number: number, owner: Owner, { self }: Processes): boolean {
  const isOurs = JSON.stringify(owner) === JSON.stringify(self)
  if (!isOurs || owner.boot === null || owner.namespace === null) return false
  const text = directory.text(nameOf(number))
  const [, ...lines] = text.trim().split('\n')
  // A line that is being written tells of a thread that lives.
  if (lines.length === 0 || !text.endsWith('\n')) return false
  return lines.every(line => {
    const [task, proof] = line.split(' ').map(Number)
    return lives({ task, proof }) === false
  })
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
