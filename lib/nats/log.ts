/**
 * A replicated log that is a stream of JetStream. Belongs to the thread that made it.
 *
 * The sequences of records are those of messages, and the condition of an append is the server's: the sequence of the
 * newest message. No message is deleted but from the beginning on.
 */
import type { StreamInfo } from '@nats-io/jetstream'
import {
  type LogEnds,
  type LogRecord,
  LogUnavailable,
  type ReplicatedLog,
  type Snapshot,
} from '../index.js'
import { Appends } from './appends.js'
import {
  codeOf,
  HEADER_ROOM,
  Link,
  STREAM_NAME_IN_USE,
  STREAM_NOT_FOUND,
  USUAL_PAYLOAD,
} from './link.js'
import type { Settings } from './options.js'
import { peers } from './peers.js'
import { Reader } from './reader.js'
import { Snapshots } from './snapshots.js'
import { stateOf } from './state.js'
import { streamConfig, subjectOf, unfit } from './stream.js'

/** What there is once the log is open. */
interface Opened {
  readonly link: Link
  readonly appends: Appends
  readonly snapshots: Snapshots
}

export class JetStreamLog implements ReplicatedLog {
  readonly #settings: Settings
  #opening: Promise<void> | null = null
  #opened: Opened | null = null
  #isClosed = false
  /** Bytes that a message may have by the stream's own bound. */
  #most = Number.POSITIVE_INFINITY

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get maxRecordBytes(): number {
    const payload = this.#opened?.link.maxPayload ?? USUAL_PAYLOAD
    return Math.min(payload, this.#most) - HEADER_ROOM
  }

  get connected(): boolean {
    return this.#opened?.link.isUp === true && !this.#opened.appends.isCutOff
  }

  open(): Promise<void> {
    this.#opening ??= this.#open().catch(error => {
      this.#opening = null
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<void> {
    if (this.#isClosed) throw closed()
    const { stream, replicas } = this.#settings
    const link = await Link.open(await peers(), this.#settings)
    try {
      const { config } = await this.#made(link)
      const wrong = unfit(config, stream, replicas)
      if (wrong.length > 0) {
        throw new Error(`the stream ${stream} is no log of zverse; change ${wrong.join(', ')}`)
      }
      if (config.max_msg_size > 0) this.#most = config.max_msg_size
      if (this.#isClosed) throw closed()
    } catch (error) {
      await link.close()
      throw error
    }
    const appends = new Appends(link, stream)
    this.#opened = { link, appends, snapshots: new Snapshots(link, stream, replicas) }
  }

  /** The stream, made where there is none. */
  async #made(link: Link): Promise<StreamInfo> {
    const { stream, replicas } = this.#settings
    const { streams } = link.manager
    try {
      return await link.call('open', () => streams.info(stream))
    } catch (error) {
      if (codeOf(error) !== STREAM_NOT_FOUND) throw error
    }
    try {
      return await link.call('open', () => streams.add(streamConfig(stream, replicas)))
    } catch (error) {
      // Another node has made it, or one of another version of zverse, otherwise.
      if (codeOf(error) !== STREAM_NAME_IN_USE) throw error
      return link.call('open', () => streams.info(stream))
    }
  }

  async append(expected: number, id: string, bytes: Uint8Array, timeout: number): Promise<number> {
    return this.#there.appends.append(expected, id, bytes, timeout)
  }

  async announce(id: string, bytes: Uint8Array): Promise<void> {
    this.#there.appends.announce(id, bytes)
  }

  async *read(
    from: number,
    signal: Parameters<ReplicatedLog['read']>[1],
  ): AsyncGenerator<LogRecord, void, undefined> {
    if (signal.aborted || this.#isClosed) return
    const { link } = this.#there
    yield* new Reader(link, this.#settings.stream, from, signal, () => this.ends()).records()
  }

  async ends(): Promise<LogEnds> {
    const { link } = this.#there
    const { stream } = this.#settings
    const look = () => stateOf(link, stream, subjectOf(stream))
    const { state } = await link.call('ends', look, true)
    const { first_seq, last_seq } = state
    return { first: state.messages === 0 ? last_seq + 1 : first_seq, last: last_seq }
  }

  async putSnapshot(snapshot: Snapshot): Promise<void> {
    await this.#there.snapshots.put(snapshot)
  }

  async getSnapshot(): Promise<Snapshot | undefined> {
    return this.#there.snapshots.get()
  }

  async trim(before: number): Promise<void> {
    const { link } = this.#there
    // A purge beyond the end would move the end.
    const { first, last } = await this.ends()
    const seq = Math.min(before, last + 1)
    if (seq <= first) return
    const { stream } = this.#settings
    await link.call('trim', () => link.manager.streams.purge(stream, { seq }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#opening?.catch(() => {})
    if (this.#opened === null) return
    const { link, appends } = this.#opened
    appends.close()
    await link.close()
  }

  get #there(): Opened {
    if (this.#opened === null || this.#isClosed) throw closed()
    return this.#opened
  }
}

function closed(): LogUnavailable {
  return new LogUnavailable('none', 'the log is not open')
}
