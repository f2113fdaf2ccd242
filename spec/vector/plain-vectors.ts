/**
 * An index of vectors as plain code says what it finds, by comparing all: for tests. Knows nothing of the engine.
 *
 * Keys are strings of ASCII. Distances are summed in 64 bits, in the order of coordinates, over numbers that are
 * rounded to 32 bits: so an exact answer of the engine has the same to the last bit.
 */

export type Metric = 'cosine' | 'dot' | 'euclid'

export interface Form {
  dims: number
  metric: Metric
  element: 'float32' | 'int8'
}

export interface Found {
  key: string
  distance: number
}

export interface Asked {
  k: number
  within?: number
  /** Whether the entry of a key may be found. */
  test?: (key: string) => boolean
}

/** The vector that a part of a value gives an index; null: none. */
export function vectorIn(part: unknown, { dims, metric }: Form): Float32Array | null {
  const isList = Array.isArray(part) || (ArrayBuffer.isView(part) && !(part instanceof DataView))
  if (!isList) return null
  const numbers = Array.from(part as ArrayLike<unknown>)
  if (numbers.length !== dims || numbers.some(x => typeof x !== 'number')) return null
  const vector = Float32Array.from(numbers as number[])
  const squares = dot(vector, vector)
  if (!Number.isFinite(squares)) return null
  if (metric === 'cosine') return squares > 0 ? vector : null
  return Number.isFinite(Math.fround(squares)) ? vector : null
}

export function distance(metric: Metric, q: Float32Array, v: Float32Array): number {
  if (metric === 'cosine') return 1 - dot(q, v) / Math.sqrt(dot(q, q) * dot(v, v))
  if (metric === 'dot') return -dot(q, v)
  let sum = 0
  for (const [i, x] of q.entries()) {
    const difference = x - (v[i] as number)
    sum += difference * difference
  }
  return Math.sqrt(sum)
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

export function length(v: Float32Array): number {
  return Math.sqrt(dot(v, v))
}

/**
 * The distance from a vector that is known as a code of signed bytes only: its coordinates are whole numbers of
 * quanta, of which the largest has 127; how long it was is known under 'cosine'.
 */
export function codeDistance(metric: Metric, q: Float32Array, v: Float32Array): number {
  const largest = v.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  const code = Array.from(v, x => (largest === 0 ? 0 : Math.round(x * (127 / largest))))
  const coded = code.map(x => (x * largest) / 127)
  if (metric === 'dot') return -dot(q, coded)
  if (metric === 'cosine') return 1 - dot(q, coded) / Math.sqrt(dot(q, q) * dot(v, v))
  return Math.sqrt(coded.reduce((sum, x, i) => sum + ((q[i] as number) - x) ** 2, 0))
}

/** How far an index says that a vector is. */
export function told({ metric, element }: Form, q: Float32Array, v: Float32Array): number {
  return element === 'int8' ? codeDistance(metric, q, v) : distance(metric, q, v)
}

/** Nearest first, ties in key order. */
export function byDistance(a: Found, b: Found): number {
  return a.distance - b.distance || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

/** The nearest of some vectors by their keys. */
export function nearest(
  vectors: ReadonlyMap<string, Float32Array>,
  q: Float32Array,
  form: Form,
  { k, within = Number.POSITIVE_INFINITY, test }: Asked,
): Found[] {
  const found: Found[] = []
  for (const [key, v] of vectors) {
    if (test !== undefined && !test(key)) continue
    const away = told(form, q, v)
    if (away <= within) found.push({ key, distance: away })
  }
  return found.sort(byDistance).slice(0, k)
}

/** The vectors that entries give an index, by their keys. */
export function vectorsOf(
  entries: ReadonlyMap<string, unknown>,
  partOf: (value: unknown) => unknown,
  form: Form,
): Map<string, Float32Array> {
  const vectors = new Map<string, Float32Array>()
  for (const [key, value] of entries) {
    const vector = vectorIn(partOf(value), form)
    if (vector !== null) vectors.set(key, vector)
  }
  return vectors
}
