/** Commands about the prompt itself, and `help`. */
import { type Command, commandNamed, integerIn } from '../command.js'
import { commandHelp, overview } from '../help.js'
import { NOTHING } from '../result.js'
import { Mistake } from '../words.js'

export const SHELL: readonly Command[] = [
  {
    name: 'help',
    group: 'The prompt',
    needs: 'nothing',
    arguments: [{ name: 'COMMAND', kind: 'command', optional: true }],
    options: [],
    summary: 'all commands, or one in full',
    details: 'With COMMAND: its usage, its effect, and examples.',
    examples: [
      {
        title: 'One command:',
        transcript: `
zverse> help has
whether a key is there

  has KEY [--at VIEW]

Prints true or false.

  --at VIEW  as of a version, tag or date, instead of where the prompt is

A key that is there, and one that is not:

  zverse> put price 10
  version 1
  zverse> has price
  true
  zverse> has prize
  false`,
      },
    ],
    async run(session, { words: [word] }) {
      if (word === undefined) {
        const text = overview(session.commands)
        return { is: 'text', text, value: session.commands.map(({ name }) => name) }
      }
      const text = commandHelp(await commandNamed(session.commands, word.text))
      return { is: 'text', text, value: text }
    },
  },
  {
    name: 'limit',
    group: 'The prompt',
    needs: 'prompt',
    arguments: [{ name: 'N', kind: 'text', optional: true, choices: ['off'] }],
    options: [],
    summary: 'rows a page',
    details:
      'Output stops after N rows; Enter or `more` goes on. `limit off` prints all. `limit` alone prints N.',
    examples: [
      {
        title: 'Two rows at a time:',
        transcript: `
zverse> batch put a 1; put b 2; put c 3
version 1
zverse> limit 2
zverse> keys
key
a
b
… Enter or \`more\` goes on
zverse> more
key
c`,
      },
    ],
    run(session, { words: [word] }) {
      if (word === undefined) {
        const isOff = session.limit === Number.POSITIVE_INFINITY
        return {
          is: 'text',
          text: isOff ? 'off' : String(session.limit),
          value: isOff ? null : session.limit,
        }
      }
      if (word.text === 'off') session.limit = Number.POSITIVE_INFINITY
      else {
        const limit = integerIn(word, 'limit')
        if (limit === 0) throw new Mistake('a page has at least one row', '`limit off` prints all')
        session.limit = limit
      }
      return NOTHING
    },
  },
  {
    name: 'more',
    group: 'The prompt',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'the next page of the last output',
    details: 'For an output that was longer than a page. Enter on an empty line does the same.',
    examples: [
      {
        title: 'A page of one row:',
        transcript: `
zverse> batch put a 1; put b 2
version 1
zverse> limit 1
zverse> range
key  value
a    1
… Enter or \`more\` goes on
zverse> more
key  value
b    2`,
      },
    ],
    run: () => ({ is: 'more' }),
  },
  {
    name: 'show',
    group: 'The prompt',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'the last output again, uncut',
    details:
      'Prints values that were cut to the width of the terminal whole, each on lines of its own.',
    examples: [
      {
        title: 'A row in full:',
        transcript: `
zverse> put ada {"name": "Ada Lovelace", "born": 1815}
version 1
zverse> range
key  value
ada  {"name":"Ada Lovelace","born":1815}
zverse> show
key: ada
value: {"name":"Ada Lovelace","born":1815}`,
      },
    ],
    run: () => ({ is: 'show' }),
  },
  {
    name: 'timing',
    group: 'The prompt',
    needs: 'prompt',
    arguments: [{ name: 'on|off', kind: 'text', optional: true, choices: ['on', 'off'] }],
    options: [],
    summary: 'prints how long each command takes',
    details: '`timing` alone prints on or off. On a pipe the times go to stderr.',
    examples: [
      {
        title: 'The present setting:',
        transcript: `
zverse> timing
off`,
      },
    ],
    run(session, { words: [word] }) {
      if (word === undefined) {
        return { is: 'text', text: session.timing ? 'on' : 'off', value: session.timing }
      }
      if (word.text !== 'on' && word.text !== 'off') {
        throw new Mistake(`timing is on or off, not ${word.text}`)
      }
      session.timing = word.text === 'on'
      return NOTHING
    },
  },
  {
    name: 'exit',
    group: 'The prompt',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'ends the session',
    details: 'So does Ctrl-D. An open transaction is aborted.',
    examples: [
      {
        title: 'Goodbye:',
        transcript: `
zverse> exit`,
      },
    ],
    run(session) {
      session.ended = true
      return NOTHING
    },
  },
]
