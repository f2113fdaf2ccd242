/**
 * One run of the model: a database, the oracle beside it, and all that a user might keep open.
 *
 * Invariants: engine and oracle are asked the same questions; an operation chooses
 * its arguments from its own seed and the state it finds, so that a run with operations left out
 * is still a run (so failures can be made small).
 */
import type { Draft } from '../oracle/draft.js'
import type { KeyKind } from '../oracle/keys.js'
import type { StoreLog } from '../oracle/log.js'
import { Oracle, type Pin } from '../oracle/oracle.js'
import { keyPool, type ValueKind, valueFor, valuesOption } from '../support/alphabet.js'
import { checkDb } from '../support/compare.js'
import type {
  Cursor,
  Database,
  History,
  Operation,
  ReadTx,
  StoreHandle,
  WriteTx,
} from '../support/contract.js'
import { compact, isOnDisk, open, reopened } from '../support/engine.js'
import { agree, isSame, Mismatch, outcomeOf, show } from '../support/outcome.js'
import { Random } from '../support/random.js'

export interface Params {
  seed: number
  keys: KeyKind
  values: ValueKind
  history: History
  /** How many different keys there are. */
  poolSize: number
  /** How many operations. */
  length: number
  maxBytes: number
  /** Small `maxBytes`: any write may end in FULL, and history goes sooner. */
  isTight: boolean
  firstVersion: number
  slots: 'auto' | 'always'
  /** The most units that a tree node takes. */
  units: number
  /** Absent: as the environment says. */
  onDisk?: boolean
  /** Versions that memory keeps: the disk has the rest of what `history` keeps. Absent: all is in memory. */
  window?: number
}

/** A named store of the run; its codecs never change. */
export interface NamedStore {
  name: string
  kind: KeyKind
  values: ValueKind
  pool: unknown[]
  handle: StoreHandle | undefined
}

/** An iterator that was left open, and the rest of its results. */
export interface OpenCursor {
  what: string
  cursor: Cursor<unknown>
  rest: unknown[]
  owner: ReadTx | WriteTx | undefined
}

export interface OpenWrite {
  tx: WriteTx
  draft: Draft
  /** Inside `transact`: its end is not for an operation to choose. */
  isInCallback: boolean
}

export class World {
  readonly params: Params
  db: Database
  readonly oracle: Oracle
  readonly pool: unknown[]
  readonly stores: NamedStore[]
  readonly pins: { tx: ReadTx; pin: Pin }[] = []
  readonly cursors: OpenCursor[] = []
  writing: OpenWrite | undefined
  clock = 1_700_000_000_000
  /** Names of indexes by the life of their store; of the unnamed store by this. */
  readonly #indexes = new Map<object, Set<string>>()
  /** Questions put to the engine. */
  operations = 0
  /** The operations done, for a person; kept only if asked for. */
  readonly trace: string[] | undefined

  constructor(params: Params, isTraced = false) {
    this.params = params
    this.trace = isTraced ? [] : undefined
    const { keys, values, history, maxBytes, slots, units, firstVersion } = params
    const now = () => this.clock
    const random = new Random(params.seed)
    this.pool = keyPool(keys, params.poolSize, random)
    this.stores = [
      namedStore('s', 'string', 'json', random),
      namedStore('a-binary', 'binary', 'binary', random),
      namedStore('ü tuple', 'tuple', 'msgpack', random),
    ]
    this.oracle = new Oracle({ keys, values, history, now, firstVersion })
    const options = { keys, values: valuesOption(values), history: this.bounds(history), maxBytes }
    const first = firstVersion === 0 ? {} : { firstVersion }
    const disk = params.onDisk === undefined ? {} : { onDisk: params.onDisk }
    this.db = open(options, { now, slots, units, poison: true, ...first, ...disk })
  }

  /** The option that makes a database keep what the oracle keeps. */
  bounds(history: History): History {
    const { window } = this.params
    if (window === undefined) return history
    // What memory keeps is kept.
    const versions = Math.min(window, history.versions ?? window)
    return { versions, disk: history }
  }

  /** The engine judges bounds in bytes and memory running short: it says which versions are left. */
  get isLoose(): boolean {
    return this.params.isTight || this.oracle.history.bytes !== undefined
  }

  log(name: string | undefined): StoreLog {
    return name === undefined ? this.oracle.unnamed : this.oracle.storeLog(name)
  }

  valueFor(store: NamedStore | undefined, random: Random): unknown {
    const kind = store ? store.values : this.params.values
    if (!this.params.isTight || random.chance(0.6)) return valueFor(kind, random)
    // Large enough that a few hundred operations fill the arena many times over.
    const size = random.int(random.chance(0.1) ? 300_000 : 60_000)
    return kind === 'binary' ? new Uint8Array(size).fill(random.int(256)) : 'p'.repeat(size)
  }

