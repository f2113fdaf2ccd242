/**
 * One store as the engine sees it: its codecs, its place in a snapshot, entries in and out.
 *
 * A store has an id for as long as it lives; its name may pass to another store after it is dropped.
 * A handle follows the name: in a snapshot without the id it stands for the store that had the name
 * then, if that store's codecs are the same.
 */

import type { DeepVersion } from '../engine/deep.js'
import type { Engine } from '../engine/engine.js'
import { type Description, NAMES_STORE, UNNAMED } from '../engine/names.js'
import { ZVerseError } from '../errors.js'
import { findTombstone } from '../history/key-history.js'
import { MISS } from '../hot/value-cache.js'
import type { KeyBuffer, KeyCodec } from '../key/codec.js'
import type { Curve } from '../key/curve.js'
import type { Arena } from '../memory/arena.js'
import { keyBytesOf, valueAtIn, versionOf } from '../memory/entry.js'
import { hashOf } from '../memory/hash.js'
import {
  E_ASCII,
  E_KEY,
  E_LENGTH,
  E_META,
  E_PIECES,
  H_COMPRESS,
  R_CATALOG,
  R_STATE,
  R_VERSION,
  S_LIVE,
  S_REST,
  SR_INDEX,
} from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { ASK, lookAhead, probe } from '../point/probe.js'
import { stateOf } from '../tree/catalog.js'
import type { Metric } from '../tree/metric.js'
import { isWhole } from '../tree/nearest.js'
import { nodeBirth } from '../tree/node.js'
import { find } from '../tree/search.js'
import type { ValueBuffer, ValueCodec } from '../value/codec.js'
import { deflateValue, inflateValue, isDeflated, LEAST_DEFLATED } from '../value/deflate.js'
import { Decoder } from './decoder.js'

/** Keys that a read looks up together. */
export const AHEAD = 32
export class StoreCore {
  readonly engine: Engine
  readonly name: string | null
  readonly keys: KeyCodec
  readonly values: ValueCodec
  readonly decoder: Decoder
  /** What readers keep for as long as the object that it belongs to lives. */
  readonly kept = new WeakMap<object, unknown>()
  /** The store's id when it was last looked up. */
  id: number
  readonly #W: Uint32Array
  /** Encoding a key may run user code. */
  readonly #guarded: boolean
  /** Bytes beyond which a value is deflated. */
  readonly #above: number
  /** The tree that {@link isWhole} looked at last, by its root and the root's birth; the answer. */
  #root = 0
  #birth = 0
  #whole = false
  /** Values between the decoder and their places. */
  readonly #part: unknown[] = []
  readonly #scratch = new Uint32Array(AHEAD)
  /** Words loaded ahead; the sum means nothing. */
  #loaded = 0

  /** @param above bytes beyond which values are deflated; undefined: as the database says */
  constructor(
    engine: Engine,
    id: number,
    name: string | null,
    keys: KeyCodec,
    values: ValueCodec,
    above?: number,
  ) {
    this.engine = engine
    this.id = id
    this.name = name
    this.keys = keys
    this.values = values
    engine.derived.know({ keys: keys.name, values: values.name }, this)
    this.decoder = new Decoder(engine.epochs.arena, keys, values, engine.gatherer)
    this.#W = engine.W
    this.#guarded = keys.name !== 'string'
    const stored = engine.W[H_COMPRESS]
    this.#above = above ?? (stored === 0 ? Number.POSITIVE_INFINITY : stored - 1)
  }

  /** It is an index, which what a transaction has changed may have to be brought up to. */
  get isIndex(): boolean {
    return false
  }

  // ── Its place in a snapshot ───────────────────────────────────────────────────────────────────

