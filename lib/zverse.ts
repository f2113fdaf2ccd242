/**
 * ZVerse: opens a database and wires its parts together. No algorithms here.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { resolve } from 'node:path'
import { threadId } from 'node:worker_threads'
import type {
  CodecsFor,
  EncodedBy,
  Encoding,
  KeyOf,
  KeysOption,
  Options,
  ValueOf,
  ValuesOption,
} from './codec-options.js'
import { type DumpOptions, dump } from './dump/dump.js'
import { type LoadOptions, load } from './dump/load.js'
import type { DumpRecord } from './dump/record.js'
import { Engine } from './engine/engine.js'
import type { Log } from './engine/mutation.js'
import { UNNAMED } from './engine/names.js'
import type { Signal } from './engine/signal.js'
import { type Environment, timeFrom, WORLD } from './engine/time.js'
import { isVersion, type View } from './engine/view.js'
import { type Functions, functionsIn } from './indexes/functions.js'
import type { KeyCodec } from './key/codec.js'
import { keyCodec, keyCodecNamed } from './key/resolve.js'
import type { Arena } from './memory/arena.js'
import { granted } from './memory/granted.js'
import { H_DIRECTORY, H_REPLICA, WRITING_VERB } from './memory/layout.js'
import {
  checkNames,
  type DatabaseOptions,
  type History,
  historyBounds,
  type IndexFunctions,
  invalidOption,
  type Settings,
  settings,
} from './options.js'
import type { ZVerseIterator } from './read/iterator.js'
import { StoreCore } from './read/store-core.js'
import type { RecordClock } from './replica/applied.js'
import { join, type ReplicaOptions, replicaSettings } from './replica/join.js'
import { Disk } from './storage/disk.js'
import { Directory, type Files, SYSTEM } from './storage/files.js'
import { filesIn, lookAt } from './storage/look.js'
import { Opening, type Recovery } from './storage/opening.js'
import { claimFor, giveBack } from './threads/claims.js'
import { type Handle, makeHandle, openHandle } from './threads/handle.js'
import { type TrackedWorker, trackWorker } from './threads/track.js'
import type { ValueCodec } from './value/codec.js'
import { isBuiltIn, valueCodec } from './value/resolve.js'
import { type CheckReport, check } from './verbs/check.js'
import { withIndexes } from './verbs/index-proof.js'
import { ReplicaVerbs } from './verbs/replica-verbs.js'
import { type Stats, stats } from './verbs/stats.js'
import { listVersions, type VersionInfo } from './verbs/versions.js'
import { waitForVersion } from './verbs/wait.js'
import { EpochManager } from './versions/manager.js'
import { newArena } from './versions/new-arena.js'
import { tag, untag } from './write/tagging.js'
import { inTurn } from './write/transaction.js'
import { prune, setBounds } from './write/upkeep.js'

/** Hooks of tests; see spec/. */
export interface TestHooks extends Environment {
  /** Number of the first version. */
  firstVersion?: number
  /** `always`: reads announce themselves, as they must once there is a second thread. */
  slots?: 'auto' | 'always'
  /** Fill freed memory with garbage and check every free. */
  poison?: boolean
  /** A store with at least this many keys has a point index. */
  indexFrom?: number
  /** The most units that a tree node takes. */
  units?: number
  /** Poses as another thread. */
  threadId?: number
  /** Hears of each commit of this handle before it can be read. */
  log?: Log
  /** Persistent mode: the file system. */
  files?: Files
  /** Puts something between the engine and its memory. */
  wrap?: (arena: Arena) => Arena
  /** The versions are those of a replicated log. */
  replica?: boolean
}

/** A database that a replicated log is the truth of: its end takes a while. */
export interface Replica<K, V> extends ZVerse<K, V> {
  /**
   * Waits until the log has what this thread has submitted, or `timeout`, and ends; with `queue: 'reject'` it waits for what
   * is under way only. What is not in the log by then is rejected.
   */
  close(options?: { queue?: 'commit' | 'reject' | undefined }): Promise<void>
}

