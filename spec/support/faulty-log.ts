/**
 * A replicated log on a bad day: another one behind which answers are lost, appends arrive late or twice, connections
 * break. It keeps the contract of lib/replica/log.ts through all of it, so whoever uses a log must live with it. What
 * goes wrong, and when, is decided by a seed; only the order in which the event loop does things is not.
 */
import { setImmediate, setTimeout } from 'node:timers/promises'
import {
  LogConflict,
  type LogEnds,
  type LogRecord,
  LogUnavailable,
  type ReplicatedLog,
  type Snapshot,
} from '../../lib/replica/log.js'
import { Random } from './random.js'

/** How probable each fault is, from 0 to 1. */
export interface Faults {
  /** An append happens, and its answer is lost: 'unknown'. */
  lost: number
  /** An append never arrives: 'none', or 'unknown'. */
  dropped: number
  /** An append arrives after its caller was told 'unknown'; or never, if the node is closed before. */
  late: number
  /** An append arrives twice, at once or much later. */
  twice: number
  /** Another one has appended just before; only where {@link FaultyOptions.rival} says how. */
  rival: number
  /** A call, an answer, a record of a reader is delayed. */
  delayed: number
  /** A reader's connection breaks, for each of its records; it begins again where it was. */
  reread: number
  /** `ends`, `trim` fail, the latter perhaps after it was done. */
  ends: number
  /** A snapshot is put, or got, and that fails: before, in the middle, or, of a put, after it was done. */
  snapshots: number
  /** The node is cut off for a while, for each call. */
  cut: number
}

/** Faults of every kind. */
export const STORM: Readonly<Faults> = {
  ...{ lost: 0.08, dropped: 0.08, late: 0.08, twice: 0.1, rival: 0.05, delayed: 0.3, reread: 0.05 },
  ...{ ends: 0.1, snapshots: 0.2, cut: 0.01 },
}

/** What nobody can see, but by the time it takes: the conformance suite passes. */
export const DRIZZLE: Readonly<Partial<Faults>> = { twice: 0.2, delayed: 0.3, reread: 0.1 }

const CALM: Readonly<Faults> = {
  ...{ lost: 0, dropped: 0, late: 0, twice: 0, rival: 0, delayed: 0, reread: 0 },
  ...{ ends: 0, snapshots: 0, cut: 0 },
}

export interface FaultyOptions {
  readonly seed: number
  /** Those that are not given do not happen. */
  readonly faults?: Readonly<Partial<Faults>>
  /** Appends a record of another node, which users of the log can read, behind record `last`, say. */
  readonly rival?: (last: number) => Promise<unknown>
}

/** An append under way. */
interface Sending {
  readonly expected: number
  /** The one whose record it expects. */
  readonly behind: Sending | undefined
  /** It is handed to the log behind; what it has come to there, if anything yet. */
  isSent: boolean
  sequence: number | null | undefined
}

export class FaultyLog implements ReplicatedLog {
  readonly inner: ReplicatedLog
  /** May be changed at any time. */
  readonly faults: Faults
  /** How often each fault has happened. */
  readonly happened: Faults = { ...CALM }
  readonly #random: Random
  readonly #rival: FaultyOptions['rival']
  readonly #late = new Set<Promise<unknown>>()
  readonly #sending = new Map<number, Sending>()
  /** Appends are handed on in their order, but for those that are late. */
  #line: Promise<unknown> = Promise.resolve()
  #isCut = false
  /** Rises with each cut: an answer that was asked for before is lost. */
  #cuts = 0
  #isClosed = false

  constructor(inner: ReplicatedLog, options: FaultyOptions) {
    this.inner = inner
    this.faults = { ...CALM, ...options.faults }
    this.#random = new Random(options.seed)
    this.#rival = options.rival
  }

  get maxRecordBytes(): number {
    return this.inner.maxRecordBytes
  }

  get connected(): boolean {
    return !this.#isCut && this.inner.connected
  }

  /** Nothing goes wrong from now on; resolves when all that is late has arrived. */
  async calm(): Promise<void> {
    Object.assign(this.faults, CALM)
    this.mend()
    while (this.#late.size > 0) await Promise.allSettled(this.#late)
    this.mend()
  }

  /** Cuts the node off, until {@link mend}. */
  cut(): void {
    this.#isCut = true
    this.#cuts++
  }

  mend(): void {
    this.#isCut = false
  }

  open(): Promise<void> {
    return this.inner.open()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.inner.close()
  }

  #strikes(fault: keyof Faults): boolean {
    if (!this.#random.chance(this.faults[fault])) return false
    this.happened[fault]++
    return true
  }

  /** A few turns of the event loop, or ms. */
  async #wait(most = 8): Promise<void> {
    const turns = 1 + this.#random.int(most)
    if (this.#random.chance(0.1)) await setTimeout(turns)
    else for (let i = 0; i < turns; i++) await setImmediate()
  }

  async #mayWait(): Promise<void> {
    if (this.#strikes('delayed')) await this.#wait()
  }

  /** Something for later. */
  #afterwards(body: () => Promise<unknown>): void {
    const done = this.#wait(60).then(body)
    this.#late.add(done)
    const forget = () => this.#late.delete(done)
    done.then(forget, forget)
  }

