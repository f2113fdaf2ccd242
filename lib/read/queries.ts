/** Queries: a store's entries by what their values hold, and the plan by which they are found. */
import { limitIn, NAMES, reverseIn, type View, viewIn } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import { definedBy } from '../indexes/definition.js'
import type { IndexKey } from '../indexes/index-range.js'
import { pathOf } from '../indexes/path.js'
import { isArray } from '../key/describe.js'
import { checkNames, invalidOption } from '../options.js'
import type { Term } from '../query/query.js'
import type { Held } from './held.js'
import { type IndexCore, indexOf, unknownIndex } from './index-core.js'
import { iterating, type ZVerseIterator } from './iterator.js'
import { type Order, type Plan, Planner } from './query-plan.js'
import { type Query, QueryRows } from './query-rows.js'
import type { Source } from './source.js'
import type { StoreCore } from './store-core.js'

/** What the value at a path must be: all that is given must hold. */
export interface WhereCondition {
  /** Equal, or an array with an element that is. */
  eq?: IndexKey | undefined
  /** There is a value, and it is not so. */
  ne?: IndexKey | undefined
  /** One of these, as `eq`. */
  in?: readonly IndexKey[] | undefined
  /** Bounds hold for values of their own type. */
  gt?: IndexKey | undefined
  gte?: IndexKey | undefined
  lt?: IndexKey | undefined
  lte?: IndexKey | undefined
  /** A string that begins with this one, or an array with these first elements. */
  prefix?: string | readonly IndexKey[] | undefined
  /** `[min, max]`: an array of as many numbers, each between, inclusive; null leaves a side open. */
  box?:
    | readonly [min: readonly (number | Date | null)[], max: readonly (number | Date | null)[]]
    | undefined
  /** An array with this element. */
  has?: IndexKey | undefined
  /** The path leads nowhere, or somewhere. */
  absent?: boolean | undefined
}

/** Conditions by path, all of which must hold; a scalar or an array is short for `eq`. */
export interface Where<K, V> {
  /** One of these queries holds. */
  or?: readonly Where<K, V>[]
  /** This query does not hold. */
  not?: Where<K, V>
  /** Your own test; it may read the database. */
  match?: (value: V, key: K) => boolean
  [path: string]:
    | IndexKey
    | WhereCondition
    | readonly Where<K, V>[]
    | Where<K, V>
    | ((value: V, key: K) => boolean)
    | undefined
}

/** An index, by its name or its handle. */
export type IndexName = string | { readonly name: string; readonly definition: object }

export interface WhereOptions extends View {
  /**
   * A path, several, or an index, whose keys say the order; an index goes before a path of the same name.
   * Entries that have no index key there come last, and first under `reverse`.
   */
  order?: IndexName | readonly string[] | undefined
  /** From the last to the first. */
  reverse?: boolean | undefined
  /** Entries at most: an integer ≥ 0, or Infinity. */
  limit?: number | undefined
  /** The index to use. */
  index?: IndexName | undefined
  /** `false`: no scan of the whole store, but `ZVERSE_NO_INDEX`. */
  scan?: boolean | undefined
}

/** How a query is answered. */
export interface Explanation {
  /**
   * One range of an index; the keys common to two; those of several ranges together; or all entries, tested.
   */
  plan: 'index' | 'intersect' | 'union' | 'scan'
  /** The ranges of indexes, and how many keys each has, exactly. */
  steps: { index: string; count: number }[]
  /** The entries that the steps lead to are tested. */
  filter: boolean
  /** What was found is sorted: no index gives the order. */
  sorted: boolean
}

const OPTIONS = ['order', 'reverse', 'limit', 'index', 'scan']

/** `where` of a store. @throws as {@link planned} */
export function where<K, V>(
  source: Source,
  query: unknown,
  options: unknown,
): ZVerseIterator<[K, V]> {
  const asked = askedIn(source, query, options, 'where')
  return iterating(source.hold(asked.view), held => new QueryRows(planned(source, held, asked)))
}

/** `explain` of a store. */
export function explain(source: Source, query: unknown, options: unknown): Explanation {
  const asked = askedIn(source, query, options, 'explain')
  const held = source.hold(asked.view)
  try {
    const { plan, rest, sort } = planned(source, held, asked)
    return {
      plan: plan.kind,
      steps: plan.steps.flatMap(({ index, counts }) => {
        const { name } = index.known
        if (counts.length === 0) return [{ index: name, count: 0 }]
        return counts.map(count => ({ index: name, count }))
      }),
      filter: rest.length > 0,
      sorted: sort !== null,
    }
  } finally {
    held.release()
  }
}

/** A query and its options, checked as far as can be without a version. */
export interface Asked {
  readonly view: View | undefined
  readonly terms: readonly Term[]
  readonly order: unknown
  readonly index: unknown
  readonly reverse: boolean
  readonly limit: number
  readonly scan: boolean
}