  indexesOf(life: object): Set<string> {
    const known = this.#indexes.get(life) ?? new Set()
    this.#indexes.set(life, known)
    return known
  }

  poolOf(store: NamedStore | undefined): unknown[] {
    return store ? store.pool : this.pool
  }

  /** Short text of arguments; empty without a trace, for a run that fails is run again with one. */
  brief(...items: unknown[]): string {
    if (this.trace === undefined) return '…'
    return items.map(item => show(item).replace(/\s+/g, ' ').slice(0, 160)).join(', ')
  }

  note(what: string): void {
    this.trace?.push(what)
  }

  /** A read: same answer, or same error. */
  read(what: string, real: () => unknown, model: () => unknown): void {
    this.operations++
    this.note(what)
    agree(what, real, model)
  }

  /**
   * A write: same answer or error, except that a tight database may refuse with FULL, which then
   * must have changed nothing. Returns whether it was done.
   */
  write(what: string, real: () => unknown, model: () => unknown): boolean {
    this.operations++
    this.note(what)
    const actual = outcomeOf(real)
    const isFull = 'code' in actual && actual.code === 'ZVERSE_FULL'
    if (isFull && this.params.isTight) {
      this.settle(`${what} (FULL)`)
      return false
    }
    const expected = outcomeOf(model)
    if (!isSame(actual, expected)) {
      throw new Mismatch(`${what}\n  expected ${show(expected)}\n  got      ${show(actual)}`)
    }
    this.settle(what)
    return 'value' in expected
  }

  /** The ends of the unbroken run agree after every write. */
  settle(what: string): void {
    if (this.db.version !== this.oracle.version) {
      throw new Mismatch(`${what}: version ${this.db.version}, expected ${this.oracle.version}`)
    }
    if (this.isLoose && what === 'reopen') this.oracle.adoptReopened(this.db.oldestVersion)
    else if (this.isLoose) this.oracle.adoptOldest(this.db.oldestVersion)
    else if (this.db.oldestVersion !== this.oracle.oldestVersion) {
      throw new Mismatch(
        `${what}: oldestVersion ${this.db.oldestVersion}, expected ${this.oracle.oldestVersion}`,
      )
    }
  }

  check(): void {
    this.operations++
    this.note('check()')
    checkDb(this.db)
  }

  /** Ends a read transaction, first the iterators whose fate the contract leaves open. */
  endPin(index: number): void {
    const [ended] = this.pins.splice(index, 1)
    if (!ended) return
    ended.tx.close()
    ended.pin.closed = true
  }

  /** Puts on disk what memory may let go of, and merges it. */
  compact(): void {
    if (this.params.window === undefined || this.writing !== undefined) return
    this.operations++
    this.note('compact()')
    compact(this.db)
  }

  /** Closes a database on a disk, with all that is open, and opens it again; sometimes with a new base. */
  reopen(isCompacted: boolean): void {
    // Where memory is short, what of the past has room may differ.
    if (!isOnDisk(this.db) || this.params.isTight || this.writing?.isInCallback) return
    this.operations++
    this.note(isCompacted ? 'compact(), reopen' : 'reopen')
    this.#leaveAll()
    if (isCompacted) compact(this.db)
    this.db = reopened(this.db)
    for (const store of this.stores) store.handle = undefined
    this.settle('reopen')
    checkDb(this.db)
  }

  #leaveAll(): void {
    if (this.writing) {
      this.writing.tx.abort()
      this.oracle.abort(this.writing.draft)
      this.writing = undefined
    }
    checkDb(this.db)
    while (this.pins.length > 0) this.endPin(0)
    for (const { cursor } of this.cursors.splice(0)) cursor.return()
  }

  /** Ends all that is open and proves that nothing is left behind. */
  finish(): void {
    this.#leaveAll()
    checkDb(this.db)
    this.db.close()
  }
}

function namedStore(name: string, kind: KeyKind, values: ValueKind, random: Random): NamedStore {
  return { name, kind, values, pool: keyPool(kind, 14, random), handle: undefined }
}

/** Random operations for `batch`. */
export function randomBatch(
  world: World,
  store: NamedStore | undefined,
  random: Random,
  size: number,
): Operation[] {
  const pool = world.poolOf(store)
  const isSorted = random.chance(0.4)
  const start = random.int(pool.length)
  return Array.from({ length: size }, (_, i) => {
    const key = isSorted ? pool[(start + i) % pool.length] : random.pick(pool)
    if (random.chance(0.2)) return { type: 'del' as const, key }
    return { type: 'put' as const, key, value: world.valueFor(store, random) }
  })
}
