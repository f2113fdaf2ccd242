/** Differences between two versions, each of which lies in memory or in the deep past. */
import type { DeepSide, Difference, Found, Steps as Walk } from '../engine/deep.js'
import type { Engine } from '../engine/engine.js'
import { UNNAMED } from '../engine/names.js'
import { keyBytesOf, versionOf } from '../memory/entry.js'
import { E_KEY, R_CATALOG, R_STATE, R_VERSION, S_LIVE } from '../memory/layout.js'
import { compareKeys, load48 } from '../memory/words.js'
import { walk } from '../tree/box-cursor.js'
import { stateOf } from '../tree/catalog.js'
import type { Bound, Range } from '../tree/cursor.js'
import { pastOf, placeOf, Rewalk, restOf } from './deep.js'
import type { Held } from './held.js'
import type { Feed } from './iterator.js'
import type { StoreCore } from './store-core.js'

const ALIVE = Number.POSITIVE_INFINITY

/** A version, as something holds it: its record, 0 for a deep one. */
export interface HeldVersion {
  readonly version: number
  readonly record: number
}

export function sideOf({ W }: Engine, { deep, record }: Held): HeldVersion {
  return record === 0
    ? { version: deep, record }
    : { version: load48(W, record + R_VERSION), record }
}

/** The store of a handle at a version; null where that has none. @param oldest memory's oldest record */
export function storeIn(
  core: StoreCore,
  { version, record }: HeldVersion,
  oldest: number,
): number | null {
  if (record === 0) return core.idAt(pastOf(core.engine).open(version, oldest))
  const { W } = core.engine
  if (core.id === UNNAMED || stateOf(W, W[record + R_CATALOG], core.id) !== 0) return core.id
  return core.described(record)?.id ?? null
}

function rootOf(W: Uint32Array, record: number, store: number | null): number {
  if (store === null) return 0
  if (store === UNNAMED) return W[record + R_STATE + S_LIVE]
  const state = stateOf(W, W[record + R_CATALOG], store)
  return state === 0 ? 0 : W[state + S_LIVE]
}

/**
 * What differs between two sides, of which one at least is deep, in key order. Under an announced read of the
 * window.
 * @param oldest record of memory's oldest version
 */
export function differences(
  engine: Engine,
  before: DeepSide,
  after: DeepSide,
  range: Range,
  oldest: number,
): Walk<Difference> {
  if (before.version > after.version) {
    return new Swapped(differences(engine, after, before, range, oldest))
  }
  const { W, epochs } = engine
  const past = pastOf(engine)
  const until = load48(W, oldest + R_VERSION)
  const { versions } = epochs
  // The files have versions, too, that something keeps in memory below the window: for sure those that can be
  // read by number, once they are pinned.
  past.pin(before.version)
  try {
    const readable = versions.readableBefore(versions.newest)
    const [a, b] = [before, after].map(side => {
      return side.version < until && side.version >= readable ? { ...side, record: 0 } : side
    }) as [DeepSide, DeepSide]
    if (a.record === 0 && (b.record === 0 || b.version >= until)) {
      return past.diff(a, b, range, oldest)
    }
    // What lies between a version of memory alone and a deep one is known to neither.
    return new Merged(walkOf(engine, a, range, oldest), walkOf(engine, b, range, oldest))
  } finally {
    past.unpin(before.version)
  }
}

/** All that a side has. */
function walkOf(engine: Engine, side: DeepSide, range: Range, oldest: number): Walk<Found> {
  const { version, record, store } = side
  if (store === null) return { next: () => null }
  if (record === 0) return pastOf(engine).open(version, oldest).walk(store, range, false)
  const { W } = engine
  const cursor = walk(W, rootOf(W, record, store), range, false, ALIVE)
  return {
    next() {
      const entry = cursor.next()
      return entry === 0 ? null : { words: W, entry, death: ALIVE }
    },
  }
}

class Swapped implements Walk<Difference> {
  readonly #walk: Walk<Difference>

  constructor(walk: Walk<Difference>) {
    this.#walk = walk
  }

  next(): Difference | null {
    const found = this.#walk.next()
    return found && { before: found.after, after: found.before }
  }
}

/** Two walks of all there is, compared key by key. */
class Merged implements Walk<Difference> {
  readonly #before: Walk<Found>
  readonly #after: Walk<Found>
  #old: Found | null
  #new: Found | null

  constructor(before: Walk<Found>, after: Walk<Found>) {
    this.#before = before
    this.#after = after
    this.#old = before.next()
    this.#new = after.next()
  }

