/**
 * ZVerseLevel: an abstract-level database over a zverse database, or over a store of one.
 *
 * Belongs to the thread that made it; levels on many threads may be over one database. Invariants:
 * 1. Writes go through the write queue, in their order: each is in one version as a whole, a batch, too. Those of a
 *    replica go from there into its log.
 * 2. The level closes a database that it opened itself; it never closes one that it was given.
 */
import type {
  AbstractBatchOperation,
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractDatabaseOptions,
  AbstractDelOptions,
  AbstractOpenOptions,
  AbstractPutOptions,
} from 'abstract-level'
import { type DatabaseOptions, type Handle, type Operation, type View, ZVerse } from '../index.js'
import { invalidOption, LevelError, levelError, onLevel } from './errors.js'
import { PastLevel } from './past-level.js'
import { boundsIn, type DataBounds, storedBounds } from './range.js'
import { type OpenOptions, ReadLevel } from './reads.js'
import { levelFacts, printed } from './shown.js'
import { CODECS, type Data, type Sides, sidesOf } from './side.js'
import { type SnapshotOption, ZVerseSnapshot } from './snapshot.js'
import type { LevelSource, Pinned, Reads, Source } from './source.js'
import { assertOpen, viewOf, type When } from './travel.js'

/** What {@link ZVerseLevel} takes: Level's own options, and a database or the options to open one with. */
export type ZVerseLevelOptions<K = string, V = string> = AbstractDatabaseOptions<K, V> &
  Omit<AbstractOpenOptions, 'passive'> &
  ((DatabaseOptions & { db?: undefined }) | { db: LevelSource })

/** The options for opening a database; all others are Level's, or for hook functions. */
const OPENING = [
  ...['path', 'maxBytes', 'history', 'maxThreads', 'lockTimeout', 'sync', 'syncInterval'],
  ...['repair', 'background', 'onProgress', 'pointIndex', 'cache', 'queue', 'compress'],
] as const

/** What the manifest says of where the data lies. */
const MEMORY = { permanence: false }
const DIRECTORY = { permanence: true, createIfMissing: true, errorIfExists: true }

/** What the caller of a write may say about it. */
export interface WriteOptions {
  /**
   * Of a level in a directory: the write is durable when its promise resolves, whatever `sync` the level was opened
   * with. `false` changes nothing.
   */
  sync?: boolean | undefined
}

interface ClearOptions extends DataBounds, SnapshotOption {
  readonly reverse: boolean
  readonly limit: number
}

/**
 * An abstract-level database in shared memory.
 *
 * @example
 * const level = new ZVerseLevel({ valueEncoding: 'json' })
 * await level.put('key', { n: 1 })
 * const then = level.version()
 * await level.put('key', { n: 2 })
 * const past = level.at(then)
 * await past.get('key') // { n: 1 }
 * await past.close() // it pins its version until then, or until the level closes
 */
export class ZVerseLevel<K = string, V = string> extends ReadLevel<K, V> {
  /** The options to open the database with; null if the level was given one. */
  readonly #opening: DatabaseOptions | null
  #source: Source | null
  /** Keeps a closed database in memory, so that it can be opened again. */
  #handle: Handle<Uint8Array, Uint8Array> | null = null
  /** The write that was submitted last. */
  #last: Promise<unknown> = Promise.resolve()
  /** The `clear` of a replica that is under way, for which later writes wait; it never rejects. */
  #clearing: Promise<unknown> | null = null

  /**
   * Opens a new database in memory, or the one in a directory, or makes a level over `db`, which it then never closes.
   * A closed level over its own memory keeps the data for as long as the level is referred to: it can be opened again.
   *
   * @param location a directory, as other Levels take it: the option `path`. Ignored beside `db`
   * @param options `db`, or any option of `ZVerse.open` but its codecs; and Level's own
   * @throws ZVerseError `ZVERSE_INVALID_OPTION`; LevelError `LEVEL_ENCODING_NOT_SUPPORTED` for a `db` that
   * cannot hold text
   */
  constructor(options?: ZVerseLevelOptions<K, V>)
  constructor(location: string | undefined, options?: ZVerseLevelOptions<K, V>)
  constructor(location?: string | ZVerseLevelOptions<K, V>, options?: ZVerseLevelOptions<K, V>) {
    const { db, ...rest } = optionsOf(location, options)
    const opening = openingIn(rest)
    if (db !== undefined) refuseBoth(opening)
    const place = opening.path === undefined ? MEMORY : DIRECTORY
    super(withoutOpening(rest), place, sidesOf(db === undefined ? CODECS : codecsOf(db)))
    this.#opening = db === undefined ? opening : null
    this.#source = (db as Source | undefined) ?? null
    // Opens here, so that a wrong option throws here: an error of `open` shows only when a user calls that.
    if (db === undefined && opening.path === undefined) this._start()
  }

