/** Commands for points: Z-order keys, and indexes by place. */
import type { Call, Command, Option } from '../command.js'
import { integerIn } from '../command.js'
import { askedOf, placeReader } from '../indexes.js'
import { type KeyForm, parseJson } from '../literals.js'
import { numberIn } from '../numbers.js'
import { type Items, KEY, type Result, rowsOf, VALUE } from '../result.js'
import type { Session } from '../session.js'
import type { Word } from '../words.js'
import { AT, cornersOf, entryRows, refuseInverted } from './ranges.js'

const INDEX: Option = {
  ...{ name: 'index', value: 'NAME', kind: 'index' },
  summary: 'points of an index by place, instead of keys',
}
const POINT = { name: 'point', kind: 'key' } as const
const DISTANCE = { name: 'distance', kind: 'number' } as const

export const POINTS: readonly Command[] = [
  {
    name: 'box',
    group: 'Points',
    needs: 'from',
    arguments: [
      { name: 'MIN', kind: 'key' },
      { name: 'MAX', kind: 'key' },
    ],
    options: [{ name: 'limit', value: 'N', summary: 'N at most' }, INDEX, AT],
    summary: 'the points between two corners',
    details:
      'Prints the entries with every coordinate between those of MIN and MAX, both inclusive, in Z-order. null ' +
      'leaves a side open. For keys of codec zorder, or with --index.',
    examples: [
      {
        title: 'East of 7 degrees:',
        transcript: `
zverse> keys-as zorder(float64,float64)
zverse> put [8.54, 47.37] "Zürich"
version 1
zverse> put [7.45, 46.95] "Bern"
version 2
zverse> put [2.35, 48.86] "Paris"
version 3
zverse> box [7, null] [null, null]
key           value
[7.45,46.95]  "Bern"
[8.54,47.37]  "Zürich"`,
      },
    ],
    run(session, call) {
      const index = call.option('index')
      const at = call.option('at')
      const limit = call.integer('limit')
      if (index !== undefined) {
        const { from, form, view } = placeReader(session, index, at)
        const [min, max] = cornersIn(call, form)
        const read = () => from.box(min, max, { limit, ...view })
        return pointRows(session, form, askedOf({ from, read }))
      }
      const { from, view } = session.reader(at)
      const [min, max] = cornersIn(call, session.keys)
      return entryRows(session, from.box(min, max, { limit, ...view }))
    },
  },
  {
    name: 'nearest',
    group: 'Points',
    needs: 'from',
    arguments: [
      { name: 'POINT', kind: 'key' },
      { name: 'N', kind: 'text' },
    ],
    options: [
      {
        ...{ name: 'metric', value: 'METRIC', choices: ['euclidean', 'haversine'] },
        summary: 'euclidean, or haversine: metres between longitudes and latitudes in degrees',
      },
      { name: 'scale', value: '[N,…]', summary: 'a factor for each dimension, for mixed units' },
      { name: 'within', value: 'N', summary: 'the greatest distance' },
      { name: 'box', value: '[MIN,MAX]', summary: 'only points in the box between two corners' },
      INDEX,
      AT,
    ],
    summary: 'the points nearest to one',
    details:
      'Prints the N nearest entries with their distances, nearest first. null in POINT leaves a dimension out. ' +
      'For keys of codec zorder, or with --index.',
    examples: [
      {
        title: 'The two cities nearest to Basel, in metres:',
        transcript: `
zverse> keys-as zorder(float64,float64)
zverse> put [8.54, 47.37] "Zürich"
version 1
zverse> put [7.45, 46.95] "Bern"
version 2
zverse> put [2.35, 48.86] "Paris"
version 3
zverse> nearest [7.59, 47.56] 2 --metric haversine
key           value              distance
[7.45,46.95]  "Bern"    68647.00198185949
[8.54,47.37]  "Zürich"  74472.76301497943`,
      },
    ],
    run(session, call) {
      const { keys, values } = session
      const index = call.option('index')
      const n = integerIn(call.word(1), 'N')
      if (index !== undefined) return nearestIn(session, call, index, n)
      const { from, view } = session.reader(call.option('at'))
      const point = keys.read(call.word(0)) as never
      const found = from.nearest(point, n, { ...nearOptions(call, keys), ...view })
      return rowsOf([KEY, VALUE, DISTANCE], found, ({ key, value, distance }) => {
        return [keys.write(key), values.write(value), String(distance)]
      })
    },
  },
]

/** The corners in the words of `box`. */
function cornersIn(call: Call, form: KeyForm): [never, never] {
  const [min, max] = [form.read(call.word(0)), form.read(call.word(1))] as [never, never]
  refuseInverted(form, min, max, (from, to) => `box ${form.write(from)} ${form.write(to)}`)
  return [min, max]
}

function nearOptions(call: Call, form: KeyForm) {
  const [scale, box, within] = ['scale', 'box', 'within'].map(name => call.option(name))
  return {
    metric: call.option('metric')?.text as 'euclidean' | undefined,
    box: box === undefined ? undefined : (cornersOf(box, form) as [never, never]),
    scale: scale === undefined ? undefined : (parseJson(scale.text) as number[]),
    within: within === undefined ? undefined : numberIn(within.text, '--within'),
  }
}

function nearestIn(session: Session, call: Call, index: Word, n: number): Result {
  const { keys, values } = session
  const { from, form, view } = placeReader(session, index, call.option('at'))
  const point = form.read(call.word(0)) as never
  const options = { ...nearOptions(call, form), ...view }
  const found = askedOf({ from, read: () => from.nearest(point, n, options) })
  return rowsOf([KEY, VALUE, POINT, DISTANCE], found, ({ key, value, point, distance }) => {
    return [keys.write(key), values.write(value), form.write(point), String(distance)]
  })
}

/** Entries of an index by place, with their points. */
export function pointRows(
  { keys, values }: Session,
  form: KeyForm,
  found: Items<[unknown, unknown, unknown]>,
): Result {
  return rowsOf([KEY, VALUE, POINT], found, ([key, value, point]) => {
    return [keys.write(key), values.write(value), form.write(point)]
  })
}
