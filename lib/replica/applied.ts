/**
 * How far a replica has come in its log, and the next step: one record after the other, each proved before it is applied.
 *
 * For the thread that replicates. A record that is not what was written, or does not follow from the one before, stops the
 * node: it never applies a guess. Invariant: what `sequence` and `check` say is what the database has.
 */
import { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { Stamp } from '../engine/mutation.js'
import { ZVerseError } from '../errors.js'
import { WRITING_CALLBACK } from '../memory/layout.js'
import { inCallback } from '../threads/running.js'
import { replay } from '../write/replay.js'
import { inTurn } from '../write/transaction.js'
import type { LogRecord } from './log.js'
import { BEGIN, CHANGE, type Decoded, decode, MARK, PART, TICKET, VERSION } from './record.js'
import { nodeOf, type Turns } from './turns.js'

/** Samples of which record is how old: one in so many. */
const SAMPLED = 64
const MOST_SAMPLES = 4096

/** The time that commits have while a record is applied: that of the record. */
export interface RecordClock {
  time: number | undefined
}

export class Applied {
  sequence: number
  check: number
  /** When the newest version was made, ms since 1970. */
  time = 0
  /** Bytes of records since a node said that it writes a snapshot, or one was read. */
  bytes = 0
  readonly #engine: Engine
  readonly #clock: RecordClock
  readonly #parts: Uint32Array[] = []
  readonly #samples: { sequence: number; time: number }[] = []
  readonly turns: Turns

  /** @param sequence the last record that the database has, and its check */
  constructor(engine: Engine, clock: RecordClock, turns: Turns, sequence: number, check: number) {
    this.turns = turns
    this.#engine = engine
    this.#clock = clock
    this.sequence = sequence
    this.check = check
  }

  /**
   * Applies the record behind the last one.
   * @throws ZVerseError `ZVERSE_CORRUPT` where it is damaged, or of another history; `ZVERSE_FULL`
   */
  take({ sequence, id, bytes }: LogRecord): void {
    const record = decode(bytes)
    if (record === undefined) throw damaged(sequence, 'is not what was written')
    if (sequence !== this.sequence + 1) throw damaged(sequence, `comes after ${this.sequence}`)
    if (record.kind === TICKET) {
      this.turns.draw(nodeOf(id))
      this.sequence = sequence
      return
    }
    if (record.previous !== this.check) throw damaged(sequence, 'follows from another record')
    this.#apply(record, sequence)
    this.turns.served(nodeOf(id))
    this.sequence = sequence
    this.check = record.check
    this.bytes += bytes.length
  }

  #apply(record: Decoded, sequence: number): void {
    const { newest } = this.#engine.epochs.versions
    const { kind, version, parts, body } = record
    const makes = kind === VERSION ? 1 : 0
    if (version !== newest + makes && kind !== PART) {
      throw damaged(sequence, `is of version ${version}, after version ${newest}`)
    }
    const before = parts === 0 ? [] : this.#parts.slice(-parts)
    if (before.length !== parts) throw damaged(sequence, `goes on from ${parts} records`)
    switch (kind) {
      case PART:
        this.#parts.push(body.slice())
        return
      case VERSION:
        this.#version(Batch.of(...before, body), record.stamp)
        break
      case CHANGE:
        this.#change(Batch.of(...before, body))
        break
      case MARK:
        // A node has said that it writes a snapshot.
        if (body.length > 0) this.bytes = 0
        break
      case BEGIN:
        throw damaged(sequence, 'begins a log')
    }
    this.#parts.length = 0
    if (kind === VERSION) this.#sample(sequence, record.stamp.time)
  }

  #version(batch: Batch, stamp: Stamp): void {
    try {
      this.#replay(batch, stamp)
    } catch (error) {
      // As for any write, history is what goes first where there is no room.
      const isFull = error instanceof ZVerseError && error.code === 'ZVERSE_FULL'
      if (!isFull || stamp.forgets || !this.#engine.writer.couldForget) throw error
      this.#replay(batch, { ...stamp, forgets: true })
    }
    this.time = stamp.time
  }

  #change(batch: Batch): void {
    try {
      this.#replay(batch, undefined)
    } catch (error) {
      // A version that this node's memory could not keep, of which nothing is left to tag.
      const { code } = error as ZVerseError
      if (code !== 'ZVERSE_VERSION_NOT_RETAINED' && code !== 'ZVERSE_UNKNOWN_TAG') throw error
    }
  }

  #replay(batch: Batch, stamp: Stamp | undefined): void {
    const engine = this.#engine
    engine.isReplicating = true
    this.#clock.time = stamp?.time
    try {
      inTurn(engine, WRITING_CALLBACK, tx =>
        inCallback(() => {
          // The record has the changes of indexes.
          tx.follows = false
          replay(tx, batch, stamp)
        }),
      )
    } finally {
      engine.isReplicating = false
      this.#clock.time = undefined
    }
  }

  #sample(sequence: number, time: number): void {
    if (sequence % SAMPLED !== 0) return
    this.#samples.push({ sequence, time })
    if (this.#samples.length > MOST_SAMPLES) this.#samples.splice(0, MOST_SAMPLES / 2)
  }

  /** The last record known to be of a time before `time`; 0: none is. */
  before(time: number): number {
    let last = 0
    for (const sample of this.#samples) if (sample.time < time) last = sample.sequence
    return last
  }
}

function damaged(sequence: number, what: string): ZVerseError {
  const message =
    `record ${sequence} of the replicated log ${what}: this node stops here, and goes on reading. ` +
    'Close it, look at the log, and join anew'
  return new ZVerseError('ZVERSE_CORRUPT', message, { offset: sequence })
}

/** The error of a log that lacks records that it had. */
export function shorter(last: number, sequence: number): ZVerseError {
  const message = `the replicated log ends with record ${last}, and had ${sequence}: it was made anew`
  return new ZVerseError('ZVERSE_CORRUPT', message, { offset: last })
}

/** The log could not be reached. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ZVerseError && error.code === 'ZVERSE_UNAVAILABLE'
}
