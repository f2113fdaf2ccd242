/**
 * Snapshots, as objects of an object store, in the form that NATS gives these (its ADR 20): the parts of each lie in
 * messages of a subject of its own, and a description, written last, says how many there are and what they hash to.
 *
 * Belongs to the thread that made it; no state. The package of NATS for object stores is not used: it writes no message
 * again that has got lost, and waits for ever for one that was deleted.
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { JetStreamClient, StoredMsg } from '@nats-io/jetstream'
import { LogUnavailable, type Snapshot } from '../index.js'
import { Feed } from './feed.js'
import { codeOf, HEADER_ROOM, type Link, STREAM_NAME_IN_USE, STREAM_NOT_FOUND } from './link.js'
import { stateOf } from './state.js'
import { Bell, now, pause } from './waiting.js'

const NO_MESSAGE = 10037
/** Bytes of a message of an object, at most; the server may allow fewer. */
const CHUNK = 512 * 1024
/** ms for the answer to one message. */
const PUT_MS = 5000
/** ms for which a reader of parts tries again, and without a message after which it asks what is there. */
const LOST_MS = 30_000
const QUIET_MS = 3000
/** ms for which a server may lack what others have. */
const BEHIND_MS = 10_000
/** Parts of an object that was never finished are deleted after so many ms. */
const ABANDONED_MS = 3_600_000

/** What is used of an object's description. */
interface Description {
  readonly name: string
  readonly nuid: string
  readonly size: number
  readonly chunks: number
  readonly digest: string
  readonly deleted?: boolean
  readonly metadata?: { readonly sequence?: string; readonly version?: string }
}

/** A snapshot that is there. */
interface Found {
  readonly sequence: number
  readonly version: number
  /** The subject of its description, and where that lies. */
  readonly subject: string
  readonly at: number
  readonly object: Description
}

export class Snapshots {
  readonly #link: Link
  readonly #bucket: string
  readonly #stream: string
  readonly #replicas: number
  readonly #client: JetStreamClient

  constructor(link: Link, stream: string, replicas: number) {
    this.#link = link
    this.#bucket = `zverse-${stream}`
    this.#stream = `OBJ_${this.#bucket}`
    this.#replicas = replicas
    this.#client = link.peers.jetstream.jetstream(link.nc)
  }

