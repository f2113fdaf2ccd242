/**
 * What an index is made of, checked; and its one form as text, in which the catalog, the log and dumps have it. Two
 * definitions are the same if their texts are. Any thread; no state.
 */
import type { Dimension } from '../key/axis.js'
import { isArray } from '../key/describe.js'
import { pointsOf, type ZOrderKeys } from '../key/zorder.js'
import { checkNames, integer, invalidOption } from '../options.js'
import { METRICS, type VectorMetric } from '../vector/codes.js'
import type { Encoded } from './bytes.js'
import { type Path, pathOf } from './path.js'

/** An index by property, as users define it. */
export interface PropertyDefinition {
  kind?: 'property' | undefined
  /** A path into values, as `'address.city'`; several make a compound index, whose keys are arrays. */
  on?: string | readonly string[] | undefined
  /**
   * In place of `on`: the name of a function, of those that `open` and `attach` take, which gives the index key of a
   * value.
   */
  by?: string | undefined
  /** An entry for each distinct element where a path leads to an array. */
  multi?: boolean | undefined
  /** No two values may have the same index key. */
  unique?: boolean | undefined
  /** Where a path leads nowhere: no entry (the default), an entry with null, or `ZVERSE_INVALID_VALUE`. */
  missing?: 'skip' | 'null' | 'error' | undefined
  /** Where it leads to what can be no index key: `ZVERSE_INVALID_VALUE` (the default), or no entry. */
  invalid?: 'error' | 'skip' | undefined
}

/** An index by place: of points, along the Z-order curve. */
export interface SpatialDefinition<D extends readonly Dimension[] = readonly Dimension[]> {
  kind: 'spatial'
  /** The path of an array of coordinates; or a path for each coordinate. */
  on: string | readonly string[]
  /** As `zorder` takes them. A `'date'` is a Date in values, or its ms. */
  dimensions: D
  /** No two values may be at the same place. */
  unique?: boolean | undefined
  missing?: 'skip' | 'error' | undefined
  invalid?: 'error' | 'skip' | undefined
}

/** An index of vectors: finds those that are nearest to another. */
export interface VectorDefinition {
  kind: 'vector'
  /** The path of an array of numbers, or of a typed array. */
  on?: string | undefined
  /** In place of `on`: the name of a function that gives the vector of a value. */
  by?: string | undefined
  /** Numbers of a vector: an integer from 1 to 16 384. */
  dims: number
  /** How far two vectors are from each other: 1 − cos (the default), −q·v, or √Σ(q−v)². */
  metric?: VectorMetric | undefined
  /**
   * What the index keeps of a vector: its numbers as 32-bit floats beside codes of 8 bits (the default), or the codes only,
   * which take a fifth of the memory, and whose distances are near the true ones.
   */
  element?: 'float32' | 'int8' | undefined
  missing?: 'skip' | 'error' | undefined
  /** Where the path leads to no vector of so many finite numbers, or, under 'cosine', to zeros only. */
  invalid?: 'error' | 'skip' | undefined
}

export type IndexDefinition = PropertyDefinition | SpatialDefinition | VectorDefinition

/**
 * What makes a store a graph: its edges are found from both ends. Users define it by `graph` of a database.
 */
export interface GraphDefinition {
  kind: 'graph'
}

/** The name of that index, which users cannot give. */
export const GRAPH = ''

/** What vectors an index has, and how it compares them. */
export interface VectorForm {
  readonly dims: number
  readonly metric: VectorMetric
  readonly element: 'float32' | 'int8'
}

/** A definition as the engine uses it. */
export interface Defined {
  readonly kind: 'property' | 'spatial' | 'vector' | 'graph'
  /** Where the index keys are; of a function's index, what that gives. */
  readonly paths: readonly Path[]
  /** The name of the function; null: there is none. */
  readonly by: string | null
  /** `on` has several: the keys are arrays, of what the paths lead to; or there is one for each dimension. */
  readonly isCompound: boolean
  readonly multi: boolean
  readonly unique: boolean
  readonly missing: 'skip' | 'null' | 'error'
  readonly invalid: 'error' | 'skip'
  /** The points of an index by place; null for others. */
  readonly points: ZOrderKeys | null
  /** What an index of vectors keeps; null for others. */
  readonly vectors: VectorForm | null
  /** How the store's values are encoded, null where they have no paths; and the names of both codecs. */
  readonly encoded: Encoded | null
  readonly codecs: Codecs
  /** Its one form. */
  readonly text: string
}

/** An index of a store. */
export interface Known {
  /** Id of the store that the index is. */
  readonly id: number
  /** Id of the store whose index it is. */
  readonly of: number
  readonly name: string
  readonly defined: Defined
}

/** The names of a store's codecs. */
export interface Codecs {
  readonly keys: string
  readonly values: string
}

const MOST_PATHS = 16
const MOST_DIMS = 16_384
const ELEMENTS = ['float32', 'int8'] as const

/** What the definition of each kind may have beside what all have. */
const KINDS = {
  property: { what: 'an index', names: ['by', 'multi', 'unique'] },
  spatial: { what: 'a spatial index', names: ['dimensions', 'unique'] },
  vector: { what: 'a vector index', names: ['by', 'dims', 'metric', 'element'] },
} as const
type Kind = keyof typeof KINDS
const NAMES = ['kind', 'on', 'missing', 'invalid']

/**
 * @param codecs those of the store
 * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming the part
 */
