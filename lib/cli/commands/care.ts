/** Commands that look after the database. */
import { type Command, nearest } from '../command.js'
import type { Result } from '../result.js'
import { asWord, Mistake } from '../words.js'

export const CARE: readonly Command[] = [
  {
    name: 'stats',
    group: 'Care',
    needs: 'nothing',
    arguments: [{ name: 'GROUP', kind: 'text', optional: true }],
    options: [],
    summary: 'numbers about the database',
    details:
      'Memory, versions, readers, the writer, caches; all of them, or one group. docs/api.md explains them.',
    examples: [
      {
        title: 'The readers:',
        transcript: `
zverse> put a 1
version 1
zverse> pin
version 1 is pinned
zverse> stats readers
readers.attached            1
readers.reads               2
readers.pins                1
readers.oldestPinned        1
readers.oldestPinnedMs      0
readers.oldestPinnedThread  0`,
      },
    ],
    async run(session, { words: [word] }): Promise<Result> {
      const all = session.db.stats() as unknown as Record<string, Record<string, unknown>>
      const groups = Object.keys(all)
      if (word !== undefined && !groups.includes(word.text)) {
        const like = await nearest(word.text, groups)
        const hint = like === undefined ? `there are ${groups.join(', ')}` : `did you mean ${like}?`
        throw new Mistake(`there is no group ${asWord(word.text)}`, hint)
      }
      const value = word === undefined ? all : all[word.text]
      const shown = word === undefined ? all : { [word.text]: all[word.text] }
      const lines = Object.entries(shown).flatMap(([group, numbers]) => flat(group, numbers))
      const width = Math.max(...lines.map(({ name }) => name.length))
      const text = lines.map(({ name, text }) => `${name.padEnd(width)}  ${text}`).join('\n')
      return { is: 'text', text, value }
    },
  },
  {
    name: 'check',
    group: 'Care',
    needs: 'nothing',
    arguments: [],
    options: [],
    summary: 'walks everything and proves it sound',
    details:
      'Each byte is reachable, waiting to be freed, or free; otherwise it lists the problems, which would be a ' +
      'mistake of zverse itself. It takes as long as reading everything.',
    examples: [
      {
        title: 'All is well:',
        transcript: `
zverse> put a 1
version 1
zverse> check
ok: every byte is accounted for`,
      },
    ],
    run(session) {
      const report = session.db.check()
      const says = report.ok
        ? 'ok: every byte is accounted for'
        : ['not ok:', ...report.problems].join('\n')
      return { is: 'text', text: says, value: report }
    },
  },
]

/** Names with dots, for groups within groups. */
function flat(name: string, value: unknown): { name: string; text: string }[] {
  if (typeof value !== 'object' || value === null) return [{ name, text: String(value) }]
  return Object.entries(value).flatMap(([key, inner]) => flat(`${name}.${key}`, inner))
}
