/**
 * The write queue, as one handle uses it: what it submits, who commits it, and what comes of it (docs/queue.md).
 *
 * Every thread submits into rings of its own in shared memory, and one thread at a time, the pump, commits what all of
 * them have submitted, in groups. A thread that has submissions becomes the pump where there is none, and stays it while
 * there is something to commit; while one drains, that commits for all, and no other is the pump. What is taken is decided
 * under the lock, so these roles only save threads from queueing for the lock: who sees nothing decided commits by himself.
 */

import { Batch } from '../engine/batch.js'
import { type Engine, replicated, type Submissions } from '../engine/engine.js'
import { UNNAMED } from '../engine/names.js'
import type { Signal } from '../engine/signal.js'
import { ZVerseError } from '../errors.js'
import { acquire } from '../memory/atomic.js'
import { addCount } from '../memory/counts.js'
import {
  H_DRAINER,
  H_LOCK_TIMEOUT,
  H_PRESSURE,
  H_PUMP,
  H_PUMP_IDLE,
  H_REJECTED,
  H_SUBMITTED,
  LANES,
  T_QUEUE,
} from '../memory/layout.js'
import { checkNames, invalidOption, PRIORITIES } from '../options.js'
import type { StoreCore } from '../read/store-core.js'
import { blockAt } from '../threads/block.js'
import { monotonic } from '../threads/clock.js'
import { turn } from '../threads/loop.js'
import * as rings from '../threads/rings.js'
import { Role } from '../threads/role.js'
import { isRunning, marked } from '../threads/running.js'
import { blockOn, sleepOn, sleepUnheld } from '../threads/watch.js'
import { addAll, addOne } from '../write/operations.js'
import { Committer } from './committer.js'
import { Lane } from './lane.js'
import { Gauge, type Pressure } from './pressure.js'
import { closed } from './waiting.js'

/** ms after which the event loop gets a turn, though all that is done is done in promises. */
const SPELL = 2
/** Longest sleep of a thread that would commit for all, and of one that only listens, ms. */
const SLICE = 20
const LISTENING = 250
/** Where nothing is decided for so long, ms, the pump does not get on: its thread may be at other work. */
const STUCK = 5
const NORMAL = 1
const CLOSING_FRAME = 'zverse:closing'
const inClosing = marked(CLOSING_FRAME, (body: () => void) => body())

export class Queue implements Submissions {
  readonly #engine: Engine
  readonly #lanes: readonly Lane[]
  readonly #gauge: Gauge
  readonly #committer: Committer
  readonly #role: Role
  readonly #drainer: Role
  /** A batch that no submission is in at the moment. */
  #spare: Batch | undefined
  readonly #run = () => this.#pump()
  /** Named stores that submissions were made to, by id. */
  readonly #stores = new Map<number, StoreCore>()
  readonly #listeners = new Set<(pressure: Pressure) => void>()
  #isListening = false
  /** The block in shared memory; 0: there is none (yet). */
  #block = 0
  /** Submissions, and rejections for capacity, that are not in the shared counts yet. */
  readonly #submitted = [0, 0, 0]
  readonly #rejected = [0, 0, 0]
  /** {@link #pump} runs, or is about to. */
  #isRunning = false
  /** This handle commits for all: in {@link #pump}, or in {@link drain}. */
  #isPump = false
  #isDrainer = false
  #isClosing = false
  #isClosed = false
  /** When the event loop got its last turn. */
  #turned = 0