function askedIn(source: Source, query: unknown, options: unknown, verb: string): Asked {
  source.gate()
  const names = source.views ? [...OPTIONS, ...NAMES.view] : OPTIONS
  return source.core.engine.gate.guarded(() => {
    const given = checkNames(options, names, verb)
    const { order, index, scan } = given
    if (scan !== undefined && typeof scan !== 'boolean') {
      throw invalidOption('scan', 'must be a boolean')
    }
    return {
      view: viewIn(given),
      terms: source.core.engine.tools.parser.parse(query),
      order: isArray(order) ? [...order] : order,
      index,
      reverse: reverseIn(given),
      limit: limitIn(given),
      scan: scan !== false,
    }
  })
}

/**
 * A query without options, for the present view of another verb. @throws ZVerseError `ZVERSE_INVALID_OPTION`
 */
export function askedBy({ core }: Source, query: unknown): Asked {
  const terms = core.engine.gate.guarded(() => core.engine.tools.parser.parse(query))
  const nothing = { view: undefined, order: undefined, index: undefined }
  return { ...nothing, terms, reverse: false, limit: Number.POSITIVE_INFINITY, scan: true }
}

/**
 * The query with its plan, at a version that is held.
 * @throws ZVerseError `ZVERSE_UNKNOWN_INDEX`; `ZVERSE_NO_INDEX` where no index serves and none is scanned
 */
export function planned(source: Source, held: Held, asked: Asked): Query {
  const { terms, reverse, limit } = asked
  const planner = new Planner(source, held)
  const order = orderIn(source, planner, asked.order)
  let plan = planIn(source, planner, asked)
  let isOrdered = order !== null && planner.isIn(plan, order, terms)
  if (order !== null && !isOrdered && asked.index === undefined) {
    const ordered = planner.inOrder(order, terms)
    if (ordered !== null && planner.isSooner(ordered, plan, terms, limit)) {
      plan = ordered
      isOrdered = true
    }
  }
  if (plan.kind === 'scan' && !asked.scan) throw noIndex('the query')
  const rest = terms.filter(term => !plan.covers.includes(term))
  return { source, held, plan, rest, reverse, limit, sort: isOrdered ? null : order, isOrdered }
}

function planIn(
  { core: store }: Source,
  planner: Planner,
  { terms, index, order, limit, scan }: Asked,
): Plan {
  if (index !== undefined) {
    const core = indexIn(store, planner, index, 'index')
    const plan = planner.forced(core, terms)
    if (plan !== null) return plan
    throw noIndex(`index ${JSON.stringify(core.known.name)} may lack entries of the query: it`)
  }
  const plan = planner.best(terms)
  // What is sorted is read to its end.
  const enough = order === undefined ? limit : Number.POSITIVE_INFINITY
  if (plan === null || (scan && planner.isScanCheaper(plan, terms, enough))) return planner.scan
  return plan
}

function orderIn({ core }: Source, planner: Planner, order: unknown): Order | null {
  if (order === undefined) return null
  const isName = typeof order === 'string'
  const index = isName
    ? planner.find(order)
    : isArray(order)
      ? undefined
      : indexIn(core, planner, order, 'order')
  if (index !== undefined) {
    const { defined } = index.known
    if (defined.kind === 'property') return { defined, index }
    throw invalidOption('order', 'must be by property: points and vectors have no order')
  }
  const texts = isName ? [order] : (order as unknown[])
  if (texts.length === 0) throw invalidOption('order', 'must have one path at least')
  const paths = texts.map(text => pathOf(text, 'order'))
  const by = { on: paths.map(({ text }) => text), missing: 'skip', invalid: 'skip' }
  const codecs = { keys: core.keys.name, values: 'msgpack' }
  return { defined: { ...definedBy(by, codecs), isCompound: !isName }, index: null }
}

/** The index of a name or a handle. */
function indexIn(core: StoreCore, planner: Planner, given: unknown, option: string): IndexCore {
  const handle = typeof given === 'string' ? undefined : indexOf(given)
  const name = handle?.known.name ?? given
  if (typeof name !== 'string') {
    throw invalidOption(option, 'must be the name or the handle of an index')
  }
  const isOther = handle !== undefined && handle.parent.name !== core.name
  if (isOther) throw invalidOption(option, 'is the handle of an index of another store')
  const found = planner.find(name)
  const isSame = handle === undefined || handle.known.defined.text === found?.known.defined.text
  if (found === undefined || !isSame) throw unknownIndex(name)
  return found
}

function noIndex(what: string): ZVerseError {
  const remedy = 'define one on a path that it needs, or allow a scan'
  return new ZVerseError('ZVERSE_NO_INDEX', `${what} has no index that serves: ${remedy}`)
}