  #mayCut(): void {
    if (this.#isCut || !this.#strikes('cut')) return
    this.cut()
    const which = this.#cuts
    this.#afterwards(async () => {
      if (which === this.#cuts) this.mend()
    })
  }

  #unavailable(outcome?: 'none' | 'unknown'): LogUnavailable {
    const told = outcome ?? this.#random.pick(['none', 'unknown'] as const)
    return new LogUnavailable(told, 'A fault of the test')
  }

  /** A call that can be made again. Its answer is lost where the node is cut off meanwhile. */
  async #call<T>(fault: keyof Faults, body: () => Promise<T>, isChange: boolean): Promise<T> {
    if (this.#isClosed) return await body()
    this.#mayCut()
    await this.#mayWait()
    if (this.#isCut) throw this.#unavailable()
    const strikes = this.#strikes(fault)
    if (strikes && !(isChange && this.#random.chance(0.5))) throw this.#unavailable()
    const cuts = this.#cuts
    const result = await body()
    await this.#mayWait()
    if (strikes || cuts !== this.#cuts) throw this.#unavailable('unknown')
    return result
  }

  async announce(id: string, bytes: Uint8Array): Promise<void> {
    await this.#mayWait()
    if (this.#strikes('dropped') || !this.connected) throw this.#unavailable('unknown')
    await this.inner.announce(id, bytes)
  }

  async append(expected: number, id: string, bytes: Uint8Array, timeout: number): Promise<number> {
    // What the caller is told of itself is no fault.
    if (this.#isClosed || bytes.length > this.maxRecordBytes) {
      return await this.inner.append(expected, id, bytes, timeout)
    }
    const sending: Sending = {
      ...{ expected, behind: this.#sending.get(expected - 1) },
      ...{ isSent: false, sequence: undefined },
    }
    this.#sending.set(expected, sending)
    this.#mayCut()
    try {
      return await this.#send(sending, id, bytes.slice(), timeout)
    } finally {
      if (this.#sending.get(expected) === sending) this.#sending.delete(expected)
    }
  }

  async #send(sending: Sending, id: string, bytes: Uint8Array, timeout: number): Promise<number> {
    const { expected } = sending
    const isLate = this.#strikes('late')
    const isDropped = !isLate && this.#strikes('dropped')
    const isLost = this.#strikes('lost')
    const send = () => this.#handOn(sending, id, bytes, timeout)

    const before = this.#line
    let goOn = () => {}
    this.#line = new Promise<void>(resolve => (goOn = resolve))
    let answer: Promise<number>
    const cuts = this.#cuts
    try {
      await before
      await this.#mayWait()
      const rival = this.#rival
      if (rival !== undefined && this.#strikes('rival')) await rival(expected).catch(() => {})
      // The one before has come somewhere or nowhere, and that is known here, or it is under way in the log behind.
      await setImmediate()
      if (this.#isCut && !isLate) throw this.#unavailable()
      if (isDropped) throw this.#unavailable()
      if (isLate) {
        this.#afterwards(async () => this.#isClosed || (await send()))
        throw this.#unavailable('unknown')
      }
      answer = send()
    } finally {
      goOn()
    }
    if (this.#strikes('twice')) {
      const again = async () => this.#isClosed || this.inner.append(expected, id, bytes, timeout)
      // Only behind one that has come somewhere: else it would be a late one, of which nobody was told.
      this.#afterwards(() => answer.then(again))
    }
    let sequence: number
    try {
      sequence = await answer
    } catch (error) {
      if (isLost || cuts !== this.#cuts) throw this.#unavailable('unknown')
      throw error
    }
    await this.#mayWait()
    if (isLost || cuts !== this.#cuts) throw this.#unavailable('unknown')
    return sequence
  }

  /** Hands an append on, unless the one before came nowhere: what it expects may be another's record. */
  async #handOn(sending: Sending, id: string, bytes: Uint8Array, timeout: number): Promise<number> {
    const { expected, behind } = sending
    sending.isSent = true
    try {
      if (behind !== undefined && !this.#isClosed) {
        const isThere = behind.sequence === undefined || behind.sequence === expected
        if (!behind.isSent || !isThere) {
          throw new LogConflict('The append before has come nowhere, or not yet')
        }
      }
      const append = () => this.inner.append(expected, id, bytes, timeout)
      const answer = append()
      if (this.#strikes('twice')) append().catch(() => {})
      return (sending.sequence = await answer)
    } catch (error) {
      sending.sequence = null
      throw error
    }
  }

  async *read(from: number, signal: AbortSignal): AsyncGenerator<LogRecord> {
    const ends = () => signal.aborted || this.#isClosed
    for (let next = from; !ends(); ) {
      const connection = new AbortController()
      const abort = () => connection.abort()
      signal.addEventListener('abort', abort)
      try {
        for await (const record of this.inner.read(next, connection.signal)) {
          await this.#mayWait()
          while (this.#isCut && !ends()) await setTimeout(1)
          if (ends()) return
          if (this.#strikes('reread')) break
          yield record
          next++
        }
      } finally {
        signal.removeEventListener('abort', abort)
        connection.abort()
      }
      if (!ends()) await this.#wait()
    }
  }

  ends(): Promise<LogEnds> {
    return this.#call('ends', () => this.inner.ends(), false)
  }

  trim(before: number): Promise<void> {
    return this.#call('ends', () => this.inner.trim(before), true)
  }

  putSnapshot(snapshot: Snapshot): Promise<void> {
    const parts = this.#mayBreak(snapshot.parts)
    return this.#call('snapshots', () => this.inner.putSnapshot({ ...snapshot, parts }), true)
  }

  async getSnapshot(): Promise<Snapshot | undefined> {
    const snapshot = await this.#call('snapshots', () => this.inner.getSnapshot(), false)
    return snapshot && { ...snapshot, parts: this.#mayBreak(snapshot.parts) }
  }

  async *#mayBreak(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const breaks = this.#strikes('snapshots')
    const cuts = this.#cuts
    for await (const part of parts) {
      await this.#mayWait()
      if ((breaks && this.#random.chance(0.3)) || cuts !== this.#cuts) {
        throw this.#unavailable('unknown')
      }
      yield part
    }
    if (breaks) throw this.#unavailable('unknown')
  }
}
