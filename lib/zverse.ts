/**
 * ZVerse: opens a database and wires its parts together. No algorithms here.
 */
/// <reference lib="esnext.disposable" preserve="true" />
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
import { type Environment, timeFrom, WORLD } from './engine/time.js'
import { checkView, isVersion, type View } from './engine/view.js'
import { ZVerseError } from './errors.js'
import type { KeyCodec } from './key/codec.js'
import { keyCodec, keyCodecNamed } from './key/resolve.js'
import { Arena } from './memory/arena.js'
import { granted } from './memory/granted.js'
import {
  H_CACHE_BYTES,
  H_CACHE_FREEZES,
  H_LOCK_TIMEOUT,
  H_POINT_INDEX,
  H_POISON,
  R_TIME,
  R_VERSION,
  WRITING_VERB,
} from './memory/layout.js'
import { load48 } from './memory/words.js'
import {
  checkNames,
  type DatabaseOptions,
  type History,
  historyBounds,
  invalidOption,
  settings,
} from './options.js'
import type { ZVerseIterator } from './read/iterator.js'
import { StoreCore } from './read/store-core.js'
import { claimFor, giveBack } from './threads/claims.js'
import { type Handle, makeHandle, openHandle } from './threads/handle.js'
import { type TrackedWorker, trackWorker } from './threads/track.js'
import type { ValueCodec } from './value/codec.js'
import { isBuiltIn, valueCodec } from './value/resolve.js'
import { type CheckReport, check } from './verbs/check.js'
import { type Stats, stats } from './verbs/stats.js'
import { Store, StoreVerbs } from './verbs/store-verbs.js'
import { checkGoesOn, type Signal, signalIn, waitUntil } from './verbs/wait.js'
import { format } from './versions/format.js'
import { EpochManager } from './versions/manager.js'
import { writeBounds } from './versions/past.js'
import { write } from './write/commit.js'
import { tag, untag } from './write/tagging.js'
import { inTurn } from './write/transaction.js'
import { prune, setBounds } from './write/upkeep.js'

/** A store with at least this many keys has a point index: fewer fit one node of the tree. */
const INDEX_FROM = 65

/** One version that can be read by number. */
export interface VersionInfo {
  version: number
  /** ms since 1970 */
  timestamp: number
  tags: string[]
}

/** A named store, as `stores` lists it. */
export interface StoreInfo {
  name: string
  keys: string
  values: string
}

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
  /** Poses as another thread. */
  threadId?: number
  /** Hears of each commit of this handle before it can be read. */
  log?: Log
  /** Puts something between the engine and its memory. */
  wrap?: (arena: Arena) => Arena
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
export class ZVerse<K = string, V = unknown> extends StoreVerbs<K, V> {
  /**
   * Opens a new database in memory.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming the option
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
   * @param options `values`: the custom codec again, if the database has one
   * @throws ZVerseError `ZVERSE_INVALID_OPTION`, `ZVERSE_FORMAT`, `ZVERSE_READERS_FULL`
   */
  static attach<K = string, V = unknown>(
    handle: Handle<K, V>,
    options?: { values?: ValuesOption | undefined },
  ): ZVerse<K, V> {
    return attachWith(handle, options, WORLD) as unknown as ZVerse<K, V>
  }

  readonly #engine: Engine

  /** @internal */
  constructor(core: StoreCore) {
    super(core)
    this.#engine = core.engine
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
    return { in: 'memory', version, keys: size, usedBytes }
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
    const { slots, versions } = this.#engine.epochs
    slots.enter()
    const { oldest } = versions
    slots.exit()
    return oldest
  }

