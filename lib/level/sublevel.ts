/**
 * Sublevels with the time travel of their level. They read and write through it.
 */
import { AbstractSublevel, type AbstractSublevelOptions } from 'abstract-level'
import type { Commit, Difference, HistoryRecord } from '../index.js'
import type { MappedChanges, MappedIterator } from './mapped.js'
import type { Formats, ReadLevel } from './reads.js'
import { levelFacts, printed } from './shown.js'
import type { SnapshotView, ZVerseSnapshot } from './snapshot.js'
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

/**
 * A part of a level, under a prefix of its own. An intersection of two types: for a class with methods that
 * return its own type, the compiler recurses too deep where a batch takes an AbstractSublevel.
 */
export type ZVerseSublevel<P, K, V> = SublevelTravel<K, V> & AbstractSublevel<P, Formats, K, V>

/** The methods that a sublevel has beyond Level's. */
export interface SublevelTravel<K, V> extends TimeTravel<K, V> {
  sublevel<KS = string, VS = string>(
    name: Names,
    options?: AbstractSublevelOptions<KS, VS>,
  ): ZVerseSublevel<this, KS, VS>

  /** As the level's: a version of the whole level. */
  snapshot(options?: SnapshotView): ZVerseSnapshot

  /** This sublevel at one version, read-only: see `at` of the level. To close it releases the version. */
  at(when?: When): ZVerseSublevel<unknown, K, V>
}

/** A level, or a sublevel. */
type Parent = ReadLevel<unknown, unknown> | Sublevel<unknown, unknown, unknown>

/** AbstractSublevel takes an option that its types lack. */
const Base = AbstractSublevel as unknown as new <P, K, V>(
  parent: P,
  name: Names,
  options: object,
) => AbstractSublevel<P, Formats, K, V>

/** @internal */
export class Sublevel<P, K, V> extends Base<P, K, V> implements TimeTravel<K, V> {
  readonly #name: Names
  readonly #options: object

  constructor(parent: P, name: Names, options: object) {
    const { additionalMethods } = (parent as Parent).supports
    super(parent, name, { ...options, manifest: { additionalMethods } })
    this.#name = name
    this.#options = options
  }

  // ── The past ──────────────────────────────────────────────────────────────────────────────────

  version(): number {
    assertOpen(this, this.#root)
    return this.#root.version()
  }

  at(when?: When): Sublevel<unknown, K, V> {
    assertOpen(this, this.#root)
    const past = (this.parent as Parent).at(when)
    const sublevel = new Sublevel<unknown, K, V>(past, this.#name, this.#options)
    // `past` was made for the sublevel: when either is closed, so is the other.
    const close = async () => {
      if (past.status === 'closing' || past.status === 'closed') return
      past.detachResource(sublevel)
      await past.close()
    }
    sublevel.attachResource({ close, [Symbol.asyncDispose]: close })
    return sublevel
  }

  history<KA = K, VA = V>(
    key: NoInfer<KA>,
    options?: LevelHistoryOptions<KA, VA>,
  ): MappedIterator<HistoryRecord<VA>> {
    return history<KA, VA>(this, this.#root, key, options)
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
    return new Sublevel(this, name, options)
  }

  get #root(): ReadLevel<unknown, unknown> {
    return this.db as unknown as ReadLevel<unknown, unknown>
  }
}
printed(Sublevel, 'Sublevel', sublevel => ({ prefix: sublevel.prefix, ...levelFacts(sublevel) }))
