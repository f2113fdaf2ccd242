/**
 * What the cases of the conformance suite are made of: nodes that are closed at the end of a case, readers that are
 * read record by record, and waiting without a clock. Used by conformance*.ts alone.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { LogConflict, type LogRecord, LogUnavailable, type ReplicatedLog } from './log.js'

/** What an adapter's author gives: a fresh log for each case. */
export interface Harness {
  /** Another node of one and the same log, opened. The case closes it. */
  open(): Promise<ReplicatedLog>
  /** Cuts a node off: it can reach the log no more, nor is reached. */
  cut?(log: ReplicatedLog): Promise<void> | void
  /** Ends what {@link cut} has done. */
  mend?(log: ReplicatedLog): Promise<void> | void
}

/** One case. It rejects, with an AssertionError mostly, where the log does not keep the contract. */
export interface Case {
  readonly name: string
  /** 'cut': the case does nothing where the harness can't cut nodes off. */
  readonly needs?: 'cut'
  run(harness: Harness): Promise<void>
}

/** ms that an append may take where it is to succeed: no case depends on speed. */
export const PATIENCE = 120_000
/** ms after which an append gives up that cannot succeed. */
export const SOON = 300

/** The nodes of one case. */
export class Nodes {
  readonly #harness: Harness
  readonly #open: ReplicatedLog[] = []
  /** Ids are unlike those of other cases, should the log know these. */
  readonly #mark = randomBytes(6).toString('hex')

  constructor(harness: Harness) {
    this.#harness = harness
  }

  async open(): Promise<ReplicatedLog> {
    const log = await this.#harness.open()
    this.#open.push(log)
    return log
  }

  /** So many of them. */
  async several(count: number): Promise<ReplicatedLog[]> {
    const logs: ReplicatedLog[] = []
    for (let i = 0; i < count; i++) logs.push(await this.open())
    return logs
  }

  /** A node, and another that has nothing to do with how things got there. */
  async pair(): Promise<[ReplicatedLog, ReplicatedLog]> {
    return [await this.open(), await this.open()]
  }

  /** The id that has this name in the case. */
  id(name: string | number): string {
    return `${this.#mark}-${name}`
  }

  /** Appends `count` records, one after the other, behind record `last`; their bytes are their ids. */
  async fill(log: ReplicatedLog, count: number, last = 0): Promise<void> {
    for (let i = last + 1; i <= last + count; i++) {
      const id = this.id(i)
      assert.equal(await log.append(i - 1, id, bytesOf(id), PATIENCE), i)
    }
  }

  async cut(log: ReplicatedLog): Promise<void> {
    await this.#harness.cut?.(log)
    await until(() => !log.connected)
  }

  async mend(log: ReplicatedLog): Promise<void> {
    await this.#harness.mend?.(log)
    await until(() => log.connected)
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map(log => log.close()))
  }
}

/** A case whose nodes are closed at its end, however it ends. */
export function scenario(name: string, body: (nodes: Nodes) => Promise<void>): Case {
  return {
    name,
    async run(harness) {
      const nodes = new Nodes(harness)
      try {
        await body(nodes)
      } finally {
        await nodes.close()
      }
    },
  }
}

/** A case that is for harnesses which can cut nodes off. */
export function cutting(name: string, body: (nodes: Nodes) => Promise<void>): Case {
  const { run } = scenario(name, body)
  return {
    ...{ name, needs: 'cut' },
    async run(harness) {
      if (harness.cut !== undefined && harness.mend !== undefined) await run(harness)
    },
  }
}

/** Resolves once it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(2)
}

/** A little later, by when what is under way may, or may not, have come farther. */
export const later = (): Promise<void> => setTimeout(20)

/** Bytes that tell where they are from. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, c => c.charCodeAt(0))

/** Bytes in all values, and no two runs of them alike. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** What an append has come to. */
export type Outcome = number | 'conflict' | 'unavailable'

/** @throws what is neither a conflict nor a log that cannot be reached */
export async function outcomeOf(appending: Promise<number>): Promise<Outcome> {
  try {
    return await appending
  } catch (error) {
    if (error instanceof LogConflict) return 'conflict'
    if (error instanceof LogUnavailable) return 'unavailable'
    throw error
  }
}

/** Appends, and answers what has come of it. */
export function attempt(
  log: ReplicatedLog,
  expected: number,
  id: string,
  bytes = bytesOf(id),
  timeout = PATIENCE,
): Promise<Outcome> {
  return outcomeOf((async () => log.append(expected, id, bytes, timeout))())
}

/** The same, tried again while the log cannot be reached. */
export async function insist(log: ReplicatedLog, expected: number, id: string): Promise<Outcome> {
  for (;;) {
    const outcome = await attempt(log, expected, id)
    if (outcome !== 'unavailable') return outcome
    await later()
  }
}

/** Reads record by record. */
export class Reading {
  // biome-ignore lint/style/noRestrictedGlobals: of a suite for tests; who runs it has one.
  readonly #stop = new AbortController()
  readonly #records: AsyncIterator<LogRecord>

  constructor(log: ReplicatedLog, from: number) {
    this.#records = log.read(from, this.#stop.signal)[Symbol.asyncIterator]()
  }

  /** The next record; undefined where it has ended. */
  async next(): Promise<LogRecord | undefined> {
    const { done, value } = await this.#records.next()
    return done ? undefined : value
  }

  /** The next `count` records. */
  async take(count: number): Promise<LogRecord[]> {
    const records: LogRecord[] = []
    while (records.length < count) {
      const record = await this.next()
      assert(
        record !== undefined,
        `the reader has ended after ${records.length} of ${count} records`,
      )
      records.push(record)
    }
    return records
  }

  /** Aborts it; what is awaited of it ends then. */
  abort(): void {
    this.#stop.abort()
  }

  /** Leaves it as a loop does that is broken off. */
  async leave(): Promise<void> {
    await this.#records.return?.()
  }
}

/** The records `from` to `to`, as a node reads them: numbered without gaps, or this throws. */
export async function recordsOf(
  log: ReplicatedLog,
  from: number,
  to: number,
): Promise<LogRecord[]> {
  const reading = new Reading(log, from)
  try {
    const records = await reading.take(to - from + 1)
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      numbers(from, to),
    )
    return records
  } finally {
    reading.abort()
  }
}

/** All that can be read now. */
export async function allOf(log: ReplicatedLog): Promise<LogRecord[]> {
  const { first, last } = await log.ends()
  return recordsOf(log, first, last)
}

/** The ids of all that can be read now. */
export async function idsOf(log: ReplicatedLog): Promise<string[]> {
  return (await allOf(log)).map(({ id }) => id)
}

/** `from` to `to`. */
export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)

/** Bytes as they can be compared. */
export const plain = (bytes: Uint8Array): number[] => Array.from(bytes)

/** The call fails because the log cannot be reached. */
export async function unavailable(call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(async () => call(), LogUnavailable)
}
