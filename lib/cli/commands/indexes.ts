/** Commands that make, read, list and drop indexes. */
import type {
  IndexDefinition,
  PropertyDefinition,
  SpatialReads,
  VectorDefinition,
  VectorMetric,
  View,
} from '../../index.js'
import { counted } from '../bar.js'
import type { Call, Command, Option } from '../command.js'
import {
  askedOf,
  definitionWords,
  indexKeys,
  indexReader,
  isSpatial,
  isVector,
  pointsOf,
  prefixIn,
  textsIn,
} from '../indexes.js'
import { dimensionsIn } from '../literals.js'
import { KEY, type Result, rowsOf, versionResult } from '../result.js'
import type { Session } from '../session.js'
import { asWord, Mistake, type Word } from '../words.js'
import { pointRows } from './points.js'
import { AT, cornersOf, ORDER, orderOf } from './ranges.js'

/** Options of the definition. */
const MAKING: readonly Option[] = [
  { name: 'multi', summary: 'an index key for each element where a path leads to an array' },
  { name: 'unique', summary: 'no two entries may have the same index key' },
  {
    ...{ name: 'missing', value: 'skip|null|error', choices: ['skip', 'null', 'error'] },
    summary: 'where a path leads nowhere: no index key (default), null, or a refusal',
  },
  {
    ...{ name: 'invalid', value: 'error|skip', choices: ['error', 'skip'] },
    summary: 'where it leads to what can be no index key: a refusal (default), or none',
  },
  { name: 'spatial', summary: 'by place: of PATH to an array of coordinates, or a PATH for each' },
  {
    ...{ name: 'dimensions', value: 'DIMENSION,…' },
    summary: 'of an index by place: as those of `keys-as`, for example float64,float64',
  },
  { name: 'vector', summary: 'of vectors: of PATH to an array of numbers; `similar` reads it' },
  { name: 'dims', value: 'N', summary: 'of an index of vectors: how many numbers each has' },
  {
    ...{ name: 'metric', value: 'cosine|dot|euclid', choices: ['cosine', 'dot', 'euclid'] },
    summary: 'how far two vectors are from each other: 1 − cos (default), −q·v, or √Σ(q−v)²',
  },
  {
    ...{ name: 'element', value: 'float32|int8', choices: ['float32', 'int8'] },
    summary: 'what is kept of a vector: its numbers (default), or codes of a byte each',
  },
]

/** Options that choose index keys. */
const BOUNDS: readonly Option[] = [
  { name: 'eq', value: 'VALUE', summary: 'only this index key' },
  { name: 'gt', value: 'VALUE', summary: 'only index keys after this one' },
  { name: 'gte', value: 'VALUE', summary: 'only index keys from this one on' },
  { name: 'lt', value: 'VALUE', summary: 'only index keys before this one' },
  { name: 'lte', value: 'VALUE', summary: 'only index keys up to this one' },
  {
    ...{ name: 'prefix', value: 'VALUE' },
    summary: 'only texts that begin with this; of several paths, an array of first elements',
  },
  {
    ...{ name: 'box', value: '[MIN,MAX]' },
    summary: 'of an index by place: only points in the box; null leaves a side open',
  },
]

const READING: readonly Option[] = [...BOUNDS, ...ORDER, AT]

const INDEX_KEY = { name: 'index key', kind: 'key' } as const

