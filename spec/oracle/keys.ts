/**
 * The order of keys, in the contract's words and with no thought of speed.
 *
 * Shares nothing with lib/key: an error there must not be repeated here.
 */

export type KeyKind = 'string' | 'binary' | 'tuple'
export type TupleKey = null | boolean | number | string | Uint8Array | readonly TupleKey[]

export interface KeyOrder {
  /** The key as it comes back. */
  normal(key: unknown): unknown
  /** Equal for equal keys only. */
  identity(key: unknown): string
  /** Something that {@link compare} and {@link startsWith} take. */
  prepare(key: unknown): unknown
  compare(a: unknown, b: unknown): number
  startsWith(key: unknown, prefix: unknown): boolean
}

/** Bytewise, unsigned, the shorter first where one is a prefix of the other. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

function bytesStartWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0
}

/** Code point order is the byte order of UTF-8 (that is what UTF-8 was made for). */
function compareCodePoints(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** null < false < true < numbers < strings < bytes < arrays */
function rank(key: TupleKey): number {
  if (key === null) return 0
  if (key === false) return 1
  if (key === true) return 2
  if (typeof key === 'number') return 3
  if (typeof key === 'string') return 4
  return key instanceof Uint8Array ? 5 : 6
}

function compareTuples(a: TupleKey, b: TupleKey): number {
  const ranks = rank(a) - rank(b)
  if (ranks !== 0) return ranks
  if (typeof a === 'number') return a < (b as number) ? -1 : a > (b as number) ? 1 : 0
  if (typeof a === 'string') return compareCodePoints(a, b as string)
  if (a instanceof Uint8Array) return compareBytes(a, b as Uint8Array)
  if (a === null || typeof a === 'boolean') return 0
  const other = b as readonly TupleKey[]
  for (let i = 0; i < Math.min(a.length, other.length); i++) {
    const order = compareTuples(a[i] as TupleKey, other[i] as TupleKey)
    if (order !== 0) return order
  }
  return a.length - other.length
}

function tupleIdentity(key: TupleKey): string {
  if (key instanceof Uint8Array) return `b${Buffer.from(key).toString('hex')}`
  if (typeof key === 'number') return `n${key === 0 ? 0 : key}`
  if (typeof key === 'string') return JSON.stringify(key)
  if (key === null || typeof key === 'boolean') return String(key)
  return `[${key.map(tupleIdentity).join(',')}]`
}

function normalTuple(key: TupleKey): TupleKey {
  if (key instanceof Uint8Array) return Uint8Array.from(key)
  if (key === 0) return 0
  if (key === null || typeof key !== 'object') return key
  return key.map(normalTuple)
}

export const ORDERS: Record<KeyKind, KeyOrder> = {
  string: {
    normal: key => key,
    identity: key => key as string,
    prepare: key => Buffer.from(key as string),
    compare: (a, b) => compareBytes(a as Buffer, b as Buffer),
    startsWith: (key, prefix) => bytesStartWith(key as Buffer, prefix as Buffer),
  },
  binary: {
    normal: key => Uint8Array.from(key as Uint8Array),
    identity: key => Buffer.from(key as Uint8Array).toString('latin1'),
    prepare: key => Buffer.from(key as Uint8Array),
    compare: (a, b) => compareBytes(a as Buffer, b as Buffer),
    startsWith: (key, prefix) => bytesStartWith(key as Buffer, prefix as Buffer),
  },
  tuple: {
    normal: key => normalTuple(key as TupleKey),
    identity: key => tupleIdentity(key as TupleKey),
    prepare: key => key,
    compare: (a, b) => compareTuples(a as TupleKey, b as TupleKey),
    startsWith(key, prefix) {
      const first = prefix as readonly TupleKey[]
      if (!Array.isArray(key) || key.length < first.length) return false
      return first.every((element, i) => compareTuples(element, key[i] as TupleKey) === 0)
    },
  },
}
