/**
 * Messages of a stream from a sequence on, as one consumer hands them out: asked for in portions, so that a slow reader
 * has a bounded number of them in memory. It dies with its consumer; readers then make another.
 *
 * Belongs to the thread that made it. Invariants:
 * 1. Two portions are asked for at a time, each of so many messages or bytes.
 * 2. Where nothing comes, not even a sign of life, while a portion is asked for, it dies.
 */
import { clearInterval, setInterval } from 'node:timers'
import type { Msg, Subscription } from '@nats-io/transport-node'
import type { Link } from './link.js'
import { NANOS } from './stream.js'
import { type Bell, now } from './waiting.js'

/** A message, and where it lies. */
export interface Stored {
  readonly sequence: number
  readonly msg: Msg
}

/** Messages and bytes in a portion, and portions asked for at a time. */
const PORTION = 1000
const PORTION_BYTES = 4 * 2 ** 20
const PORTIONS = 2
/** What a message takes besides its bytes. */
const MESSAGE_BYTES = 200
/** ms for which a server waits for a portion, and between signs of life. */
const EXPIRES_MS = 30_000
const BEAT_MS = 1000
/** ms without one after which the consumer is taken to be dead. */
const DEAD_MS = 3000
/** ms after which a server deletes a consumer that nobody asks. */
const IDLE_MS = 60_000
/** A sign of life. */
const BEAT = 100
/** The statuses 409 that are the end of a portion; others are that of the consumer. */
const OVER = /maxbytes|batch completed/i

export class Feed {
  readonly #link: Link
  readonly #bell: Bell
  readonly #stream: string
  readonly #name: string
  readonly #epoch: number
  readonly #inbox: string
  readonly #ask: string
  readonly #subscription: Subscription
  readonly #watch: NodeJS.Timeout
  readonly #portionBytes: number
  /** Messages that each portion still lacks, by its number, the oldest first. */
  readonly #portions = new Map<number, number>()
  #asked = 0
  #messages: Stored[] = []
  #next = 0
  #bytes = 0
  #heard = now()
  #isDead = false
  /** The messages that are to come, as the server has said when it made the consumer. */
  readonly pending: number

  private constructor(link: Link, stream: string, name: string, pending: number, bell: Bell) {
    this.#link = link
    this.#bell = bell
    this.#stream = stream
    this.#name = name
    this.#epoch = link.epoch
    this.pending = pending
    this.#inbox = link.peers.node.createInbox(link.inboxPrefix)
    this.#ask = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`
    this.#portionBytes = Math.max(PORTION_BYTES, 2 * link.maxPayload)
    const callback = (error: Error | null, msg: Msg) => {
      if (error === null) this.#take(msg)
      else this.#die()
    }
    this.#subscription = link.nc.subscribe(`${this.#inbox}.*`, { callback })
    this.#watch = setInterval(() => this.#look(), BEAT_MS)
    this.#refill()
  }

  /** @throws what the server says */
  static async open(
    link: Link,
    stream: string,
    from: number,
    bell: Bell,
    filter?: string,
  ): Promise<Feed> {
    const name = link.peers.node.nuid.next()
    const { num_pending } = await link.manager.consumers.add(stream, {
      name,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: from,
      ack_policy: 'none',
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: IDLE_MS * NANOS,
      ...(filter === undefined ? {} : { filter_subject: filter }),
    })
    return new Feed(link, stream, name, num_pending, bell)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** The next message; undefined where none is there yet. */
  take(): Stored | undefined {
    const message = this.#messages[this.#next]
    if (message === undefined) return undefined
    this.#next++
    this.#bytes -= message.msg.data.length + MESSAGE_BYTES
    if (this.#next === this.#messages.length) {
      this.#messages = []
      this.#next = 0
    }
    this.#refill()
    return message
  }

  /** Idempotent. */
  close(): void {
    this.#die()
    if (this.#link.isUp && this.#link.epoch === this.#epoch) {
      this.#link.manager.consumers.delete(this.#stream, this.#name).catch(() => {})
    }
  }

  #die(): void {
    if (this.#isDead) return
    this.#isDead = true
    clearInterval(this.#watch)
    this.#subscription.unsubscribe()
    this.#bell.ring()
  }

  #refill(): void {
    while (
      !this.#isDead &&
      this.#portions.size < PORTIONS &&
      this.#messages.length - this.#next < PORTION &&
      this.#bytes < this.#portionBytes
    ) {
      const number = this.#asked++
      const request = {
        batch: PORTION,
        max_bytes: this.#portionBytes,
        expires: EXPIRES_MS * NANOS,
        idle_heartbeat: BEAT_MS * NANOS,
      }
      try {
        const reply = `${this.#inbox}.${number}`
        if (this.#portions.size === 0) this.#heard = now()
        this.#link.nc.publish(this.#ask, JSON.stringify(request), { reply })
        this.#portions.set(number, PORTION)
      } catch {
        this.#die()
      }
    }
  }

  #take(msg: Msg): void {
    this.#heard = now()
    const { reply } = msg
    // A status goes to the inbox itself, and wants no reply but for flow control, which is not asked for.
    if (reply === undefined || !reply.startsWith('$JS.ACK.')) {
      this.#status(msg)
      return
    }
    this.#messages.push({ sequence: sequenceIn(reply), msg })
    this.#bytes += msg.data.length + MESSAGE_BYTES
    for (const [number, lacking] of this.#portions) {
      if (lacking > 1) this.#portions.set(number, lacking - 1)
      else this.#portions.delete(number)
      break
    }
    this.#bell.ring()
  }

  #status(msg: Msg): void {
    const code = msg.headers?.code ?? 0
    if (code === BEAT) return
    this.#portions.delete(Number(msg.subject.slice(this.#inbox.length + 1)))
    // 404, 408: it has expired. 409: it has so many bytes; or else, as 503, there is no consumer any more.
    const isOver = code === 404 || code === 408 || OVER.test(msg.headers?.description ?? '')
    if (isOver) this.#refill()
    else this.#die()
  }

  #look(): void {
    if (this.#link.epoch !== this.#epoch || this.#link.isClosed) this.#die()
    if (this.#portions.size === 0 || now() - this.#heard < DEAD_MS) return
    this.#die()
    void this.#link.probe()
  }
}

/** Where a message lies in its stream, by the subject for acknowledging it. */
function sequenceIn(reply: string): number {
  const tokens = reply.split('.')
  // $JS.ACK.stream.consumer.delivered.sequence…, or with a domain and an account's hash before the stream.
  return Number(tokens[tokens.length > 9 ? 7 : 5])
}
