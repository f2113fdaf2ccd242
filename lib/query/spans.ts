/**
 * What an index has for the terms of a query: ranges of its keys, which of the terms these settle, and
 * whether the index has all entries that the query asks for. Knows definitions and terms only; counts
 * nothing. Any thread.
 *
 * An index may lack entries that match: those whose path leads nowhere, where `missing` skips them; those
 * with what can be no index key, where `invalid` skips them; and under `multi` those with an empty array. So
 * it serves a query only where the query's own terms rule these out ({@link servesAll}). Arrays are index
 * keys of their own where an index is not `multi`; so what equals a key there, or has it as an element, is
 * found under the key, and among the arrays.
 */
import type { Defined } from '../indexes/definition.js'
import { compareBytes, joined } from '../indexes/extract.js'
import type { Path } from '../indexes/path.js'
import { Box } from '../key/box.js'
import { packBytes } from '../key/pack.js'
import { ARRAY, END, FALSE, NULL, NUMBER, numberAt, TRUE } from '../key/tuple-writer.js'
import type { ZOrderKeys } from '../key/zorder.js'
import { type Bound, compareBounds, isEmpty, prefixed, type Range } from '../tree/cursor.js'
import { type PathTerm, type Term, type Test, typeOf } from './query.js'

/** Ranges of an index's keys, disjoint. */
export interface Spans {
  readonly ranges: readonly Range[]
  /** Arrays, some of which may have what is asked for as an element. */
  readonly arrays: readonly Range[]
  /** The terms that hold for all entries that `ranges` lead to. */
  readonly covers: readonly Term[]
  /**
   * Parts of the index key that are the same in all of a range: all parts, and keys come in the order of the
   * entries' keys.
   */
  readonly fixed: number
}

/** Alternatives of `in`, for all parts of an index together, at most. */
const MOST_ALTERNATIVES = 10_000
const NONE = new Uint8Array(0)

/**
 * Whether the terms leave out what an index may lack, path by path: it says nothing; there is something; …
 */
const SAYS_NOTHING = 0
const IS_PRESENT = 1
/** … which is no array, or has an element that is an index key; … */
const HAS_ELEMENT = 2
/** … which is null, a boolean or a number. */
const IS_SCALAR = 3

/** True if an index has every entry for which the terms hold. */
export function servesAll(defined: Defined, terms: readonly Term[]): boolean {
  const { multi, missing, invalid, points, by } = defined
  if (by !== null || (points !== null && invalid === 'skip')) return false
  return defined.paths.every(path => {
    let said = SAYS_NOTHING
    for (const test of testsAt(terms, path)) {
      const isNull = test.op === 'absent' && test.isAbsent && missing === 'null'
      said = Math.max(said, isNull ? IS_SCALAR : saidBy(test))
    }
    if (invalid === 'skip') return said === IS_SCALAR
    if (multi) return said >= HAS_ELEMENT
    return missing !== 'skip' || said >= IS_PRESENT
  })
}

/** True if the terms hold only for entries that have something at each path. */
export function impliesPresence(paths: readonly Path[], terms: readonly Term[]): boolean {
  return paths.every(path => {
    return testsAt(terms, path).some(test => saidBy(test) >= IS_PRESENT)
  })
}

function saidBy(test: Test): number {
  switch (test.op) {
    case 'absent':
      return test.isAbsent ? SAYS_NOTHING : IS_PRESENT
    case 'ne':
    case 'box':
      return IS_PRESENT
    case 'has':
      return HAS_ELEMENT
    case 'in':
      return test.keys.every(key => key[0] !== ARRAY) ? HAS_ELEMENT : IS_PRESENT
    case 'eq':
    case 'prefix':
      return test.key[0] === ARRAY ? IS_PRESENT : HAS_ELEMENT
    default:
      if (test.key[0] === ARRAY) return IS_PRESENT
      return test.key[0] <= NUMBER ? IS_SCALAR : HAS_ELEMENT
  }
}

function* termsAt(terms: readonly Term[], path: Path): Iterable<PathTerm> {
  for (const term of terms) if (term.kind === 'path' && term.path.text === path.text) yield term
}

function testsAt(terms: readonly Term[], path: Path): Test[] {
  return Array.from(termsAt(terms, path), ({ test }) => test)
}

