/**
 * The deep past: versions that memory has let go of and the disk has, as the read verbs ask for them
 * (docs/decisions/0035). storage/past has what is behind it.
 *
 * For one thread. What is read lies in blocks of files and in the tree of memory's oldest version, so each call comes
 * under an announced read that covers the record it gives.
 */
import type { Curve } from '../key/curve.js'
import type { KeyWords } from '../memory/entry.js'
import type { Range } from '../tree/cursor.js'
import type { Wanted } from '../tree/nearest.js'

/** An entry, at word `entry` of `words`; and the version in which it died, Infinity if it lives. */
export interface Found {
  readonly words: Uint32Array
  readonly entry: number
  readonly death: number
}

/** A walk: gives one after the other, then null. */
export interface Steps<T> {
  next(): T | null
}

/** One version of the deep past. */
export interface DeepVersion {
  readonly at: number
  /** The oldest version of memory that it is read beside. */
  readonly until: number
  /** What the files were when it was made. */
  readonly state: number
  find(store: number, key: KeyWords): Found | null
  walk(store: number, range: Range, reverse: boolean): Steps<Found>
  count(store: number, range: Range): number
  nearest(store: number, curve: Curve, wanted: Wanted): Steps<Near>
}

/** An entry that `nearest` has found. */
export interface Near {
  readonly found: Found
  readonly distance: number
}

/** A key whose entry differs between two versions; null where it is absent. */
export interface Difference {
  readonly before: Found | null
  readonly after: Found | null
}

/** One entry of a key, from the version that wrote it to the one in which it died. */
export interface Lifetime {
  readonly birth: number
  /** Infinity: it is there in memory's oldest version. */
  readonly death: number
  readonly found: Found
}

/** What a version did to a key: it put an entry, or took that away. */
export interface DeepChange {
  readonly version: number
  readonly found: Found
  readonly isPut: boolean
}

/** A side of a difference: a version of the deep past, or one in memory; and the id of the store there. */
export interface DeepSide {
  readonly version: number
  /** 0: of the deep past. */
  readonly record: number
  /** null: that version has no such store. */
  readonly store: number | null
}

/**
 * Errors: `ZVERSE_CORRUPT { file, offset }`, `ZVERSE_IO`; and `ZVERSE_VERSION_NOT_RETAINED` where the earliest version
 * that is asked for has been let go of since the caller found it.
 */
export interface DeepPast {
  /** @param record of memory's oldest version */
  open(at: number, record: number): DeepVersion
  /** The entries of a key that were alive at version `from` or later, by birth. */
  lifetimes(store: number, key: KeyWords, from: number, record: number): Lifetime[]
  /** What differs between an earlier version, of the deep past, and a later one, in key order. */
  diff(before: DeepSide, after: DeepSide, range: Range, record: number): Steps<Difference>
  /**
   * What the versions after `from`, up to `to`, did in a store, by version, then by key.
   * @param record of memory's oldest version, which is `to` or a later one
   */
  changes(store: number, range: Range, from: number, to: number, record: number): DeepChange[]
  /** When a version was committed, ms since 1970; undefined where that is no longer known. */
  timeOf(version: number): number | undefined
  /** The last version from `first` on, and before `end`, that was committed at or before `time`; -1: none. */
  lastAt(time: number, first: number, end: number): number
  /** Keeps a version, and all after it, until {@link unpin}. */
  pin(version: number): void
  unpin(version: number): void
}