  /** @throws LogUnavailable; what the parts throw */
  async put({ sequence, version, parts }: Snapshot): Promise<void> {
    await this.#makeBucket()
    const nuid = this.#link.peers.node.nuid.next()
    const subject = `$O.${this.#bucket}.C.${nuid}`
    const name = `${version}-${sequence}-${nuid}`
    try {
      const { size, chunks, digest } = await this.#putParts(parts, subject)
      const description = {
        ...{ name, bucket: this.#bucket, nuid, size, chunks, digest, deleted: false },
        mtime: new Date().toISOString(),
        metadata: { sequence: String(sequence), version: String(version) },
        options: { max_chunk_size: this.#chunk },
      }
      const bytes = Buffer.from(JSON.stringify(description))
      const key = base64url(Buffer.from(name))
      await this.#publish(`$O.${this.#bucket}.M.${key}`, bytes, name)
    } catch (error) {
      if (this.#link.isUp) void this.#purge(subject).catch(() => {})
      throw error
    }
    await this.#clean()
  }

  get #chunk(): number {
    return Math.min(CHUNK, this.#link.maxPayload - HEADER_ROOM)
  }

  /** One message after the other: their order is that of the parts. */
  async #putParts(
    parts: AsyncIterable<Uint8Array>,
    subject: string,
  ): Promise<Pick<Description, 'size' | 'chunks' | 'digest'>> {
    const hash = createHash('sha256')
    const most = this.#chunk
    let [size, chunks, filled] = [0, 0, 0]
    let chunk = new Uint8Array(most)
    const flush = async () => {
      const bytes = chunk.subarray(0, filled)
      chunk = new Uint8Array(most)
      filled = 0
      size += bytes.length
      hash.update(bytes)
      await this.#publish(subject, bytes, `${subject} ${chunks++}`)
    }
    for await (let part of this.#untilClosed(parts)) {
      while (part.length > 0) {
        const fits = part.subarray(0, most - filled)
        chunk.set(fits, filled)
        filled += fits.length
        part = part.subarray(fits.length)
        if (filled === most) await flush()
      }
    }
    if (filled > 0) await flush()
    return { size, chunks, digest: `SHA-256=${base64url(hash.digest())}` }
  }

  /** The same, until the log is closed: parts may be long in coming. */
  async *#untilClosed(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { promise, forget } = this.#link.whenClosed()
    const iterator = parts[Symbol.asyncIterator]()
    try {
      for (;;) {
        const result = await Promise.race([iterator.next(), promise])
        if (result === null) throw new LogUnavailable('none', 'the log was closed')
        if (result.done) return
        yield result.value
      }
    } finally {
      forget()
      // Not awaited: it may wait for what never comes.
      void iterator.return?.().catch(() => {})
    }
  }

  /** Publishes a message, once, however often it has to be tried. */
  async #publish(subject: string, bytes: Uint8Array, id: string): Promise<void> {
    const { node } = this.#link.peers
    await this.#link.call('putSnapshot', async () => {
      const headers = node.headers()
      // Of messages of one subject an object store keeps the newest where this says so.
      if (subject.includes('.M.')) headers.set('Nats-Rollup', 'sub')
      const options = { msgID: id, headers, timeout: PUT_MS }
      const { seq } = await this.#client.publish(subject, bytes, options)
      // The id is in process: an earlier try is under way.
      if (seq === 0) throw new node.TimeoutError()
    })
  }

  /** @throws LogUnavailable */
  async get(): Promise<Snapshot | undefined> {
    const [newest] = await this.#all()
    if (newest === undefined) return undefined
    const { sequence, version } = newest
    return { sequence, version, parts: this.#parts(newest) }
  }

  /** @throws Error where a part is missing, or they hash to something else; LogUnavailable */
  async *#parts({ object, subject }: Found): AsyncGenerator<Uint8Array, void, undefined> {
    const filter = `$O.${this.#bucket}.C.${object.nuid}`
    const hash = createHash('sha256')
    const bell = new Bell()
    const forget = this.#link.onChange(bell.ring)
    let feed: Feed | null = null
    let [next, chunks, size] = [1, 0, 0]
    let heard = now()
    try {
      while (chunks < object.chunks) {
        if (feed === null || feed.isDead) {
          if (now() - heard > LOST_MS) throw new LogUnavailable('none', 'a snapshot cannot be read')
          feed = await this.#link.call('getSnapshot', () => {
            return Feed.open(this.#link, this.#stream, next, bell, filter)
          })
          const lacking = object.chunks - chunks
          if (feed.pending < lacking) {
            feed.close()
            feed = null
            // A server that is behind may not have them yet.
            const isThere = (await this.#newestOf(subject)) !== null
            if (!isThere || now() - heard > BEHIND_MS) {
              throw damaged(object, `${lacking} of its parts are missing`)
            }
            await pause(200)
            continue
          }
        }
        const stored = feed.take()
        if (stored === undefined) {
          if (feed.isDead || (await bell.wait(QUIET_MS))) continue
          feed.close()
          feed = null
        } else {
          const { data } = stored.msg
          heard = now()
          chunks++
          size += data.length
          hash.update(data)
          yield data
          heard = now()
          next = stored.sequence + 1
        }
      }
    } finally {
      feed?.close()
      forget()
    }
    const digest = `SHA-256=${base64url(hash.digest())}`
    if (size !== object.size || digest !== object.digest) {
      throw damaged(object, 'its parts hash to something else')
    }
  }

  /** All that are there, the newest first. */
  async #all(): Promise<Found[]> {
    const found: Found[] = []
    for (const subject of await this.#subjects('M')) {
      const stored = await this.#newestOf(subject)
      const object = stored?.json<Description>()
      const { sequence, version } = object?.metadata ?? {}
      if (!stored || !object || object.deleted || sequence === undefined) continue
      const numbers = { sequence: Number(sequence), version: Number(version) }
      found.push({ ...numbers, subject, at: stored.seq, object })
    }
    // Of the same again the one that was put last.
    return found.sort((a, b) => {
      return b.sequence - a.sequence || b.version - a.version || b.at - a.at
    })
  }

  #newestOf(subject: string): Promise<StoredMsg | null> {
    const { streams } = this.#link.manager
    return this.#unlessMissing('getSnapshot', () => {
      return streams.getMessage(this.#stream, { last_by_subj: subject })
    })
  }

  /** The subjects in the bucket of descriptions (M) or parts (C). */
  async #subjects(kind: 'M' | 'C'): Promise<string[]> {
    const { streams } = this.#link.manager
    const isThere = await this.#unlessMissing('getSnapshot', () => streams.info(this.#stream))
    if (isThere === null) return []
    const folder = `$O.${this.#bucket}.${kind}`
    const { state } = await this.#link.call('getSnapshot', () => {
      return stateOf(this.#link, this.#stream, `${folder}.none`, `${folder}.>`)
    })
    return Object.keys(state.subjects ?? {})
  }

  /** @returns null where there is no such thing */
  async #unlessMissing<T>(what: string, body: () => Promise<T>): Promise<T | null> {
    try {
      return await this.#link.call(what, body)
    } catch (error) {
      const code = codeOf(error)
      if (code === STREAM_NOT_FOUND || code === NO_MESSAGE) return null
      throw error
    }
  }

  async #makeBucket(): Promise<void> {
    const { streams } = this.#link.manager
    const isThere = await this.#unlessMissing('putSnapshot', () => streams.info(this.#stream))
    if (isThere !== null) return
    try {
      await this.#link.call('putSnapshot', () => {
        return streams.add({
          name: this.#stream,
          description: 'Snapshots of a replicated log of zverse',
          subjects: [`$O.${this.#bucket}.C.>`, `$O.${this.#bucket}.M.>`],
          storage: 'file',
          discard: 'new',
          num_replicas: this.#replicas,
          allow_rollup_hdrs: true,
          allow_direct: true,
        })
      })
    } catch (error) {
      // Another node has made it.
      if (codeOf(error) !== STREAM_NAME_IN_USE) throw error
    }
  }

  /** Deletes all but the newest, and what is left of those that were never finished. */
  async #clean(): Promise<void> {
    const [newest, ...older] = await this.#all()
    if (newest === undefined) return
    // Without its description nobody finds a snapshot, so that goes first.
    for (const { subject } of older) await this.#purge(subject)
    for (const { object } of older) await this.#purge(`$O.${this.#bucket}.C.${object.nuid}`)
    for (const subject of await this.#subjects('C')) {
      if (!subject.endsWith(`.${newest.object.nuid}`) && (await this.#isAbandoned(subject))) {
        await this.#purge(subject)
      }
    }
  }

  async #isAbandoned(subject: string): Promise<boolean> {
    const stored = await this.#newestOf(subject)
    return stored !== null && Date.now() - stored.time.getTime() > ABANDONED_MS
  }

  async #purge(filter: string): Promise<void> {
    const { streams } = this.#link.manager
    await this.#unlessMissing('putSnapshot', () => streams.purge(this.#stream, { filter }))
  }
}

function damaged({ name }: Description, what: string): Error {
  return new Error(`the snapshot ${name} is damaged, or was replaced: ${what}`)
}

/** As object stores have it: padded. */
function base64url(bytes: Buffer): string {
  const text = bytes.toString('base64url')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}
