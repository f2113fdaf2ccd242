/**
 * ZVerse: opens a database and wires its parts together. No algorithms here.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { claimLine, format } from './epoch/format.js'
import { EpochManager } from './epoch/manager.js'
import type { Environment } from './epoch/past.js'
import { ZVerseError } from './errors.js'
import type { Tags } from './history/tags.js'
import { keyCodec } from './key/resolve.js'
import type { TupleKey } from './key/tuple.js'
import { H_TAG_ROOT, R_TIME, R_VERSION } from './memory/layout.js'
import { load48 } from './memory/words.js'
import {
  checkNames,
  type DatabaseOptions,
  type History,
  historyBounds,
  invalidOption,
  settings,
} from './options.js'
import { type CheckReport, check } from './transaction/check.js'
import { Engine } from './transaction/engine.js'
import { type Stats, stats } from './transaction/stats.js'
import { StoreCore, UNNAMED } from './transaction/store-core.js'
import { Store, StoreVerbs } from './transaction/store-verbs.js'
import { checkView, isVersion, type View } from './transaction/view.js'
import type { CustomCodec } from './value/custom.js'
import { valueCodec } from './value/resolve.js'

/** Key codecs by name, and the keys they take. */
export interface KeyTypes {
  string: string
  binary: Uint8Array
  tuple: TupleKey
}

/** Value codecs by name, and the values they take. */
export interface ValueTypes {
  msgpack: unknown
  json: unknown
  string: string
  binary: Uint8Array
}

export type KeysOption = keyof KeyTypes
// biome-ignore lint/suspicious/noExplicitAny: a codec of any value, from which its type is inferred
export type ValuesOption = keyof ValueTypes | CustomCodec<any>

export type KeyOf<C extends KeysOption> = KeyTypes[C]
export type ValueOf<C extends ValuesOption> = C extends keyof ValueTypes
  ? ValueTypes[C]
  : C extends CustomCodec<infer V>
    ? V
    : never

/** Codec options that fit keys of type K and values of type V. */
export type CodecsFor<K, V> = KeysFor<K> & ValuesFor<V>
type KeysFor<K> = [K] extends [string]
  ? { keys?: 'string' | undefined }
  : [K] extends [Uint8Array]
    ? { keys: 'binary' }
    : [K] extends [TupleKey]
      ? { keys: 'tuple' }
      : { keys: never }
type ValuesFor<V> = {
  values?:
    | 'msgpack'
    | 'json'
    | CustomCodec<V>
    | ([V] extends [string] ? 'string' : never)
    | ([V] extends [Uint8Array] ? 'binary' : never)
    | undefined
}

/** The last argument of `open` and `store`: may be left out where all of `T` is optional. */
type Options<T> = Record<string, never> extends T ? [options?: T] : [options: T]

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

/** What tests bring of their own; see spec/. */
export interface TestHooks extends Environment {
  /** Number of the first version. */
  firstVersion?: number
  /** `always`: reads announce themselves as they must once there are more threads. */
  slots?: 'auto' | 'always'
  /** Fill freed memory with garbage and check every free. */
  poison?: boolean
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
  static open<C extends KeysOption = 'string', D extends ValuesOption = 'msgpack'>(
    options?: DatabaseOptions & { keys?: C | undefined; values?: D | undefined },
  ): ZVerse<KeyOf<C>, ValueOf<D>>
  static open<K, V>(...options: Options<DatabaseOptions & CodecsFor<K, V>>): ZVerse<K, V>
  static open(options?: object): ZVerse {
    return openWith(options, { now: Date.now })
  }

  readonly #engine: Engine

  /** @internal */
  constructor(core: StoreCore) {
    super(core)
    this.#engine = core.engine
  }

  // ── Versions ──────────────────────────────────────────────────────────────────────────────────

  /** The present version. */
  get version(): number {
    this.#engine.gate()
    return this.#engine.epochs.newest
  }

  /** The oldest version of the unbroken run that ends at the present. */
  get oldestVersion(): number {
    this.#engine.gate()
    return this.#engine.epochs.oldest
  }

  /** All versions that can be read by number, oldest first, with their tags. */
  versions(): VersionInfo[] {
    const engine = this.#engine
    engine.gate()
    const { epochs, W } = engine
    epochs.slots.enterAll()
    try {
      const all = new Map<number, VersionInfo>()
      const tags = engine.tags.all(W[H_TAG_ROOT])
      const oldest = epochs.oldest
      const add = (record: number) => {
        const version = load48(W, record + R_VERSION)
        all.set(version, { version, timestamp: load48(W, record + R_TIME), tags: [] })
      }
      for (const tag of tags) if (tag.version < oldest && !all.has(tag.version)) add(tag.record)
      for (let version = oldest; version <= epochs.newest; version++) {
        add(epochs.ring.record(version))
      }
      for (const tag of tags) all.get(tag.version)?.tags.push(tag.name)
      return [...all.values()]
    } finally {
      epochs.slots.exit()
    }
  }

  /**
   * Names a version, which is then kept whatever `history` says; an existing name moves.
   * @returns the version
   */
  tag(name: string, view?: View): number {
    const engine = this.#engine
    engine.gate()
    const { W } = engine
    const tags: Tags = engine.tags
    tags.check(name)
    const at = checkView(view, 'tag')
    return engine.write(() => {
      const record = engine.enter(at)
      engine.epochs.slots.exit()
      const version = load48(W, record + R_VERSION)
      const before = tags.find(W[H_TAG_ROOT], name)
      const tree = { root: W[H_TAG_ROOT], words: 0 }
      if (before !== 0) tags.remove(tree, name, load48(W, before + R_VERSION))
      tags.add(tree, name, version, record)
      engine.active = null
      engine.epochs.publishTags(tree.root, record, before)
      return version
    }, true)
  }