  /** All versions that can be read by number, oldest first, with their tags. */
  versions(): VersionInfo[] {
    const engine = this.#engine
    engine.gate.check()
    const { epochs, W } = engine
    // First the tags, then the run: reading tags holds all reclamation up, so it must be short.
    epochs.slots.enterAll()
    const tags = engine.tags.all()
    const tagged = tags.map(({ version, record }) => ({
      version,
      timestamp: load48(W, record + R_TIME),
    }))
    epochs.slots.enterRun()
    try {
      const all = new Map<number, VersionInfo>()
      const { current } = epochs.versions
      const newest = load48(W, current + R_VERSION)
      const oldest = epochs.versions.oldestBefore(newest)
      for (let version = oldest; version < newest; version++) {
        const record = epochs.versions.record(version)
        if (record !== 0)
          all.set(version, { version, timestamp: load48(W, record + R_TIME), tags: [] })
        // Another thread has released it meanwhile: the run begins behind it.
        else all.clear()
      }
      all.set(newest, { version: newest, timestamp: load48(W, current + R_TIME), tags: [] })
      for (const info of tagged)
        if (info.version < oldest) all.set(info.version, { ...info, tags: [] })
      for (const tag of tags) all.get(tag.version)?.tags.push(tag.name)
      return [...all.values()].sort((a, b) => a.version - b.version)
    } finally {
      epochs.slots.exit()
    }
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
    return this.oldestVersion
  }

  /** Changes how much history is kept; the next commit applies it. */
  setHistory(history: History): void {
    this.#engine.gate.check()
    const bounds = historyBounds(history)
    this.#engine.notWriting()
    inTurn(this.#engine, WRITING_VERB, tx => setBounds(tx, bounds))
  }

  // ── Stores ────────────────────────────────────────────────────────────────────────────────────

  /**
   * The store of that name; made, with a commit, if there is none.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` if it was made with other codecs
   */
  store<C extends KeysOption = 'string', E = unknown, D extends E = E>(
    name: string,
    options: { keys?: C | undefined; values: Encoding<E, D> },
  ): Store<KeyOf<C>, EncodedBy<E, D>>
  store<C extends KeysOption = 'string', D extends ValuesOption = 'msgpack'>(
    name: string,
    options?: { keys?: C | undefined; values?: D | undefined },
  ): Store<KeyOf<C>, ValueOf<D>>
  store<SK, SV>(name: string, ...options: Options<CodecsFor<SK, SV>>): Store<SK, SV>
  store(name: string, options?: object): Store<never, never> {
    const engine = this.#engine
    engine.gate.check()
    checkStoreName(name)
    const given = checkNames(options, ['keys', 'values'], 'store')
    const keys = keyCodec(given.keys === undefined ? 'string' : given.keys)
    const values = valueCodec(given.values === undefined ? 'msgpack' : given.values)
    const found = this.#describe(name)
    let id = found?.id
    if (found === undefined) {
      write(engine, WRITING_VERB, tx => {
        id = tx.createStore(name, keys.name, values.name)
      })
    } else if (found.keys !== keys.name || found.values !== values.name) {
      const message = `of store ${JSON.stringify(name)}: it was made with ${found.keys} and ${found.values}`
      throw invalidOption(found.keys !== keys.name ? 'keys' : 'values', message)
    }
    return new Store(new StoreCore(engine, id as number, name, keys, values))
  }

  /** The named stores of a version, by name. */
  stores(view?: View): StoreInfo[] {
    const engine = this.#engine
    engine.gate.check()
    const record = engine.reader.enter(checkView(view, 'stores'))
    try {
      return engine.names.list(record).map(({ name, description: { keys, values } }) => {
        return { name, keys, values }
      })
    } finally {
      engine.epochs.slots.exit()
    }
  }

  /**
   * Drops a store with all its entries; older versions still have it.
   * @returns the version of the commit
   * @throws ZVerseError `ZVERSE_UNKNOWN_STORE`
   */
  dropStore(name: string): number {
    const engine = this.#engine
    engine.gate.check()
    checkStoreName(name)
    return write(engine, WRITING_VERB, tx => {
      const found = this.#describe(name)
      if (found === undefined) {
        const message = `there is no store ${JSON.stringify(name)}`
        throw new ZVerseError('ZVERSE_UNKNOWN_STORE', message, { store: name })
      }
      tx.dropStore(name, found.id)
    })
  }

  #describe(name: string) {
    const { names, epochs } = this.#engine
    epochs.slots.enter()
    try {
      return names.describe(epochs.versions.current, name)
    } finally {
      epochs.slots.exit()
    }
  }

  // ── Threads ───────────────────────────────────────────────────────────────────────────────────

