// @ts-check
/**
 * Git as a set of child processes: how they are started, read, fed and ended, and the meaning of
 * their complaints. This module does not know the database.
 *
 * 1. Git answers about the repository at `path` and no other, in English, without a pager, a prompt
 *    or the network, in any environment.
 * 2. A process that fails makes its reader fail, with git's message; one whose reader leaves early
 *    is ended.
 * 3. No output is kept as a whole except that of `output()`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { LOG_FORMAT, parseDiffs, parseLog, parseTree } from './parse.js'

/** @typedef {import('./parse.js').Commit} Commit */
/** @typedef {'no-git' | 'no-directory' | 'no-repository' | 'no-commits' | 'not-trusted'
 *   | 'missing-object' | 'failed'} Kind */

/** A failure of git; `advice` is a command or a sentence that helps. */
export class GitError extends Error {
  /** @param {Kind} kind @param {string} message @param {string} [advice] */
  constructor(kind, message, advice = '') {
    super(message)
    this.kind = kind
    this.advice = advice
  }
}

/** Settings of the user's that would change the output of the commands below. */
const FIXED = ['diff.relative=false', 'log.diffMerges=separate', 'log.showSignature=false']

/** Output of git that is kept to explain a failure. */
const MAX_COMPLAINT = 8192

/**
 * The environment for git. In a hook git sets GIT_DIR, GIT_INDEX_FILE and others, which would lead
 * every command to the hook's repository; only the places of git and its configuration are kept.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function gitEnvironment(env) {
  const kept = Object.entries(env).filter(
    ([name]) => !/^GIT_/i.test(name) || /^GIT_(CONFIG_|EXEC_PATH|CEILING_|DISCOVERY_)/i.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    // Stand-ins for objects would not hash to their names.
    GIT_NO_REPLACE_OBJECTS: '1',
    // A partial clone fetches missing objects one by one: say so instead of doing it.
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
  }
}

/** One running git. */
class GitProcess {
  #complaint = ''

  /** @param {string} path @param {string[]} args @param {boolean} feed whether stdin is used */
  constructor(path, args, feed) {
    const settings = FIXED.flatMap(setting => ['-c', setting])
    this.child = spawn('git', ['-C', path, '--no-pager', ...settings, ...args], {
      env: gitEnvironment(process.env),
      stdio: [feed ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    this.child.stderr?.setEncoding('utf8').on('data', text => {
      if (this.#complaint.length < MAX_COMPLAINT) this.#complaint += text
    })
    // Without a listener, Node throws away a process's output if it ends before we read.
    this.child.stdout?.on('readable', () => {})
    // Writing to a git that has just died is an EPIPE; `ended` has the true reason.
    this.child.stdin?.on('error', () => {})
    this.command = `git ${args[0]}`
    /** Resolves when git has ended well, rejects otherwise. */
    this.ended = this.#end()
    this.ended.catch(() => {})
  }

  async #end() {
    let code
    try {
      ;[code] = await once(this.child, 'close')
    } catch (error) {
      throw notStarted(error)
    }
    if (code !== 0) throw explain(this.command, this.#complaint.trim(), code)
  }

  /** @returns {AsyncGenerator<Buffer>} */
  async *chunks() {
    try {
      if (this.child.stdout) yield* this.child.stdout
      await this.ended
    } finally {
      this.child.kill()
    }
  }
}

/** @param {unknown} error */
function notStarted(error) {
  const code = /** @type {NodeJS.ErrnoException} */ (error).code
  if (code === 'ENOENT') {
    return new GitError('no-git', 'git is not installed (or not in PATH)', 'Install git.')
  }
  return new GitError('failed', `git could not be started: ${code}`)
}

/**
 * Git's complaint as an error with a reason.
 * @param {string} command @param {string} complaint @param {number | null} code
 */
function explain(command, complaint, code) {
  const lines = complaint.split('\n').filter(text => !/^(warning|hint):/.test(text))
  const line = (lines[0] ?? '').replace(/^(fatal|error): /, '')
  if (/dubious ownership|unsafe repository/.test(complaint)) {
    const trust = /git config --global --add safe\.directory .*/.exec(complaint)
    return new GitError(
      'not-trusted',
      `git does not trust this repository, as another user owns it (${line})`,
      `If you do: ${trust?.[0] ?? 'git config --global --add safe.directory PATH'}`,
    )
  }
  if (/not a git repository/i.test(complaint)) {
    return new GitError('no-repository', 'this is not in a git repository')
  }
  if (/promisor|lazy fetch|missing (blob|object)|unable to read/i.test(complaint)) {
    return missing(line)
  }
  return new GitError('failed', `${command} failed: ${line || `exit code ${code}`}`)
}

/** @param {string} what */
function missing(what) {
  return new GitError(
    'missing-object',
    `the repository lacks an object of its history (${what})`,
    'In a partial clone, fetch the rest first: git fetch --refetch --no-filter; in a damaged one, git fsck tells more.',
  )
}

/** Contents of blobs, in the order asked for, from one `git cat-file --batch`. */
export class BlobReader {
  /** @type {Buffer} */
  #chunk = Buffer.alloc(0)
  #at = 0

  /** @param {string} path */
  constructor(path) {
    this.process = new GitProcess(path, ['cat-file', '--batch'], true)
    this.chunks = this.process.chunks()
  }

  /** Asks for blobs; ask well ahead of reading, so that git never waits for us.
   * @param {string[]} oids */
  request(oids) {
    if (oids.length > 0) this.process.child.stdin?.write(`${oids.join('\n')}\n`)
  }

  /**
   * The next blob asked for. At once if it has already come: then it may be a window on a larger
   * buffer, to be used before the next call.
   * @returns {Buffer | Promise<Buffer>}
   */
  next() {
    const end = this.#chunk.indexOf(10, this.#at)
    if (end === -1) return this.#wait()
    const size = this.#size(end)
    const stop = end + 1 + size
    if (stop + 1 > this.#chunk.length) return this.#wait()
    this.#at = stop + 1
    return this.#chunk.subarray(end + 1, stop)
  }

  /** `<oid> blob <size>` from the present position to `end`. @param {number} end */
  #size(end) {
    const line = this.#chunk.toString('latin1', this.#at, end)
    const [, type, size] = line.split(' ')
    if (type !== 'blob') throw missing(line)
    return Number(size)
  }

  async #wait() {
    let end = this.#chunk.indexOf(10, this.#at)
    while (end === -1) {
      this.#chunk = Buffer.concat([this.#chunk.subarray(this.#at), await this.#more()])
      this.#at = 0
      end = this.#chunk.indexOf(10)
    }
    const size = this.#size(end)
    const content = Buffer.allocUnsafe(size + 1) // and the newline after it
    let filled = this.#chunk.copy(content, 0, end + 1)
    this.#at = end + 1 + filled
    while (filled < content.length) {
      this.#chunk = await this.#more()
      this.#at = this.#chunk.copy(content, filled)
      filled += this.#at
    }
    return content.subarray(0, size)
  }

  async #more() {
    const { value, done } = await this.chunks.next()
    if (done) throw new GitError('failed', 'git cat-file ended too early')
    return value
  }

  /** Ends git, however much of its output has been read. */
  close() {
    this.process.child.stdin?.destroy()
    this.process.child.kill()
  }
}

/** The history of one repository, along first parents, as of the moment it was opened. */
export class GitHistory {
  /**
   * @param {string} path @param {string} name @param {string} head @param {number} count
   * @param {string[]} remarks
   */
  constructor(path, name, head, count, remarks) {
    this.path = path
    /** The repository's name. */
    this.name = name
    /** The commit whose history this is. */
    this.head = head
    /** Number of commits. */
    this.count = count
    /** Remarks on this repository for a reader. */
    this.remarks = remarks
  }

  /**
   * @param {string} path any directory in the repository, or a bare one
   * @throws {GitError} if there is no history to read
   */
  static async open(path) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat?.isDirectory()) throw new GitError('no-directory', `${path} is not a directory`)
    const asked = ['--is-shallow-repository', '--is-inside-work-tree', '--show-cdup']
    const answers = await output(path, ['rev-parse', ...asked])
    const [shallow, worktree, up] = answers.toString().split('\n')
    const commit = await output(path, ['rev-parse', '--verify', '-q', 'HEAD^{commit}']).catch(
      () => {
        throw new GitError('no-commits', 'this git repository has no commit yet (at HEAD)')
      },
    )
    const head = commit.toString().trim()
    const chain = ['rev-list', '--first-parent', '--count', head]
    const count = Number((await output(path, chain)).toString())
    const remarks =
      shallow === 'true'
        ? ['A shallow clone: its oldest commit brings all files (git fetch --unshallow gets more).']
        : []
    const top = worktree === 'true' ? resolve(path, up) : path // bare
    return new GitHistory(path, top, head, count, remarks)
  }

