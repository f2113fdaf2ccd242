/**
 * The oracle of `zverse/level`: sorted arrays of rows, one for each version. It follows
 * abstract-level's documentation for reading and writing, and ours for versions.
 */

export interface Row {
  readonly key: Buffer
  readonly value: Buffer
  /** The version that wrote it. */
  readonly version: number
}

export type State = readonly Row[]

export interface Write {
  readonly key: Buffer
  /** null deletes. */
  readonly value: Buffer | null
}

/** Bounds in whole keys, within a prefix. */
export interface Span {
  readonly prefix: Buffer
  readonly gt?: Buffer | undefined
  readonly gte?: Buffer | undefined
  readonly lt?: Buffer | undefined
  readonly lte?: Buffer | undefined
}

/** The error that Level, or zverse, should throw. */
export class Fault extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

const below = (a: Buffer, b: Buffer) => Buffer.compare(a, b) < 0
const same = (a: Buffer, b: Buffer) => a.equals(b)

/** Whether a key is within bounds; of two on one side, the inclusive one counts. */
export function isWithin(key: Buffer, { prefix, gt, gte, lt, lte }: Span): boolean {
  if (!same(key.subarray(0, prefix.length), prefix)) return false
  if (gte !== undefined ? below(key, gte) : gt !== undefined && !below(gt, key)) return false
  return !(lte !== undefined ? below(lte, key) : lt !== undefined && !below(key, lt))
}

export function rowsIn(state: State, span: Span, reverse: boolean): Row[] {
  const rows = state.filter(({ key }) => isWithin(key, span))
  return reverse ? rows.reverse() : rows
}

export function find(state: State, key: Buffer): Row | undefined {
  return state.find(row => same(row.key, key))
}

export class Model {
  readonly states: State[] = [[]]
  readonly times: number[] = [0]
  readonly tags = new Map<string, number>()
  /** The kept versions; asked of the database, which may release the past at need. */
  readonly oldest: () => number

  constructor(oldest: () => number) {
    this.oldest = oldest
  }

  get version(): number {
    return this.states.length - 1
  }

  get present(): State {
    return this.states[this.version] as State
  }

  /** True if there is a new version: in order, later writes on a key win, all at once. */
  commit(writes: readonly Write[]): boolean {
    const base = this.present
    const last = new Map(writes.map(write => [write.key.toString('hex'), write]))
    const version = this.version + 1
    let changed = false
    let next: Row[] = [...base]
    for (const { key, value } of last.values()) {
      const isThere = find(base, key) !== undefined
      if (value === null && !isThere) continue
      changed = true
      next = next.filter(row => !same(row.key, key))
      if (value !== null) next.push({ key, value, version })
    }
    if (!changed) return false
    next.sort((a, b) => Buffer.compare(a.key, b.key))
    this.states.push(next)
    return true
  }

  /** The version of `when`. */
  resolve(when: number | string | Date): number {
    if (typeof when === 'string') {
      const version = this.tags.get(when)
      if (version === undefined) throw new Fault('ZVERSE_UNKNOWN_TAG')
      return version
    }
    if (typeof when === 'number' && when > this.version) throw new Fault('ZVERSE_FUTURE_VERSION')
    let version = when as number
    if (when instanceof Date) {
      version = this.version
      while (version > 0 && (this.times[version] as number) > when.getTime()) version--
    }
    const isKept = version >= this.oldest() || [...this.tags.values()].includes(version)
    if (!isKept) throw new Fault('ZVERSE_VERSION_NOT_RETAINED')
    return version
  }

  /** Writes and deletions of a key that are still kept, oldest first. */
  history(key: Buffer, until: number) {
    const oldest = this.oldest()
    const first = find(this.states[oldest] as State, key)
    const records = first === undefined ? [] : [record(first.version, first)]
    for (let version = oldest + 1; version <= until; version++) {
      const before = find(this.states[version - 1] as State, key)
      const after = find(this.states[version] as State, key)
      if (before?.version !== after?.version) records.push(record(version, after))
    }
    return records
  }

  /** Rows that differ between two versions, in key order. */
  diff(from: number, to: number, span: Span) {
    const [a, b] = [this.states[from] as State, this.states[to] as State]
    const keys = new Map([...a, ...b].map(({ key }) => [key.toString('hex'), key]))
    const pairs = [...keys.values()]
      .sort(Buffer.compare)
      .filter(key => isWithin(key, span))
      .map(key => ({ key, before: find(a, key), after: find(b, key) }))
    return pairs.filter(({ before, after }) => before?.version !== after?.version)
  }
}

function record(version: number, row: Row | undefined) {
  return { version, value: row?.value, deleted: row === undefined }
}

/** An iterator of the oracle's. */
export class ModelIterator {
  readonly #rows: readonly Row[]
  readonly #span: Span
  readonly #reverse: boolean
  readonly #limit: number
  #left: readonly Row[]
  #count = 0
  isOpen = true

  constructor(state: State, span: Span, reverse: boolean, limit: number) {
    this.#rows = rowsIn(state, span, reverse)
    this.#left = this.#rows
    this.#span = span
    this.#reverse = reverse
    this.#limit = limit
  }

  get count(): number {
    return this.#count
  }

  take(size: number): Row[] {
    if (!this.isOpen) throw new Fault('LEVEL_ITERATOR_NOT_OPEN')
    const rows = this.#left.slice(0, Math.min(Math.max(size, 1), this.#limit - this.#count))
    this.#left = this.#left.slice(rows.length)
    this.#count += rows.length
    return rows
  }

  /** To the key closest to `target` in the direction that is walked; outside the range: to its end. */
  seek(target: Buffer): void {
    if (!this.isOpen) return
    const isPast = (key: Buffer) => (this.#reverse ? below(target, key) : below(key, target))
    const isInside = isWithin(target, this.#span)
    this.#left = isInside ? this.#rows.filter(({ key }) => !isPast(key)) : []
  }
}