  next(): Difference | null {
    for (;;) {
      const [before, after] = [this.#old, this.#new]
      if (before === null && after === null) return null
      const order = before === null ? 1 : after === null ? -1 : compareFound(before, after)
      if (order <= 0) this.#old = this.#before.next()
      if (order >= 0) this.#new = this.#after.next()
      if (order === 0 && isSame(before as Found, after as Found)) continue
      return { before: order <= 0 ? before : null, after: order >= 0 ? after : null }
    }
  }
}

const isSame = (a: Found, b: Found): boolean =>
  versionOf(a.words, a.entry) === versionOf(b.words, b.entry)

function compareFound(a: Found, b: Found): number {
  const [x, y] = [keyBytesOf(a.words, a.entry), keyBytesOf(b.words, b.entry)]
  return compareKeys(a.words, a.entry + E_KEY, x, b.words, b.entry + E_KEY, y)
}

/**
 * What differs in a store between two versions; `before` null: all that the second one has. As {@link
 * differences}.
 * @param stores ids of the store on either side
 */
function differencesIn(
  engine: Engine,
  before: HeldVersion | null,
  after: HeldVersion,
  [a, b]: readonly [number | null, number | null],
  range: Range,
  oldest: number,
): Walk<Difference> {
  if (before !== null) {
    return differences(engine, { ...before, store: a }, { ...after, store: b }, range, oldest)
  }
  return new Merged({ next: () => null }, walkOf(engine, { ...after, store: b }, range, oldest))
}

/** What differs between two versions in a store, step by step. */
export class Differing extends Rewalk<Difference> {
  readonly #engine: Engine
  readonly #versions: readonly [HeldVersion | null, HeldVersion]
  readonly #stores: (oldest: number) => readonly [number | null, number | null]
  readonly #range: Range
  /** Behind the key that was given last. */
  #place: Bound | null = null

  /** @param before null: all that the other version has */
  constructor(
    engine: Engine,
    before: HeldVersion | null,
    after: HeldVersion,
    range: Range,
    stores: (oldest: number) => readonly [number | null, number | null],
  ) {
    super(engine, before?.record === 0 ? before.version : after.version)
    this.#engine = engine
    this.#versions = [before, after]
    this.#range = range
    this.#stores = stores
  }

  protected begin(): Walk<Difference> {
    const engine = this.#engine
    const oldest = engine.reader.oldestRecord
    const place = this.#place
    const range = place === null ? this.#range : restOf(this.#range, place, false)
    const [before, after] = this.#versions
    return differencesIn(engine, before, after, this.#stores(oldest), range, oldest)
  }

  /** Gives the next few to `use`; false at the end. */
  few(most: number, use: (found: Difference) => void): boolean {
    return this.read(walk => {
      for (let i = 0; i < most; i++) {
        const found = walk?.next() ?? null
        if (found === null) return false
        this.#place = placeOf((found.before ?? found.after) as Found, true)
        use(found)
      }
      return true
    })
  }
}

/** The differences of two versions, of which one at least is deep, as items of an iterator. */
export class DeepDifferences implements Feed {
  readonly isPaired = false
  readonly #core: StoreCore
  readonly #walk: Differing
  #left: number

  constructor(
    core: StoreCore,
    before: HeldVersion,
    after: HeldVersion,
    range: Range,
    limit: number,
  ) {
    this.#core = core
    this.#walk = new Differing(core.engine, before, after, range, oldest => [
      storeIn(core, before, oldest),
      storeIn(core, after, oldest),
    ])
    this.#left = limit
  }

  fill(first: unknown[]): number {
    if (this.#left-- <= 0) return 0
    return Number(
      this.#walk.few(1, found => {
        first[0] = itemOf(this.#core, found)
      }),
    )
  }
}

/** The same from the last to the first: finds all before it gives the first. */
export class DeepDifferencesBack implements Feed {
  readonly isPaired = false
  readonly #forwards: DeepDifferences
  #left: number
  #items: unknown[] | null = null

  constructor(
    core: StoreCore,
    before: HeldVersion,
    after: HeldVersion,
    range: Range,
    limit: number,
  ) {
    this.#forwards = new DeepDifferences(core, before, after, range, ALIVE)
    this.#left = limit
  }

  fill(first: unknown[]): number {
    if (this.#left-- <= 0) return 0
    this.#items ??= this.#all()
    if (this.#items.length === 0) return 0
    first[0] = this.#items.pop()
    return 1
  }

  #all(): unknown[] {
    const items: unknown[] = []
    const one: unknown[] = []
    while (this.#forwards.fill(one) > 0) items.push(one[0])
    return items
  }
}

function itemOf(core: StoreCore, { before, after }: Difference) {
  const { words, entry } = (before ?? after) as Found
  const value = (found: Found | null) =>
    found === null ? undefined : core.valueIn(found.words, found.entry)
  return { key: core.keyIn(words, entry), before: value(before), after: value(after) }
}
