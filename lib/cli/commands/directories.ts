/** Commands about directories: copies of a database, and what lies in one. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type View, ZVerse } from '../../index.js'
import type { Command } from '../command.js'
import { type Result, type Row, rowsOf, versionResult } from '../result.js'
import { drawRuns } from '../runs.js'
import type { Session } from '../session.js'
import { asWord, Mistake } from '../words.js'
import { VIEWS } from './versions.js'

const DIRECTORY = { name: 'DIR', kind: 'file' } as const

export const DIRECTORIES: readonly Command[] = [
  {
    name: 'backup',
    group: 'Care',
    needs: 'directory',
    directory: true,
    arguments: [{ name: 'TO', kind: 'file' }],
    options: [],
    summary: 'copies the database to another directory',
    details:
      'TO must not be there yet, or be empty. Others of this process may go on writing: the copy has the version that is ' +
      'printed, and the past on disk, and opens as a database. On the same file system it shares the files that never ' +
      'change, so it takes little time and room. Another process that has the directory open must make its own.',
    examples: [
      {
        title: 'A copy, and a look into it:',
        transcript: `
$ zverse put price 10 --to shop --create
1
$ zverse backup shop shop-backup
1
$ zverse get price --from shop-backup
10`,
      },
    ],
    async run(session, call): Promise<Result> {
      session.mustHaveDirectory()
      const to = call.word(0).text
      const version = await session.db.backup(to)
      return versionResult(version, `version ${version} is in ${asWord(to)}`)
    },
  },
  {
    name: 'restore-to',
    group: 'Care',
    needs: 'directory',
    directory: true,
    arguments: [],
    options: [
      { name: 'at', value: 'VIEW', kind: 'view', summary: 'the version (default: the present)' },
      { name: 'to', value: 'DIR', kind: 'file', summary: 'the directory to make', required: true },
    ],
    summary: 'makes a database of another one as it once was',
    details:
      'The new database has that version as its present, and before it the past that can be read in the old one: versions, ' +
      `times, tags, stores. The old one stays as it is. DIR must not be there yet, or be empty; until all is in it, it is called DIR.part-…. ${VIEWS}`,
    examples: [
      {
        title: 'Before a mistake:',
        transcript: `
$ zverse put price 10 --to shop --create
1
$ zverse put price 0 --to shop
2
$ zverse restore-to shop --at 1 --to shop-before
1
$ zverse get price --from shop-before
10`,
      },
    ],
    async run(session, call): Promise<Result> {
      session.mustHaveDirectory()
      const to = call.option('to')?.text
      if (to === undefined) {
        throw new Mistake('restore-to needs --to DIR', 'the directory of the new database')
      }
      const version = await restoredTo(session, to, session.view(call.option('at')))
      return versionResult(version, `version ${version} is the present of ${asWord(to)}`)
    },
  },
  {
    name: 'runs',
    group: 'Care',
    needs: 'nothing',
    arguments: [{ ...DIRECTORY, optional: true }],
    options: [{ name: 'svg', summary: 'draws them, as a picture in SVG' }],
    summary: 'lists the files of a directory, with their versions',
    details:
      'The runs of the past on disk, the bases, the segments of the log: the first and the last version that each tells of, ' +
      'and its bytes. It opens nothing, so others may have the database open. DIR: at the prompt the database by default.',
    examples: [
      {
        title: 'A new database has a log:',
        transcript: `
$ zverse put price 10 --to shop --create
1
$ zverse runs shop --json
{"name":"log-000000000001","kind":"log","from":0,"bytes":1048576}`,
      },
    ],
    run(session, call): Result {
      const path = call.words[0]?.text ?? session.mustHaveDirectory()
      const files = ZVerse._directories.filesIn(path)
      if (files === null) throw new Mistake(`there is no database ${asWord(path)}`)
      if (call.has('svg')) return { is: 'lines', lines: [drawRuns(files)].values() }
      const columns = [
        { name: 'file', kind: 'text' },
        { name: 'from', kind: 'version' },
        { name: 'to', kind: 'version' },
        { name: 'bytes', kind: 'number' },
      ] as const
      const cells = ({ name, from, to, bytes }: (typeof files)[number]): Row['cells'] => {
        return [name, String(from ?? ''), String(to ?? ''), String(bytes)]
      }
      return rowsOf(columns, files.values(), cells)
    },
  },
]

/**
 * Makes a database of the session's as it was at a view: under another name until it is whole, so nothing of that name
 * is a part of it.
 */
async function restoredTo(session: Session, path: string, view: View | undefined): Promise<number> {
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new Mistake(`${asWord(path)} has files`, 'name a directory that is not there yet')
  }
  mkdirSync(dirname(resolve(path)), { recursive: true })
  const part = mkdtempSync(`${resolve(path)}.part-`)
  try {
    const copy = session.openBeside(part)
    let version: number
    try {
      version = copy.load(session.db.dump({ ...view, history: true }))
      await copy.compact()
      copy.flush()
    } finally {
      copy.close()
    }
    renameSync(part, path)
    return version
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}