  /** Every commit with its changes, oldest first. @returns {AsyncGenerator<Commit>} */
  commits() {
    const what = ['--first-parent', '-m', '--root', '--reverse', '--raw', '-z', '--no-renames']
    // `-O` because a diff.orderFile that is not there would be fatal.
    const how = ['--no-abbrev', '--ignore-submodules=none', '-O/dev/null', '--no-notes']
    const text = ['--encoding=UTF-8', `--format=${LOG_FORMAT}`]
    const log = new GitProcess(this.path, ['log', ...what, ...how, ...text, this.head, '--'], false)
    return parseLog(log.chunks())
  }

  /** A reader of contents. */
  blobs() {
    return new BlobReader(this.path)
  }

  /** The full name of the commit that `name` means to git, if any. @param {string} name */
  async resolve(name) {
    if (name.startsWith('-')) return undefined
    try {
      const oid = await output(this.path, ['rev-parse', '--verify', '-q', `${name}^{commit}`])
      return oid.toString().trim()
    } catch {
      return undefined
    }
  }

  /** The names of all commits, oldest first. By another command than {@link commits} uses. */
  async names() {
    const list = await output(this.path, ['rev-list', '--first-parent', '--reverse', this.head])
    return list.toString('latin1').split('\n').slice(0, -1)
  }

  /** @param {string} commit */
  async tree(commit) {
    return parseTree(await output(this.path, ['ls-tree', '-r', '-z', '--full-tree', commit]))
  }

  /**
   * The output of `git diff-tree` for each pair of a commit and its first parent.
   * @param {Iterable<[commit: string, parent: string | undefined]>} pairs
   */
  diffs(pairs) {
    const how = ['-r', '-z', '-m', '--root', '--always', '--no-renames', '--ignore-submodules=none']
    const diff = new GitProcess(this.path, ['diff-tree', '--stdin', ...how], true)
    const lines = (function* () {
      for (const [commit, parent] of pairs) yield parent ? `${commit} ${parent}\n` : `${commit}\n`
    })()
    if (diff.child.stdin) Readable.from(lines).pipe(diff.child.stdin)
    return parseDiffs(diff.chunks())
  }
}

/** All that a git command prints. @param {string} path @param {string[]} args */
async function output(path, args) {
  const chunks = []
  for await (const chunk of new GitProcess(path, args, false).chunks()) chunks.push(chunk)
  return Buffer.concat(chunks)
}
