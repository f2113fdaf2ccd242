/**
 * A replicated log in the memory of one process: for a node alone, for several of one process, for tests. It is gone
 * with the process; ids are known for as long.
 */
import { checkNames, integer } from '../options.js'
import { turn } from '../threads/loop.js'
import { Ledger, type LocalLog, LocalNode, type Shelf } from './local-log.js'
import type { LogRecord, Snapshot } from './log.js'

/** The options of {@link memoryLog}, and of `fileLog`. */
export interface LocalLogOptions {
  /** Bytes that a record may have: an integer from 1 to 64 MiB. Default 1 MiB. */
  maxRecordBytes?: number | undefined
}

/** What is read in one turn of the event loop; reading a record out of memory gives it none. */
const READS = 256

/** Checks the options of a local log. @returns maxRecordBytes */
export function maxRecordBytesIn(options: unknown, what: string): number {
  const { maxRecordBytes } = checkNames(options, ['maxRecordBytes'], what)
  return integer(maxRecordBytes, 'maxRecordBytes', 1, 2 ** 26, 2 ** 20)
}

/**
 * A log in memory, and a first node of it. Give others {@link LocalLog.node}.
 * @throws ZVerseError `ZVERSE_INVALID_OPTION { option }`
 */
export function memoryLog(options?: LocalLogOptions): LocalLog {
  const maxRecordBytes = maxRecordBytesIn(options, 'memoryLog')
  return new LocalNode(new Ledger(new MemoryShelf(), maxRecordBytes))
}

interface Kept {
  readonly sequence: number
  readonly version: number
  readonly parts: readonly Uint8Array[]
}

class MemoryShelf implements Shelf {
  readonly #ids = new Map<string, number>()
  /** From `first` on. */
  #records: LogRecord[] = []
  #snapshot: Kept | undefined
  #reads = 0
  first = 1

  get last(): number {
    return this.first + this.#records.length - 1
  }

  sequenceOf(id: string): number | undefined {
    return this.#ids.get(id)
  }

  async open(): Promise<void> {
    await turn()
  }

  async close(): Promise<void> {
    // All stays, for the nodes to come.
  }

  async add(records: readonly LogRecord[]): Promise<void> {
    await turn()
    for (const record of records) {
      this.#ids.set(record.id, record.sequence)
      this.#records.push(record)
    }
  }

  async record(sequence: number): Promise<LogRecord | undefined> {
    if (++this.#reads % READS === 0) await turn()
    const record = this.#records[sequence - this.first]
    return record && { ...record, bytes: record.bytes.slice() }
  }

  async trim(before: number): Promise<void> {
    await turn()
    this.#records = this.#records.slice(before - this.first)
    this.first = before
  }

  async putSnapshot({ sequence, version, parts }: Snapshot): Promise<void> {
    const copies: Uint8Array[] = []
    for await (const part of parts) copies.push(part.slice())
    await turn()
    if (sequence >= (this.#snapshot?.sequence ?? 0)) {
      this.#snapshot = { sequence, version, parts: copies }
    }
  }

  async getSnapshot(): Promise<Snapshot | undefined> {
    await turn()
    const { sequence, version, parts } = this.#snapshot ?? {}
    if (sequence === undefined || version === undefined) return undefined
    const copies = async function* () {
      for (const part of parts ?? []) {
        await turn()
        yield part.slice()
      }
    }
    return { sequence, version, parts: copies() }
  }
}
