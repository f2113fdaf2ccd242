/**
 * What an index is made of, checked; and its one form as text, in which the catalog, the log and dumps have it. Two
 * definitions are the same if their texts are. Any thread; no state.
 */
import { checkNames, invalidOption } from '../options.js'
import type { Encoded } from './bytes.js'
import { type Path, pathOf } from './path.js'

/** An index by property, as users define it. */
export interface PropertyDefinition {
  kind?: 'property' | undefined
  /** A path into values, as `'address.city'`; several make a compound index, whose keys are arrays. */
  on: string | readonly string[]
  /** An entry for each distinct element where a path leads to an array. */
  multi?: boolean | undefined
  /** No two values may have the same index key. */
  unique?: boolean | undefined
  /** Where a path leads nowhere: no entry (the default), an entry with null, or `ZVERSE_INVALID_VALUE`. */
  missing?: 'skip' | 'null' | 'error' | undefined
  /** Where it leads to what can be no index key: `ZVERSE_INVALID_VALUE` (the default), or no entry. */
  invalid?: 'error' | 'skip' | undefined
}

export type IndexDefinition = PropertyDefinition

/** A definition as the engine uses it. */
export interface Defined {
  readonly kind: 'property'
  readonly paths: readonly Path[]
  /** The keys are arrays, of what the paths lead to. */
  readonly isCompound: boolean
  readonly multi: boolean
  readonly unique: boolean
  readonly missing: 'skip' | 'null' | 'error'
  readonly invalid: 'error' | 'skip'
  /** How the store's values are encoded; and the names of both codecs. */
  readonly encoded: Encoded
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
const NAMES = ['kind', 'on', 'multi', 'unique', 'missing', 'invalid']

/**
 * @param codecs those of the store
 * @throws ZVerseError `ZVERSE_INVALID_OPTION` naming the part
 */
export function definedBy(definition: unknown, codecs: Codecs): Defined {
  const given = checkNames(definition, NAMES, 'index')
  const { kind, on, missing, invalid } = given
  if (kind !== undefined && kind !== 'property') throw invalidOption('kind', "must be 'property'")
  const isCompound = Array.isArray(on)
  if (isCompound && (on.length === 0 || on.length > MOST_PATHS)) {
    throw invalidOption('on', `must have 1 to ${MOST_PATHS} paths`)
  }
  const texts: unknown[] = isCompound ? on : [on]
  const paths = texts.map(text => pathOf(text, 'on'))
  if (codecs.values !== 'msgpack' && codecs.values !== 'json') {
    const message = `needs values with paths, msgpack or json: these are ${JSON.stringify(codecs.values)}`
    throw invalidOption('on', message)
  }
  const defined = {
    kind: 'property' as const,
    codecs: { keys: codecs.keys, values: codecs.values },
    encoded: codecs.values as Encoded,
    paths,
    isCompound,
    multi: flag(given, 'multi'),
    unique: flag(given, 'unique'),
    missing: oneOf(missing, 'missing', ['skip', 'null', 'error']),
    invalid: oneOf(invalid, 'invalid', ['error', 'skip']),
  }
  return { ...defined, text: textOf(defined) }
}

/** The definition whose text this is. */
export function definedAs(text: string): Defined {
  const { codecs, ...definition } = JSON.parse(text)
  return definedBy(definition, codecs)
}

/** The definition as users write it, without what is usual. */
export function shownOf({ text }: Defined): IndexDefinition {
  const { codecs: _, ...definition } = JSON.parse(text)
  return definition
}

function textOf(defined: Omit<Defined, 'text'>): string {
  const { paths, isCompound, multi, unique, missing, invalid, codecs } = defined
  const texts = paths.map(({ text }) => text)
  return JSON.stringify({
    on: isCompound ? texts : texts[0],
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
  throw invalidOption(name, `must be ${all.map(one => `'${one}'`).join(' or ')}`)
}
