/**
 * A replicated log that is kept in one process: what the logs in memory and in a file have in common, which is all but
 * where records lie. Several nodes of the process share one {@link Ledger}; a {@link LocalNode} is one of them.
 *
 * Invariants:
 * 1. Groups of appends, and trims, take turns ({@link Ledger.alone}). A group is decided, written and made durable as
 *    one; then its appends are answered, those in conflict too: they may be so by records that were not durable yet.
 * 2. Readers see what is durable.
 * 3. An append that was called while another of its node was under way, whose record it expects, comes behind that
 *    record or nowhere: not behind one of another node that has the same sequence.
 */
import { clearTimeout, setTimeout } from 'node:timers'
import type { Signal } from '../engine/signal.js'
import {
  LogConflict,
  type LogEnds,
  type LogRecord,
  LogTrimmed,
  LogUnavailable,
  type ReplicatedLog,
  type Snapshot,
} from './log.js'

/** Where records and snapshots lie. Its {@link add} and {@link trim} are called in turns. */
export interface Shelf {
  open(): Promise<void>
  close(): Promise<void>
  /** The oldest record, or the one to come. */
  readonly first: number
  readonly last: number
  /** The sequence of the record that was appended with this id, if it is known. */
  sequenceOf(id: string): number | undefined
  /** Puts records behind the last one, durably. @throws Unwritten, or what leaves that in doubt */
  add(records: readonly LogRecord[]): Promise<void>
  /** A record from `first` to `last`, as bytes of the caller's own; undefined if it is trimmed by now. */
  record(sequence: number): Promise<LogRecord | undefined>
  /** Lets go of records before `before`, which is above `first` and `last` + 1 at most. */
  trim(before: number): Promise<void>
  /** Keeps a snapshot, unless there is a newer one. */
  putSnapshot(snapshot: Snapshot): Promise<void>
  getSnapshot(): Promise<Snapshot | undefined>
}

/** Nothing was written, nor will be; the shelf is as it was. */
export class Unwritten extends Error {
  override readonly name = 'Unwritten'
}

/** Bytes of a group of appends, beyond which the next ones wait for the next group. */
const GROUP_BYTES = 2 ** 24
/** The longest that a timer takes; who gives an append longer waits without one. */
const MAX_TIMEOUT = 2 ** 31 - 1
/** Bytes of an id, in a file. */
const MOST_ID_BYTES = 65_535

/** An append under way. */
interface Pending {
  readonly expected: number
  readonly id: string
  readonly bytes: Uint8Array
  /** The append of the same node whose record it expects, where that was under way. */
  readonly behind: Pending | undefined
  /** It is in a group, so nobody can call it back. */
  isTaken: boolean
  /** Its node waits for it no more. */
  isGivenUp: boolean
  /** Its record's; undefined until then. */
  sequence: number | undefined
  resolve(sequence: number): void
  reject(error: Error): void
}

const unavailable = (outcome: 'none' | 'unknown', why: string, cause?: unknown): LogUnavailable =>
  new LogUnavailable(outcome, why, cause === undefined ? undefined : { cause })

/** The shared part of a log. Nodes alone use it. */
export class Ledger {
  readonly shelf: Shelf
  readonly maxRecordBytes: number
  /** Wakes the readers that wait. */
  readonly #waiting = new Set<() => void>()
  /** What must end before the shelf is closed. */
  readonly #underWay = new Set<Promise<unknown>>()
  #queue: Pending[] = []
  #hasTurn = false
  #turns: Promise<unknown> = Promise.resolve()
  /** Opens and closes of the shelf, which take turns. */
  #opens: Promise<unknown> = Promise.resolve()
  #nodes = 0
  #failure: unknown

  constructor(shelf: Shelf, maxRecordBytes: number) {
    this.shelf = shelf
    this.maxRecordBytes = maxRecordBytes
  }

  /** False once nobody can tell any more what is on the disk. */
  get isSound(): boolean {
    return this.#failure === undefined
  }