  /** Word of the store's state in `record`; 0 where that snapshot has no such store. */
  stateIn(record: number): number {
    if (this.id === UNNAMED) return record + R_STATE
    const catalog = this.#W[record + R_CATALOG]
    const state = stateOf(this.#W, catalog, this.id)
    if (state !== 0 || this.name === null) return state
    const found = this.described(record)
    return found === undefined ? 0 : stateOf(this.#W, catalog, found.id)
  }

  /** The description of the store of this name in the snapshot, if it has the same codecs. */
  described(record: number): Description | undefined {
    const found = this.engine.names.describe(record, this.name as string)
    if (found === undefined) return undefined
    const same = found.keys === this.keys.name && found.values === this.values.name
    return same ? found : undefined
  }

  /** The id of the store that this handle stands for now. @throws ZVerseError `ZVERSE_UNKNOWN_STORE` */
  presentId(): number {
    if (this.id === UNNAMED) return UNNAMED
    const { slots, versions } = this.engine.epochs
    slots.enter()
    try {
      const record = versions.current
      if (stateOf(this.#W, this.#W[record + R_CATALOG], this.id) !== 0) return this.id
      const found = this.described(record)
      if (found === undefined) throw this.unknown()
      return found.id
    } finally {
      slots.exit()
    }
  }

  /** Root of the store's tree in `record`; `explicit`: 0 instead of an error where it has no such store. */
  rootIn(record: number, explicit: boolean): number {
    if (this.id === UNNAMED) return this.#W[record + R_STATE + S_LIVE]
    const state = this.stateIn(record)
    if (state !== 0) return this.#W[state + S_LIVE]
    if (!explicit) throw this.unknown()
    return 0
  }

  /** The id of the store of this handle in a snapshot that has one. */
  idIn(record: number): number {
    const isThere =
      this.id === UNNAMED || stateOf(this.#W, this.#W[record + R_CATALOG], this.id) !== 0
    return isThere ? this.id : (this.described(record) as Description).id
  }

  /** The id at a deep version; null where that has no such store. */
  idAt(deep: DeepVersion): number | null {
    if (this.id === UNNAMED) return UNNAMED
    const { names } = this.engine
    const found = deep.find(NAMES_STORE, names.keyOf(this.name as string))
    if (found === null) return null
    const { id, keys, values } = names.describeFound(found)
    const isSame = keys === this.keys.name && values === this.values.name
    return id === this.id || isSame ? id : null
  }

  /** The version that made the store of this name in `record`; 0 for the unnamed store. */
  madeIn(record: number): number {
    if (this.name === null) return 0
    const entry = this.engine.names.entryOf(record, this.name)
    return entry === 0 ? 0 : versionOf(this.#W, entry)
  }

  /** The version that last dropped the store of this name before `record`; 0 if it is not known. */
  droppedBefore(record: number): number {
    if (this.name === null) return 0
    const { names } = this.engine
    const entry = findTombstone(this.#W, names.stateIn(record), names.keyOf(this.name))
    return entry === 0 ? 0 : versionOf(this.#W, entry)
  }

  unknown(): ZVerseError {
    const store = this.name ?? ''
    const message = `there is no store ${JSON.stringify(store)} with these codecs`
    return new ZVerseError('ZVERSE_UNKNOWN_STORE', message, { store })
  }

  // ── Into bytes ────────────────────────────────────────────────────────────────────────────────

  /** Encodes a key into `into`; user code that runs meanwhile cannot call the database. */
  encodeKey(key: unknown, into: KeyBuffer): void {
    if (!this.#guarded) this.keys.encode(key, into)
    else this.engine.gate.guardedEncode(this.keys, key, into)
  }

  /** Encodes a value, then a key, into the engine's buffers; as {@link encodeKey} and {@link encodeValue}. */
  encode(key: unknown, value: unknown): void {
    this.encodeValue(value)
    if (this.#guarded) this.encodeKey(key, this.engine.key)
    else this.keys.encode(key, this.engine.key)
  }

  /** Encodes a value into the engine's value buffer. */
  encodeValue(value: unknown): ValueBuffer {
    const into = this.engine.value
    into.ascii = false
    if (typeof value === 'string' && this.values.pure) this.values.encode(value, into)
    else this.engine.gate.guarded(() => this.values.encode(value, into))
    if (into.length > this.#above) deflateValue(into, this.#above)
    return into
  }

  // ── Out of bytes ──────────────────────────────────────────────────────────────────────────────

  keyOf(entry: number): unknown {
    return this.keyIn(this.#W, entry)
  }

  /** The key of an entry that lies in `words`. */
  keyIn(words: Uint32Array, entry: number): unknown {
    return this.keys.decode(words, entry + E_KEY, keyBytesOf(words, entry))
  }

  /** The value of an entry that lies in `words`, in one piece if that is not the arena. */
  valueIn(words: Uint32Array, entry: number): unknown {
    if (words === this.#W) return this.valueOf(entry)
    const meta = words[entry + E_META]
    const length = words[entry + E_LENGTH]
    const from = valueAtIn(entry, meta)
    const memory = this.engine.gatherer.copyOf(words, from, Math.ceil(length / 4))
    return this.#decode(memory, 0, length, meta >= E_ASCII)
  }

  valueOf(entry: number): unknown {
    const W = this.#W
    const meta = W[entry + E_META]
    const ascii = meta >= E_ASCII
    const length = W[entry + E_LENGTH]
    const { engine, values } = this
    if ((meta & E_PIECES) !== 0)
      return this.#decode(engine.gatherer.gather(entry), 0, length, ascii)
    const at = valueAtIn(entry, meta)
    if (values.pure && (!ascii || length < LEAST_DEFLATED)) {
      return values.decode(engine.epochs.arena, at, length, ascii)
    }
    return this.#decode(engine.epochs.arena, at, length, ascii)
  }

  /**
   * Puts the values of `count` entries into `into`, undefined for each 0. Where the codec is pure, several at a
   * time, which is cheaper (decoder.ts).
   */
  valuesOf(entries: readonly number[], count: number, into: unknown[]): void {
    const { decoder, values } = this
    if (!values.pure) {
      for (let i = 0; i < count; i++)
        into[i] = entries[i] === 0 ? undefined : this.valueOf(entries[i])
      return
    }
    const part = this.#part
    for (let i = 0; i < count; ) {
      if (entries[i] === 0) {
        into[i++] = undefined
        continue
      }
      let end = i + 1
      while (end < count && entries[end] !== 0) end++
      const decoded = decoder.values(entries, i, end - i, part)
      for (let k = 0; k < decoded; k++) {
        into[i++] = part[k]
        part[k] = undefined
      }
    }
  }

  #decode(arena: Arena, at: number, length: number, ascii: boolean): unknown {
    const { engine, values } = this
    if (ascii && length >= LEAST_DEFLATED && isDeflated(arena.words[at])) {
      const was = inflateValue(engine.gatherer, arena, at, length)
      return this.#decode(was.memory, 0, was.length, was.ascii)
    }
    if (values.pure) return values.decode(arena, at, length, ascii)
    return engine.gate.guarded(() => values.decode(arena, at, length, ascii))
  }

  /** The value of a published entry, which callers share where this thread caches values. */
  sharedValueOf(entry: number): unknown {
    const { cache } = this.engine
    if (cache === null) return this.valueOf(entry)
    const W = this.#W
    const version = versionOf(W, entry)
    const kept = cache.get(entry, version)
    if (kept !== MISS) return kept
    // Before a custom codec runs: after that no shared memory may be read.
    const length = W[entry + E_LENGTH]
    const hash = hashOf(W, entry)
    const value = this.valueOf(entry)
    const offer = () => cache.offer(entry, version, value, length, this.id, hash)
    return this.values.pure ? offer() : this.engine.gate.guarded(offer)
  }

  versionOf(entry: number): number {
    return versionOf(this.#W, entry)
  }

  /**
   * True if no key below `root` lies beyond a metric's whole. The answer is kept for a published tree:
   * no other tree has the same root with the same birth.
   */
  isWhole(root: number, curve: Curve, metric: Metric, isPublished: boolean): boolean {
    if (root === 0 || metric.whole.length === 0) return true
    const birth = nodeBirth(this.#W, root)
    if (isPublished && this.#root === root && this.#birth === birth) return this.#whole
    const whole = isWhole(this.#W, root, curve, metric)
    if (isPublished) {
      this.#root = root
      this.#birth = birth
      this.#whole = whole
    }
    return whole
  }

  /**
   * The entry of the key in `key` in the snapshot of `record`, or 0: by the point index where that can
   * tell, else by the tree. Under an announced read.
   * @param state of the store in that snapshot; 0: there is none
   */
  lookUp(record: number, state: number, key: KeyBuffer): number {
    if (state === 0) return 0
    const W = this.#W
    const head = W[W[state + S_REST] + SR_INDEX]
    if (head !== 0) {
      const entry = probe(W, head, key.words, key.bytes, load48(W, record + R_VERSION))
      if (entry !== ASK) return entry
    }
    return find(W, W[state + S_LIVE], key.words, key.bytes)
  }

  /** Loads the cache lines that {@link lookUp} of some keys will read, all at once. */
  lookAhead(state: number, hashes: readonly number[], from: number, to: number): void {
    const head = state === 0 ? 0 : this.#W[this.#W[state + S_REST] + SR_INDEX]
    if (head !== 0) this.#loaded ^= lookAhead(this.#W, head, hashes, from, to, this.#scratch)
  }

  /** The entry of the key in `key` below `root`, or 0. */
  find(root: number, key: KeyBuffer): number {
    return find(this.#W, root, key.words, key.bytes)
  }
}
