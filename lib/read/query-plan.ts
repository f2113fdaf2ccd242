/**
 * How a query is answered at one version: by which ranges of which indexes, or by a scan of the store.
 *
 * Counts are exact, by the height of a tree each. Of the indexes that have all entries that the query asks
 * for, and of the queries in an `or`, whichever leads to the fewest keys is taken; together with a second one
 * where that has few more. What the indexes do not settle is tested on the entries that they lead to. The
 * answer never depends on the plan: {@link servesAll} (lib/query/spans.ts) tells which indexes may be used at
 * all.
 */
import type { Defined, Known } from '../indexes/definition.js'
import type { Path } from '../indexes/path.js'
import { wholeOf } from '../indexes/reverse.js'
import type { Term } from '../query/query.js'
import { impliesPresence, type Spans, servesAll, spansOf } from '../query/spans.js'
import type { Range } from '../tree/cursor.js'
import { countAt } from './at.js'
import type { Held } from './held.js'
import { IndexCore } from './index-core.js'
import type { Source } from './source.js'

/** Ranges of one index's keys. */
export interface Step {
  readonly index: IndexCore
  /** Root of its tree; 0 at a deep version. */
  readonly root: number
  /** Disjoint; those with keys only. */
  readonly ranges: readonly Range[]
  readonly counts: readonly number[]
  readonly count: number
  /** None of them is there for arrays that may have what is asked for. */
  readonly isPure: boolean
  /** Parts of the index key that are the same in all of a range. */
  readonly fixed: number
}

/** Where a query's entries are among. */
export interface Plan {
  readonly kind: 'index' | 'intersect' | 'union' | 'scan'
  readonly steps: readonly Step[]
  /** Keys that the steps lead to; of a scan, the store's entries. */
  readonly count: number
  /** Terms that hold for all entries that it leads to. */
  readonly covers: readonly Term[]
}

/**
 * The order that a query asks for: by the index keys of a definition; `index`, where that is an index by
 * name.
 */
export interface Order {
  readonly defined: Defined
  readonly index: IndexCore | null
}

/** A second index is worth reading where it leads to so many times the keys of the first at most … */
const SECOND = 4
/** … and the first to more than so many. */
const FEW = 8
/** Entries of a store that a scan is never taken for, where an index serves. */
const SMALL = 4096
/** What it costs to look up an entry that an index leads to, in entries of a scan. */
const LOOK_UP = 3
/** How many a scan finds nobody knows, where there are conditions: one of so many entries is assumed. */
const RARE = 100

const NO_TERMS: readonly Term[] = []
/** The kinds of indexes that queries use. */
const FOR_QUERIES: readonly Defined['kind'][] = ['property', 'spatial']

export class Planner {
  readonly #source: Source
  readonly #held: Held
  readonly #all: readonly Known[]
  /** Those that lead to what values hold. */
  readonly #known: readonly Known[]
  readonly size: number

  constructor(source: Source, held: Held) {
    this.#source = source
    this.#held = held
    this.#all = source.indexes(held)
    this.#known = this.#all.filter(({ defined }) => FOR_QUERIES.includes(defined.kind))
    this.size = countAt(source.core, held, held.root, undefined)
  }

  /** The index of that name; undefined where the version has none. */
  find(name: string): IndexCore | undefined {
    const known = this.#all.find(index => index.name === name)
    return known === undefined ? undefined : this.#coreOf(known)
  }

  /** The plan that leads to the fewest keys; null where no index serves. */
  best(terms: readonly Term[]): Plan | null {
    const plans: Plan[] = []
    for (const known of this.#known) {
      const plan = this.#byIndex(known, terms)
      if (plan !== null) plans.push(plan)
    }
    for (const term of terms) {
      const plan = term.kind === 'any' ? this.#union(term) : null
      if (plan !== null) plans.push(plan)
    }
    plans.sort((a, b) => a.count - b.count || b.covers.length - a.covers.length)
    const [first, second] = plans
    if (first === undefined) return null
    const isWorth =
      second !== undefined && first.count > FEW && second.count <= SECOND * first.count
    if (!isWorth || first.kind === 'union' || second.kind === 'union') return first
    const settlesMore = second.covers.some(term => !first.covers.includes(term))
    if (!settlesMore) return first
    const covers = [...first.covers, ...second.covers]
    return {
      kind: 'intersect',
      steps: [...first.steps, ...second.steps],
      count: first.count,
      covers,
    }
  }

