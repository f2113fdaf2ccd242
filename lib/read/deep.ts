/**
 * Reads of the deep past by one handle: versions that memory has let go of (engine/deep.ts).
 *
 * An iterator keeps no memory between its steps: each takes memory's oldest version as it is then, and where that is
 * another one, or the files are, the walk is begun anew behind the last key that was given. What keeps the version
 * is a pin of its files, which costs a writer nothing.
 */
import type { DeepPast, DeepVersion, Found, Steps as Walk } from '../engine/deep.js'
import type { Engine } from '../engine/engine.js'
import { type Grip, Lease } from '../engine/lease.js'
import { intersect } from '../engine/points.js'
import type { View } from '../engine/view.js'
import { Box } from '../key/box.js'
import type { Curve } from '../key/curve.js'
import { keyBytesOf, versionOf } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import type { Bound, Range } from '../tree/cursor.js'
import type { Wanted } from '../tree/nearest.js'
import type { Feed, Hold } from './iterator.js'
import { ENTRIES, KEYS, PAIRS, VALUES } from './rows.js'
import type { StoreCore } from './store-core.js'

/** Entries given at a time; the walk is asked whether it is still right as often. */
const AHEAD = 16

export const pastOf = (engine: Engine): DeepPast => engine.reader.past as DeepPast

/** A version of the deep past, under the announced read that has found it. */
export function deepVersion(engine: Engine, version: number): DeepVersion {
  return pastOf(engine).open(version, engine.reader.oldestRecord)
}

/** The pin of a deep version, for an iterator or a read transaction. */
export class DeepPin extends Lease {
  readonly engine: Engine
  readonly version: number
  readonly #what: string

  constructor(engine: Engine, version: number, what: string) {
    super(engine.leases)
    this.engine = engine
    this.version = version
    this.#what = what
    pastOf(engine).pin(version)
    this.begin()
  }

  /**
   * Pins the deep version of a view, which `reader.enter` has found; null where the view stands for another by now, as a
   * tag that has moved may: perhaps for one in memory. The caller looks again.
   * @throws as `reader.enter`
   */
  static of<P extends DeepPin>(engine: Engine, view: View, make: (version: number) => P): P | null {
    const { reader, epochs } = engine
    const version = reader.deep
    const pin = make(version)
    try {
      // It may have been let go of before it was pinned. From now on it is not.
      const record = reader.enter(view)
      epochs.slots.exit()
      if (record === 0 && reader.deep === version) return pin
    } catch (error) {
      pin.release()
      throw error
    }
    pin.release()
    return null
  }

  /** Pins it again after `release`. @throws ZVerseError `ZVERSE_VERSION_NOT_RETAINED` */
  protected takeUp(): void {
    const { engine, version } = this
    pastOf(engine).pin(version)
    try {
      engine.reader.enter({ at: version })
      engine.epochs.slots.exit()
    } catch (error) {
      pastOf(engine).unpin(version)
      throw error
    }
    this.begin()
  }

  release(): void {
    if (this.leave() && !this.engine.gate.isClosed) pastOf(this.engine).unpin(this.version)
  }

  makeGrip(): Grip {
    const past = pastOf(this.engine)
    const { version } = this
    const end = () => {
      past.unpin(version)
      return true
    }
    return { what: this.#what, site: this.site, end }
  }
}

/** The pin of an iterator. */
export class DeepHold extends DeepPin implements Hold {
  constructor(engine: Engine, version: number) {
    super(engine, version, 'iterator')
  }

  check(): void {
    this.engine.gate.check()
    if (this.ended) this.takeUp()
  }

  rest(): void {
    this.release()
  }
}

/** A walk that is begun anew where what it reads has changed. */
export abstract class Rewalk<T> {
  readonly #engine: Engine
  readonly #version: number
  #deep: DeepVersion | null = null
  #walk: Walk<T> | null = null

  constructor(engine: Engine, version: number) {
    this.#engine = engine
    this.#version = version
  }

  /** A walk of what is still to come. */
  protected abstract begin(deep: DeepVersion): Walk<T> | null