  /** The directory, as it was given; undefined in memory, and over `db`. */
  get location(): string | undefined {
    return this.#opening?.path
  }

  at(when?: When): PastLevel<K, V> {
    assertOpen(this, this)
    return onLevel(() => new PastLevel(this, this._pin(viewOf(when))))
  }

  /** @internal */
  get _isThere(): boolean {
    return this.#source !== null
  }

  /** @internal */
  get _source(): Source {
    return this.#source as Source
  }

  /** @internal */
  get _reads(): Reads {
    return this.#source as Source
  }

  /** @internal */
  _pin(view?: View): Pinned {
    return this._source.beginRead(view)
  }

  /** @internal */
  _start(options: OpenOptions = {}): void {
    if (this.#source === null) this.#source = this.#open(options) as unknown as Source
    // Throws if a database that was given has been closed since.
    else this.#source.size
  }

  /** @internal */
  _stop(): void {
    if (this.#opening === null || this.#source === null) return
    const db = this.#source as unknown as ZVerse<Uint8Array, Uint8Array>
    this.#source = null
    if (this.#opening.path === undefined) this.#handle = db.share()
    db.close()
  }

  #open(options: OpenOptions): ZVerse<Uint8Array, Uint8Array> {
    if (this.#handle !== null) return ZVerse.attach(this.#handle)
    const { path } = this.#opening as DatabaseOptions
    if (path !== undefined) checkThere(path, options)
    return ZVerse.open({ ...this.#opening, ...CODECS })
  }

  /** Makes a write durable that asks for it. */
  #sync({ sync }: WriteOptions): void {
    if (sync !== true || this.location === undefined) return
    const db = this.#source as unknown as ZVerse
    db.flush()
  }

  // ── Writes ────────────────────────────────────────────────────────────────────────────────────

  override put(key: K, value: V): Promise<void>
  override put<KA = K, VA = V>(
    key: KA,
    value: VA,
    options: AbstractPutOptions<KA, VA> & WriteOptions,
  ): Promise<void>
  override put(key: K, value: V, options?: object): Promise<void> {
    return super.put(key, value, options as object)
  }

  override del(key: K): Promise<void>
  override del<KA = K>(key: KA, options: AbstractDelOptions<KA> & WriteOptions): Promise<void>
  override del(key: K, options?: object): Promise<void> {
    return super.del(key, options as object)
  }

  override batch(operations: AbstractBatchOperation<this, K, V>[]): Promise<void>
  override batch<KA = K, VA = V>(
    operations: AbstractBatchOperation<this, KA, VA>[],
    options: AbstractBatchOptions<KA, VA> & WriteOptions,
  ): Promise<void>
  override batch(): AbstractChainedBatch<this, K, V>
  override batch(...args: []): never {
    // Level tells its forms apart by the number of arguments.
    return super.batch(...args) as never
  }

  /** @internal */
  async _put(key: Data, value: Data, options: WriteOptions): Promise<void> {
    const isText = typeof key === 'string' && typeof value === 'string'
    await this.#write(isText, options, sides => {
      return { type: 'put', key: sides.keys.take(key), value: sides.values.take(value) }
    })
  }

  /** @internal */
  async _del(key: Data, options: WriteOptions): Promise<void> {
    await this.#write(typeof key === 'string', options, sides => {
      return { type: 'del', key: sides.keys.take(key) }
    })
  }

  /** @internal */
  async _batch(operations: LevelOperation[], options: WriteOptions): Promise<void> {
    await this.#write(operations.every(hasText), options, sides => {
      return operations.map(operation => taken(operation, sides))
    })
  }

  /**
   * Submits a write to the database's queue, in the order of all writes of this thread. Level has no word for a full
   * queue: what waits is in its caller's hands.
   */
  async #write(
    isText: boolean,
    options: WriteOptions,
    make: (sides: Sides) => Writes,
  ): Promise<void> {
    try {
      const submit = () => {
        const { store, sides } = this._lane(this._source, isText)
        return store._submit(make(sides))
      }
      const done = this.#clearing === null ? submit() : this.#clearing.then(submit)
      this.#last = done
      await done
      this.#sync(options)
    } catch (error) {
      throw levelError(error)
    }
  }

  /** @internal */
  async _clear(options: ClearOptions): Promise<void> {
    const done = this.#cleared(this.#last, options)
    if (!this._source._core.engine.isReplica) return done
    const settled = done.catch(() => {})
    this.#clearing = this.#last = settled
    await settled
    if (this.#clearing === settled) this.#clearing = null
    return done
  }

  /** @param last the writes that were called before it */
  async #cleared(last: Promise<unknown>, options: ClearOptions): Promise<void> {
    // What came of those is told to their callers.
    await last.catch(() => {})
    try {
      const source = this._source
      const bounds = storedBounds(boundsIn(options), this._sides.keys)
      const snapshot = ZVerseSnapshot._in(options, source)
      const limit = options.limit === -1 ? undefined : options.limit
      const range = { ...bounds, reverse: options.reverse, limit }
      await changed(source, {
        verb() {
          if (snapshot === undefined && limit === undefined) source.clear(bounds)
          else {
            source.transact(tx => {
              for (const key of (snapshot ?? tx).keys(range)) tx.delete(key)
            })
          }
        },
        *elsewhere() {
          for (const key of (snapshot ?? source).keys(range)) yield { type: 'del', key }
        },
      })
    } catch (error) {
      throw levelError(error)
    }
  }
}

