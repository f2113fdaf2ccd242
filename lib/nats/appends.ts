/**
 * The appends of a node, one after the other.
 *
 * Belongs to the thread that made it. Invariants:
 * 1. One append is with the servers at a time. JetStream's only condition is the sequence of the newest record, so of two
 *    that are with them at once the second could come behind a record of another node that took the place of the first.
 * 2. All tries of an append are for one place, the one behind record `expected`, which takes one record: it comes there
 *    once or not at all, whatever happens to tries and answers.
 * 3. A record that lies in its place decides what has come of an append whose tries have no answer. An answer does not:
 *    a leader may refuse a try because of an earlier one of the same append, which it does not know of yet.
 */
import { clearTimeout, setTimeout } from 'node:timers'
import type { Msg, Subscription } from '@nats-io/transport-node'
import { LogUnavailable } from '../index.js'
import { answerOf, type Failure, idOf, wireId } from './answer.js'
import { Append, type Known, NOTHING } from './append.js'
import { HEADER_ROOM, type Link } from './link.js'
import { NEVER } from './state.js'
import { subjectOf } from './stream.js'
import { Bell, now } from './waiting.js'

/** ms after which a try without an answer is made again. */
const SILENT_MS = 2000
/** ms between tries that are refused. */
const SHORTEST_PAUSE = 20
const LONGEST_PAUSE = 400
/** ms after which an id is no longer taken to be in process. */
const STAGED_MS = 3000
/** What a timer takes. */
const LONGEST_TIMEOUT = 2 ** 31 - 1
/** How many ids are remembered of appends that failed. */
const MOST_KNOWN = 10_000

export class Appends {
  readonly #link: Link
  readonly #stream: string
  readonly #subject: string
  readonly #inbox: string
  readonly #subscription: Subscription
  readonly #queue: Append[] = []
  /** What is known of ids whose appends failed, the oldest first. */
  readonly #known = new Map<string, Known>()
  /** Rings when an answer has come, or the connection has changed. */
  readonly #bell = new Bell()
  #token = 0
  #isRunning = false
  #isClosed = false
  /** No leader has answered the append that is under way. */
  isCutOff = false

  constructor(link: Link, stream: string) {
    this.#link = link
    this.#stream = stream
    this.#subject = subjectOf(stream)
    this.#inbox = link.peers.node.createInbox(link.inboxPrefix)
    const callback = (error: Error | null, msg: Msg) => {
      if (error === null) this.#take(msg)
    }
    this.#subscription = link.nc.subscribe(`${this.#inbox}.*`, { callback })
    link.onChange(() => {
      if (link.isClosed) this.close()
      else this.#bell.ring()
    })
  }

  /** Bytes that a record may have. */
  static room(link: Link): number {
    return link.maxPayload - HEADER_ROOM
  }