export const INDEXES: readonly Command[] = [
  {
    name: 'index',
    group: 'Indexes',
    needs: 'from',
    arguments: [
      { name: 'NAME', kind: 'index' },
      { name: 'PATH', kind: 'text', optional: true },
    ],
    rest: true,
    options: [...MAKING, ...READING],
    summary: 'makes an index, or reads one',
    details:
      'With PATH it makes an index over the store, of what values hold there: names with dots between them, as ' +
      'address.city. Several make a compound index, whose keys are arrays. The same definition again makes no version. ' +
      'Without PATH it prints the index keys in order, each with the key of its entry; of an index by place, ' +
      'entries with their points, in Z-order. An index of vectors has no order: `similar` asks it. docs/indexes.md ' +
      'explains indexes, docs/vectors.md those of vectors.',
    examples: [
      {
        title: 'People by the year they were born in:',
        transcript: `
zverse> batch put a {"born": 1815}; put b {"born": 1912}; put c {"born": 1906}
version 1
zverse> index born born
a new index of 3 keys, version 2
zverse> index born --gte 1900
index key  key
1906       c
1912       b`,
      },
      {
        title: 'An index by place:',
        transcript: `
zverse> put zrh {"at": [8.55, 47.45]}
version 1
zverse> put cdg {"at": [2.55, 49.01]}
version 2
zverse> index place at --spatial --dimensions float64,float64
a new index of 2 keys, version 3
zverse> index place --box [[5,null],[10,null]]
key  value                point
zrh  {"at":[8.55,47.45]}  [8.55,47.45]`,
      },
    ],
    writes: ({ words }) => words.length > 1,
    run(session, call) {
      const [{ text: name }, ...paths] = call.words
      return paths.length === 0 ? read(session, call, name) : made(session, call, name, paths)
    },
  },
  {
    name: 'indexes',
    group: 'Indexes',
    needs: 'from',
    arguments: [],
    options: [AT],
    summary: 'the indexes of the store',
    details: 'With their definitions, as `index` takes them. Definitions are part of a version.',
    examples: [
      {
        title: 'Two indexes:',
        transcript: `
zverse> index name name.last name.first
a new index of 0 keys, version 1
zverse> index tag tags --multi
a new index of 0 keys, version 2
zverse> indexes
name  definition
name  name.last name.first
tag   tags --multi
zverse> indexes --at 1
name  definition
name  name.last name.first`,
      },
    ],
    run(session, call) {
      const all = session.verbs.indexes(session.view(call.option('at')))
      const columns = [
        { name: 'name', kind: 'key' },
        { name: 'definition', kind: 'text' },
      ] as const
      return rowsOf(columns, all.values(), index => [asWord(index.name), definitionWords(index)])
    },
  },
  {
    name: 'drop-index',
    group: 'Indexes',
    needs: 'to',
    arguments: [{ name: 'NAME', kind: 'index' }],
    options: [],
    summary: 'drops an index',
    details: 'Entries stay, and queries find them without it. Older versions still have the index.',
    examples: [
      {
        title: 'Older versions still list it:',
        transcript: `
zverse> index born born
a new index of 0 keys, version 1
zverse> drop-index born
version 2
zverse> indexes --at 1
name  definition
born  born`,
      },
    ],
    async run(session, call) {
      session.mustBePresent('no index can be dropped there')
      session.mustHaveNoTransaction('dropping an index')
      const { text } = call.word(0)
      return versionResult(await session.change(() => session.verbs.dropIndex(text)))
    },
  },
]

// ── Making ────────────────────────────────────────────────────────────────────────────────────────

async function made(
  session: Session,
  call: Call,
  name: string,
  paths: readonly Word[],
): Promise<Result> {
  const reading = READING.find(option => call.has(option.name))
  if (reading !== undefined) {
    const hint = `\`index ${asWord(name)}\` without paths reads it`
    throw new Mistake(`--${reading.name} is for reading an index`, hint)
  }
  const definition = definitionOf(call, paths)
  session.mustBePresent('no index can be made there')
  session.mustHaveNoTransaction('making an index')
  const { verbs } = session
  const [index, isThere] = await session.change(() => {
    const isThere = verbs.indexes().some(index => index.name === name)
    return [verbs.index(name, definition), isThere]
  })
  const { version } = session.db
  if (isThere) return versionResult(version, 'it is there already')
  const count = counted(index.count(), isVector(index) ? 'vector' : 'key')
  return versionResult(version, `a new index of ${count}, version ${version}`)
}

function definitionOf(call: Call, paths: readonly Word[]): IndexDefinition {
  const on = paths.length === 1 ? textsIn(paths[0]) : paths.map(({ text }) => text)
  const others = {
    missing: call.option('missing')?.text as 'skip' | undefined,
    invalid: call.option('invalid')?.text as 'skip' | undefined,
  }
  for (const [kind, names] of Object.entries(OWN)) {
    const name = call.has(kind) ? undefined : names.find(name => call.has(name))
    if (name !== undefined) throw new Mistake(`--${name} is for ${WHAT[kind]}`, `add --${kind}`)
  }
  if (call.has('vector')) return { ...vectorsOf(call, on), ...others }
  const unique = call.has('unique')
  if (!call.has('spatial')) {
    return { on, unique, multi: call.has('multi'), ...others } satisfies PropertyDefinition
  }
  const dimensions = call.option('dimensions')
  if (dimensions === undefined) {
    const hint = 'for example --dimensions float64,float64; `help keys-as` lists them'
    throw new Mistake('--spatial needs --dimensions', hint)
  }
  if (call.has('multi'))
    throw new Mistake('--multi is not for an index by place: an entry has one point there')
  return { kind: 'spatial', on, dimensions: dimensionsIn(dimensions.text), unique, ...others }
}

