/** The command that finds entries whose vectors are nearest to another. */
import type { VectorNearestOptions, VectorReads, View } from '../../index.js'
import { ZVerseError } from '../../index.js'
import type { Call, Command, Option } from '../command.js'
import { integerIn } from '../command.js'
import { indexReader, isVector } from '../indexes.js'
import { parseJson } from '../literals.js'
import { numberIn } from '../numbers.js'
import { KEY, type Result, rowsOf, VALUE } from '../result.js'
import type { Session } from '../session.js'
import { asWord, Mistake, tokensOf, type Word } from '../words.js'
import { queryIn } from './queries.js'
import { AT } from './ranges.js'

type Reads = VectorReads<unknown, unknown>
type Query = Parameters<Reads['nearest']>[0]

/** How many are found where nothing says how many. */
const USUAL = 10

const CHOICE: readonly Option[] = [
  { name: 'exact', summary: 'all vectors are compared: the answer is exact' },
  { name: 'within', value: 'D', summary: 'the greatest distance' },
  {
    ...{ name: 'where', value: 'QUERY' },
    summary: "only entries that a query of `where` finds, in quotes: 'city = Bern'; or as JSON",
  },
]

const OPTIONS: readonly Option[] = [
  {
    ...{ name: 'of', value: 'KEY', kind: 'key' },
    summary: 'instead of QUERY: the vector of that entry, for keys that are arrays',
  },
  ...CHOICE,
  {
    ...{ name: 'effort', value: 'X' },
    summary: 'more finds more of the true nearest, and takes longer; default 1',
  },
  {
    ...{ name: 'recall' },
    summary: 'instead of QUERY: the share of the true N nearest that is found, of 100 vectors',
  },
  AT,
]

export const VECTORS: readonly Command[] = [
  {
    name: 'similar',
    group: 'Indexes',
    needs: 'from',
    arguments: [
      { name: 'NAME', kind: 'index' },
      { name: 'QUERY', kind: 'key', optional: true },
      { name: 'N', kind: 'text', optional: true },
    ],
    options: OPTIONS,
    summary: 'the entries whose vectors are nearest to another',
    details:
      'Prints the N nearest entries with their distances, nearest first; N is 10 by default. QUERY is the key of an ' +
      'entry, whose vector is taken, or an array of numbers. Most of the true nearest are found: --exact finds all, ' +
      '--effort more of them or fewer, and --recall measures how many. `index NAME PATH --vector --dims N` makes such ' +
      'an index. docs/vectors.md explains them.',
    examples: [
      {
        title: 'Fruit by sweet and sour:',
        transcript: `
zverse> batch put fig {"v":[9,1]}; put lemon {"v":[1,9]}; put plum {"v":[7,4]}
version 1
zverse> index taste v --vector --dims 2 --metric euclid
a new index of 3 vectors, version 2
zverse> similar taste fig 2
key            distance  value
fig                   0  {"v":[9,1]}
plum  3.605551275463989  {"v":[7,4]}
zverse> similar taste [2,8] 1
key              distance  value
lemon  1.4142135623730951  {"v":[1,9]}
zverse> similar taste --recall
100 % of the 10 nearest are found`,
      },
    ],
    run(session, call) {
      return call.has('recall') ? recalled(session, call) : similar(session, call)
    },
  },
]

function similar(session: Session, call: Call): Result {
  const { keys, values } = session
  const { from, view } = readerOf(session, call)
  const [query, count] = asked(session, call)
  const k = count === undefined ? USUAL : integerIn(count, 'N')
  const found = hinted(session, call, query, () => {
    return from.nearest(query, k, { ...optionsIn(session, call), ...view })
  })
  const columns = [KEY, { name: 'distance', kind: 'number' }, VALUE] as const
  return rowsOf(columns, found, ({ key, value, distance }) => {
    return [keys.write(key), String(distance), values.write(value)]
  })
}

