/**
 * Git repositories for the specs of the git time machine, made by `fast-import` with fixed names and dates, so
 * that a path may be any bytes and no file system has a say.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { gitEnvironment } from '../../examples/git-time-machine/git.js'

/** The environment of every process of git. */
export const ENV = {
  ...gitEnvironment(process.env),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CEILING_DIRECTORIES: tmpdir(),
  GIT_AUTHOR_NAME: 'Ada Lovelace',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '1700000000 +0100',
  GIT_COMMITTER_NAME: 'Ada Lovelace',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '1700000000 +0100',
  GIT_ALLOW_PROTOCOL: 'file',
}

/** Runs git. */
export function git(path: string, args: string[], input: Buffer | string = '', env = {}): Buffer {
  const { status, stdout, stderr } = spawnSync('git', ['-C', path, ...args], {
    env: { ...ENV, ...env },
    input,
  })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout
}

type Content = string | Buffer
/** The changes of a commit: path (as Latin-1 bytes) → mode and content, or gone. */
type Changes = Record<string, [mode: string, content: Content] | null>

/** A repository that is being made. */
export class Repository {
  readonly path: string
  /** The files that the next commit begins from: path → mode and content. */
  readonly files = new Map<string, readonly [mode: string, content: Content]>()
  head = ''

  constructor(path: string, ...init: string[]) {
    this.path = path
    mkdirSync(this.path)
    git(this.path, ['init', '-q', '-b', 'main', ...init])
  }

  /** A commit on top of the last one (or of `parents`), with `changes` to the files. */
  commit(subject: string, changes: Changes, parents = this.head ? [this.head] : []): string {
    for (const [path, file] of Object.entries(changes)) {
      if (file === null) this.files.delete(path)
      else this.files.set(path, file)
    }
    const [from, ...merged] = parents
    const parts: Content[] = [
      'commit refs/heads/main\nmark :1\n',
      ...['author', 'committer'].map(who => `${who} ${ADA}\n`),
      ...data(subject),
      ...(from === undefined ? [] : [`from ${from}\n`]),
      ...merged.map(parent => `merge ${parent}\n`),
      'deleteall\n',
      ...[...this.files].flatMap(([path, [mode, content]]) =>
        mode === '160000'
          ? [`M ${mode} ${content} ${quoted(path)}\n`]
          : [`M ${mode} inline ${quoted(path)}\n`, ...data(content)],
      ),
      'get-mark :1\n',
    ]
    const script = Buffer.concat(parts.map(part => Buffer.from(part as string)))
    this.head = git(this.path, ['fast-import', '--quiet', '--force'], script).toString().trim()
    return this.head
  }
}

const ADA = 'Ada Lovelace <ada@example.org> 1700000000 +0100'

function data(content: Content): Content[] {
  const bytes = Buffer.from(content as string)
  return [`data ${bytes.length}\n`, bytes, '\n']
}

/** A path as fast-import takes any bytes. */
function quoted(path: string): string {
  const bytes = [...Buffer.from(path, 'latin1')]
  return `"${bytes.map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`
}