  /** @throws LogUnavailable */
  check(): void {
    if (this.isSound) return
    throw unavailable('none', 'The log has failed; close its nodes and open it anew', this.#failure)
  }

  /** A node comes; the first one opens the shelf. */
  join(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#nodes === 0) {
        await this.shelf.open()
        this.#failure = undefined
      }
      this.#nodes++
    })
  }

  /** A node goes; the last one closes the shelf. */
  leave(): Promise<void> {
    return this.#inOrder(async () => {
      if (--this.#nodes > 0) return
      while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
      await this.shelf.close()
    })
  }

  #inOrder(body: () => Promise<void>): Promise<void> {
    const done = this.#opens.then(body)
    this.#opens = done.catch(() => {})
    return done
  }

  /** The shelf stays open until it is done. */
  during<T>(body: () => Promise<T>): Promise<T> {
    const done = body()
    this.#underWay.add(done)
    const forget = () => this.#underWay.delete(done)
    done.then(forget, forget)
    return done
  }

  /** Does something while no group is written, nor a trim under way. */
  alone<T>(body: () => Promise<T>): Promise<T> {
    return this.during(() => {
      const done = this.#turns.then(body)
      this.#turns = done.catch(() => {})
      return done
    })
  }

  append(pending: Pending): void {
    this.#queue.push(pending)
    this.#nextGroup()
  }

  #nextGroup(): void {
    if (this.#hasTurn || this.#queue.length === 0) return
    this.#hasTurn = true
    void this.alone(() => this.#commit())
  }

  /** A group. Rejects never: its appends do. */
  async #commit(): Promise<void> {
    const group = this.#take()
    const { records, answers } = this.#decide(group)
    let failed: LogUnavailable | undefined
    try {
      this.check()
      if (records.length > 0) await this.shelf.add(records)
    } catch (error) {
      failed = this.#failureOf(error)
    }
    for (const [pending, answer] of answers) {
      if (failed !== undefined) pending.reject(failed)
      else if (typeof answer === 'number') pending.resolve(answer)
      else pending.reject(answer)
    }
    this.wake()
    this.#hasTurn = false
    this.#nextGroup()
  }

  #failureOf(error: unknown): LogUnavailable {
    if (error instanceof LogUnavailable) return error
    if (error instanceof Unwritten) {
      return unavailable('none', 'The record could not be written', error.cause)
    }
    this.#failure = error
    return unavailable('unknown', 'It is unknown whether the record was written', error)
  }

  #take(): Pending[] {
    const group: Pending[] = []
    let bytes = 0
    while (this.#queue.length > group.length && bytes < GROUP_BYTES) {
      const pending = this.#queue[group.length]
      bytes += pending.bytes.length
      pending.isTaken = true
      group.push(pending)
    }
    this.#queue = this.#queue.slice(group.length)
    return group.filter(pending => !pending.isGivenUp)
  }

  /** The records that a group makes, and what each of its appends is told once they are durable. */
  #decide(group: readonly Pending[]) {
    const records: LogRecord[] = []
    const answers: [Pending, number | LogConflict][] = []
    const made = new Map<string, number>()
    let { last } = this.shelf
    for (const pending of group) {
      const { id, bytes, expected, behind } = pending
      let sequence = this.shelf.sequenceOf(id) ?? made.get(id)
      const isBehind = behind === undefined || behind.sequence === expected
      if (sequence === undefined && expected === last && isBehind) {
        sequence = ++last
        made.set(id, sequence)
        records.push({ sequence, id, bytes })
      }
      pending.sequence = sequence
      answers.push([pending, sequence ?? conflict(expected, last)])
    }
    return { records, answers }
  }

  async trim(before: number): Promise<void> {
    await this.alone(async () => {
      this.check()
      const { shelf } = this
      const until = Math.min(before, shelf.last + 1)
      if (until <= shelf.first) return
      try {
        await shelf.trim(until)
      } catch (error) {
        if (!(error instanceof Unwritten)) this.#failure = error
        throw unavailable('unknown', 'The log could not be trimmed', error)
      }
    })
    this.wake()
  }

  /** Resolves when there may be more, or the signal is aborted. */
  news(signal: Signal): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

function conflict(expected: number, last: number): LogConflict {
  const what = last === expected ? 'is another one' : `is record ${last}`
  return new LogConflict(`The append expects record ${expected} to be the newest; that ${what}`)
}

/** ms that an announcement takes at most. */
const SOON = 10_000

/** A log in this process, as one node has it. */
export interface LocalLog extends ReplicatedLog {
  /** Another node of the same log, to be opened and closed for itself. */
  node(): LocalLog
}

export class LocalNode implements LocalLog {
  readonly #ledger: Ledger
  #opening: Promise<void> | undefined
  #isOpen = false
  #closing: Promise<void> | undefined
  /** Ends what waits, where the node is closed. */
  readonly #enders = new Set<() => void>()
  /** Appends under way, by what they expect; the latest one of each. */
  readonly #appends = new Map<number, Pending>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  node(): LocalLog {
    return new LocalNode(this.#ledger)
  }

  get maxRecordBytes(): number {
    return this.#ledger.maxRecordBytes
  }

  get connected(): boolean {
    return this.#isOpen && this.#ledger.isSound
  }

  async open(): Promise<void> {
    if (this.#closing !== undefined) throw unavailable('none', 'The node is closed')
    this.#opening ??= this.#ledger.join()
    try {
      await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
    this.#isOpen = this.#closing === undefined
  }

  /** @throws LogUnavailable */
  #check(): void {
    if (!this.#isOpen) {
      throw unavailable('none', this.#closing ? 'The node is closed' : 'The node is not open')
    }
    this.#ledger.check()
  }

  /** What `promise` comes to; or LogUnavailable, where the node is closed before. */
  #orClosed<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = () => reject(unavailable('unknown', 'The node was closed meanwhile'))
      this.#enders.add(end)
      promise.then(resolve, reject).finally(() => this.#enders.delete(end))
    })
  }

