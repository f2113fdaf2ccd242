/**
 * The records of a log from one on, over lost connections and consumers. Belongs to the thread that made it.
 */
import { type LogRecord, LogTrimmed, LogUnavailable, type ReplicatedLog } from '../index.js'
import { idOf } from './answer.js'
import { Feed, type Stored } from './feed.js'
import type { Link } from './link.js'
import { Bell } from './waiting.js'

/** ms between consumers. */
const SHORTEST_PAUSE = 20
const LONGEST_PAUSE = 500
/** ms without a record after which a reader asks whether the next one was trimmed. */
const QUIET_MS = 20_000
/** A record that takes less of the memory it came in than one in so many bytes is copied out of it. */
const SHARE = 4

type Signal = Parameters<ReplicatedLog['read']>[1]

/** Reads records. @throws LogTrimmed */
export class Reader {
  readonly #link: Link
  readonly #stream: string
  readonly #signal: Signal
  readonly #ends: ReplicatedLog['ends']
  readonly #bell = new Bell()
  #wanted: number

  constructor(
    link: Link,
    stream: string,
    from: number,
    signal: Signal,
    ends: ReplicatedLog['ends'],
  ) {
    this.#link = link
    this.#stream = stream
    this.#signal = signal
    this.#ends = ends
    this.#wanted = Math.max(1, from)
  }

  get #isOver(): boolean {
    return this.#signal.aborted || this.#link.isClosed
  }

  async *records(): AsyncGenerator<LogRecord, void, undefined> {
    const ending = new Bell()
    const over = ending.wait().then(() => null)
    const wake = () => {
      if (this.#isOver) ending.ring()
      this.#bell.ring()
    }
    this.#signal.addEventListener('abort', wake)
    const forget = this.#link.onChange(wake)
    let feed: Feed | null = null
    try {
      while (!this.#isOver) {
        if (feed === null) {
          const opening = this.#feed()
          feed = await Promise.race([opening, over])
          if (this.#isOver) opening.then(late => late?.close()).catch(() => {})
          continue
        }
        const stored = feed.take()
        if (stored === undefined) {
          if (feed.isDead) feed = null
          else if (!(await this.#bell.wait(QUIET_MS))) await this.#checkTrimmed(true)
        } else if (stored.sequence === this.#wanted) {
          this.#wanted++
          yield recordOf(stored)
        } else if (stored.sequence > this.#wanted) {
          // Those before it were trimmed, or lost on the way.
          feed.close()
          feed = null
        }
      }
    } finally {
      feed?.close()
      forget()
      this.#signal.removeEventListener('abort', wake)
    }
  }

  /** Makes a consumer; null where it is over before. */
  async #feed(): Promise<Feed | null> {
    for (let wait = SHORTEST_PAUSE; !this.#isOver; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      if (!this.#link.isUp) {
        await this.#bell.wait()
        continue
      }
      try {
        await this.#checkTrimmed()
        return await Feed.open(this.#link, this.#stream, this.#wanted, this.#bell)
      } catch (error) {
        if (error instanceof LogTrimmed) throw error
      }
      await this.#bell.wait(wait)
    }
    return null
  }

  async #checkTrimmed(mayFail = false): Promise<void> {
    try {
      const { first } = await this.#ends()
      if (first <= this.#wanted) return
      const message = `record ${this.#wanted} was trimmed: the log begins with ${first}`
      throw new LogTrimmed(message)
    } catch (error) {
      if (!mayFail || !(error instanceof LogUnavailable)) throw error
    }
  }
}

function recordOf({ sequence, msg }: Stored): LogRecord {
  const { data } = msg
  const bytes = data.length * SHARE < data.buffer.byteLength ? new Uint8Array(data) : data
  return { sequence, id: idOf(msg.headers?.get('Nats-Msg-Id') ?? ''), bytes }
}
