/**
 * The common part of a level over the present and a level of the past: reads, and time travel.
 * Belongs to its thread.
 *
 * This thread reads at once: where Level returns promises, their results are there when they are made.
 */
import { AbstractLevel, type AbstractSublevelOptions } from 'abstract-level'
import type { Commit, Difference, HistoryRecord, View } from '../index.js'
import type { Held, IteratorOptions } from './cursor.js'
import { levelError, onLevel } from './errors.js'
import { EntryIterator, KeyIterator, ValueIterator } from './iterators.js'
import type { MappedChanges, MappedIterator } from './mapped.js'
import type { PastLevel } from './past-level.js'
import { type Data, type Encoded, isOfText, type Sides, TEXT } from './side.js'
import { type SnapshotOption, type SnapshotView, ZVerseSnapshot } from './snapshot.js'
import { type Lane, type Pinned, type Reads, type Source, textOf } from './source.js'
import { Sublevel, type ZVerseSublevel } from './sublevel.js'
import {
  assertOpen,
  changes,
  diff,
  history,
  type LevelChangesOptions,
  type LevelDiffOptions,
  type LevelHistoryOptions,
  type LevelSide,
  type TimeTravel,
  type When,
} from './travel.js'

/** The types that keys and values are passed as; Level's Buffers are Uint8Arrays, too. */
export type Formats = string | Uint8Array

/** Level's options of a read, encoded. */
interface GetOptions extends SnapshotOption, Encoded {}

/** Level's options of `open`. */
export interface OpenOptions {
  readonly createIfMissing?: boolean
  readonly errorIfExists?: boolean
}

/** The capabilities of every level, in Level's terms. */
const MANIFEST = {
  seek: true,
  has: true,
  getSync: true,
  implicitSnapshots: true,
  explicitSnapshots: true,
  signals: { iterators: true },
  additionalMethods: { version: true, at: true, history: true, diff: true, changes: true },
}