  async announce(id: string, bytes: Uint8Array): Promise<void> {
    for (;;) {
      const { last } = await this.ends()
      try {
        await this.append(last, id, bytes, SOON)
        return
      } catch (error) {
        if (!(error instanceof LogConflict)) throw error
      }
    }
  }

  async append(expected: number, id: string, bytes: Uint8Array, timeout: number): Promise<number> {
    if (bytes.length > this.maxRecordBytes) {
      const sizes = `${bytes.length} bytes; there may be ${this.maxRecordBytes}`
      throw new RangeError(`The record has ${sizes}`)
    }
    if (id.length * 3 > MOST_ID_BYTES) throw new RangeError('The id is too long')
    this.#check()
    return await new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        this.#enders.delete(end)
        if (this.#appends.get(expected) === pending) this.#appends.delete(expected)
      }
      const pending: Pending = {
        ...{ expected, id, bytes: bytes.slice(), behind: this.#appends.get(expected - 1) },
        ...{ isTaken: false, isGivenUp: false, sequence: undefined },
        resolve(sequence) {
          settle()
          resolve(sequence)
        },
        reject(error) {
          settle()
          reject(error)
        },
      }
      const giveUp = (why: string) => {
        pending.isGivenUp = true
        pending.reject(unavailable(pending.isTaken ? 'unknown' : 'none', why))
      }
      const end = () => giveUp('The node was closed meanwhile')
      const late = () => giveUp(`The append has taken more than ${timeout} ms`)
      const timer = timeout <= MAX_TIMEOUT ? setTimeout(late, timeout) : undefined
      this.#enders.add(end)
      this.#appends.set(expected, pending)
      this.#ledger.append(pending)
    })
  }

  async *read(from: number, signal: Signal): AsyncGenerator<LogRecord, void, void> {
    const ledger = this.#ledger
    const { shelf } = ledger
    if (!this.#isOpen && this.#closing === undefined) this.#check()
    for (let next = from; ; ) {
      if (signal.aborted || !this.#isOpen) return
      if (next < shelf.first) {
        throw new LogTrimmed(`Record ${next} was trimmed; the oldest one is ${shelf.first}`)
      }
      if (next > shelf.last) {
        await ledger.news(signal)
        continue
      }
      const record = await ledger.during(() => shelf.record(next))
      if (record === undefined) continue
      if (signal.aborted || !this.#isOpen) return
      yield record
      next++
    }
  }

  async ends(): Promise<LogEnds> {
    this.#check()
    const { first, last } = this.#ledger.shelf
    return { first, last }
  }

  async putSnapshot({ sequence, version, parts }: Snapshot): Promise<void> {
    this.#check()
    const snapshot = { sequence, version, parts: this.#untilClosed(parts) }
    await this.#ledger.during(async () => {
      let failure: { error: unknown } | undefined
      // What the caller's iterable throws passes; what the shelf throws is the log that cannot be reached.
      snapshot.parts = watched(snapshot.parts, error => (failure = { error }))
      try {
        await this.#ledger.shelf.putSnapshot(snapshot)
      } catch (error) {
        throw failure?.error ?? unavailable('unknown', 'The snapshot could not be kept', error)
      }
    })
  }

  async *#untilClosed(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = parts[Symbol.asyncIterator]()
    let isDone: boolean | undefined
    try {
      for (;;) {
        const { done, value } = await this.#orClosed(iterator.next())
        isDone = done
        if (isDone) return
        this.#check()
        yield value
      }
    } finally {
      // It may never come back from where it hangs.
      if (!isDone) iterator.return?.().catch(() => {})
    }
  }

  async getSnapshot(): Promise<Snapshot | undefined> {
    this.#check()
    const { shelf } = this.#ledger
    const snapshot = await this.#orClosed(this.#ledger.during(() => shelf.getSnapshot()))
    return snapshot && { ...snapshot, parts: this.#untilClosed(snapshot.parts) }
  }

  async trim(before: number): Promise<void> {
    this.#check()
    await this.#orClosed(this.#ledger.trim(before))
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#isOpen = false
    for (const end of [...this.#enders]) end()
    this.#ledger.wake()
    if (this.#opening === undefined) return
    try {
      await this.#opening
    } catch {
      // It never was open.
      return
    }
    this.#isOpen = false
    await this.#ledger.leave()
  }
}

/** The same parts; tells of their failure. */
async function* watched(
  parts: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* parts
  } catch (error) {
    failed(error)
    throw error
  }
}