/** Options that only one kind of index has, and what that is. */
const OWN: Record<string, string[]> = {
  spatial: ['dimensions'],
  vector: ['dims', 'metric', 'element'],
}
const WHAT: Record<string, string> = { spatial: 'an index by place', vector: 'an index of vectors' }

function vectorsOf(call: Call, on: string | readonly string[]): VectorDefinition {
  const other = ['spatial', 'multi', 'unique'].find(name => call.has(name))
  if (other !== undefined) {
    throw new Mistake(`--${other} is not for an index of vectors: an entry has one vector there`)
  }
  if (typeof on !== 'string') {
    throw new Mistake('an index of vectors takes one PATH', 'it leads to an array of numbers')
  }
  const dims = call.integer('dims')
  if (dims === undefined) {
    throw new Mistake('--vector needs --dims', 'how many numbers each vector has: --dims 384')
  }
  const metric = call.option('metric')?.text as VectorMetric | undefined
  return {
    ...{ kind: 'vector', on, dims, metric },
    element: call.option('element')?.text as 'float32' | undefined,
  }
}

// ── Reading ───────────────────────────────────────────────────────────────────────────────────────

function read(session: Session, call: Call, name: string): Result {
  const making = MAKING.find(option => call.has(option.name))
  if (making !== undefined) {
    const hint = `\`index ${asWord(name)} PATH --${making.name}\` makes one`
    throw new Mistake(`--${making.name} is for making an index, which needs paths`, hint)
  }
  const { from, view } = indexReader(session, name, call.option('at'))
  if (isSpatial(from)) return pointsIn(session, call, from, view)
  if (isVector(from)) {
    const hint = `\`similar ${asWord(name)} KEY\` finds the entries nearest to one, \`help similar\``
    throw new Mistake(`the vectors of index ${asWord(name)} have no order`, hint)
  }
  if (call.has('box')) {
    const hint = 'bounds of index keys are --eq, --gt, --gte, --lt, --lte and --prefix'
    throw new Mistake(`--box is for an index by place, which ${asWord(name)} is not`, hint)
  }
  const { keys } = session
  const words = indexKeys()
  const options = { ...boundsOf(call, from.definition), ...orderOf(call), ...view }
  const pairs = askedOf({ from, read: () => from.pairs(options) })
  return rowsOf([INDEX_KEY, KEY], pairs, ([indexKey, key]) => {
    return [words.write(indexKey), keys.write(key)]
  })
}

function boundsOf(call: Call, { on }: IndexDefinition): Record<string, never> {
  const keys = indexKeys()
  const bounds: Record<string, unknown> = {}
  for (const name of ['eq', 'gt', 'gte', 'lt', 'lte']) {
    const word = call.option(name)
    if (word !== undefined) bounds[name] = keys.read(word)
  }
  const prefix = call.option('prefix')
  if (prefix !== undefined) bounds.prefix = prefixIn(prefix, typeof on !== 'string')
  return bounds as Record<string, never>
}

function pointsIn(
  session: Session,
  call: Call,
  from: SpatialReads<unknown, unknown>,
  view: View,
): Result {
  const others = [...BOUNDS, ...ORDER].filter(({ name }) => name !== 'box' && name !== 'limit')
  const other = others.find(option => call.has(option.name))
  if (other !== undefined) {
    const hint = '--box chooses points, and `nearest --index` orders them'
    throw new Mistake(`an index by place has no --${other.name}: its keys are points`, hint)
  }
  const form = pointsOf(from)
  const box = call.option('box')
  const open = (from.definition as { dimensions: readonly unknown[] }).dimensions.map(() => null)
  const [min, max] = (box === undefined ? [open, open] : cornersOf(box, form)) as [never, never]
  const options = { limit: call.integer('limit'), ...view }
  return pointRows(session, form, askedOf({ from, read: () => from.box(min, max, options) }))
}