function recalled(session: Session, call: Call): Result {
  const { from, view } = readerOf(session, call)
  const [, count, more] = call.words
  const isOne = more !== undefined || call.has('of') || CHOICE.some(({ name }) => call.has(name))
  if (isOne || (count !== undefined && !/^\d+$/.test(count.text))) {
    const hint = 'similar NAME [N] --recall [--effort X]'
    throw new Mistake('--recall measures the index, not one answer', hint)
  }
  const k = count === undefined ? USUAL : integerIn(count, 'N')
  const value = from.recall({ k, effort: effortIn(call) }, view)
  const says = `${Number((100 * value).toFixed(1))} % of the ${k} nearest are found`
  return { is: 'value', value, text: String(value), says }
}

function readerOf(session: Session, call: Call): { from: Reads; view: View } {
  const [{ text }] = call.words
  const { from, view } = indexReader(session, text, call.option('at'))
  if (isVector(from)) return { from, view }
  const hint = '`index NAME PATH --vector --dims N` makes one that has'
  throw new Mistake(`index ${asWord(text)} has no vectors`, hint)
}

/** What is asked for, and the word that says how many. */
function asked(session: Session, call: Call): [query: Query, count: Word | undefined] {
  const of = call.option('of')
  const [{ text }, first, second] = call.words
  if (of !== undefined) {
    if (second === undefined) return [{ key: session.keys.read(of) }, first]
    throw new Mistake('--of stands in the place of QUERY', 'similar NAME [N] --of KEY')
  }
  if (first === undefined) {
    throw new Mistake('similar needs QUERY', `\`similar ${asWord(text)} KEY\`, or numbers: [1,0,…]`)
  }
  // What is no array of numbers, the index refuses. The second form is that of a typed array in a value.
  const isNumbers = first.form !== 'quoted' && /^\s*(\[|\{\s*"\$typed")/.test(first.text)
  const query = isNumbers ? (parseJson(first.text) as number[]) : { key: session.keys.read(first) }
  return [query, second]
}

function optionsIn(session: Session, call: Call): VectorNearestOptions<unknown, unknown> {
  const [within, where] = [call.option('within'), call.option('where')]
  return {
    exact: call.has('exact'),
    effort: effortIn(call),
    within: within === undefined ? undefined : numberIn(within.text, '--within'),
    where: where === undefined ? undefined : whereIn(session, where),
  }
}

function effortIn(call: Call): number | undefined {
  const effort = call.option('effort')
  return effort === undefined ? undefined : numberIn(effort.text, '--effort')
}

/** A query as `where` takes it, in one word. */
function whereIn(session: Session, word: Word) {
  if (/^\s*\{/.test(word.text)) return queryIn(session, [{ ...word, form: 'json' }])
  const tokens = tokensOf(word.text)
  const words = tokens.filter(token => token.is === 'word')
  if (words.length === tokens.length) return queryIn(session, words)
  throw new Mistake(`--where takes one query, not ${asWord(word.text)}`, '`help where`')
}

/** What `ask` finds, with hints about vectors: those of errors at large are about values and queries. */
function hinted<T>(session: Session, call: Call, query: Query, ask: () => T): T {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof ZVerseError)) throw error
    const { code, option, message } = error
    const name = asWord(call.word(0).text)
    if (code === 'ZVERSE_INVALID_VALUE') {
      const hint = `\`similar ${name} KEY\` takes the vector of an entry; a KEY that is an array, --of`
      throw new Mistake(`${message} (${code})`, hint)
    }
    const isOfKey = option === 'query' && 'key' in query && /key of an entry/.test(message)
    if (!isOfKey) throw error
    const { from, view } = session.reader(call.option('at'))
    const key = session.keys.write(query.key)
    if (from.has(query.key, view)) throw new Mistake(`${key} has no vector in index ${name}`)
    throw new Mistake(`there is no key ${key}`, 'QUERY is the key of an entry, or numbers: [1,0,…]')
  }
}