/** What an index has for the terms; null where they say nothing about its first path. */
export function spansOf(defined: Defined, terms: readonly Term[]): Spans | null {
  const { paths, isCompound, points, by } = defined
  if (by !== null) return null
  if (points !== null) return boxesOf(points, isCompound, paths, terms)
  const covers: Term[] = []
  const ranges: Range[] = []
  const arrays: Range[] = []
  let heads: Uint8Array[] = [isCompound ? Uint8Array.of(ARRAY) : NONE]
  let fixed = 0
  for (; fixed < paths.length; fixed++) {
    const mine = [...termsAt(terms, paths[fixed])]
    const found = equalities(defined, mine, heads.length)
    if (found === null) break
    const { keys, isExact, term } = found
    if (isExact) covers.push(term)
    if (!defined.multi) for (const head of heads) arrays.push(spanOf(head, Uint8Array.of(ARRAY)))
    heads = heads.flatMap(head => keys.map(key => joined(head, key)))
  }
  const isWhole = fixed === paths.length
  if (isWhole) {
    const end = isCompound ? Uint8Array.of(END) : NONE
    for (const head of heads) ranges.push(spanOf(head, end))
    return { ranges, arrays, covers, fixed }
  }
  const mine = [...termsAt(terms, paths[fixed])]
  const ends = heads.map(head => bounded(defined, mine, head, covers))
  if (fixed === 0 && ends.every(end => end === null)) return null
  heads.forEach((head, i) => {
    ranges.push(ends[i] ?? spanOf(head, NONE))
  })
  return { ranges: ranges.filter(range => !isEmpty(range)), arrays, covers, fixed }
}

/** What an index by place has: the box that the terms leave, of cells that may have what is inside. */
function boxesOf(
  { curve }: ZOrderKeys,
  isCompound: boolean,
  paths: readonly Path[],
  terms: readonly Term[],
): Spans | null {
  const n = curve.axes.length
  const min = new Array<number>(n).fill(Number.NaN)
  const max = new Array<number>(n).fill(Number.NaN)
  const raise = (d: number, x: number) => {
    if (!(x <= min[d])) min[d] = Number.isNaN(x) ? min[d] : x
  }
  const lower = (d: number, x: number) => {
    if (!(x >= max[d])) max[d] = Number.isNaN(x) ? max[d] : x
  }
  const covers: Term[] = []
  const isExact = curve.axes.every(({ dimension }) => typeof dimension === 'string')
  for (const [i, path] of paths.entries()) {
    for (const term of termsAt(terms, path)) {
      const { test } = term
      if (!isCompound && test.op === 'box' && test.min.length === n) {
        test.min.forEach(raiseAll(raise))
        test.max.forEach(raiseAll(lower))
        if (isExact && ![...test.min, ...test.max].some(Number.isNaN)) covers.push(term)
      } else if (isCompound && 'key' in test && test.key[0] === NUMBER) {
        const x = numberAt(test.key, 1)
        if (test.op === 'gt' || test.op === 'gte' || test.op === 'eq') raise(i, x)
        if (test.op === 'lt' || test.op === 'lte' || test.op === 'eq') lower(i, x)
      }
    }
  }
  if ([...min, ...max].every(Number.isNaN)) return null
  const box = new Box(curve)
  for (const [d, axis] of curve.axes.entries()) {
    if (min[d] > max[d]) box.isEmpty = true
    // The cell that has the least of what is inside may begin below it.
    const isCell = typeof axis.dimension !== 'string'
    const isThere =
      Number.isNaN(min[d]) ||
      (isCell ? axis.floor(min[d], box.lower, 2 * d) : axis.ceiling(min[d], box.lower, 2 * d))
    if (!isThere && isCell) box.lower.fill(0, 2 * d, 2 * d + 2)
    if (!isThere && !isCell) box.isEmpty = true
    if (!Number.isNaN(max[d]) && !axis.floor(max[d], box.upper, 2 * d)) box.isEmpty = true
  }
  box.settle()
  return { ranges: [{ lower: null, upper: null, box }], arrays: [], covers, fixed: 0 }
}

const raiseAll = (to: (d: number, x: number) => void) => (x: number, d: number) => to(d, x)

interface Equalities {
  readonly keys: readonly Uint8Array[]
  readonly term: Term
  /** The term holds for all entries under one of the keys. */
  readonly isExact: boolean
}

