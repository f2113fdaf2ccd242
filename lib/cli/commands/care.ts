/** Commands that look after the database. */

import { counted } from '../bar.js'
import { type Command, nearest } from '../command.js'
import { recoveryLines, replicaNumbers } from '../place.js'
import { type Result, versionResult } from '../result.js'
import { asWord, Mistake } from '../words.js'

export const CARE: readonly Command[] = [
  {
    name: 'stats',
    group: 'Care',
    needs: 'nothing',
    directory: true,
    arguments: [{ name: 'GROUP', kind: 'text', optional: true }],
    options: [],
    summary: 'numbers about the database',
    details:
      'Memory, versions, readers, the writer, caches; all of them, or one group. docs/api.md explains them. From the ' +
      'shell: `zverse stats DIR [GROUP]`.',
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
      const { replica } = session.db
      const all: Record<string, Record<string, unknown>> = {
        ...(session.db.stats() as unknown as Record<string, Record<string, unknown>>),
        ...(replica === null ? {} : { replica: replicaNumbers(replica) }),
      }
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
    directory: true,
    arguments: [],
    options: [],
    summary: 'walks everything and proves it sound',
    details:
      'Each byte is reachable, waiting to be freed, or free; otherwise it lists the problems, which would be a ' +
      'mistake of zverse itself, and fails. It takes as long as reading everything. From the shell `zverse check DIR` ' +
      'opens a directory for it, which proves each checksum of what an opening reads, and tells what that has found.',
    examples: [
      {
        title: 'All is well:',
        transcript: `
zverse> put a 1
version 1
zverse> check
ok: every byte is accounted for`,
      },
      {
        title: 'A directory, from the shell:',
        transcript: `
$ zverse put price 10 --to shop --create
1
$ zverse check shop
read from the log: 2 changes
ok: every byte is accounted for`,
      },
    ],
    run(session) {
      const { db } = session
      const report = db.check()
      const { ok, problems } = report
      const said = ok ? ['ok: every byte is accounted for'] : ['not ok:', ...problems]
      const text = [...recoveryLines(session), ...said].join('\n')
      const value = db.recovery === null ? report : { ...report, recovery: db.recovery }
      if (ok) return { is: 'text', text, value }
      return {
        is: 'text',
        text,
        value,
        fault: `check has found ${counted(problems.length, 'problem')}`,
      }
    },
  },
  {
    name: 'flush',
    group: 'Care',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'makes all that is committed durable',
    details:
      'For a database in a directory that was opened with `--sync interval` or `never`. Prints the newest version, ' +
      'which outlives the loss of power then. Without --sync every version does, once its number is printed.',
    examples: [
      {
        title: 'A prompt that syncs when it is told to:',
        transcript: `
$ zverse shop --create --sync never
zverse shop> put price 10
version 1
zverse shop> flush
version 1 is durable`,
      },
    ],
    run(session) {
      session.mustHaveDirectory()
      const version = session.db.flush()
      return versionResult(version, `version ${version} is durable`)
    },
  },
  {
    name: 'sync',
    group: 'Care',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'waits until all that others have written is here',
    details:
      'For a replica: prints the newest version once all can be read here that was committed on any node before. ' +
      'Other databases have nothing to wait for.',
    examples: [
      {
        title: 'In memory:',
        transcript: `
zverse> put price 10
version 1
zverse> sync
version 1`,
      },
    ],
    async run(session) {
      return versionResult(await session.synced())
    },
  },
  {
    name: 'compact',
    group: 'Care',
    needs: 'directory',
    directory: true,
    arguments: [],
    options: [],
    summary: 'does the work of the background now',
    details:
      'For a database in a directory: writes the oldest kept version into a file of its own where that is due, and ' +
      'deletes the log before the last but one, so that the next opening has less to read. A session does that in the background; ' +
      'single commands do not, so a directory that only they write is opened faster after `zverse compact DIR`.',
    examples: [
      {
        title: 'Without a past to keep:',
        transcript: `
$ zverse shop --create
zverse shop> batch put price 10; put size 2
version 1
zverse shop> prune 1
the oldest version kept is 1
zverse shop> compact
versions from 1 on are kept`,
      },
    ],
    async run(session): Promise<Result> {
      session.mustHaveDirectory()
      session.mustHaveNoTransaction('compacting')
      await session.db.compact()
      const { oldestVersion } = session.db
      return versionResult(oldestVersion, `versions from ${oldestVersion} on are kept`)
    },
  },
  {
    name: 'repair',
    group: 'Care',
    needs: 'directory',
    directory: true,
    arguments: [],
    options: [],
    summary: 'opens a damaged directory with what is whole',
    details:
      'From the shell: `zverse repair DIR`, for a directory that `check` or the prompt calls damaged. Keeps what ' +
      'checksums prove, up to the first damaged byte, and prints which files are lost from where on; whole ' +
      'files that it leaves out stay in the directory as lost-…. Copy the directory first.',
    examples: [
      {
        title: 'Nothing was damaged:',
        transcript: `
$ zverse put price 10 --to shop --create
1
$ zverse repair shop
nothing is lost: version 1`,
      },
    ],
    run(session) {
      const { db } = session
      if (!session.repairs)
        throw new Mistake('repair opens a directory', 'from the shell: zverse repair DIR')
      const lost = recoveryLines(session).filter(line => line.startsWith('lost'))
      const { version, oldestVersion } = db
      const text =
        lost.length === 0
          ? `nothing is lost: version ${version}`
          : [...lost, `kept: versions ${oldestVersion} to ${version}`].join('\n')
      return { is: 'text', text, value: { version, ...db.recovery } }
    },
  },
]

/** Names with dots, for groups within groups. */
function flat(name: string, value: unknown): { name: string; text: string }[] {
  if (typeof value !== 'object' || value === null) return [{ name, text: String(value) }]
  return Object.entries(value).flatMap(([key, inner]) => flat(`${name}.${key}`, inner))
}
