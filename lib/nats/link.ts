/**
 * The connection to the servers: whether it stands, and calls over it that are tried again.
 *
 * Belongs to the thread that made it. Invariants:
 * 1. `epoch` grows with each loss of the connection: what was sent in an older one is not answered any more.
 * 2. It looks for its servers for ever; only {@link Link.close} ends that.
 */
import type { JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { LogUnavailable } from '../index.js'
import type { Settings } from './options.js'
import type { Peers } from './peers.js'
import { Bell, isWithin, now, pause } from './waiting.js'

/** Bytes of a message that are not the record's: its headers. */
export const HEADER_ROOM = 1024
/** ms for one request. */
const REQUEST_MS = 2500
/** ms that a call waits for a lost connection, and that it tries again while there is no leader. */
const LOST_MS = 1000
const LEADERLESS_MS = 8000
/** ms that a server has for answering a ping before it is given up. */
const PING_MS = 1500
/** Codes of errors that pass: no leader, no quorum, a server that starts or stops, an id in process. */
const PASSING = [10004, 10005, 10008, 10009, 10039, 10076, 10118, 10158]
/** The lowest code of an error of JetStream; what is lower are statuses. */
const FIRST_CODE = 10_000
export const STREAM_NOT_FOUND = 10059
export const STREAM_NAME_IN_USE = 10058
/** What the packages of NATS assume where a server has not told. */
export const USUAL_PAYLOAD = 2 ** 20

export class Link {
  readonly nc: NatsConnection
  readonly peers: Peers
  readonly manager: JetStreamManager
  /** What the user's inboxes begin with, who may not be allowed others. */
  readonly inboxPrefix: string | undefined
  epoch = 0
  readonly #changed = new Bell()
  readonly #listeners = new Set<() => void>()
  #isUp = true
  #isClosed = false
  #maxPayload: number
  #probing: Promise<void> | null = null

  private constructor(
    nc: NatsConnection,
    peers: Peers,
    manager: JetStreamManager,
    inboxPrefix: string | undefined,
  ) {
    this.inboxPrefix = inboxPrefix
    this.nc = nc
    this.peers = peers
    this.manager = manager
    this.#maxPayload = nc.info?.max_payload ?? USUAL_PAYLOAD
    void this.#watch()
  }

  /** @throws LogUnavailable where no server answers */
  static async open(peers: Peers, { servers, connection }: Settings): Promise<Link> {
    let nc: NatsConnection
    try {
      nc = await peers.node.connect({
        timeout: 3000,
        pingInterval: 5000,
        maxPingOut: 2,
        reconnectTimeWait: 250,
        reconnectJitter: 100,
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
        ...connection,
        servers,
        reconnect: true,
        maxReconnectAttempts: -1,
        waitOnFirstConnect: false,
      })
    } catch (cause) {
      throw new LogUnavailable('none', `no server answers: ${messageOf(cause)}`, { cause })
    }
    const options = { checkAPI: false, timeout: REQUEST_MS }
    const manager = await peers.jetstream.jetstreamManager(nc, options)
    return new Link(nc, peers, manager, (connection as { inboxPrefix?: string }).inboxPrefix)
  }

  get isUp(): boolean {
    return this.#isUp && !this.#isClosed
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes that a message may have, with its headers. */
  get maxPayload(): number {
    return (this.#maxPayload = this.nc.info?.max_payload ?? this.#maxPayload)
  }

  /**
   * Calls a server, again while there is no leader.
   * @param isMade what is asked for is there: a server that does not know it will soon
   * @throws LogUnavailable; an error of the server that does not pass, as it is
   */
  async call<T>(what: string, body: () => Promise<T>, isMade = false): Promise<T> {
    const start = now()
    let cause: unknown
    for (let wait = 50; now() - start < LEADERLESS_MS; wait = Math.min(2 * wait, 500)) {
      if (!this.isUp && !(await this.#isUpWithin(LOST_MS))) break
      try {
        return await body()
      } catch (error) {
        const isUnknown = isMade && codeOf(error) === STREAM_NOT_FOUND
        if (!isUnknown && !isPassing(error)) throw error
        cause = error
      }
      await pause(wait)
    }
    const why = this.#isClosed
      ? 'the log is closed'
      : this.isUp
        ? messageOf(cause)
        : 'no connection'
    throw new LogUnavailable('unknown', `${what}: ${why}`, { cause })
  }

  /** Gives the connection up if its server does not answer. */
  probe(): Promise<void> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = null
    })
    return this.#probing
  }

  async #probe(): Promise<void> {
    const { epoch } = this
    if (!this.isUp || (await isWithin(this.nc.flush(), PING_MS))) return
    if (!this.isUp || this.epoch !== epoch) return
    await this.nc.reconnect().catch(() => {})
    // It waits until all is written, which a server that stands still prevents: the socket ends that.
    const inside = this.nc as { protocol?: { transport?: { socket?: { destroy?(): void } } } }
    inside.protocol?.transport?.socket?.destroy?.()
    await isWithin(this.#changed.wait(), PING_MS)
  }

  async #isUpWithin(ms: number): Promise<boolean> {
    const end = now() + ms
    while (!this.isUp && !this.#isClosed && now() < end) await this.#changed.wait(end - now())
    return this.isUp
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'disconnect') {
        this.#isUp = false
        this.epoch++
        this.#change()
      } else if (type === 'reconnect') {
        this.#isUp = true
        this.#change()
      }
    }
    this.#isClosed = true
    this.#change()
  }

  /** Calls `listener` when the connection is lost, found again, or closed. @returns what ends that */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A promise of null for when it is closed, and what forgets it. */
  whenClosed(): { promise: Promise<null>; forget: () => void } {
    let forget = () => {}
    const promise = new Promise<null>(resolve => {
      if (this.#isClosed) resolve(null)
      forget = this.onChange(() => {
        if (this.#isClosed) resolve(null)
      })
    })
    return { promise, forget }
  }

  #change(): void {
    this.#changed.ring()
    for (const listener of this.#listeners) listener()
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    if (this.#isUp) await isWithin(this.nc.flush(), 250)
    this.#isClosed = true
    this.#change()
    await isWithin(this.nc.close(), PING_MS)
  }
}

/** What calls fail with that get no answer, or lose their connection. */
const LOST = [
  ...[
    'TimeoutError',
    'RequestError',
    'NoResponders',
    'JetStreamNotEnabled',
    'JetStreamStatusError',
  ],
  ...['ConnectionError', 'ClosedConnectionError', 'DrainingConnectionError'],
]

/** Whether to try again. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined) return PASSING.includes(code)
  return LOST.includes((error as { name: string }).name)
}

/** The server's code for an error; undefined where it is none of a server. */
export function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'number' && code >= FIRST_CODE ? code : undefined
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