export abstract class ReadLevel<K, V>
  extends AbstractLevel<Formats, K, V>
  implements TimeTravel<K, V>
{
  readonly #sides: Sides
  #wasOpened = false

  /**
   * @param place what the manifest says of where the data lies
   * @internal
   */
  constructor(options: object, place: { permanence: boolean }, sides: Sides) {
    super({ ...MANIFEST, ...place, encodings: encodingsOf(sides) }, options)
    this.#sides = sides
  }

  /** @internal */
  get _sides(): Sides {
    return this.#sides
  }

  // ── Level's own ───────────────────────────────────────────────────────────────────────────────

  override sublevel(name: string | string[]): ZVerseSublevel<typeof this, string, string>
  override sublevel<KS = string, VS = string>(
    name: string | string[],
    options: AbstractSublevelOptions<KS, VS>,
  ): ZVerseSublevel<typeof this, KS, VS>
  override sublevel<KS, VS>(name: string | string[], options?: AbstractSublevelOptions<KS, VS>) {
    return super.sublevel(name, options as object) as ZVerseSublevel<typeof this, KS, VS>
  }

  /**
   * Pins a version, for reads with the option `snapshot`.
   * @param options `at`: a version's number or a tag; `asOf`: a Date; by default the version that the
   * level reads
   * @throws LevelError `LEVEL_DATABASE_NOT_OPEN`; ZVerseError as for any view
   */
  override snapshot(options?: SnapshotView): ZVerseSnapshot {
    return super.snapshot(options) as ZVerseSnapshot
  }

  override close(): Promise<void> {
    const closing = super.close()
    // Level does not close a level that it has not opened.
    const stop = () => {
      if (!this.#wasOpened) this._stop()
    }
    if (!this.#wasOpened) closing.then(stop, () => {})
    return closing
  }

  // ── The past ──────────────────────────────────────────────────────────────────────────────────

  version(): number {
    assertOpen(this, this)
    const pinned = onLevel(() => this._pin())
    const { version } = pinned
    pinned.close()
    return version
  }

  /**
   * A read-only level of one version, which stays as it is, and stays readable, until it is closed.
   * @param when by default the version that this level reads
   * @throws LevelError `LEVEL_DATABASE_NOT_OPEN`; ZVerseError `ZVERSE_VERSION_NOT_RETAINED`,
   * `ZVERSE_FUTURE_VERSION`, `ZVERSE_UNKNOWN_TAG`, `ZVERSE_INVALID_OPTION`
   */
  abstract at(when?: When): PastLevel<K, V>

  history<KA = K, VA = V>(
    key: NoInfer<KA>,
    options?: LevelHistoryOptions<KA, VA>,
  ): MappedIterator<HistoryRecord<VA>> {
    return history<KA, VA>(this, this, key, options)
  }

  diff<KA = K, VA = V>(
    from: LevelSide,
    to: LevelSide,
    options?: LevelDiffOptions<KA, VA>,
  ): MappedIterator<Difference<KA, VA>> {
    return diff(this, this, from, to, options)
  }

  changes<KA = K, VA = V>(options?: LevelChangesOptions<KA, VA>): MappedChanges<Commit<KA, VA>> {
    return changes(this, this, options)
  }

  // ── Where the two kinds of level differ ───────────────────────────────────────────────────────

  /** @internal Gets the database, or the pinned version, that it reads; does nothing if it has it. */
  abstract _start(options?: OpenOptions): void

  /** @internal Releases it. */
  abstract _stop(): void

  /** @internal True if it has the database or the pinned version that it reads. */
  abstract get _isThere(): boolean

  /** @internal The store under the level. */
  abstract get _source(): Source

  /** @internal What a read without a snapshot reads: the present, or the pinned version. */
  abstract get _reads(): Reads

  /** @internal Pins a view; by default the version that the level reads. */
  abstract _pin(view?: View): Pinned

  // ── What Level calls ──────────────────────────────────────────────────────────────────────────

  /** @internal */
  async _open(options: OpenOptions): Promise<void> {
    this.#wasOpened = true
    onLevel(() => this._start(options))
  }

  /** @internal */
  async _close(): Promise<void> {
    this._stop()
  }

  /** @internal */
  _getSync(key: Data, options: GetOptions): Data | undefined {
    try {
      const { store, sides } = this._lane(this.#from(options), isOfText(options))
      const { keys, values } = sides
      const value = store.get(keys.take(key))
      return value === undefined ? value : values.give(options.valueEncoding)(value)
    } catch (error) {
      throw levelError(error)
    }
  }

  /** @internal */
  async _get(key: Data, options: GetOptions): Promise<Data | undefined> {
    return this._getSync(key, options)
  }

  /** @internal */
  async _getMany(keys: Data[], options: GetOptions): Promise<(Data | undefined)[]> {
    return onLevel(() => {
      const { store, sides } = this._lane(this.#from(options), isOfText(options))
      const give = sides.values.give(options.valueEncoding)
      const found = store.getMany(keys.map(key => sides.keys.take(key)))
      return found.map(value => (value === undefined ? value : give(value)))
    })
  }

  /** @internal */
  async _has(key: Data, options: SnapshotOption): Promise<boolean> {
    return onLevel(() => {
      const { store, sides } = this._lane(this.#from(options), typeof key === 'string')
      return store.has(sides.keys.take(key))
    })
  }

  /** @internal All at one version, even if other threads commit meanwhile. */
  async _hasMany(keys: Data[], { snapshot }: SnapshotOption): Promise<boolean[]> {
    return onLevel(() => {
      const { pinned, isOwn } = this._hold(snapshot)
      try {
        return keys.map(key => pinned.has(this._sides.keys.take(key)))
      } finally {
        if (isOwn) pinned.close()
      }
    })
  }

  /** @internal */
  _iterator(options: IteratorOptions) {
    return new EntryIterator(this, options)
  }

  /** @internal */
  _keys(options: IteratorOptions) {
    return new KeyIterator(this, options)
  }

  /** @internal */
  _values(options: IteratorOptions) {
    return new ValueIterator(this, options)
  }

  /** @internal */
  _snapshot(options: SnapshotView & { owner: unknown }): ZVerseSnapshot {
    const { owner, at, asOf } = options
    const view = at === undefined && asOf === undefined ? undefined : { at, asOf }
    return onLevel(() => new ZVerseSnapshot({ owner }, this._pin(view), this._source))
  }

  /** @internal */
  _sublevel(name: string | string[], options: object) {
    return new Sublevel(this, name, options)
  }

  /** @internal A pinned version to read for longer than a call: that of a snapshot, or a new pin. */
  _hold(snapshot: unknown): Held {
    const pinned = ZVerseSnapshot._in({ snapshot }, this._source)
    return { pinned: pinned ?? this._pin(), isOwn: pinned === undefined }
  }

  /** @internal The store to read or write, and how: as text alone, if `asText` and the store can. */
  _lane<R extends Reads>(store: R, asText: boolean): Lane<R> {
    const text = asText ? textOf(this._source, store) : null
    return text === null ? { store, sides: this._sides } : { store: text, sides: TEXT }
  }

  #from(options: SnapshotOption): Reads {
    return ZVerseSnapshot._in(options, this._source) ?? this._reads
  }
}

/** The formats that the store takes and gives without conversion by Level. */
function encodingsOf({ keys, values }: Sides) {
  const bytes = keys.holdsBytes && values.holdsBytes
  return { utf8: true, buffer: bytes, view: bytes }
}
