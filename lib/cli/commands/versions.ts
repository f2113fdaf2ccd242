/** Commands about versions: the prompt's version, differences, tags, pins, history. */
import type { Command } from '../command.js'
import { KEY, NOTHING, rowsOf, versionResult } from '../result.js'
import { localTime } from '../views.js'
import { asWord, Mistake } from '../words.js'
import { BOUNDS, boundsOf, ORDER, orderOf } from './ranges.js'

const VIEW = { name: 'VIEW', kind: 'view' } as const

/** The meaning of VIEW, in one place. */
export const VIEWS =
  "VIEW is a version (41), a number of versions before the prompt's (-3), now, a tag, or a date: " +
  '2026-11-20, "2026-11-20 10:03", 10:03:05.250 (of today), in local time unless Z or an offset follows.'

export const VERSIONS: readonly Command[] = [
  {
    name: 'at',
    group: 'Versions',
    needs: 'prompt',
    arguments: [{ ...VIEW, optional: true }],
    rest: true,
    options: [],
    summary: 'moves the prompt into the past',
    details:
      `All later reads are as of that version, and writes are refused; \`now\` comes back. ${VIEWS} ` +
      "Without VIEW it prints the prompt's version.",
    examples: [
      {
        title: 'Back to a tag, and to the present:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> at opening
version 1, of 2026-11-20 10:03:05.250
zverse@opening> get price
10
zverse@opening> now
zverse> get price
12`,
      },
    ],
    run(session, { words }) {
      if (words.length === 0) {
        const { label = 'now', version = session.db.version } = session.place ?? {}
        const text = label === String(version) ? label : `${asWord(label)}: version ${version}`
        return { is: 'text', text, value: version }
      }
      // Without quotes a date and a time are two words.
      const [first] = words
      const word = words.length === 1 ? first : { ...first, text: words.map(w => w.text).join(' ') }
      if (words.length === 1 && first.form !== 'quoted' && first.text === 'now') {
        session.leave()
        return NOTHING
      }
      const { version, held } = session.goTo(word)
      const says = `version ${version}, of ${localTime(held.timestamp)}`
      return versionResult(version, says)
    },
  },
  {
    name: 'now',
    group: 'Versions',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'comes back to the present',
    details: 'After `at`. At the present it does nothing.',
    examples: [
      {
        title: 'To and fro:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> at 1
version 1, of 2026-11-20 10:03:05.250
zverse@1> now
zverse> at
now: version 2`,
      },
    ],
    run(session) {
      session.leave()
      return NOTHING
    },
  },
  {
    name: 'versions',
    group: 'Versions',
    needs: 'from',
    arguments: [],
    options: [],
    summary: 'all versions that can be read',
    details: 'With their times and tags, oldest first. Tagged versions always stay.',
    examples: [
      {
        title: 'Three versions, one of them tagged:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> versions
version  time                     tags
      0  2026-11-20 10:03:05.250
      1  2026-11-20 10:03:05.250  opening
      2  2026-11-20 10:03:05.250`,
      },
    ],
    run(session) {
      const columns = [
        { name: 'version', kind: 'version' },
        { name: 'time', kind: 'time' },
        { name: 'tags', kind: 'text' },
      ] as const
      return rowsOf(columns, session.db.versions().values(), ({ version, timestamp, tags }) => {
        return [String(version), timestamp, tags.map(asWord).join(' ')]
      })
    },
  },
  {
    name: 'diff',
    group: 'Versions',
    needs: 'from',
    arguments: [
      { ...VIEW, name: 'FROM' },
      { ...VIEW, name: 'TO', optional: true },
    ],
    options: [...BOUNDS, ...ORDER],
    summary: 'the differences between two versions',
    details:
      "Prints each key whose entry differs, with its value before and after. TO is by default the prompt's " +
      'version. The cost grows with the differences, not with the size of the store.',
    examples: [
      {
        title: 'Since the tag:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> put size "XL"
version 3
zverse> diff opening
key    before    after
price  10        12
size   (absent)  "XL"`,
      },
    ],
    run(session, call) {
      const { keys, values } = session
      const from = session.db.beginRead(session.view(call.word(0)))
      const to = session.db.beginRead(session.view(call.words[1]))
      const options = { ...boundsOf(call, keys), ...orderOf(call) }
      try {
        const found = session.verbs.diff(from, to, options)
        const columns = [
          KEY,
          { name: 'before', kind: 'value' },
          { name: 'after', kind: 'value' },
        ] as const
        const side = (value: unknown) => (value === undefined ? '(absent)' : values.write(value))
        return rowsOf(columns, found, ({ key, before, after }) => {
          return [keys.write(key), side(before), side(after)]
        })
      } finally {
        // The iterator pins its versions itself.
        from.close()
        to.close()
      }
    },
  },
  {
    name: 'tag',
    group: 'Versions',
    needs: 'to',
    arguments: [
      { name: 'NAME', kind: 'tag' },
      { ...VIEW, optional: true },
    ],
    options: [],
    summary: 'names a version',
    details:
      "Names the prompt's version, or VIEW. A tagged version is always kept. An existing name " +
      'moves. Names are not empty, and not all digits.',
    examples: [
      {
        title: 'A name for the present:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> get price --at opening
10`,
      },
    ],
    async run(session, call) {
      session.mustHaveNoTransaction('tagging')
      const view = session.view(call.words[1])
      const { text } = call.word(0)
      if (text === 'now')
        throw new Mistake('a tag cannot be called now: that is the present', 'take another name')
      const version = await session.change(() => session.db.tag(text, view))
      return versionResult(version, `version ${version} is ${asWord(text)}`)
    },
  },
  {
    name: 'untag',
    group: 'Versions',
    needs: 'to',
    arguments: [{ name: 'NAME', kind: 'tag' }],
    options: [],
    summary: 'removes a tag',
    details: 'The version then stays only as long as untagged ones.',
    examples: [
      {
        title: 'The name is free again:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> untag opening
version 1 is no longer opening`,
      },
    ],
    async run(session, call) {
      session.mustHaveNoTransaction('removing a tag')
      const { text } = call.word(0)
      const version = await session.change(() => session.db.untag(text))
      return versionResult(version, `version ${version} is no longer ${asWord(text)}`)
    },
  },
  {
    name: 'restore',
    group: 'Versions',
    needs: 'to',
    arguments: [{ ...VIEW, optional: true }],
    options: [],
    summary: 'brings an old version back',
    details:
      'Writes a new version in which every key of the entered store (by default the unnamed one) is as ' +
      "at VIEW, or at the prompt's version, and comes back to the present. The versions in between stay in the past.",
    examples: [
      {
        title: "From the prompt's version:",
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> at opening
version 1, of 2026-11-20 10:03:05.250
zverse@opening> restore
version 3
zverse> get price
10`,
      },
    ],
    async run(session, call) {
      session.mustHaveNoTransaction('restoring')
      const [word] = call.words
      if (word === undefined && session.place === null) {
        throw new Mistake('restore needs VIEW', 'or move the prompt into the past first: `at VIEW`')
      }
      const view = session.view(word)
      const version = await session.change(() => session.verbs.restore(view))
      session.leave()
      return versionResult(version)
    },
  },
  {
    name: 'pin',
    group: 'Versions',
    needs: 'prompt',
    arguments: [{ ...VIEW, optional: true }],
    options: [],
    summary: 'keeps a version for this session',
    details:
      'A pinned version can be read by its number (`at`, `--at`) until `unpin` or the end of the session, also if ' +
      'it is older than the kept history.',
    examples: [
      {
        title: 'Pinned, version 1 survives `prune`:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> put price 14
version 3
zverse> untag opening
version 1 is no longer opening
zverse> pin 1
version 1 is pinned
zverse> prune 3
the oldest version kept is 3
zverse> get price --at 1
10`,
      },
    ],
    run(session, call) {
      const held = session.db.beginRead(session.view(call.words[0]))
      const { version } = held
      if (session.pins.has(version)) held.close()
      else session.pins.set(version, held)
      return versionResult(version, `version ${version} is pinned`)
    },
  },
  {
    name: 'unpin',
    group: 'Versions',
    needs: 'prompt',
    arguments: [{ name: 'VERSION', kind: 'view' }],
    options: [],
    summary: 'releases a pinned version',
    details: 'VERSION is a number that `pin` has printed.',
    examples: [
      {
        title: 'Pinned, and released:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> pin 1
version 1 is pinned
zverse> unpin 1
version 1 is not pinned any more`,
      },
    ],
    run(session, call) {
      const version = session.versionOf(call.word(0))
      const held = session.pins.get(version)
      if (held === undefined) {
        const pinned = [...session.pins.keys()].join(', ')
        const hint = pinned === '' ? 'nothing is pinned' : `pinned: ${pinned}`
        throw new Mistake(`version ${version} is not pinned`, hint)
      }
      held.close()
      session.pins.delete(version)
      return versionResult(version, `version ${version} is not pinned any more`)
    },
  },
  {
    name: 'prune',
    group: 'Versions',
    needs: 'to',
    arguments: [{ name: 'VERSION', kind: 'view' }],
    options: [],
    summary: 'releases old versions',
    details:
      'All before VERSION, now; tagged and pinned ones stay. Prints the oldest version kept.',
    examples: [
      {
        title: 'Only the present and tagged versions are kept:',
        transcript: `
zverse> put price 10
version 1
zverse> tag opening
version 1 is opening
zverse> put price 12
version 2
zverse> put price 14
version 3
zverse> prune now
the oldest version kept is 3
zverse> versions
version  time                     tags
      1  2026-11-20 10:03:05.250  opening
      3  2026-11-20 10:03:05.250`,
      },
    ],
    async run(session, call) {
      session.mustHaveNoTransaction('pruning')
      const before = session.versionOf(call.word(0))
      await session.change(() => session.db.prune({ before }))
      const oldest = session.db.oldestVersion
      return versionResult(oldest, `the oldest version kept is ${oldest}`)
    },
  },
]
