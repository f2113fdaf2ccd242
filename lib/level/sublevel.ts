/**
 * Sublevels that tell of the past as their level does. They read and write through it.
 */
import { AbstractSublevel, type AbstractSublevelOptions } from 'abstract-level'
import type { Commit, Difference, HistoryRecord } from '../index.js'
import type { MappedChanges, MappedIterator } from './mapped.js'
import type { Formats, ReadLevel } from './reads.js'
import type { ZVerseSnapshot } from './snapshot.js'
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

type Names = string | string[]

/** A level, or a sublevel. */
type Parent = ReadLevel<unknown, unknown> | ZVerseSublevel<unknown, unknown, unknown>

/** What AbstractSublevel takes beyond its types. */
const Base = AbstractSublevel as unknown as new <P, K, V>(
  parent: P,
  name: Names,
  options: object,
) => AbstractSublevel<P, Formats, K, V> & { _close(): Promise<void> }

/** A part of a level, under a prefix of its own. */
export class ZVerseSublevel<P, K, V> extends Base<P, K, V> implements TimeTravel<K, V> {
  readonly #name: Names
  readonly #options: object
  /** Set on one that `at` made: it closes the level of the past that was made for it. */
  #isAlone = false

  /** @internal Use `sublevel`. */
  constructor(parent: P, name: Names, options: object) {
    const { additionalMethods } = (parent as Parent).supports
    super(parent, name, { ...options, manifest: { additionalMethods } })
    this.#name = name
    this.#options = options
  }

  override sublevel(name: Names): ZVerseSublevel<typeof this, string, string>
  override sublevel<KS = string, VS = string>(
    name: Names,
    options: AbstractSublevelOptions<KS, VS>,
  ): ZVerseSublevel<typeof this, KS, VS>
  override sublevel<KS, VS>(name: Names, options?: AbstractSublevelOptions<KS, VS>) {
    return super.sublevel(name, options as object) as ZVerseSublevel<typeof this, KS, VS>
  }

  /** As of the level: a version of the whole of it. */
  override snapshot(options?: Parameters<ReadLevel<K, V>['snapshot']>[0]): ZVerseSnapshot {
    return super.snapshot(options) as ZVerseSnapshot
  }

  // ── The past ──────────────────────────────────────────────────────────────────────────────────

  version(): number {
    assertOpen(this)
    return this.#root.version()
  }

  /** This sublevel at one version, read-only: see `at` of the level. */
  at(when: When): ZVerseSublevel<unknown, K, V> {
    assertOpen(this)
    const past = (this.parent as Parent).at(when)
    const sublevel = new ZVerseSublevel<unknown, K, V>(past, this.#name, this.#options)
    sublevel.#isAlone = true
    return sublevel
  }

  history<KA = K, VA = V>(
    key: KA,
    options?: LevelHistoryOptions<KA, VA>,
  ): MappedIterator<HistoryRecord<VA>> {
    return history(this, this.#root, key, options)
  }

  diff<KA = K, VA = V>(
    from: LevelSide,
    to: LevelSide,
    options?: LevelDiffOptions<KA, VA>,
  ): MappedIterator<Difference<KA, VA>> {
    return diff(this, this.#root, from, to, options)
  }

  changes<KA = K, VA = V>(options?: LevelChangesOptions<KA, VA>): MappedChanges<Commit<KA, VA>> {
    return changes(this, this.#root, options)
  }

  // ── What Level calls ──────────────────────────────────────────────────────────────────────────

  /** @internal */
  _sublevel(name: Names, options: object) {
    return new ZVerseSublevel(this, name, options)
  }

  /** @internal */
  override async _close(): Promise<void> {
    await super._close()
    if (this.#isAlone) await (this.parent as Parent).close()
  }

  get #root(): ReadLevel<unknown, unknown> {
    return this.db as unknown as ReadLevel<unknown, unknown>
  }
}