/**
 * A multi-version in-memory database. The verbs on it are those of its unnamed store.
 *
 * @example
 * const db = ZVerse.open()
 * const v1 = db.put('key', 'one')
 * db.put('key', 'two')
 * db.get('key', { at: v1 }) // 'one'
 */
export class ZVerse<K = string, V = unknown> extends ReplicaVerbs<K, V> {
  /**
   * Opens a new database in memory, or with `path` the one in a directory.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming the option; with `path` also `ZVERSE_LOCKED`, `ZVERSE_IO`,
   * `ZVERSE_CORRUPT`, `ZVERSE_FORMAT`, and `ZVERSE_FULL` where it does not fit `maxBytes`
   */
  static open<C extends KeysOption = 'string', E = unknown, D extends E = E>(
    options: DatabaseOptions & { keys?: C | undefined; values: Encoding<E, D> },
  ): ZVerse<KeyOf<C>, EncodedBy<E, D>>
  static open<C extends KeysOption = 'string', D extends ValuesOption = 'msgpack'>(
    options?: DatabaseOptions & { keys?: C | undefined; values?: D | undefined },
  ): ZVerse<KeyOf<C>, ValueOf<D>>
  static open<K, V>(...options: Options<DatabaseOptions & CodecsFor<K, V>>): ZVerse<K, V>
  static open(options?: object): ZVerse {
    return openWith(options, WORLD)
  }

  /**
   * Opens the database of another thread, with the result of its `share`. Attaching twice on a thread
   * gives two handles, each with iterators, transactions and a `close` of its own.
   * @param options `values`: the custom codec again, if the database has one; `functions` of this thread
   * @throws ZVerseError `ZVERSE_INVALID_OPTION`, `ZVERSE_FORMAT`, `ZVERSE_READERS_FULL`
   */
  static attach<K = string, V = unknown>(
    handle: Handle<K, V>,
    options?: { values?: ValuesOption | undefined; functions?: IndexFunctions | undefined },
  ): ZVerse<K, V> {
    return attachWith(handle, options, WORLD) as unknown as ZVerse<K, V>
  }

  /**
   * Opens a database whose versions are those of a replicated log, the same on every node (docs/cluster.md): empty where the
   * log is new, else with all that the log has by now. Reads are local, and as fast as ever.
   * @param options those of `open`, and `log`, `node`, `timeout`, `snapshot`; `history` counts for who begins the log
   * @throws ZVerseError `ZVERSE_UNAVAILABLE` where the log cannot be reached; `ZVERSE_CORRUPT`; and as `open`
   */
  static replicate<C extends KeysOption = 'string', E = unknown, D extends E = E>(
    options: ReplicaOptions & DatabaseOptions & { keys?: C | undefined; values: Encoding<E, D> },
  ): Promise<Replica<KeyOf<C>, EncodedBy<E, D>>>
  static replicate<C extends KeysOption = 'string', D extends ValuesOption = 'msgpack'>(
    options: ReplicaOptions & DatabaseOptions & { keys?: C | undefined; values?: D | undefined },
  ): Promise<Replica<KeyOf<C>, ValueOf<D>>>
  static async replicate(options: object): Promise<unknown> {
    return replicateWith(options, WORLD)
  }

  /** @internal */
  static readonly _directories = { lookAt, filesIn }
  readonly #engine: Engine
  /** Persistent mode: what this handle has of it. */
  readonly #disk: Disk | null

  /** @internal */
  constructor(core: StoreCore, disk: Disk | null = null) {
    super(core)
    this.#engine = core.engine
    this.#disk = disk
  }

  /** @internal */
  get _kind(): string {
    return 'ZVerse'
  }