  /** The plan by one index, of that name; null where that does not serve. */
  forced(index: IndexCore, terms: readonly Term[]): Plan | null {
    const { known } = index
    if (!FOR_QUERIES.includes(known.defined.kind)) return null
    const plan = this.#byIndex(known, terms)
    if (plan !== null) return plan
    const { defined } = known
    const isWhole = this.hasAll(index) || servesAll(defined, terms)
    return isWhole ? this.whole(index) : null
  }

  /** All keys of an index. */
  whole(index: IndexCore): Plan {
    return planOf(
      this.#step(index, {
        ranges: [wholeOf(index.known.defined)],
        arrays: [],
        covers: NO_TERMS,
        fixed: 0,
      }),
    )
  }

  /** All entries of the store. */
  get scan(): Plan {
    return { kind: 'scan', steps: [], count: this.size, covers: NO_TERMS }
  }

  /** True if every entry has a key in the index, and no other stands for several. */
  hasAll(index: IndexCore): boolean {
    if (index.known.defined.multi) return false
    return this.whole(index).count === this.size
  }

  /**
   * True where it costs less to test all entries than to look up those that a plan leads to.
   * @param limit entries that are enough: Infinity where all are to be found first
   */
  isScanCheaper(plan: Plan, terms: readonly Term[], limit: number): boolean {
    const { size } = this
    if (size < SMALL) return false
    const most = settles(plan, terms) ? limit : Number.POSITIVE_INFINITY
    const looked = isInKeyOrder(plan) ? Math.min(plan.count, most) : plan.count
    return readFor(most, size, plan.count) < LOOK_UP * looked
  }

  /**
   * The plan that gives the entries that the terms ask for in an order, by the fewest keys of one index; null:
   * there is none.
   */
  inOrder(order: Order, terms: readonly Term[]): Plan | null {
    let best: Plan | null = null
    const { defined, index } = order
    for (const known of this.#known) {
      const part = this.#byIndex(known, terms)
      if (part !== null && this.isIn(part, order, terms)) best = fewer(best, part)
      if (!hasSameKeys(known.defined, defined)) continue
      if (index !== null && index.known.name !== known.name) continue
      const core = this.#coreOf(known)
      if (this.#isOrdered(core, known.defined, defined, terms)) best = fewer(best, this.whole(core))
    }
    return best
  }

  /** True where reading in order until there are enough costs less than sorting what a plan leads to. */
  isSooner(ordered: Plan, plan: Plan, terms: readonly Term[], limit: number): boolean {
    const isScan = plan.kind === 'scan'
    // For what is small an index that gives the order is taken in any case.
    if (isScan && this.size < SMALL) return true
    const isSettled = settles(plan, terms)
    const most = isScan || isSettled ? limit : Number.POSITIVE_INFINITY
    const matches = isScan && !isSettled ? this.size / RARE : plan.count
    const read = readFor(most, ordered.count, matches)
    return LOOK_UP * read <= LOOK_UP * matches + (isScan ? this.size : 0)
  }

  /** The index has all entries, and those without a key of the order are told from the others. */
  #isOrdered(core: IndexCore, has: Defined, order: Defined, terms: readonly Term[]): boolean {
    const isPresent = order.by === null && impliesPresence(order.paths, terms)
    if (has.missing === 'null' && order.missing !== 'null' && !isPresent) return false
    return this.hasAll(core) || (isPresent && has.invalid === 'error')
  }

  /** True if a plan gives its entries in an order. */
  isIn(plan: Plan, { defined }: Order, terms: readonly Term[]): boolean {
    if (plan.kind !== 'index' || plan.steps[0].ranges.length > 1) return false
    const [{ index, fixed }] = plan.steps
    const { defined: has } = index.known
    if (has.kind !== 'property' || has.by !== null || has.multi || defined.multi) return false
    if (defined.by !== null) return false
    if (has.missing === 'null' && !impliesPresence(defined.paths, terms)) return false
    const same = has.paths.slice(0, fixed).map(({ text }) => text)
    const asked = defined.paths.map(({ text }) => text).filter(text => !same.includes(text))
    const comes = has.paths.slice(fixed).map(({ text }) => text)
    return asked.length === comes.length && asked.every((text, i) => text === comes[i])
  }

  #byIndex(known: Known, terms: readonly Term[]): Plan | null {
    const { defined } = known
    const spans = spansOf(defined, terms)
    if (spans === null) return null
    if (!servesAll(defined, terms) && !this.hasAll(this.#coreOf(known))) return null
    return planOf(this.#step(this.#coreOf(known), spans), spans.covers)
  }

  #union(term: Term & { kind: 'any' }): Plan | null {
    const plans: Plan[] = []
    let isSettled = true
    for (const branch of term.branches) {
      const plan = this.best(branch)
      if (plan === null) return null
      if (plan.kind === 'intersect' || !branch.every(one => plan.covers.includes(one)))
        isSettled = false
      // An intersection in a union is taken as its first part.
      plans.push(plan.kind === 'intersect' ? planOf(plan.steps[0]) : plan)
    }
    return {
      kind: 'union',
      steps: plans.flatMap(({ steps }) => steps),
      count: plans.reduce((sum, { count }) => sum + count, 0),
      covers: isSettled ? [term] : NO_TERMS,
    }
  }

  #step(index: IndexCore, { ranges, arrays, fixed }: Spans): Step {
    const source = this.#source
    const held = this.#held
    const root = source.rootOf(index, held)
    const all = [...arrays, ...ranges].map(range => {
      return { range, count: countAt(index, held, root, range) }
    })
    const some = all.filter(({ count }) => count > 0)
    const isPure = !some.some(({ range }) => arrays.includes(range))
    return {
      index,
      root,
      ranges: some.map(({ range }) => range),
      counts: some.map(({ count }) => count),
      count: some.reduce((sum, { count }) => sum + count, 0),
      isPure,
      fixed: isPure ? fixed : 0,
    }
  }

  #coreOf(known: Known): IndexCore {
    return IndexCore.of(this.#source.core, known)
  }
}