/** The keys, some of which the value at a path must be, or have as an element. */
function equalities(
  { multi, missing }: Defined,
  terms: readonly PathTerm[],
  heads: number,
): Equalities | null {
  let best: Equalities | null = null
  for (const term of terms) {
    const { test } = term
    let keys: readonly Uint8Array[]
    if (test.op === 'eq') keys = [test.key]
    else if (test.op === 'in') keys = distinct(test.keys)
    else if (test.op === 'has' && multi) keys = [test.key]
    else continue
    // An array is found as an array, not by an element; and by one of several arrays' elements not at all.
    if (test.op !== 'has' && keys.some(key => key[0] === ARRAY)) continue
    if (keys.length * heads > MOST_ALTERNATIVES) continue
    if (best !== null && best.keys.length <= keys.length) continue
    const mayBeAbsent = missing === 'null' && keys.some(key => key[0] === NULL)
    best = { keys, term, isExact: test.op !== 'has' && !mayBeAbsent }
  }
  return best
}

/** Keys each once, in order. */
function distinct(keys: readonly Uint8Array[]): Uint8Array[] {
  const sorted = [...keys].sort(compareBytes)
  return sorted.filter((key, i) => i === 0 || compareBytes(sorted[i - 1], key) !== 0)
}

/** The keys behind `head` that the tests of the next part leave; null where they leave all. */
function bounded(
  { multi, missing }: Defined,
  terms: readonly PathTerm[],
  head: Uint8Array,
  covers: Term[],
): Range | null {
  let range: Range | null = null
  const narrow = (by: Range) => {
    range = range === null ? by : intersection(range, by)
  }
  for (const term of terms) {
    const { test } = term
    const isArray = 'key' in test && test.key[0] === ARRAY
    switch (test.op) {
      case 'gt':
      case 'gte':
      case 'lt':
      case 'lte': {
        if (multi && isArray) break
        narrow(compared(head, test.op, test.key))
        const mayBeAbsent = missing === 'null' && test.key[0] === NULL
        if (!multi && !mayBeAbsent) covers.push(term)
        break
      }
      case 'prefix':
        if (multi && isArray) break
        narrow(spanOf(head, test.key))
        if (!multi) covers.push(term)
        break
      case 'eq':
      case 'has':
      case 'box':
        // What is equal to an array, or has it, is an array; as what has an element, or is a point.
        if (!multi && (test.op !== 'eq' || isArray)) narrow(spanOf(head, Uint8Array.of(ARRAY)))
        break
      case 'absent':
        if (test.isAbsent && missing === 'null') narrow(spanOf(head, Uint8Array.of(NULL)))
        break
    }
  }
  return range
}

/** The keys behind `head` that are of a key's type and compare with it so. */
function compared(head: Uint8Array, op: 'gt' | 'gte' | 'lt' | 'lte', key: Uint8Array): Range {
  const type = typeOf(key)
  const types = spanOf(head, Uint8Array.of(type))
  const upper = type === FALSE ? spanOf(head, Uint8Array.of(TRUE)).upper : types.upper
  const all = { lower: types.lower, upper, box: null }
  const { lower: first, upper: last } = spanOf(head, key)
  if (op === 'gt') return intersection(all, { lower: last, upper: null, box: null })
  if (op === 'gte') return intersection(all, { lower: first, upper: null, box: null })
  if (op === 'lt') return intersection(all, { lower: null, upper: first, box: null })
  return intersection(all, { lower: null, upper: last, box: null })
}

function intersection(a: Range, b: Range): Range {
  const isLater = (x: Bound | null, y: Bound | null) =>
    x === null ? false : y === null ? true : compareBounds(x, y) > 0
  const lower = isLater(a.lower, b.lower) ? a.lower : (b.lower ?? a.lower)
  const isSooner = (x: Bound | null, y: Bound | null) =>
    x === null ? false : y === null ? true : compareBounds(x, y) < 0
  const upper = isSooner(a.upper, b.upper) ? a.upper : (b.upper ?? a.upper)
  return { lower, upper, box: null }
}

/** The keys of an index that begin with these bytes. */
function spanOf(head: Uint8Array, rest: Uint8Array): Range {
  const bytes = joined(head, rest)
  if (bytes.length === 0) return { lower: null, upper: null, box: null }
  const key = { words: new Uint32Array((bytes.length + 3) >>> 2), bytes: 0 }
  packBytes(bytes, bytes.length, key)
  return prefixed(key)
}
