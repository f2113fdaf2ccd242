/**
 * Level's explicit snapshots: each is a pinned version. Belongs to the thread that made it.
 */
import { AbstractSnapshot } from 'abstract-level'
import { invalidOption } from './errors.js'
import { printed } from './shown.js'
import type { Pinned, Source } from './source.js'

/** What Level's `snapshot` option may hold: anything, without types. */
export interface SnapshotOption {
  readonly snapshot?: unknown
}

/** The version that a snapshot pins; by default the one that its level reads. */
export interface SnapshotView {
  /** A version's number, or a tag's name. */
  at?: number | string | undefined
  /** The last version committed at or before this date. */
  asOf?: Date | undefined
}

/** The options of AbstractSnapshot: its owner closes it. */
interface Owned {
  readonly owner: unknown
}

const Base = AbstractSnapshot as new (options: Owned) => AbstractSnapshot

/** A version of the database, pinned until the snapshot is closed. */
export class ZVerseSnapshot extends Base {
  readonly #pinned: Pinned
  /** The database that it is a version of: other levels over the same one may read it. */
  readonly #source: Source

  /** @internal */
  constructor(options: Owned, pinned: Pinned, source: Source) {
    super(options)
    this.#pinned = pinned
    this.#source = source
  }

  /** @internal */
  get _pinned(): Pinned {
    return this.#pinned
  }

  /** The version that it pins. */
  get version(): number {
    return this._pinned.version
  }

  /** When that version was committed, ms since 1970. */
  get timestamp(): number {
    return this._pinned.timestamp
  }

  /** @internal The pinned version of a `snapshot` option, of `source`; undefined without the option. */
  static _in({ snapshot }: SnapshotOption, source: Source): Pinned | undefined {
    if (snapshot === undefined || snapshot === null) return undefined
    if (snapshot instanceof ZVerseSnapshot && snapshot.#source === source) return snapshot._pinned
    throw invalidOption('snapshot', 'must be a snapshot of this database')
  }

  /** @internal */
  async _close(): Promise<void> {
    this._pinned.close()
  }
}
printed(ZVerseSnapshot, 'ZVerseSnapshot', ({ version, timestamp }) => ({ version, timestamp }))