  constructor(engine: Engine) {
    const { arena, line, threadId } = engine.epochs
    this.#engine = engine
    this.#lanes = [0, 1, 2].map(index => new Lane(engine, index, this.#stores))
    this.#gauge = new Gauge(arena, line)
    const backlogs = this.#lanes.map(({ backlog }) => backlog)
    this.#committer = new Committer(engine, backlogs, () => {
      if (this.#block === 0) this.#makeBlock()
    })
    this.#role = new Role(arena, threadId, H_PUMP, false)
    this.#drainer = new Role(arena, threadId, H_DRAINER, false)
    // Compiles it: that takes stack, too.
    rings.tellPump(arena.signed)
  }

  // ── Submitting ────────────────────────────────────────────────────────────────────────────────

  /**
   * Submits operations as one.
   * @param isBounded false: it may come in though its lane is full
   * @throws ZVerseError for a wrong operation; `ZVERSE_OVER_CAPACITY`; `ZVERSE_UNKNOWN_STORE`;
   * `ZVERSE_NESTED_TRANSACTION` while this handle has something open to write
   */
  submit(
    core: StoreCore,
    operations: unknown,
    options: unknown,
    isBounded: boolean,
  ): Promise<number> {
    // Whoever waits for the outcome would wait for the end of what he has open himself.
    this.#engine.notWriting()
    if (this.#isClosed) throw closed()
    // Reading the operations may run user code, which may submit, too.
    const batch = this.#spare ?? new Batch()
    this.#spare = undefined
    batch.reset()
    const id = core.presentId()
    batch.store(id)
    let changes = 1
    if (Array.isArray(operations)) {
      changes = operations.length
      addAll(batch, core, operations)
    } else addOne(batch, core, operations)
    // After the operations: who gives a key and a value is told of the key.
    const lane = options === undefined ? NORMAL : laneIn(options)
    this.#spare = batch
    // User code may have closed the database.
    this.#engine.gate.checkOpen()
    if (isBounded) this.#admit(lane)
    // A turn that this handle has was left by a call that was cut off: the next commit mends what is left of that.
    if (this.#block === 0 && !this.#engine.epochs.turn.mine) this.#makeBlock()
    if (id !== UNNAMED && this.#stores.get(id) !== core) this.#stores.set(id, core)
    if (!this.#isRunning) {
      // No timer: fake clocks stop those. What is submitted in one go comes into one group.
      Promise.resolve().then(this.#run)
      // After that, so that no call that is cut off in between keeps those that follow from running it.
      this.#isRunning = true
    }
    if (this.#engine.isReplica && !this.#lanes[lane].mayFit(batch)) return this.#takeLarge(batch)
    this.#gauge.set(lane, this.#lanes[lane].depth + 1)
    const result = this.#lanes[lane].submit(batch, changes)
    this.#submitted[lane]++
    // The one call after that needs less stack: else the caller could be told that it has failed.
    rings.tellPump(this.#engine.epochs.arena.signed)
    return result
  }

  /** A submission that no ring has room for: to the thread that replicates, where this is it. */
  #takeLarge(batch: Batch): Promise<number> {
    const { replicator } = this.#engine
    if (replicator !== null) return replicator.take(Batch.of(batch.words.slice()))
    const bytes = batch.length * 4
    const most = this.#lanes[NORMAL].mostBytes
    const message = `a submission of ${bytes} bytes: on this thread of a replica it may have ${most}`
    throw new ZVerseError('ZVERSE_VALUE_TOO_LARGE', message, { size: bytes, max: most })
  }

  #admit(lane: number): void {
    try {
      this.#gauge.admit(lane)
    } catch (error) {
      this.#rejected[lane]++
      throw error
    }
  }

  /** Makes the block, or takes the line's from another handle; in the turn, or if that is free. */
  #makeBlock(): void {
    const { epochs, W } = this.#engine
    const { allocator, turn, line } = epochs
    let block = W[line + T_QUEUE]
    if (block === 0) {
      block = blockAt(W, allocator, turn, line + T_QUEUE, rings.blockWords(W.length), () => 0)
      if (block === 0) return
    } else if (rings.isGone(W, block)) {
      turn.tryExclusively(() => rings.settleBlock(W, block))
      if (rings.isGone(W, block)) return
    }
    if (!rings.isLaidOut(W, block)) rings.layOut(W, block)
    this.#block = block
    for (const lane of this.#lanes) lane.use(block)
  }

  /** Brings the shared counts up to date. */
  flush(): void {
    const { W } = this.#engine
    for (let lane = 0; lane < LANES; lane++) {
      addCount(W, H_SUBMITTED + 2 * lane, this.#submitted[lane])
      addCount(W, H_REJECTED + 2 * lane, this.#rejected[lane])
      this.#submitted[lane] = 0
      this.#rejected[lane] = 0
      this.#gauge.set(lane, this.#lanes[lane].depth)
    }
    this.#gauge.look()
  }

  // ── Committing ────────────────────────────────────────────────────────────────────────────────

  /** Sees to it that what this thread has submitted is committed, by whatever thread. */
  async #pump(): Promise<void> {
    let isStuck = false
    try {
      while (!this.#isClosed) {
        for (const lane of this.#lanes) lane.refill()
        this.flush()
        let isDone = false
        if (this.#engine.isReplica) this.#handOver()
        else {
          if (this.#drainer.isTaken(isStuck)) this.#leavePump()
          else this.#isPump ||= this.#role.take(isStuck)
          if (this.#isPump || isStuck || this.#hasOwn) isDone = await this.#commitOne()
        }
        if (this.#isClosed) return
        isStuck &&= isDone
        // Who submitted since the group was chosen has found the role taken, and may sleep.
        const isLeft = this.#isPump && rings.anyWork(this.#engine.W)
        const isAtWork = this.#read() > 0 || isDone || isLeft
        // Also where nothing is left: whoever was waited for submits again, in the same turn of the event loop.
        if (isAtWork) await this.#pause()
        if (this.#isClosed) return
        if (isAtWork && (this.depth > 0 || isLeft)) continue
        // A thread that has come meanwhile has found the role taken.
        if (this.#leavePump() && rings.anyWork(this.#engine.W)) continue
        if (this.depth === 0) break
        isStuck = await this.#sleep()
      }
    } catch (error) {
      // The database cannot be written at all: nothing of this will come.
      if (!this.#isClosed) this.#giveUp(error)
    } finally {
      this.#isRunning = false
      if (!this.#isClosed) {
        this.#leavePump()
        this.flush()
      }
    }
  }

  /**
   * The thread that replicates is told of what has come into a ring; a handle without one tries once more to have it.
   */
  #handOver(): void {
    const { turn, arena } = this.#engine.epochs
    if (this.#block === 0 && !turn.mine) {
      this.#makeBlock()
      for (const lane of this.#lanes) lane.refill()
    }
    rings.tellPump(arena.signed)
  }

  /** Gives the role back; false if this handle had it not. */
  #leavePump(): boolean {
    const wasPump = this.#isPump
    if (wasPump) this.#role.give()
    this.#isPump = false
    return wasPump
  }

  /** True if this thread has submissions that no other can take. */
  get #hasOwn(): boolean {
    return this.#lanes.some(lane => lane.hasOwn)
  }

  get depth(): number {
    return this.#lanes.reduce((sum, { depth }) => sum + depth, 0)
  }

  /** Commits a group as soon as this thread has the turn; true if there was one. */
  async #commitOne(): Promise<boolean> {
    const engine = this.#engine
    let isDone = false
    try {
      await engine.epochs.turn.waitFor(
        () => this.#checkOpen(),
        () => engine.isWriting,
        () => {
          isDone = this.#committer.commit(true, false)
        },
        SLICE,
      )
    } catch (error) {
      // The thread in the way is at it for longer than others wait: this one has time.
      const code = error instanceof ZVerseError ? error.code : undefined
      if (code !== 'ZVERSE_WRITER_BUSY' && !this.#isClosed) throw error
    }
    return isDone
  }

  #checkOpen(): void {
    if (this.#isClosed) this.#engine.gate.checkOpen()
  }

  #read(all = false): number {
    let read = 0
    for (const [lane, { depth }] of this.#lanes.entries()) {
      if (depth === 0) continue
      read += this.#lanes[lane].read(all)
      this.#gauge.set(lane, this.#lanes[lane].depth)
    }
    return read
  }

  /** Lets those go on whose promises were settled; now and then everybody. */
  async #pause(): Promise<void> {
    if (monotonic() - this.#turned < SPELL) return
    await turn()
    this.#turned = monotonic()
  }

  /** Sleeps until something of this thread is decided. @returns true if nothing was for {@link STUCK} */
  async #sleep(): Promise<boolean> {
    const { W, epochs } = this.#engine
    const { arena, threadId } = epochs
    const word = rings.decidedWord(threadId + 1)
    rings.setAsleep(W, this.#block, true)
    const seen = acquire(W, word)
    if (this.#read() > 0) return false
    await sleepOn(arena, word, seen, STUCK)
    if (this.#isClosed) return false
    rings.setAsleep(W, this.#block, false)
    return acquire(W, word) === seen
  }

  /**
   * Commits what all threads submit, until aborted or closed.
   */
  async drain(signal: Signal | undefined): Promise<void> {
    if (this.#engine.isReplica) throw replicated()
    const { arena } = this.#engine.epochs
    const wake = () => rings.tellPump(arena.signed)
    const goesOn = () => !this.#isClosed && signal?.aborted !== true
    // From here on the event loop calls: nothing cuts off what has the role.
    await undefined
    signal?.addEventListener('abort', wake)
    try {
      while (goesOn()) {
        if (this.#drainer.take()) await this.#drain(goesOn)
        else await sleepOn(arena, H_DRAINER, this.#drainer.holder, SLICE)
      }
    } finally {
      signal?.removeEventListener('abort', wake)
    }
  }

  async #drain(goesOn: () => boolean): Promise<void> {
    const { W, epochs } = this.#engine
    const { arena } = epochs
    this.#isDrainer = true
    try {
      while (goesOn()) {
        if (await this.#commitOne()) {
          await this.#pause()
          continue
        }
        rings.setPumpIdle(arena.signed, true)
        if (!rings.anyWork(W) && goesOn()) await sleepOn(arena, H_PUMP_IDLE, 1, LISTENING)
        if (this.#isDrainer) rings.setPumpIdle(arena.signed, false)
      }
    } finally {
      this.#leaveDrainer()
    }
  }

  #leaveDrainer(): void {
    if (!this.#isDrainer) return
    this.#isDrainer = false
    rings.setPumpIdle(this.#engine.epochs.arena.signed, false)
    this.#drainer.give()
  }

  // ── Pressure ──────────────────────────────────────────────────────────────────────────────────

  get pressure(): Pressure {
    return this.#gauge.pressure
  }

  /** Calls `listener` at each change of the level, until the function returned is called. */
  onPressure(listener: (pressure: Pressure) => void): () => void {
    // Each call is a listener of its own.
    const own = (pressure: Pressure) => listener(pressure)
    this.#listeners.add(own)
    if (!this.#isListening) void this.#listen()
    return () => {
      this.#listeners.delete(own)
    }
  }

  async #listen(): Promise<void> {
    const { arena } = this.#engine.epochs
    this.#isListening = true
    let told = this.#gauge.level
    while (this.#listeners.size > 0) {
      await sleepUnheld(arena, H_PRESSURE, told, LISTENING)
      if (this.#isClosed) return
      // Threads that die tell nobody.
      this.#gauge.look()
      const { level } = this.#gauge
      if (level === told) continue
      told = level
      const { pressure } = this.#gauge
      for (const listener of [...this.#listeners]) {
        // Another one may have ended it.
        if (this.#listeners.has(listener)) tell(listener, pressure)
      }
    }
    this.#isListening = false
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────

  /** @param rejects what nobody has taken is not written */
  close(rejects: boolean): void {
    // By user code, in the middle of it; else it was cut off.
    if (this.#isClosing && isRunning(CLOSING_FRAME)) return
    this.#isClosing = true
    inClosing(() => this.#close(rejects))
  }

  /** Up to where it is closed this can be cut off, and the handle goes on, or closes again. */
  #close(rejects: boolean): void {
    this.#listeners.clear()
    let cause: unknown
    try {
      if (rejects) this.#withdraw()
      else if (this.#engine.isReplica) this.#await()
      else while (this.#lanes.some(lane => lane.hasWork)) this.#committer.commit(false, true)
    } catch (error) {
      cause = error
    }
    this.#giveUp(cause ?? closed())
    this.flush()
    this.#isClosed = true
    this.#leavePump()
    this.#leaveDrainer()
    rings.tellPump(this.#engine.epochs.arena.signed)
  }

  /**
   * Waits, with this thread blocked, until the one that replicates has decided all, or for the time of a lock.
   */
  #await(): void {
    const { W, epochs, replicator } = this.#engine
    const { arena, threadId } = epochs
    if (replicator !== null) return
    const word = rings.decidedWord(threadId + 1)
    rings.setAsleep(W, this.#block, true)
    for (const since = monotonic(); this.depth > 0 && monotonic() - since < W[H_LOCK_TIMEOUT]; ) {
      const seen = acquire(W, word)
      this.#read()
      for (const lane of this.#lanes) lane.refill()
      rings.tellPump(arena.signed)
      if (this.depth > 0) blockOn(arena, word, seen, SLICE)
    }
  }

  /** Takes back what nobody has taken, and rejects it. */
  #giveUp(error: unknown): void {
    try {
      this.#withdraw()
    } catch {
      // Another thread has the lock for too long. It may still take them, until the line is given back.
    }
    this.#read(true)
    for (const lane of this.#lanes) lane.fail(() => error)
  }

  #withdraw(): void {
    const { W, epochs } = this.#engine
    if (this.#block !== 0) {
      epochs.turn.exclusively(() => {
        rings.withdraw(W, this.#block)
        this.#committer.settleOwn(this.#block)
      })
    }
    for (const { backlog } of this.#lanes) backlog.withdraw()
  }
}

/** The queue of a handle. */
export function queueOf(engine: Engine): Queue {
  engine.queue ??= new Queue(engine)
  return engine.queue as Queue
}

function tell(listener: (pressure: Pressure) => void, pressure: Pressure): void {
  try {
    listener(pressure)
  } catch (error) {
    // As any event's listener: nobody waits for it.
    void Promise.reject(error)
  }
}

/** The lane that is asked for. @throws ZVerseError `ZVERSE_INVALID_OPTION` */
function laneIn(options: unknown): number {
  const { priority } = checkNames(options, ['priority'], 'submit')
  if (priority === undefined) return NORMAL
  const lane = PRIORITIES.indexOf(priority as 'normal')
  if (lane >= 0) return lane
  throw invalidOption(
    'priority',
    `must be one of ${PRIORITIES.map(p => JSON.stringify(p)).join(', ')}`,
  )
}
