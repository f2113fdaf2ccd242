/** Commands that find entries by what their values hold. */
import type { Where, WhereOptions } from '../../index.js'
import type { Call, Command, Option } from '../command.js'
import { prefixIn, textsIn } from '../indexes.js'
import { parseJson } from '../literals.js'
import type { Session } from '../session.js'
import { asWord, Mistake, type Word } from '../words.js'
import { AT, entryRows, ORDER, orderOf } from './ranges.js'

type Query = Where<unknown, unknown>

const OPTIONS: readonly Option[] = [
  {
    ...{ name: 'order', value: 'PATH', kind: 'index' },
    summary: 'in the order of a path, an index, or a JSON array of paths',
  },
  ...ORDER,
  { name: 'index', value: 'NAME', kind: 'index', summary: 'the index to use' },
  { name: 'no-scan', summary: 'a refusal where no index serves' },
  AT,
]

/** Operators of conditions in words, by their sign or their name. */
const SIGNS: Record<string, string> = {
  ...{ '=': 'eq', '!=': 'ne', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' },
}
const NAMES = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'in', 'has', 'prefix', 'box', 'absent']

export const QUERIES: readonly Command[] = [
  {
    name: 'where',
    group: 'Indexes',
    needs: 'from',
    arguments: [{ name: 'QUERY', kind: 'text', optional: true }],
    rest: true,
    options: OPTIONS,
    summary: 'entries by what their values hold',
    details:
      'QUERY is conditions, all of which must hold: PATH OPERATOR VALUE, with = != < <= > >= in has prefix box or ' +
      'absent for OPERATOR. Or it is one JSON object of paths, each with a value or with operators (eq ne lt lte gt ' +
      'gte and those above); there "or" is an array of queries, and "not" a query. Without QUERY it finds all. Which ' +
      'indexes there are makes no difference but in time. In the order of keys unless --order says another.',
    examples: [
      {
        title: 'The same twice:',
        transcript: `
zverse> put ada {"born": 1815, "of": "London"}
version 1
zverse> put alan {"born": 1912, "of": "London"}
version 2
zverse> where of = London born >= 1900
key   value
alan  {"born":1912,"of":"London"}
zverse> where {"of": "London", "born": {"gte": 1900}}
key   value
alan  {"born":1912,"of":"London"}`,
      },
      {
        title: 'The last by year:',
        transcript: `
zverse> batch put a {"born": 1815}; put b {"born": 1912}; put c {"born": 1906}
version 1
zverse> where --order born --reverse --limit 2
key  value
b    {"born":1912}
c    {"born":1906}`,
      },
    ],
    run(session, call) {
      const { from, view } = session.reader(call.option('at'))
      const query = queryIn(session, call.words)
      return entryRows(session, from.where(query, { ...optionsOf(call), ...view }))
    },
  },
  {
    name: 'explain',
    group: 'Indexes',
    needs: 'from',
    arguments: [{ name: 'QUERY', kind: 'text', optional: true }],
    rest: true,
    options: OPTIONS,
    summary: 'how `where` finds what it finds',
    details:
      'Prints the plan: one range of an index, what two have in common (intersect), several ranges together ' +
      '(union), or a scan of all entries; its steps, with the number of keys of each; whether entries are tested ' +
      'besides (filter), and sorted at the end.',
    examples: [
      {
        title: 'An index on the one, a test of the other:',
        transcript: `
zverse> put ada {"born": 1815, "of": "London"}
version 1
zverse> put alan {"born": 1912, "of": "London"}
version 2
zverse> index born born
a new index of 2 keys, version 3
zverse> explain of = London born >= 1900
plan    index
step    born: 1
filter  true
sorted  false`,
      },
    ],
    run(session, call) {
      const { from, view } = session.reader(call.option('at'))
      const query = queryIn(session, call.words)
      const value = from.explain(query, { ...optionsOf(call), ...view })
      const lines = [
        `plan    ${value.plan}`,
        ...value.steps.map(({ index, count }) => `step    ${asWord(index)}: ${count}`),
        `filter  ${value.filter}`,
        `sorted  ${value.sorted}`,
      ]
      return { is: 'text', text: lines.join('\n'), value }
    },
  },
]

function optionsOf(call: Call): WhereOptions {
  const order = call.option('order')
  return {
    ...orderOf(call),
    order: order === undefined ? undefined : textsIn(order),
    index: call.option('index')?.text,
    scan: !call.has('no-scan'),
  }
}

/** A query in words: conditions, or one object of JSON. */
export function queryIn({ values }: Session, words: readonly Word[]): Query {
  const [first, second] = words
  if (first === undefined) return {}
  if (first.form === 'quoted' || !/^\s*\{/.test(first.text)) return conditionsIn(words, values)
  if (second === undefined) return parseJson(first.text, values.parse) as Query
  const hint = 'or and not are parts of the object: `help where`'
  throw new Mistake(`a query takes no further word: ${asWord(second.text)}`, hint)
}

/** Conditions as words in threes. */
function conditionsIn(words: readonly Word[], values: Session['values']): Query {
  const conditions = new Map<string, Record<string, unknown>>()
  for (let i = 0; i < words.length; i += 3) {
    const [path, sign, value] = words.slice(i, i + 3)
    if (value === undefined) {
      const text = words.slice(i).map(word => asWord(word.text))
      const hint = 'for example city = Bern, with spaces between'
      throw new Mistake(`a condition is PATH OPERATOR VALUE, not ${text.join(' ')}`, hint)
    }
    const operator = operatorIn(sign)
    const condition = conditions.get(path.text) ?? {}
    if (Object.hasOwn(condition, operator)) {
      const hint = 'all conditions must hold; `or` needs the query as JSON: `help where`'
      throw new Mistake(`${asWord(path.text)} ${asWord(sign.text)} is given twice`, hint)
    }
    condition[operator] = operator === 'prefix' ? prefixIn(value) : values.read(value)
    conditions.set(path.text, condition)
  }
  return Object.fromEntries(conditions) as Query
}

function operatorIn({ text }: Word): string {
  const name = Object.hasOwn(SIGNS, text) ? SIGNS[text] : text
  if (NAMES.includes(name)) return name
  const all = [...Object.keys(SIGNS), ...NAMES.slice(6)].join(' ')
  throw new Mistake(`there is no operator ${asWord(text)}`, `there are ${all}`)
}