  /**
   * Removes a tag.
   * @returns the version that was tagged
   * @throws ZVerseError `ZVERSE_UNKNOWN_TAG`
   */
  untag(name: string): number {
    const engine = this.#engine
    engine.gate()
    const { W } = engine
    const tags: Tags = engine.tags
    tags.check(name)
    return engine.write(() => {
      const record = engine.enter({ at: name })
      engine.epochs.slots.exit()
      const version = load48(W, record + R_VERSION)
      const tree = { root: W[H_TAG_ROOT], words: 0 }
      tags.remove(tree, name, version)
      engine.active = null
      engine.epochs.publishTags(tree.root, 0, record)
      return version
    }, true)
  }

  /**
   * Lets go of all versions before one, now. Tagged and pinned ones stay.
   * @param options `before`: the oldest version to keep
   * @returns the oldest version kept
   */
  prune(options: { before: number }): number {
    const engine = this.#engine
    engine.gate()
    const { before } = checkNames(options, ['before'], 'prune')
    if (!isVersion(before)) throw invalidOption('before', 'must be a version')
    this.#notWriting()
    const { epochs } = engine
    if (before > epochs.newest) engine.recordOf(before)
    epochs.prune(before)
    return epochs.oldest
  }

  /** Changes how much past is kept; the next commit applies it. */
  setHistory(history: History): void {
    this.#engine.gate()
    const bounds = historyBounds(history)
    this.#notWriting()
    this.#engine.epochs.setBounds(bounds)
  }

  // ── Stores ────────────────────────────────────────────────────────────────────────────────────

  /**
   * The store of that name; it is made, with a commit, if there is none.
   * @throws ZVerseError `ZVERSE_INVALID_OPTION` if it was made with other codecs
   */
  store<C extends KeysOption = 'string', D extends ValuesOption = 'msgpack'>(
    name: string,
    options?: { keys?: C | undefined; values?: D | undefined },
  ): Store<KeyOf<C>, ValueOf<D>>
  store<SK, SV>(name: string, ...options: Options<CodecsFor<SK, SV>>): Store<SK, SV>
  store(name: string, options?: object): Store<never, never> {
    const engine = this.#engine
    engine.gate()
    checkStoreName(name)
    const given = checkNames(options, ['keys', 'values'], 'store')
    const keys = keyCodec(given.keys === undefined ? 'string' : given.keys)
    const values = valueCodec(given.values === undefined ? 'msgpack' : given.values)
    const found = this.#describe(name)
    let id = found?.id
    if (found === undefined) {
      id = engine.write(() => {
        const made = engine.writer.createStore(name, keys.name, values.name)
        engine.writer.commit()
        return made
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
    engine.gate()
    const record = engine.enter(checkView(view, 'stores'))
    try {
      return engine.names.list(record).map(({ name, description: { keys, values } }) => {
        return { name, keys, values }
      })
    } finally {
      engine.epochs.slots.exit()
    }
  }

  /**
   * Drops a store with all it holds; older versions still have it.
   * @returns the version of the commit
   * @throws ZVerseError `ZVERSE_UNKNOWN_STORE`
   */
  dropStore(name: string): number {
    const engine = this.#engine
    engine.gate()
    checkStoreName(name)
    return engine.write(() => {
      const found = this.#describe(name)
      if (found === undefined) {
        const message = `there is no store ${JSON.stringify(name)}`
        throw new ZVerseError('ZVERSE_UNKNOWN_STORE', message, { store: name })
      }
      engine.writer.dropStore(name, found.id)
      return engine.writer.commit()
    })
  }

  #describe(name: string) {
    const { names, epochs } = this.#engine
    epochs.slots.enter()
    try {
      const entry = names.entryOf(epochs.current, name)
      return entry === 0 ? undefined : names.describe(entry)
    } finally {
      epochs.slots.exit()
    }
  }

  // ── Care ──────────────────────────────────────────────────────────────────────────────────────

  /** Plain numbers about the database, grouped. */
  stats(): Stats {
    this.#engine.gate()
    return stats(this.#engine)
  }

  /** Walks everything and proves each byte reachable, retired and waiting, or free. Slow. */
  check(): CheckReport {
    this.#engine.gate()
    return check(this.#engine.epochs)
  }

  /** Ends this thread's iterators and transactions and gives up its pins. Idempotent. */
  close(): void {
    this.#engine.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #notWriting(): void {
    if (this.#engine.active === null) return
    const message = 'this thread has a write transaction open: end it first'
    throw new ZVerseError('ZVERSE_NESTED_TRANSACTION', message)
  }

  /** @internal Hooks for tests. */
  get _test() {
    const { epochs } = this.#engine
    return {
      engine: this.#engine,
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

/** Thread id of the only thread, until there are more. */
const MAIN_THREAD = 0

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
  const time = Math.floor(hooks.now())
  const arena = format(bytes, checked.maxThreads, hooks.firstVersion ?? 0, time)
  const line = claimLine(arena, MAIN_THREAD)
  const epochs = new EpochManager(arena, line, MAIN_THREAD, hooks, {
    lockTimeout: checked.lockTimeout,
    announced: hooks.slots === 'always',
  })
  epochs.writeBounds(checked.history)
  epochs.allocator.poison = hooks.poison === true
  return new ZVerse(new StoreCore(new Engine(epochs), UNNAMED, null, keys, values))
}