  /** @internal */
  override _facts(): object {
    const { version, size } = this
    const { allocator } = this.#engine.epochs
    const usedBytes = (allocator.writtenWords - allocator.freeWords) * 4
    return { in: this.#disk?.path ?? 'memory', version, keys: size, usedBytes }
  }

  // ── Versions ──────────────────────────────────────────────────────────────────────────────────

  /** The present version. */
  get version(): number {
    this.#engine.gate.check()
    return this.#engine.reader.newest
  }

  /** The oldest version of the unbroken run that ends at the present. */
  get oldestVersion(): number {
    this.#engine.gate.check()
    return this.#engine.reader.oldest
  }

  /** All versions that can be read by number, oldest first, with their tags. */
  versions(): VersionInfo[] {
    this.#engine.gate.check()
    return listVersions(this.#engine)
  }

  /**
   * Names a version, which is then kept whatever `history` says; an existing name moves.
   * @returns the version
   */
  tag(name: string, view?: View): number {
    this.#engine.gate.check()
    return tag(this.#engine, name, view)
  }

  /**
   * Removes a tag.
   * @returns the version that was tagged
   * @throws ZVerseError `ZVERSE_UNKNOWN_TAG`
   */
  untag(name: string): number {
    this.#engine.gate.check()
    return untag(this.#engine, name)
  }

  /**
   * Releases all versions before one, now. Tagged and pinned versions stay.
   * @param options `before`: the oldest version to keep
   * @returns the oldest version kept
   */
  prune(options: { before: number }): number {
    const engine = this.#engine
    engine.gate.check()
    const { before } = checkNames(options, ['before'], 'prune')
    if (!isVersion(before)) throw invalidOption('before', 'must be a version')
    engine.notWriting()
    if (before > this.version) throw engine.reader.futureVersion(before)
    inTurn(engine, WRITING_VERB, tx => prune(tx, before))
    // On a replica that is still to come.
    return engine.isReplica ? Math.max(before, this.oldestVersion) : this.oldestVersion
  }

  /** Changes how much history is kept; the next commit applies it. */
  setHistory(history: History): void {
    this.#engine.gate.check()
    const bounds = historyBounds(history, this.#disk !== null)
    this.#engine.notWriting()
    inTurn(this.#engine, WRITING_VERB, tx => setBounds(tx, bounds))
  }

  // ── Threads ───────────────────────────────────────────────────────────────────────────────────

  /** A handle with which another thread attaches: pass it as `workerData` or by `postMessage`. */
  share(): Handle<K, V> {
    this.#engine.gate.check()
    const { keys, values } = this._core
    const { epochs } = this.#engine
    const handle = makeHandle(epochs.arena, keys.name, values.name, this.#disk?.path)
    epochs.share()
    return handle
  }

  /**
   * When a worker exits or is killed, releases its lock, pins and thread line, and those of the workers
   * that it tracks. Call it once, on the thread that made the worker.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` if it is no worker, or one that has exited
   */
  track(worker: TrackedWorker): void {
    this.#engine.gate.check()
    trackWorker(this.#engine.epochs.arena, this.#engine.epochs.threadId, worker)
  }

  /**
   * Resolves once any thread has committed `version`; keeps the process alive until then.
   * @param options `signal`: aborting rejects with an AbortError
   * @returns the present version then: `version` or a later one
   */
  async waitFor(version: number, options?: { signal?: Signal | undefined }): Promise<number> {
    return waitForVersion(this.#engine, version, options)
  }

  // ── Persistent mode ───────────────────────────────────────────────────────────────────────────

  /** The newest version that outlives the loss of power; 0 for a database in memory. */
  get durableVersion(): number {
    this.#engine.gate.check()
    return this.#disk?.durableVersion ?? 0
  }

  /**
   * Makes all that is committed durable, whatever `sync` says, with the thread blocked meanwhile.
   * @throws ZVerseError `ZVERSE_IO`; `ZVERSE_INVALID_OPTION` for a database in memory
   */
  flush(): number {
    return this.#persistent('flush').log.flush()
  }

  /**
   * Resolves once a version (default: the present) is durable; keeps the process alive until then.
   * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_FUTURE_VERSION`, `ZVERSE_INVALID_OPTION` for a database in memory
   */
  async flushed(version?: number): Promise<number> {
    return this.#persistent('flushed').flushed(version)
  }

  /**
   * Does now what is otherwise done in the background (docs/persistence.md). Reads and writes go on meanwhile.
   * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_CLOSED`; `ZVERSE_INVALID_OPTION` for a database in memory
   */
  async compact(): Promise<void> {
    await this.#persistent('compact').compact()
  }

  /**
   * Copies all that is committed by now to a directory, durably, while anybody goes on reading and writing. The copy
   * opens as a database; on the same file system it shares the files that never change.
   * @param directory one that is not there, or empty
   * @returns the version that the copy has
   * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_CLOSED`, `ZVERSE_INVALID_OPTION`
   */
  async backup(directory: string): Promise<number> {
    return this.#persistent('backup').backup(directory)
  }

  /** What opening the directory found; null in memory, and in threads that have attached. */
  get recovery(): Recovery | null {
    return this.#disk?.recovery ?? null
  }

  #persistent(verb: string): Disk {
    this.#engine.gate.check()
    if (this.#disk !== null) return this.#disk
    throw invalidOption('path', `was not given: ${verb} is for a database in a directory`)
  }

  // ── Care ──────────────────────────────────────────────────────────────────────────────────────

  /**
   * The database as plain records, stores included, read one by one: a version, the present
   * one by default, or with `history` all versions up to it. docs/dump.md describes the records.
   * `toJson` turns each into a line.
   *
   * @param options a view; `history`; `codecs`: the custom codecs of named stores
   * @throws ZVerseError as for any view; `ZVERSE_INVALID_OPTION` if a codec is missing
   */
  dump(options?: DumpOptions): ZVerseIterator<DumpRecord> {
    this.#engine.gate.check()
    return dump(this._core, options)
  }

  /**
   * Loads the records of a dump. Without history it puts them into the present version, and makes
   * missing stores, all in one commit. A dump with history needs an empty database, which then has the
   * dump's versions with their numbers, times, deletions, tags and stores, as far as the bounds of its own
   * history reach; the versions can be read as they come, and no other thread can write meanwhile.
   *
   * If anything is refused, or the iterable throws, nothing of the dump stays. A thread that dies in the
   * middle of a history leaves the versions loaded by then.
   * @param records the records of `dump`, or its lines read by `fromJson`
   * @param options `codecs`: the custom codecs of named stores
   * @returns the new version; for an async iterable a promise of it
   * @throws ZVerseError `ZVERSE_FORMAT` if the records are no dump, or cut short; `ZVERSE_CONFLICT` for a
   * history into a database that is not empty; `ZVERSE_INVALID_OPTION` for other codecs; and
   * the errors of `put`
   */
  load(records: Iterable<unknown>, options?: LoadOptions): number
  load(records: AsyncIterable<unknown>, options?: LoadOptions): Promise<number>
  load(records: unknown, options?: LoadOptions): number | Promise<number> {
    return load(this._core, records, options)
  }

  /** Plain numbers about the database, grouped. */
  stats(): Stats {
    this.#engine.gate.check()
    return stats(this.#engine, this.#disk?.stats())
  }

  /** Proves each byte of memory reachable, retired and waiting, or free; reads the past on disk. Slow. */
  check(): CheckReport {
    this.#engine.gate.check()
    const engine = this.#engine
    const prove = () => withIndexes(check(engine.epochs), engine)
    const report = engine.isWriting ? prove() : engine.epochs.turn.exclusively(prove)
    return this.#disk?.checked(report) ?? report
  }

  /** @internal Hooks for tests. */
  get _test() {
    const { epochs } = this.#engine
    return {
      engine: this.#engine,
      line: epochs.line,
      failAfter: (n: number) => {
        epochs.space.failAfter = n > 0 ? n : Number.POSITIVE_INFINITY
      },
    }
  }
}

/** @internal Opens a database with a clock, and other hooks, of the caller's own. */
export function openWith(options: object | undefined, hooks: TestHooks): ZVerse {
  return openFrom(optionsOf(options), hooks, hooks.firstVersion ?? 0, timeFrom(hooks.now(), 0))
}

/** The options of `open`, checked. */
interface Checked {
  readonly checked: Settings
  readonly keys: KeyCodec
  readonly values: ValueCodec
  readonly functions: Functions
}

function optionsOf(options: object | undefined): Checked {
  const checked = settings(options)
  const given = (options ?? {}) as Record<string, unknown>
  const keys = keyCodec(given.keys === undefined ? 'string' : given.keys)
  const values = valueCodec(given.values === undefined ? 'msgpack' : given.values)
  return { checked, keys, values, functions: functionsIn(given.functions) }
}

/** Opens a database; a new one begins with a version of a time. */
function openFrom(options: Checked, hooks: TestHooks, version: number, time: number): ZVerse {
  const { checked, keys, values, functions } = options
  const own = { ...hooks, functions }
  if (checked.path === undefined) {
    return connect(newArena(checked, hooks, version, time), keys, values, own)
  }
  const directory = new Directory(hooks.files ?? SYSTEM, resolve(checked.path))
  const names = { ...checked, keys: keys.name, values: values.name }
  const opening = new Opening(directory, names, version, time)
  const world = { ...own, ...opening.clockOf(hooks) }
  const toDisk = (engine: Engine) => Disk.open(engine, directory, opening, checked)
  let db: ZVerse | undefined
  try {
    db = opening.withBases((first, made) => {
      return connect(newArena(checked, hooks, first, made), keys, values, world, toDisk)
    })
    return db
  } finally {
    if (db === undefined) opening.giveUp()
  }
}

/** @internal Joins a replicated log, with hooks of the caller's own. */
export async function replicateWith(options: unknown, hooks: TestHooks): Promise<ZVerse> {
  const [replica, others] = replicaSettings(options)
  const given = optionsOf(others)
  const { checked, keys, values } = given
  const clock: RecordClock = { time: undefined }
  const own = { ...hooks, replica: true, now: () => clock.time ?? hooks.now() }
  const asked = {
    ...{ keys: keys.name, values: values.name, history: checked.history },
    isPersistent: checked.path !== undefined,
  }
  let db: ZVerse | undefined
  await join(replica, asked, clock, (version, time, history, isSource = false) => {
    const path = isSource ? undefined : checked.path
    const bounded = { ...checked, path, history: { ...checked.history, ...history } }
    const made = openFrom({ ...given, checked: bounded }, own, version, time)
    if (!isSource) db = made
    return made._test.engine
  })
  return db as ZVerse
}

/** @internal Attaches with hooks of the caller's own. */
export function attachWith(handle: unknown, options: unknown, world: TestHooks): ZVerse {
  const { arena, keys, values, path } = openHandle(handle)
  const given = checkNames(options, ['values', 'functions'], 'attach')
  const hooks = { ...world, functions: functionsIn(given.functions) }
  const codec = valueCodec(given.values === undefined ? builtIn(values) : given.values)
  if (codec.name !== values) {
    throw invalidOption('values', `must be the codec ${JSON.stringify(values)} of the database`)
  }
  if (path === undefined) return connect(arena, keyCodecNamed(keys), codec, hooks)
  const directory = new Directory(hooks.files ?? SYSTEM, path, arena.words[H_DIRECTORY])
  return connect(arena, keyCodecNamed(keys), codec, hooks, engine => Disk.attach(engine, directory))
}

/** The name, if it is a built-in codec's; a custom codec must be given again. */
function builtIn(name: string): string {
  if (isBuiltIn(name)) return name
  throw invalidOption('values', `must give the custom codec ${JSON.stringify(name)} again`)
}

/**
 * A handle of this thread on a formatted arena.
 * @param toDisk persistent mode: opens the files, or reads them
 */
function connect(
  plain: Arena,
  keys: KeyCodec,
  values: ValueCodec,
  hooks: TestHooks,
  toDisk?: (engine: Engine) => Disk,
): ZVerse {
  const arena = hooks.wrap === undefined ? plain : hooks.wrap(plain)
  const claim = claimFor(arena, hooks.threadId ?? threadId)
  try {
    return granted('a handle', () => {
      if (hooks.replica === true) arena.words[H_REPLICA] = 1
      const engine = new Engine(new EpochManager(claim, hooks.slots === 'always'), hooks)
      engine.isReplicating = hooks.replica === true
      engine.log = hooks.log ?? null
      const disk = toDisk?.(engine) ?? null
      return new ZVerse(new StoreCore(engine, UNNAMED, null, keys, values), disk)
    })
  } catch (error) {
    giveBack(claim)
    throw error
  }
}
