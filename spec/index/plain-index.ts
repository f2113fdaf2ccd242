/**
 * An index as plain code says what is in it: for tests. Knows nothing of the engine.
 *
 * Order of index keys: null, false, true, numbers, strings by code points of their UTF-8, bytes, arrays element by element.
 */
import { Buffer } from 'node:buffer'

export type Plain = null | boolean | number | string | Uint8Array | Plain[]

export interface Definition {
  on: string | string[]
  multi?: boolean
  unique?: boolean
  missing?: 'skip' | 'null' | 'error'
  invalid?: 'error' | 'skip'
}

const NOTHING = Symbol('nothing')
const UNFIT = Symbol('unfit')

function along(value: unknown, path: string): unknown {
  let at = value
  for (const name of path.split('.')) {
    if (Array.isArray(at)) {
      if (!/^(0|[1-9]\d*)$/.test(name) || Number(name) >= at.length) return NOTHING
      at = at[Number(name)]
    } else if (isPlainObject(at) && Object.hasOwn(at, name)) at = at[name]
    else return NOTHING
  }
  return at === undefined ? NOTHING : at
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

/** The index key of a value of some kind, or UNFIT. */
export function keyOf(value: unknown): Plain | typeof UNFIT {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isNaN(value) ? UNFIT : value + 0
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : UNFIT
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? UNFIT : value.getTime()
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (!Array.isArray(value)) return UNFIT
  const parts = value.map(keyOf)
  return parts.includes(UNFIT) ? UNFIT : (parts as Plain[])
}

const kindOf = (key: Plain): number =>
  key === null
    ? 0
    : typeof key === 'boolean'
      ? 1
      : typeof key === 'number'
        ? 2
        : typeof key === 'string'
          ? 3
          : key instanceof Uint8Array
            ? 4
            : 5

export function compare(a: Plain, b: Plain): number {
  const kinds = kindOf(a) - kindOf(b)
  if (kinds !== 0) return kinds
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compare(a[i] as Plain, b[i] as Plain)
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array)
  return Number(a) < Number(b) ? -1 : Number(a) > Number(b) ? 1 : 0
}

/** The index keys of a value, in order; 'error' where it cannot be put. */
export function keysOf(value: unknown, definition: Definition): Plain[] | 'error' {
  const { on, multi = false, missing = 'skip', invalid = 'error' } = definition
  const paths = typeof on === 'string' ? [on] : on
  let rows: Plain[][] = [[]]
  for (const path of paths) {
    const found = along(value, path)
    const parts: Plain[] = []
    for (const one of multi && Array.isArray(found) ? found : [found]) {
      const isMissing = one === NOTHING || one === undefined
      if (isMissing && missing === 'error') return 'error'
      if (isMissing && missing === 'null') parts.push(null)
      if (isMissing) continue
      const key = keyOf(one)
      if (key === UNFIT && invalid === 'error') return 'error'
      if (key !== UNFIT) parts.push(key as Plain)
    }
    rows = rows.flatMap(row => parts.map(part => [...row, part]))
  }
  const keys = rows.map(row => (typeof on === 'string' ? (row[0] as Plain) : row)).sort(compare)
  return keys.filter((key, i) => i === 0 || compare(keys[i - 1] as Plain, key) !== 0)
}

/** `[index key, key]` of all entries of a store, whose keys are strings. */
export function pairsOf(
  entries: ReadonlyMap<string, unknown>,
  definition: Definition,
): [Plain, string][] {
  const pairs: [Plain, string][] = []
  for (const [key, value] of entries) {
    const keys = keysOf(value, definition)
    if (keys === 'error') throw new Error('there is a value that the index refuses')
    for (const indexKey of keys) pairs.push([indexKey, key])
  }
  return pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
}