  /** A handle with which another thread attaches: pass it as `workerData` or by `postMessage`. */
  share(): Handle<K, V> {
    const engine = this.#engine
    engine.gate.check()
    const { keys, values } = this._core
    const handle = makeHandle(engine.epochs.arena, keys.name, values.name)
    engine.epochs.share()
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
    const engine = this.#engine
    engine.gate.check()
    if (!isVersion(version)) throw invalidOption('version', 'must be a version')
    const signal = signalIn(checkNames(options, ['signal'], 'waitFor'))
    checkGoesOn(engine, signal)
    if (engine.reader.newest < version) {
      await waitUntil(engine, signal, () => engine.reader.newest >= version)
      checkGoesOn(engine, signal)
    }
    return engine.reader.newest
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
   *
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
    return stats(this.#engine)
  }

  /** Walks everything and proves each byte reachable, retired and waiting, or free. Slow. */
  check(): CheckReport {
    this.#engine.gate.check()
    const { epochs, isWriting } = this.#engine
    return isWriting ? check(epochs) : epochs.turn.exclusively(() => check(epochs))
  }

  /** Ends the iterators and transactions of this handle and releases its pins. Idempotent. */
  close(): void {
    this.#engine.close()
  }

  [Symbol.dispose](): void {
    this.close()
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

function checkStoreName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') {
    throw invalidOption('name', 'of a store must be a string that is not empty')
  }
}

/**
 * Opens a database with a clock, and other hooks, of the caller's own.
 * @internal
 */
export function openWith(options: object | undefined, hooks: TestHooks): ZVerse {
  const checked = settings(options)
  const given = (options ?? {}) as { keys?: unknown; values?: unknown }
  const keys = keyCodec(given.keys === undefined ? 'string' : given.keys)
  const values = valueCodec(given.values === undefined ? 'msgpack' : given.values)
  const bytes = Math.floor(checked.maxBytes / 4096) * 4096
  const arena = format(
    Arena.reserve(bytes),
    checked.maxThreads,
    hooks.firstVersion ?? 0,
    timeFrom(hooks.now(), 0),
  )
  arena.words[H_LOCK_TIMEOUT] = checked.lockTimeout
  arena.words[H_POINT_INDEX] = checked.pointIndex ? (hooks.indexFrom ?? INDEX_FROM) : 0
  arena.floats[H_CACHE_BYTES / 2] = checked.cache.bytes
  arena.words[H_CACHE_FREEZES] = checked.cache.freeze ? 1 : 0
  arena.words[H_POISON] = hooks.poison === true ? 1 : 0
  writeBounds(arena, checked.history)
  return connect(arena, keys, values, hooks)
}

/**
 * Attaches with hooks of the caller's own.
 * @internal
 */
export function attachWith(handle: unknown, options: unknown, hooks: TestHooks): ZVerse {
  const { arena, keys, values } = openHandle(handle)
  const given = checkNames(options, ['values'], 'attach')
  const codec = valueCodec(given.values === undefined ? builtIn(values) : given.values)
  if (codec.name !== values) {
    throw invalidOption('values', `must be the codec ${JSON.stringify(values)} of the database`)
  }
  return connect(arena, keyCodecNamed(keys), codec, hooks)
}

/** The name, if it is a built-in codec's; a custom codec must be given again. */
function builtIn(name: string): string {
  if (isBuiltIn(name)) return name
  throw invalidOption('values', `must give the custom codec ${JSON.stringify(name)} again`)
}

/** A handle of this thread on a formatted arena. */
function connect(plain: Arena, keys: KeyCodec, values: ValueCodec, hooks: TestHooks): ZVerse {
  const arena = hooks.wrap === undefined ? plain : hooks.wrap(plain)
  const claim = claimFor(arena, hooks.threadId ?? threadId)
  try {
    return granted('a handle', () => {
      const engine = new Engine(new EpochManager(claim, hooks.slots === 'always'), hooks)
      engine.log = hooks.log ?? null
      return new ZVerse(new StoreCore(engine, UNNAMED, null, keys, values))
    })
  } catch (error) {
    giveBack(claim)
    throw error
  }
}