export function definedBy(definition: unknown, codecs: Codecs): Defined {
  if (typeof definition !== 'object' || definition === null || isArray(definition)) {
    throw invalidOption('definition', 'of an index must be an object')
  }
  const kind = oneOf((definition as { kind?: unknown }).kind, 'kind', Object.keys(KINDS) as Kind[])
  const { what, names } = KINDS[kind]
  const given = checkNames(definition, [...NAMES, ...names], what)
  const { on, by, missing, invalid } = given
  const isCompound = kind !== 'vector' && isArray(on)
  const paths = by === undefined ? pathsIn(on, isCompound) : [functionIn(by, on)]
  if (by === undefined && !hasPaths(codecs)) {
    const message = `needs values with paths, msgpack or json: these are ${JSON.stringify(codecs.values)}`
    throw invalidOption('on', message)
  }
  const points = kind === 'spatial' ? pointsOf(given.dimensions) : null
  if (points !== null && isCompound && paths.length !== points.curve.axes.length) {
    throw invalidOption('on', 'must be one path of an array, or a path for each dimension')
  }
  const defined = {
    kind,
    codecs: { keys: codecs.keys, values: codecs.values },
    encoded: hasPaths(codecs) ? (codecs.values as Encoded) : null,
    paths,
    by: by === undefined ? null : (by as string),
    isCompound,
    points,
    vectors: kind === 'vector' ? vectorsIn(given) : null,
    multi: flag(given, 'multi'),
    unique: flag(given, 'unique'),
    missing: oneOf(missing, 'missing', MISSING[kind]),
    invalid: oneOf(invalid, 'invalid', ['error', 'skip']),
  }
  return { ...defined, text: textOf(defined) }
}

const MISSING: Record<Kind, readonly Defined['missing'][]> = {
  property: ['skip', 'null', 'error'],
  spatial: ['skip', 'error'],
  vector: ['skip', 'error'],
}

function vectorsIn({ dims, metric, element }: Record<string, unknown>): VectorForm {
  return {
    dims: integer(dims ?? Number.NaN, 'dims', 1, MOST_DIMS, 1),
    metric: oneOf(metric, 'metric', METRICS),
    element: oneOf(element, 'element', ELEMENTS),
  }
}

function hasPaths({ values }: Codecs): boolean {
  return values === 'msgpack' || values === 'json'
}

function pathsIn(on: unknown, isCompound: boolean): Path[] {
  if (!isCompound || !isArray(on)) return [pathOf(on, 'on')]
  if (on.length === 0 || on.length > MOST_PATHS) {
    throw invalidOption('on', `must have 1 to ${MOST_PATHS} paths`)
  }
  return Array.from(on, text => pathOf(text, 'on'))
}

/** What a function gives, as a path of no steps. */
function functionIn(by: unknown, on: unknown): Path {
  if (typeof by !== 'string' || by === '')
    throw invalidOption('by', 'must be the name of a function')
  if (on !== undefined) throw invalidOption('by', 'excludes on: give one of them')
  return { text: by, steps: [] }
}

/**
 * The definition of the index that makes a store of these codecs a graph.
 * @throws ZVerseError `ZVERSE_INVALID_OPTION` if its keys are not tuples
 */
export function graphOf({ keys, values }: Codecs): Defined {
  if (keys !== 'tuple') {
    const message = `of a graph are tuples: these are ${JSON.stringify(keys)}`
    throw invalidOption('keys', message)
  }
  const codecs = { keys, values }
  return {
    kind: 'graph',
    codecs,
    encoded: null,
    paths: [],
    by: null,
    isCompound: false,
    points: null,
    vectors: null,
    multi: false,
    unique: false,
    missing: 'skip',
    invalid: 'error',
    text: JSON.stringify({ kind: 'graph', codecs }),
  }
}

/** The definition whose text this is. */
export function definedAs(text: string): Defined {
  const { codecs, ...definition } = JSON.parse(text)
  return definition.kind === 'graph' ? graphOf(codecs) : definedBy(definition, codecs)
}

/** The definition as users write it, without what is usual. */
export function shownOf({ text }: Defined): IndexDefinition | GraphDefinition {
  const { codecs: _, ...definition } = JSON.parse(text)
  return definition
}

function textOf(defined: Omit<Defined, 'text'>): string {
  const { kind, paths, by, isCompound, multi, unique, missing, invalid, codecs } = defined
  const texts = paths.map(({ text }) => text)
  const dimensions = defined.points?.curve.axes.map(({ dimension }) => dimension)
  const { dims, metric, element } = defined.vectors ?? {}
  return JSON.stringify({
    ...(kind !== 'property' && { kind }),
    ...(by === null ? { on: isCompound ? texts : texts[0] } : { by }),
    ...(dimensions !== undefined && { dimensions }),
    ...(dims !== undefined && { dims }),
    ...(metric !== undefined && metric !== METRICS[0] && { metric }),
    ...(element !== undefined && element !== ELEMENTS[0] && { element }),
    ...(multi && { multi }),
    ...(unique && { unique }),
    ...(missing !== 'skip' && { missing }),
    ...(invalid !== 'error' && { invalid }),
    codecs,
  })
}

function flag(given: Record<string, unknown>, name: string): boolean {
  const { [name]: value } = given
  if (value !== undefined && typeof value !== 'boolean')
    throw invalidOption(name, 'must be a boolean')
  return value === true
}

function oneOf<T extends string>(value: unknown, name: string, all: readonly T[]): T {
  if (value === undefined) return all[0]
  if (all.includes(value as T)) return value as T
  throw invalidOption(name, `must be ${anyOf(all.map(one => `'${one}'`))}`)
}

/** 'a, b or c'. */
function anyOf(all: readonly string[]): string {
  return all.length === 1 ? all[0] : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}
