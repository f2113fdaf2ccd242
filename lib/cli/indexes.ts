/** Indexes as the commands take them: definitions and index keys as words, and the reader of a version. */
import type { IndexDefinition, IndexReads, SpatialReads, VectorReads, View } from '../index.js'
import { ZVerseError } from '../index.js'
import { dimensionNames, type KeyForm, keyForm, parseJson, pointForm } from './literals.js'
import type { Session } from './session.js'
import { asWord, Mistake, printable, type Word } from './words.js'

type Property = IndexReads<unknown, unknown>
type Spatial = SpatialReads<unknown, unknown>
type Vectors = VectorReads<unknown, unknown>
type Reads = Property | Spatial | Vectors

/** Index keys are written as tuple keys are, whose order they have. */
export function indexKeys(): KeyForm {
  return keyForm('tuple')
}

/** Several words, if one is an array of JSON; else the one. */
export function textsIn(word: Word): string | string[] {
  const isArray = word.form !== 'quoted' && /^\s*\[/.test(word.text)
  return isArray ? (parseJson(word.text) as string[]) : word.text
}

/** What `prefix` takes: an array of first elements, or the beginning of a text, were it digits alone. */
export function prefixIn(word: Word, isCompound = false): unknown {
  if (isCompound) return indexKeys().prefix(word)
  return Array.isArray(textsIn(word)) ? indexKeys().read(word) : word.text
}

/** A definition as `index` takes it. */
export function definitionWords(definition: IndexDefinition): string {
  const { on, missing, invalid } = definition
  const unique = definition.kind !== 'vector' && definition.unique
  return [
    ...(on === undefined ? [] : [typeof on === 'string' ? asWord(on) : pathWords(on)]),
    ...kindWords(definition),
    ...(unique ? ['--unique'] : []),
    ...(missing === undefined ? [] : [`--missing ${missing}`]),
    ...(invalid === undefined ? [] : [`--invalid ${invalid}`]),
  ].join(' ')
}

/** An array of one path is another definition than the path: its index keys are arrays. */
function pathWords(on: readonly string[]): string {
  return on.length === 1 ? printable(JSON.stringify(on)) : on.map(asWord).join(' ')
}

function kindWords(definition: IndexDefinition): string[] {
  if (definition.kind === 'spatial') {
    return ['--spatial', `--dimensions ${dimensionNames(definition.dimensions)}`]
  }
  if (definition.kind === 'vector') {
    const { by, dims, metric, element } = definition
    return [
      ...(by === undefined ? [] : [`--by ${asWord(by)}`]),
      `--vector --dims ${dims}`,
      ...(metric === undefined ? [] : [`--metric ${metric}`]),
      ...(element === undefined ? [] : [`--element ${element}`]),
    ]
  }
  // What a function gives, a program has made: at the prompt there are no functions.
  const { by, multi } = definition
  return [...(by === undefined ? [] : [`--by ${asWord(by)}`]), ...(multi ? ['--multi'] : [])]
}

/**
 * The read verbs of an index at the prompt's version, inside the open transaction, or at a given view; and the view to
 * pass on.
 * @throws Mistake if only the past has it
 */
export function indexReader(
  session: Session,
  name: string,
  at: Word | undefined,
): { from: Reads; view: View } {
  const view = session.view(at)
  const index = handleOf(session, name, view)
  if (at !== undefined || session.tx === null) return { from: index, view }
  return { from: session.tx.index(index as Property), view: {} }
}

function handleOf({ verbs }: Session, name: string, view: View): Reads {
  try {
    return verbs.index(name)
  } catch (error) {
    if (!(error instanceof ZVerseError) || error.code !== 'ZVERSE_UNKNOWN_INDEX') throw error
    const index = verbs.indexes(view).find(index => index.name === name)
    if (index === undefined) throw error
    const hint = 'only what is there now can be read by itself'
    const other = '; `where` uses it at that version all the same'
    throw new Mistake(
      `index ${asWord(name)} is no longer there (${error.code})`,
      index.kind === 'vector' ? hint : hint + other,
    )
  }
}

export function isSpatial(index: Reads): index is Spatial {
  return index.definition.kind === 'spatial'
}

export function isVector(index: Reads): index is Vectors {
  return index.definition.kind === 'vector'
}

/** The reader of an index by place, and how its points are written. @throws Mistake for another index */
export function placeReader(
  session: Session,
  { text }: Word,
  at: Word | undefined,
): { from: Spatial; form: KeyForm; view: View } {
  const { from, view } = indexReader(session, text, at)
  if (isSpatial(from)) return { from, form: pointsOf(from), view }
  if (isVector(from)) {
    const hint = `\`similar ${asWord(text)} KEY\` finds the entries with the nearest vectors`
    throw new Mistake(`index ${asWord(text)} is not by place: it has vectors`, hint)
  }
  throw new Mistake(
    `index ${asWord(text)} is not by place: it has no points`,
    '`index NAME PATH --spatial --dimensions float64,float64` makes one that is',
  )
}

export function pointsOf({ definition }: Spatial): KeyForm {
  return pointForm((definition as Extract<IndexDefinition, { kind: 'spatial' }>).dimensions)
}

/** Reads an index, with hints about its own keys: those of errors at large are about keys of the store. */
export function askedOf<T>({ from, read }: { from: Property | Spatial; read: () => T }): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ZVerseError)) throw error
    const { code, option, message } = error
    const isKey = code === 'ZVERSE_INVALID_KEY' || code === 'ZVERSE_KEY_TOO_LARGE'
    if (!isKey && option !== 'box' && option !== 'prefix' && option !== 'nearest') throw error
    const what = isSpatial(from)
      ? `its points are ${pointsOf(from).name}`
      : 'index keys are words as of codec tuple: `help keys-as`'
    throw new Mistake(`${message} (${code})`, what)
  }
}
