/** Commands that read keys and values. */
import type { Command } from '../command.js'
import { KEY, type Result, rowsOf, VALUE } from '../result.js'
import { AT, entryRows, RANGE, rangeOf } from './ranges.js'

export const READING: readonly Command[] = [
  {
    name: 'get',
    group: 'Reading',
    needs: 'from',
    arguments: [{ name: 'KEY', kind: 'key' }],
    options: [AT],
    summary: 'the value of a key',
    details:
      'Prints the value as JSON, or (absent) if there is no such key. `--at` reads it as of a ' +
      'version, tag or date.',
    examples: [
      {
        title: 'The value now, and at version 1:',
        transcript: `
zverse> put price 10
version 1
zverse> put price 12
version 2
zverse> get price
12
zverse> get price --at 1
10`,
      },
    ],
    run(session, call): Result {
      const { from, view } = session.reader(call.option('at'))
      const entry = from.getEntry(session.keys.read(call.word(0)), view)
      if (entry === undefined) return { is: 'value', value: null, text: '(absent)' }
      const text = session.values.write(entry.value)
      return { is: 'value', value: entry.value, text }
    },
  },
  {
    name: 'has',
    group: 'Reading',
    needs: 'from',
    arguments: [{ name: 'KEY', kind: 'key' }],
    options: [AT],
    summary: 'whether a key is there',
    details: 'Prints true or false.',
    examples: [
      {
        title: 'A key that is there, and one that is not:',
        transcript: `
zverse> put price 10
version 1
zverse> has price
true
zverse> has prize
false`,
      },
    ],
    run(session, call) {
      const { from, view } = session.reader(call.option('at'))
      const value = from.has(session.keys.read(call.word(0)), view)
      return { is: 'value', value, text: String(value) }
    },
  },
  {
    name: 'range',
    group: 'Reading',
    needs: 'from',
    arguments: [],
    options: RANGE,
    summary: 'keys and values, in key order',
    details:
      'Prints all entries, or those between bounds, which intersect. `--reverse` goes from the last to the ' +
      'first; the bounds do not swap.',
    examples: [
      {
        title: 'The last two keys that begin with u:',
        transcript: `
zverse> batch put u1 "Ada"; put u2 "Grace"; put u3 "Edsger"; put v1 true
version 1
zverse> range --prefix u --reverse --limit 2
key  value
u3   "Edsger"
u2   "Grace"`,
      },
    ],
    run(session, call) {
      const { from, options } = rangeOf(session, call)
      return entryRows(session, from.range(options))
    },
  },
  {
    name: 'keys',
    group: 'Reading',
    needs: 'from',
    arguments: [],
    options: RANGE,
    summary: 'keys, in order',
    details: 'Like `range`, but without reading the values.',
    examples: [
      {
        title: 'Keys after b:',
        transcript: `
zverse> batch put a 1; put b 2; put c 3; put d 4
version 1
zverse> keys --gt b
key
c
d`,
      },
    ],
    run(session, call) {
      const { keys } = session
      const { from, options } = rangeOf(session, call)
      return rowsOf([KEY], from.keys(options), key => [keys.write(key)])
    },
  },
  {
    name: 'count',
    group: 'Reading',
    needs: 'from',
    arguments: [],
    options: RANGE,
    summary: 'the number of keys',
    details: 'Counts all keys, or those between bounds. To count all costs nothing.',
    examples: [
      {
        title: 'All keys, and those before c:',
        transcript: `
zverse> batch put a 1; put b 2; put c 3
version 1
zverse> count
3
zverse> count --lt c
2`,
      },
    ],
    run(session, call) {
      const { from, options } = rangeOf(session, call)
      const value = from.count(options)
      return { is: 'value', value, text: String(value) }
    },
  },
  {
    name: 'history',
    group: 'Reading',
    needs: 'from',
    arguments: [{ name: 'KEY', kind: 'key' }],
    options: [
      {
        ...{ name: 'since', value: 'VIEW', kind: 'view', alias: 'from' },
        summary: 'the first version to print; at the prompt also --from',
      },
      {
        ...{ name: 'until', value: 'VIEW', kind: 'view', alias: 'to' },
        summary: 'the last version to print; at the prompt also --to',
      },
      { name: 'reverse', summary: 'newest first' },
      { name: 'limit', value: 'N', summary: 'N at most' },
    ],
    summary: 'the history of a key',
    details:
      'Prints each kept write and deletion, oldest first, with its version and time. It begins ' +
      'with the entry at the oldest version kept.',
    examples: [
      {
        title: 'Two writes and a deletion:',
        transcript: `
zverse> put price 10
version 1
zverse> put price 12
version 2
zverse> delete price
version 3
zverse> history price
version  time                     value
      1  2026-11-20 10:03:05.250  10
      2  2026-11-20 10:03:05.250  12
      3  2026-11-20 10:03:05.250  (deleted)`,
      },
    ],
    run(session, call) {
      const { values } = session
      const { from, view } = session.reader(undefined)
      const [first, last] = ['since', 'until'].map(name => {
        const word = call.option(name)
        if (word === undefined) return undefined
        // A bound need not be a kept version: only tags and dates must be looked up.
        return /^\d+$/.test(word.text) ? Number(word.text) : session.versionOf(word)
      })
      const records = from.history(session.keys.read(call.word(0)), {
        ...{ from: first, to: last, limit: call.integer('limit') },
        ...{ reverse: call.has('reverse'), ...view },
      })
      const columns = [
        { name: 'version', kind: 'version' },
        { name: 'time', kind: 'time' },
        VALUE,
      ] as const
      return rowsOf(columns, records, ({ version, timestamp, value, deleted }) => {
        return [String(version), timestamp ?? '?', deleted ? '(deleted)' : values.write(value)]
      })
    },
  },
]