/** The plan of one step: a union where that has several ranges. */
function planOf(step: Step, covers = NO_TERMS): Plan {
  const { ranges, count, isPure } = step
  const kind = ranges.length > 1 ? 'union' : 'index'
  return { kind, steps: [step], count, covers: isPure ? covers : NO_TERMS }
}

function fewer(a: Plan | null, b: Plan): Plan {
  return a === null || b.count < a.count ? b : a
}

/** Nothing is left to test on what a plan leads to. */
function settles({ covers }: Plan, terms: readonly Term[]): boolean {
  return terms.every(term => covers.includes(term))
}

/** How many of `count` are read until `limit` of the `matches` among them are found. */
function readFor(limit: number, count: number, matches: number): number {
  return Math.min(count, (limit * count) / Math.max(1, matches))
}

/** True if a plan leads to keys in the order of the store, each once. */
export function isInKeyOrder({ kind, steps }: Plan): boolean {
  if (kind === 'scan') return true
  if (steps.length !== 1 || steps[0].ranges.length > 1) return false
  const [{ index, fixed, count }] = steps
  return count === 0 || fixed === index.known.defined.paths.length
}

/** Two definitions give an entry the same index key. */
function hasSameKeys(a: Defined, b: Defined): boolean {
  if (a.kind !== 'property' || a.multi || b.multi) return false
  if (a.by !== null || b.by !== null) return a.by === b.by
  return a.isCompound === b.isCompound && hasSamePaths(a.paths, b.paths)
}

function hasSamePaths(a: readonly Path[], b: readonly Path[]): boolean {
  return a.length === b.length && a.every(({ text }, i) => text === b[i].text)
}
