/**
 * A node: keeps a database at what a replicated log says, and puts into the log what its threads want to change.
 *
 * All changes go the same way. This node evaluates a group of submissions, or a verb, on the newest version that it has,
 * which gives a change in its byte form and has no effect yet. It appends that to the log on condition that nothing else
 * comes first; and applies the record once it is there, as all nodes do with all records. Where another node was first,
 * the change is void: this node applies what came, and evaluates again (docs/decisions/0042-replicas.md).
 *
 * Two loops of one thread: {@link ReplicaNode.#read} applies records, {@link ReplicaNode.#work} has one append under
 * way at a time. Invariant: what is evaluated is on top of record `applied.sequence`, and is appended right behind that.
 */
import { randomBytes } from 'node:crypto'
import type { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { ReplicaState, Replicator } from '../engine/replicator.js'
import type { Signal } from '../engine/signal.js'
import { ZVerseError } from '../errors.js'
import { H_PUMP_IDLE } from '../memory/layout.js'
import { unavailable } from '../queue/outcome.js'
import { anchor } from '../threads/alive.js'
import { monotonic } from '../threads/clock.js'
import { turn } from '../threads/loop.js'
import * as rings from '../threads/rings.js'
import { sleepUnheld } from '../threads/watch.js'
import { type Applied, isUnavailable, shorter } from './applied.js'
import { Bell } from './bell.js'
import { type Change, contentsOf, type Deferral } from './deferral.js'
import { Ending } from './ending.js'
import { Group } from './group.js'
import { committing, type Job, MarkJob, VerbJob } from './job.js'
import {
  LogConflict,
  type LogRecord,
  LogTrimmed,
  LogUnavailable,
  type ReplicatedLog,
} from './log.js'
import { type Content, checkOf, encode, TICKET } from './record.js'
import { VOID } from './turns.js'

/** ms after which the event loop gets a turn while records are applied. */
const SPELL = 5
/** Longest sleep, ms; and between looks at how far the log is. */
const LISTENING = 250
const LOOK_EVERY = 1000
const CLOSING = 5
/** Looks in a row at a log that lacks records, after which it has lost them. */
const PATIENCE = 5

/** The append that is under way. */
interface Out {
  readonly ids: readonly string[]
  readonly base: number
  settle(outcome: 'won' | 'lost'): void
}

export interface NodeSettings {
  readonly node: string
  /** ms that a change waits for the log. */
  readonly timeout: number
}

export class ReplicaNode implements Replicator {
  readonly #engine: Engine
  readonly #log: ReplicatedLog
  readonly #deferral: Deferral
  readonly #applied: Applied
  readonly #settings: NodeSettings
  readonly #group: Group
  readonly #jobs: Job[] = []
  /** Those that wait for proof that nothing newer was committed. */
  #syncs: { resolve(version: number): void; reject(error: unknown): void }[] = []
  #out: Out | null = null
  readonly #salt = randomBytes(8).toString('hex')
  #ids = 0
  /** When it may draw a ticket again: one may be on its way. */
  #drawsAt = 0
  #last: number
  #rejoined = 0
  #error: ZVerseError | undefined
  #isClosed = false
  readonly #ended = new Ending()
  #loops: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined
  /** Rings when something is applied, and at the end. */
  readonly #bell: Bell
  /** Joins anew, with a snapshot; null where it cannot. */
  rejoin: (() => Promise<void>) | null = null
  /** Called after each run of records. */
  onApplied: () => void = () => {}

  constructor(
    engine: Engine,
    log: ReplicatedLog,
    deferral: Deferral,
    applied: Applied,
    settings: NodeSettings,
  ) {
    this.#engine = engine
    this.#log = log
    this.#deferral = deferral
    this.#applied = applied
    this.#settings = settings
    this.#last = applied.sequence
    this.#group = new Group(engine)
    this.#bell = new Bell(engine.epochs.arena)
  }

  begin(): void {
    this.#loops = Promise.allSettled([this.#read(), this.#work(), this.#look()])
  }

  get state(): ReplicaState {
    const { sequence, time } = this.#applied
    const last = Math.max(this.#last, sequence)
    const { node } = this.#settings
    const state: ReplicaState = {
      connected: !this.#isOver && this.#log.connected,
      ...{ last, applied: sequence },
      lagMs: last === sequence ? 0 : Math.max(0, Date.now() - time),
      ...{ node, rejoined: this.#rejoined },
    }
    return this.#error === undefined ? state : { ...state, error: this.#error }
  }

  // ── What is wanted ────────────────────────────────────────────────────────────────────────────

  async run<T>(
    verb: () => T,
    proves: boolean,
    retries: number,
    signal?: Signal | undefined,
  ): Promise<T> {
    this.#check()
    const job = new VerbJob(verb, proves, retries, signal)
    this.#jobs.push(job)
    this.#wake()
    anchor.hold()
    try {
      return await job.promise
    } finally {
      anchor.letGo()
    }
  }

  take(batch: Batch): Promise<number> {
    return this.run(committing(this.#engine, batch), true, ANY_TIMES)
  }

  /**
   * Puts a mark with a body into the log, if `isWanted` still says so when it comes to that.
   * @returns whether it is there
   */
  async mark(body: Uint32Array, isWanted: () => boolean): Promise<boolean> {
    const job = new MarkJob(body, isWanted)
    this.#jobs.push(job)
    this.#wake()
    return job.promise
  }

  async sync(): Promise<number> {
    this.#check()
    anchor.hold()
    try {
      return await new Promise<number>((resolve, reject) => {
        this.#syncs.push({ resolve, reject })
        this.#wake()
      })
    } finally {
      anchor.letGo()
    }
  }

  /** @throws ZVerseError why nothing can be put into the log */
  #check(): void {
    this.#engine.gate.check()
    if (this.#error !== undefined) throw this.#error
  }

  #wake(): void {
    rings.tellPump(this.#engine.epochs.arena.signed)
  }

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────

  async #read(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#readOn()
        // Only an end that was asked for comes without an error.
        if (!this.#isClosed) await this.#bell.sleep(LISTENING)
      } catch (error) {
        if (this.#isClosed) return
        if (error instanceof LogTrimmed && this.rejoin !== null) await this.#joinAnew()
        else if (error instanceof LogUnavailable) await this.#bell.sleep(LISTENING)
        else this.#stop(error)
      }
    }
  }

  async #readOn(): Promise<void> {
    let since = monotonic()
    for await (const record of this.#log.read(this.#applied.sequence + 1, this.#ended)) {
      if (this.#isClosed) return
      if (record.sequence > this.#applied.sequence) this.#take(record)
      if (monotonic() - since < SPELL) continue
      await turn()
      since = monotonic()
    }
  }

  #take(record: LogRecord): void {
    this.#applied.take(record)
    this.#last = Math.max(this.#last, record.sequence)
    const out = this.#out
    if (out !== null && record.sequence > out.base) {
      const place = record.sequence - out.base
      if (out.ids[place - 1] !== record.id) out.settle('lost')
      else if (place === out.ids.length) out.settle('won')
    }
    this.#bell.ring()
    this.onApplied()
  }

  async #joinAnew(): Promise<void> {
    try {
      await this.rejoin?.()
      this.#rejoined++
      this.#out?.settle('lost')
      this.#bell.ring()
    } catch (error) {
      if (error instanceof LogUnavailable) await this.#bell.sleep(LISTENING)
      else this.#stop(error)
    }
  }

  /** Looks how far the log is, now and then: while nothing comes, nobody else tells. */
  async #look(): Promise<void> {
    for (let missing = 0; !this.#isOver; ) {
      await this.#bell.sleep(LOOK_EVERY, () => this.#isOver)
      if (this.#isClosed) return
      const { sequence } = this.#applied
      try {
        const { last } = await this.#log.ends()
        this.#last = Math.max(this.#last, last)
        // A leader that does not know yet that it is none any more may be behind for a while.
        missing = last < sequence ? missing + 1 : 0
        if (missing < PATIENCE) continue
        this.#stop(shorter(last, sequence))
      } catch {
        // `connected` tells.
      }
    }
  }

  // ── Appending ─────────────────────────────────────────────────────────────────────────────────

  async #work(): Promise<void> {
    const { W, epochs } = this.#engine
    const { signed } = epochs.arena
    while (!this.#isClosed) {
      try {
        if (await this.#once()) continue
      } catch (error) {
        if (this.#isClosed) return
        this.#stop(error)
        continue
      }
      rings.setPumpIdle(signed, true)
      const isIdle = !this.#hasOwnWork && !rings.anyWork(W)
      if (isIdle) await sleepUnheld(epochs.arena, H_PUMP_IDLE, 1, LISTENING)
      if (!this.#isClosed) rings.setPumpIdle(signed, false)
    }
  }

  get #hasOwnWork(): boolean {
    return this.#jobs.length > 0 || this.#syncs.length > 0 || this.#group.size > 0
  }

  /** One append, or as many as it takes; false where there is nothing to do. */
  async #once(): Promise<boolean> {
    const syncs = this.#syncs
    this.#syncs = []
    const job = this.#jobs.shift()
    const hasGroup = this.#group.choose()
    if (job === undefined && !hasGroup && syncs.length === 0) return false
    const deadline = monotonic() + this.#settings.timeout
    let isProved = false
    if (hasGroup) isProved = await this.#settleGroup(deadline)
    if (job !== undefined) isProved = (await this.#settleJob(job, deadline)) || isProved
    try {
      if (!isProved && syncs.length > 0) await this.#settle(() => null, deadline, ANY_TIMES)
      const { newest } = this.#engine.epochs.versions
      for (const { resolve } of syncs) resolve(newest)
    } catch (error) {
      for (const { reject } of syncs) reject(error)
    }
    return true
  }

  /** @returns whether the log has taken something */
  async #settleGroup(deadline: number): Promise<boolean> {
    const group = this.#group
    let isProved = false
    try {
      while (!group.isDone) {
        try {
          await this.#settle(() => group.evaluate(this.#deferral), deadline, ANY_TIMES)
          isProved = true
          group.advance()
        } catch (error) {
          if (!isUnavailable(error)) throw error
          group.fail(error as ZVerseError)
        }
      }
    } finally {
      // Where this node stops, nobody can tell of what was under way.
      while (!group.isDone) group.fail(unavailable('unknown'))
      group.tell()
    }
    return isProved
  }

  async #settleJob(job: Job, deadline: number): Promise<boolean> {
    try {
      const isProved = await this.#settle(
        () => {
          if (job.signal?.aborted === true) throw job.signal.reason
          return job.evaluate(this.#deferral)
        },
        deadline,
        job.retries,
      )
      job.done()
      return isProved
    } catch (error) {
      job.fail(error)
      return false
    }
  }

  /**
   * Evaluates until the log takes what comes of it.
   * @returns false where there was nothing for the log
   * @throws ZVerseError `ZVERSE_UNAVAILABLE`; `ZVERSE_CONFLICT` where other nodes were first too often; what `evaluate` throws
   */
  async #settle(
    evaluate: () => Change | null | undefined,
    deadline: number,
    retries: number,
  ): Promise<boolean> {
    for (let tries = 0; ; tries++) {
      if (this.#error !== undefined) throw this.#error
      await this.#giveWay(tries, deadline)
      const base = this.#applied.sequence
      const change = this.#evaluating(evaluate)
      if (change === undefined) return false
      const { newest } = this.#engine.epochs.versions
      const contents = contentsOf(change, newest, this.#log.maxRecordBytes)
      if (await this.#append(contents, base, deadline)) return true
      if (!(await this.#comesAfter(base, deadline))) throw this.#error ?? unavailable('none')
      if (tries >= retries) {
        const message = `other nodes were first ${tries + 1} times: try again, or allow more retries`
        throw new ZVerseError('ZVERSE_CONFLICT', message)
      }
    }
  }

  /** Lets those go first whose turn it is; draws a ticket where others are faster again and again. */
  async #giveWay(tries: number, deadline: number): Promise<void> {
    const { turns } = this.#applied
    if (tries >= VOID && !turns.hasTicket && monotonic() >= this.#drawsAt) {
      this.#drawsAt = monotonic() + LISTENING
      const bytes = encode({ kind: TICKET, version: 0 }, 0)
      await this.#log.announce(this.#newId(), bytes).catch(() => {})
    }
    for (let wait = turns.wait; wait > 0 && monotonic() < deadline; wait = turns.wait) {
      if (this.#isOver) return
      await this.#bell.sleep(wait, () => turns.wait === 0 || this.#isOver)
    }
  }

  #evaluating<T>(evaluate: () => T): T {
    this.#engine.isReplicating = true
    try {
      return evaluate()
    } finally {
      this.#engine.isReplicating = false
    }
  }

  /**
   * Appends records behind record `base`, and applies them.
   * @returns false where another record came first
   * @throws ZVerseError `ZVERSE_UNAVAILABLE`
   */
  async #append(contents: readonly Content[], base: number, deadline: number): Promise<boolean> {
    let { check } = this.#applied
    const records = contents.map((content, i): LogRecord => {
      const bytes = encode(content, check)
      check = checkOf(bytes)
      return { sequence: base + 1 + i, id: this.#newId(), bytes }
    })
    const read = new Promise<'won' | 'lost'>(settle => {
      this.#out = { ids: records.map(({ id }) => id), base, settle }
    })
    try {
      const appended = this.#appendAll(records, deadline)
      if ((await Promise.race([read, appended])) === 'lost') {
        // What comes next expects what has come: the log must not take it for what goes on from this.
        await appended.catch(() => {})
        return false
      }
      // It may have been closed, or has come by reading.
      for (const record of records) {
        if (record.sequence > this.#applied.sequence && !this.#isClosed) this.#takeOwn(record)
      }
      return true
    } finally {
      this.#out = null
    }
  }

  /** Unique, also among nodes of one name, and for a node that begins anew. */
  #newId(): string {
    return `${this.#settings.node}-${this.#salt}.${++this.#ids}`
  }

  /** Applies a record of this node's own; where that fails, others have it all the same. */
  #takeOwn(record: LogRecord): void {
    try {
      this.#take(record)
    } catch (error) {
      this.#stop(error)
      throw unavailable('unknown', error)
    }
  }

  /** One after the other: a part that came behind another node's record would be none of this chain. */
  async #appendAll(records: readonly LogRecord[], deadline: number): Promise<'won' | 'lost'> {
    try {
      for (const { sequence, id, bytes } of records) {
        const timeout = Math.max(1, deadline - monotonic())
        const made = await this.#log.append(sequence - 1, id, bytes, timeout)
        if (made === sequence) continue
        const message = `an append was to make record ${sequence}, and made ${made}`
        throw new ZVerseError('ZVERSE_CORRUPT', `${message}: the log breaks its contract`)
      }
      return 'won'
    } catch (error) {
      if (error instanceof LogConflict) return 'lost'
      if (error instanceof LogUnavailable) throw unavailable(error.outcome, error)
      throw error
    }
  }

  /** Waits until a record behind `base` is applied; false where none comes in time. */
  async #comesAfter(base: number, deadline: number): Promise<boolean> {
    while (this.#applied.sequence <= base) {
      const left = deadline - monotonic()
      if (left <= 0 || this.#isOver) return false
      const is = () => this.#applied.sequence > base || this.#isOver
      await this.#bell.sleep(Math.min(left, LISTENING), is)
    }
    return true
  }

  /** Nothing more comes of this node. */
  get #isOver(): boolean {
    return this.#isClosed || this.#error !== undefined
  }

  /** Resolves once record `sequence` is applied. @throws ZVerseError why it never will be */
  async caughtUp(sequence: number): Promise<void> {
    while (this.#applied.sequence < sequence) {
      this.#check()
      await this.#bell.sleep(LISTENING, () => this.#applied.sequence >= sequence || this.#isOver)
    }
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────

  /** Stops for good: reads go on, at what was applied. */
  #stop(error: unknown): void {
    this.#error = error instanceof ZVerseError ? error : unavailable('none', error)
    this.#end(this.#error)
  }

  #end(error: unknown): void {
    this.#ended.abort()
    this.#out?.settle('lost')
    for (const job of this.#jobs.splice(0)) job.fail(error)
    for (const { reject } of this.#syncs.splice(0)) reject(error)
    this.#bell.ring()
    this.#wake()
  }

  /** Idempotent; other calls wait for the same. */
  close(rejects: boolean): Promise<void> {
    this.#closing ??= this.#close(rejects)
    return this.#closing
  }

  async #close(rejects: boolean): Promise<void> {
    const engine = this.#engine
    const deadline = monotonic() + this.#settings.timeout
    const isBusy = () =>
      this.#out !== null || (!rejects && (this.#hasOwnWork || (engine.queue?.depth ?? 0) > 0))
    anchor.hold()
    try {
      while (this.#error === undefined && isBusy() && monotonic() < deadline) {
        await this.#bell.sleep(CLOSING)
      }
      this.#isClosed = true
      this.#end(
        new ZVerseError('ZVERSE_CLOSED', 'the database was closed before this was committed'),
      )
      engine.close(true)
      await this.#log.close()
      await this.#loops
    } finally {
      anchor.letGo()
    }
  }
}

/** It goes on as long as its time lasts. */
const ANY_TIMES = Number.POSITIVE_INFINITY