  /** Calls `use` with the walk, null where there is nothing to walk, under an announced read. */
  protected read<R>(use: (walk: Walk<T> | null) => R): R {
    const engine = this.#engine
    const { slots } = engine.epochs
    slots.enterRun()
    try {
      const deep = deepVersion(engine, this.#version)
      if (deep.until !== this.#deep?.until || deep.state !== this.#deep.state) {
        this.#walk = this.begin(deep)
        this.#deep = deep
      }
      return use(this.#walk)
    } finally {
      slots.exit()
    }
  }
}

/** The key of an entry, as a place before or behind it. */
export function placeOf({ words, entry }: Found, after: boolean): Bound {
  const bytes = keyBytesOf(words, entry)
  const from = entry + E_KEY
  return { words: words.slice(from, from + ((bytes + 3) >>> 2)), bytes, after }
}

/** What is left of a range behind a place; before it under `reverse`. */
export function restOf(range: Range, place: Bound, reverse: boolean): Range {
  const { box } = range
  const [lower, upper] = reverse ? [range.lower, place] : [place, range.upper]
  if (box === null) return { lower, upper, box: null }
  const rest = new Box(box.curve)
  rest.lower.set(box.lower)
  rest.upper.set(box.upper)
  rest.settle()
  const bound = (code: Uint32Array | null, after: boolean): Bound | null =>
    code === null ? null : { words: code, bytes: box.curve.words * 4, after }
  intersect(rest, reverse ? bound(box.from, false) : lower, reverse ? upper : bound(box.to, true))
  return { lower: null, upper: null, box: rest }
}

/** Entries of a deep version as items of an iterator (see Rows). */
export class DeepRows extends Rewalk<Found> implements Feed {
  readonly isPaired: boolean
  readonly #core: StoreCore
  readonly #range: Range
  readonly #reverse: boolean
  readonly #kind: number
  #left: number
  /** Behind the entry that was given last. */
  #place: Bound | null = null

  constructor(
    core: StoreCore,
    version: number,
    range: Range,
    reverse: boolean,
    limit: number,
    kind: number,
  ) {
    super(core.engine, version)
    this.#core = core
    this.#range = range
    this.#reverse = reverse
    this.#left = limit
    this.#kind = kind
    this.isPaired = kind === PAIRS
  }

  protected begin(deep: DeepVersion): Walk<Found> | null {
    const store = this.#core.idAt(deep)
    if (store === null) return null
    const place = this.#place
    const range = place === null ? this.#range : restOf(this.#range, place, this.#reverse)
    return deep.walk(store, range, this.#reverse)
  }

  fill(first: unknown[], second: unknown[]): number {
    return this.read(walk => {
      const most = Math.min(this.#core.values.pure ? AHEAD : 1, this.#left)
      if (walk === null) return 0
      let count = 0
      let last: Found | null = null
      try {
        while (count < most) {
          const found = walk.next()
          if (found === null) break
          last = found
          this.#left--
          this.#put(found, first, second, count)
          count++
        }
      } finally {
        // Where the caller's codec throws, its entry is passed over.
        if (last !== null) this.#place = placeOf(last, !this.#reverse)
      }
      return count
    })
  }

  #put(found: Found, first: unknown[], second: unknown[], at: number): void {
    const core = this.#core
    const kind = this.#kind
    const { words, entry } = found
    const key = kind === VALUES ? undefined : core.keyIn(words, entry)
    const version = kind === ENTRIES ? versionOf(words, entry) : 0
    // Last: a custom codec may run the caller's code.
    const value = kind === KEYS ? undefined : core.valueIn(words, entry)
    if (kind === VALUES) first[at] = value
    else if (kind === ENTRIES) first[at] = { key, value, version }
    else {
      first[at] = key
      second[at] = value
    }
  }
}

/** The entries nearest to a point at a deep version. */
export class DeepNeighbours extends Rewalk<{ found: Found; distance: number }> implements Feed {
  readonly isPaired = false
  readonly #core: StoreCore
  readonly #curve: Curve
  readonly #wanted: Wanted
  #given = 0

  constructor(core: StoreCore, version: number, curve: Curve, wanted: Wanted) {
    super(core.engine, version)
    this.#core = core
    this.#curve = curve
    this.#wanted = wanted
  }

  protected begin(deep: DeepVersion) {
    const store = this.#core.idAt(deep)
    if (store === null) return null
    const walk = deep.nearest(store, this.#curve, this.#wanted)
    // The order is always the same.
    for (let i = 0; i < this.#given; i++) walk.next()
    return walk
  }

  fill(first: unknown[]): number {
    return this.read(walk => {
      const near = walk?.next() ?? null
      if (near === null) return 0
      this.#given++
      const { found, distance } = near
      const key = this.#core.keyIn(found.words, found.entry)
      first[0] = { key, value: this.#core.valueIn(found.words, found.entry), distance }
      return 1
    })
  }
}
