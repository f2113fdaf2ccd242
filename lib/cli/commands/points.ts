/** Commands for Z-order keys. */
import type { Command } from '../command.js'
import { integerIn } from '../command.js'
import { parseJson } from '../literals.js'
import { numberIn } from '../numbers.js'
import { KEY, rowsOf, VALUE } from '../result.js'
import { AT, cornersOf, entryRows, refuseInverted } from './ranges.js'

export const POINTS: readonly Command[] = [
  {
    name: 'box',
    group: 'Points',
    needs: 'from',
    arguments: [
      { name: 'MIN', kind: 'key' },
      { name: 'MAX', kind: 'key' },
    ],
    options: [{ name: 'limit', value: 'N', summary: 'N at most' }, AT],
    summary: 'the points between two corners',
    details:
      'Prints the entries with every coordinate between those of MIN and MAX, both inclusive, in Z-order. null ' +
      'leaves a side open. For keys of codec zorder only.',
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
      const { keys } = session
      const { from, view } = session.reader(call.option('at'))
      const [min, max] = [keys.read(call.word(0)), keys.read(call.word(1))] as [never, never]
      refuseInverted(keys, min, max, (from, to) => `box ${keys.write(from)} ${keys.write(to)}`)
      return entryRows(session, from.box(min, max, { limit: call.integer('limit'), ...view }))
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
      AT,
    ],
    summary: 'the points nearest to one',
    details:
      'Prints the N nearest entries with their distances, nearest first. null in POINT leaves a dimension out. ' +
      'For keys of codec zorder only.',
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
      const { from, view } = session.reader(call.option('at'))
      const metric = call.option('metric')?.text as 'euclidean' | undefined
      const scale = call.option('scale')
      const box = call.option('box')
      const within = call.option('within')
      const found = from.nearest(keys.read(call.word(0)) as never, integerIn(call.word(1), 'N'), {
        ...{ metric, ...view },
        box: box === undefined ? undefined : (cornersOf(box, keys) as [never, never]),
        scale: scale === undefined ? undefined : (parseJson(scale.text) as number[]),
        within: within === undefined ? undefined : numberIn(within.text, '--within'),
      })
      const columns = [KEY, VALUE, { name: 'distance', kind: 'number' }] as const
      return rowsOf(columns, found, ({ key, value, distance }) => {
        return [keys.write(key), values.write(value), String(distance)]
      })
    },
  },
]