/**
 * Makes a change that no submission can express: where the source is of a replica, by way of its log.
 * @param change `verb` makes it; `elsewhere` gives the operations of it, for a thread that has attached to a replica
 */
async function changed(
  source: Source,
  change: { verb(): void; elsewhere(): Iterable<Operation<unknown, unknown>> },
): Promise<void> {
  const { isReplica, replicator } = source._core.engine
  if (!isReplica) change.verb()
  else if (replicator === null) await source._submit([...change.elsewhere()])
  else await replicator.run(change.verb, false, Number.POSITIVE_INFINITY)
}

printed(ZVerseLevel, 'ZVerseLevel', levelFacts)

/** An operation of a batch, encoded. */
type LevelOperation = { readonly key: Data; readonly sublevel?: unknown } & (
  | { readonly type: 'put'; readonly value: Data }
  | { readonly type: 'del' }
)

type Writes = Operation<unknown, unknown> | Operation<unknown, unknown>[]

/** An operation in the form of the store. */
function taken(operation: LevelOperation, sides: Sides): Operation<unknown, unknown> {
  // Level has resolved its own sublevels. A foreign one's key would be written without the prefix.
  if (operation.sublevel != null) throw invalidOption('sublevel', 'must be one of this level')
  const key = sides.keys.take(operation.key)
  if (operation.type === 'del') return { type: 'del', key }
  return { type: 'put', key, value: sides.values.take(operation.value) }
}

function hasText(operation: LevelOperation): boolean {
  if (typeof operation.key !== 'string') return false
  return operation.type === 'del' || typeof operation.value === 'string'
}

/** @throws LevelError if there is a database in `path`, or none, and the options forbid that */
function checkThere(path: string, { createIfMissing, errorIfExists }: OpenOptions): void {
  if (createIfMissing !== false && errorIfExists !== true) return
  // A path that is none is for `open` to refuse.
  const isThere = typeof path === 'string' && ZVerse._directories.lookAt(path) !== null
  if (isThere && errorIfExists) {
    throw new LevelError('LEVEL_EXISTS', `${path} exists: it has a database (errorIfExists)`)
  }
  if (!isThere && createIfMissing === false) {
    throw new LevelError('LEVEL_NOT_FOUND', `${path} does not exist (createIfMissing is false)`)
  }
}

/** The options, in either argument. */
function optionsOf(location: unknown, options: unknown): { db?: unknown } & DatabaseOptions {
  const isPlace = typeof location === 'string'
  const given: { db?: unknown } = (isPlace ? options : (location ?? options)) ?? {}
  if (typeof given !== 'object') throw invalidOption('options', 'of ZVerseLevel must be an object')
  // Packages that make the level themselves pass a location always; a given `db` has its own.
  return isPlace && given.db === undefined ? { ...given, path: location } : given
}

/** The options for opening a database, out of all options. */
function openingIn(options: DatabaseOptions): DatabaseOptions {
  const { keys, values } = options as { keys?: unknown; values?: unknown }
  const codec = keys !== undefined ? 'keys' : values !== undefined ? 'values' : undefined
  if (codec !== undefined) {
    throw invalidOption(codec, 'is not for a level: open a database with it, and pass that as db')
  }
  const given = OPENING.filter(name => options[name] !== undefined)
  return Object.fromEntries(given.map(name => [name, options[name]]))
}

/** The others, which are Level's, or for hook functions. */
function withoutOpening(options: object): object {
  const others = Object.entries(options).filter(([name]) => !OPENING.includes(name as 'path'))
  return Object.fromEntries(others)
}

function refuseBoth(opening: DatabaseOptions): void {
  const [name] = Object.keys(opening)
  if (name !== undefined)
    throw invalidOption(name, 'is for opening a database: leave it out beside db')
}

/** The codecs of a given database or store. */
function codecsOf(db: unknown): Source['codecs'] {
  const { beginRead, codecs } = (db ?? {}) as Partial<Source>
  if (typeof beginRead === 'function' && codecs !== undefined) return codecs
  throw invalidOption('db', 'must be a ZVerse, or a store of one')
}