  append(expected: number, id: string, bytes: Uint8Array, timeout: number): Promise<number> {
    if (this.#isClosed) return Promise.reject(new LogUnavailable('none', 'the log is closed'))
    const last = this.#queue[this.#queue.length - 1]
    const before = last !== undefined && expected === last.expected + 1 ? last : null
    const append = new Append(expected, id, bytes, before, this.#known.get(id) ?? NOTHING)
    const timer = setTimeout(
      () => {
        this.#settle(append, () => append.unavailable(`no outcome within ${timeout} ms`))
      },
      Math.min(timeout, LONGEST_TIMEOUT),
    )
    this.#queue.push(append)
    void this.#run()
    return append.done.finally(() => clearTimeout(timer))
  }

  /** Sends a record that expects nothing, once; nobody waits for what comes of it. */
  announce(id: string, bytes: Uint8Array): void {
    if (this.#isClosed || !this.#link.isUp)
      throw new LogUnavailable('none', 'there is no connection')
    const headers = this.#link.peers.node.headers()
    headers.set('Nats-Msg-Id', wireId(id, 0))
    this.#link.nc.publish(this.#subject, bytes, { headers })
  }

  /** All fail that are under way. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const append of [...this.#queue]) {
      this.#settle(append, () => append.unavailable('the log was closed'))
    }
    this.#subscription.unsubscribe()
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    for (let append = this.#queue[0]; append !== undefined; append = this.#queue[0]) {
      const most = Appends.room(this.#link)
      if (append.bytes.length > most) this.#settle(append, () => append.tooLarge(most))
      else await this.#see(append)
    }
    this.isCutOff = false
    this.#isRunning = false
  }

  /** Tries until it is settled. */
  async #see(append: Append): Promise<void> {
    let pause = SHORTEST_PAUSE
    while (append.outcome === null) {
      if (!this.#link.isUp) {
        await this.#bell.wait()
      } else if (append.answer !== null) {
        await this.#weigh(append, append.answer)
        if (append.outcome !== null) break
        await this.#bell.wait(pause)
        pause = Math.min(2 * pause, LONGEST_PAUSE)
        this.#send(append)
      } else if (append.epoch !== this.#link.epoch || !append.isWaiting) {
        this.#send(append)
      } else if (now() - append.sentAt < SILENT_MS) {
        await this.#bell.wait(SILENT_MS - (now() - append.sentAt))
      } else {
        this.isCutOff = true
        await this.#link.probe()
        // The answer may have come meanwhile.
        if (append.outcome === null && append.answer === null) this.#send(append)
      }
    }
  }

  #send(append: Append): void {
    if (append.outcome !== null || !this.#link.isUp) return
    // One that cannot be appended any more is tried to find out whether its id is known.
    const expected = append.isCutLoose ? NEVER : append.expected
    const headers = this.#link.peers.node.headers()
    headers.set('Nats-Msg-Id', wireId(append.id, append.salt))
    headers.set('Nats-Expected-Last-Sequence', String(expected))
    append.answer = null
    append.isWaiting = true
    append.tries = ++this.#token
    append.sentAt = now()
    append.epoch = this.#link.epoch
    if (expected !== NEVER) append.open.add(append.tries)
    const reply = `${this.#inbox}.${append.tries}`
    try {
      this.#link.nc.publish(this.#subject, append.bytes, { headers, reply })
    } catch (error) {
      append.open.delete(append.tries)
      append.isWaiting = false
      const why = (error as Error).message
      append.answer = { kind: 'refused', why }
    }
  }

  /** Takes an answer, to whichever try. */
  #take(msg: Msg): void {
    const append = this.#queue[0]
    if (append === undefined) return
    const attempt = Number(msg.subject.slice(this.#inbox.length + 1))
    const isNewest = attempt === append.tries
    if (!isNewest && !append.open.has(attempt)) return
    const answer = answerOf(msg)
    if (answer.kind === 'at') {
      this.isCutOff = false
      this.#settle(append, () => append.at(answer.sequence))
      return
    }
    append.open.delete(attempt)
    append.why = answer.why
    if (!isNewest) return
    append.isWaiting = false
    append.answer = answer
    this.#bell.ring()
  }

  /** What an answer means that did not say where the record is. */
  async #weigh(append: Append, { kind, why }: Failure): Promise<void> {
    this.isCutOff = kind === 'refused'
    if (kind === 'refused') return
    if (kind === 'conflict') {
      append.isRefused = true
      const found = append.places.length === 0 ? 'nowhere' : await this.#look(append, append.places)
      if (typeof found === 'number') this.#settle(append, () => append.at(found))
      else if (found === 'nowhere') this.#settle(append, () => append.conflict(why))
      return
    }
    append.stagedSince ??= now()
    const found = await this.#look(append, [...append.places, append.expected])
    if (typeof found === 'number') {
      this.#settle(append, () => append.at(found))
    } else if (append.canChangeId) {
      if (!append.isRefused && now() - append.stagedSince < STAGED_MS) return
      append.salt++
      append.isRefused = false
      append.stagedSince = null
    }
  }

  /**
   * Looks whether the record lies behind one of `places`.
   * @returns its sequence; 'nowhere' where other records are there; 'missing' where that cannot be told
   */
  async #look(append: Append, places: readonly number[]): Promise<number | 'nowhere' | 'missing'> {
    let isMissing = false
    for (const expected of places) {
      try {
        const at = { seq: expected + 1 }
        const stored = await this.#link.manager.streams.getMessage(this.#stream, at)
        if (stored === null) isMissing = true
        else if (idOf(stored.header.get('Nats-Msg-Id')) === append.id) return stored.seq
      } catch {
        isMissing = true
      }
    }
    return isMissing ? 'missing' : 'nowhere'
  }

  #settle(append: Append, outcome: () => void): void {
    if (append.outcome !== null) return
    outcome()
    this.#queue.splice(this.#queue.indexOf(append), 1)
    const { id, known } = append
    this.#known.delete(id)
    if (known.salt > 0 || known.isRefused || known.open.length > 0) this.#known.set(id, known)
    if (this.#known.size > MOST_KNOWN) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest)
        break
      }
    }
    this.#bell.ring()
  }
}
