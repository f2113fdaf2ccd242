/**
 * The git time machine as its users meet it: a process, run on repositories with every kind of
 * content, and on folders that are no repository.
 */
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readOptions } from '../../examples/git-time-machine/options.js'
import {
  LOG_FORMAT,
  nulFields,
  parseDiffs,
  parseLog,
} from '../../examples/git-time-machine/parse.js'
import { Progress } from '../../examples/git-time-machine/progress.js'
import { type Outcome, runMain } from '../support/mains.js'
import { makeRepository } from './make-repository.js'
import { ENV, git, Repository } from './repository.js'

/** Of the generated history; each is a process of git more. */
const COMMITS = Number(process.env.ZVERSE_COMMITS ?? 60)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'examples/git-time-machine/main.js')
const home = mkdtempSync(join(tmpdir(), 'zverse-git-'))

afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Runs the example. */
function run(args: string[], env: NodeJS.ProcessEnv = {}): Outcome {
  return runMain(MAIN, args, { cwd: ROOT, env: { ...ENV, ...env } })
}

const repository = (name: string, ...init: string[]) => new Repository(join(home, name), ...init)

const COMMIT = '1234567890'.repeat(4)
const BINARY = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7 + (i >> 8)) & 255))

/** A history with one of everything. */
function everything(repo: Repository, submodule = COMMIT): Repository {
  const first = repo.commit('The root', {
    'README.md': ['100644', 'one\n'],
    empty: ['100644', ''],
    'src/a.js': ['100644', 'a\n'],
    'src-b': ['100644', 'sorts between src/ and src\n'],
  })
  repo.commit('Binary', { 'image.bin': ['100644', BINARY] })
  repo.commit('Only a mode', { 'src/a.js': ['100755', 'a\n'] })
  repo.commit('A rename', { 'src/a.js': null, 'src/b.js': ['100755', 'a\n'] })
  repo.commit('A link, then a file', { link: ['120000', 'README.md'] })
  repo.commit('A type change', { link: ['100644', 'README.md'], empty: ['120000', 'link'] })
  repo.commit('A submodule', { lib: ['160000', submodule] })
  repo.commit('Another commit of it', { lib: ['160000', [...submodule].reverse().join('')] })
  repo.commit('Nothing at all', {})
  repo.commit('A submodule becomes a file', { lib: ['100644', 'lib\n'] })
  repo.commit('A file becomes a directory', { lib: null, 'lib/x/y': ['100644', 'y\n'] })
  repo.commit('And a directory a file', { 'lib/x/y': null, lib: ['100644', 'lib again\n'] })
  const odd = repo.commit('Odd\tpaths \u001b[31m "quoted"', {
    'new\nline': ['100644', 'n'],
    'tab\t"quote" \\ back': ['100644', 'q'],
    'latin-\xe9\xff': ['100644', 'not UTF-8'],
    ' leading and trailing ': ['100644', 's'],
    ':100644 colon': ['100644', 'c'],
  })
  repo.files.delete('src-b')
  const side = repo.commit('Aside, from the root', { aside: ['100644', 'side\n'] }, [first])
  repo.commit('A merge', { 'src-b': ['100644', 'b'], merged: ['100644', 'm'] }, [odd, side])
  repo.commit('', { 'README.md': ['100644', 'two\n'], 'latin-\xe9\xff': null })
  return repo
}

const VERIFIED = /verified: no difference/

describe('git time machine', () => {
  let all: Repository
  let verified: Outcome
  beforeAll(() => {
    all = everything(repository('everything'))
    verified = run([all.path, '--verify', 'all'])
  })

  it('loads, shows and verifies one of everything', () => {
    const { code, out, err } = verified
    expect(err).toBe('')
    expect(out).toMatch(/Loading .*everything: 15 commits along first parents/)
    expect(out).toMatch(/commits {3}15 of 15\n/)
    expect(out).toMatch(VERIFIED)
    expect(out).toMatch(/The tree at any commit/)
    expect(out).toMatch(/The history of /)
    expect(out.match(/every file is as git has it/g)).toHaveLength(2)
    expect(out).toMatch(/check\(\) {2}no problem, 0 bytes leaked/)
    expect(out).toMatch(/What to try next\n(.*\n)*.*--verify all/)
    // Texts of commits must not act upon the terminal.
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(code).toBe(0)
  })

  it('counts what it compared as git does', () => {
    const names = git(all.path, ['rev-list', '--first-parent', 'HEAD'])
      .toString()
      .trim()
      .split('\n')
    const files = names.map(name => git(all.path, ['ls-tree', '-r', '-z', name]).toString('latin1'))
    const count = files.join('').split('\0').length - 1
    expect(verified.out).toContain(`trees     ${count} files`)
  })

  it('works in bare, detached, SHA-256 and one-commit repositories, and from a directory', () => {
    const bare = join(home, 'bare.git')
    git(home, ['clone', '-q', '--bare', all.path, bare])
    const detached = join(home, 'detached')
    git(home, ['clone', '-q', '--no-checkout', all.path, detached])
    git(detached, ['update-ref', '--no-deref', 'HEAD', 'HEAD~3'])
    mkdirSync(join(all.path, 'src'))
    const wide = everything(repository('wide', '--object-format=sha256'), '0a'.repeat(32))
    const single = repository('single')
    single.commit('Alone', { a: ['100644', 'a'] })
    const none = repository('no-files')
    none.commit('Nothing', {})
    for (const [path, commits] of [
      [bare, 15],
      [detached, 12],
      [join(all.path, 'src'), 15],
      [wide.path, 15],
      [single.path, 1],
      [none.path, 1],
    ] as const) {
      const { code, out, err } = run([path, '--verify', 'all'])
      expect(err).toBe('')
      expect(out).toContain(`commits   ${commits} of ${commits}\n`)
      expect(out).toMatch(VERIFIED)
      expect(code).toBe(0)
    }
  })

  it('keeps it in a directory, with a window of ten versions: all commits are verified from disk', () => {
    const directory = join(home, 'kept')
    const first = run([all.path, '--path', directory, '--verify', 'all'])
    expect(first.err).toBe('')
    expect(first.out).toMatch(/on disk .* of the past, from version 0 on/)
    expect(first.out).toMatch(/commits {3}15 of 15\n/)
    expect(first.out).toMatch(VERIFIED)
    const again = run([all.path, '--path', directory, '--verify', 'all'])
    expect(again.out).not.toMatch(/Loading/)
    expect(again.out).toContain(`is in ${directory} already`)
    expect(again.out).toMatch(/commits {3}15 of 15\n/)
    expect(again.out).toMatch(VERIFIED)
    expect(again.code).toBe(0)
    const another = repository('another')
    another.commit('Another', { another: ['100644', 'another'] })
    const other = run([another.path, '--path', directory])
    expect(other.err).toContain('it has another history, or an older one')
    expect(other.code).toBe(2)
  })

  it('takes the oldest commit of a shallow clone as bringing all files', () => {
    const shallow = join(home, 'shallow')
    git(home, ['clone', '-q', '--depth', '3', '--no-checkout', `file://${all.path}`, shallow])
    const { code, out } = run([shallow, '--verify', 'all'])
    expect(out).toMatch(/A shallow clone/)
    expect(out).toMatch(/commits {3}3 of 3\n/)
    expect(out).toMatch(VERIFIED)
    expect(code).toBe(0)
  })

  it('is not led astray by the environment of a hook or by settings', () => {
    const other = repository('other')
    other.commit('Other', { other: ['100644', 'other'] })
    const gitDir = join(other.path, '.git')
    const odd = {
      GIT_DIR: gitDir,
      GIT_WORK_TREE: '/',
      GIT_INDEX_FILE: '/nowhere',
      GIT_PREFIX: 'x/',
    }
    const { out } = run([all.path, '--verify', 'all'], odd)
    expect(out).toMatch(/commits {3}15 of 15\n/)
    expect(out).toMatch(VERIFIED)

    const own = join(home, 'own-mind')
    git(home, ['clone', '-q', '--no-checkout', all.path, own])
    for (const setting of [
      ['diff.relative', 'true'],
      ['diff.orderFile', '/nowhere'],
      ['diff.renames', 'copies'],
      ['diff.ignoreSubmodules', 'all'],
      ['diff.external', 'false'],
      ['log.showRoot', 'false'],
      ['log.diffMerges', 'combined'],
      ['log.follow', 'true'],
      ['log.showSignature', 'true'],
      ['color.ui', 'always'],
      ['core.quotePath', 'true'],
      ['core.abbrev', '4'],
    ]) {
      git(own, ['config', ...setting])
    }
    mkdirSync(join(own, 'src'))
    const { code, out: mine } = run([join(own, 'src'), '--verify', 'all'])
    expect(mine).toMatch(/commits {3}15 of 15\n/)
    expect(mine).toMatch(VERIFIED)
    expect(code).toBe(0)
  })

  describe('asked for something', () => {
    const about = 'latin-\xe9\xff'

    it('tells the history of a file', () => {
      const { code, out } = run([all.path, '--file', 'README.md'])
      expect(out).toMatch(/The history of README.md: 2 changes/)
      expect(out).toMatch(/2023-11-14 {2}Ada Lovelace +The root/)
      expect(out).not.toMatch(/Compared with git/)
      expect(code).toBe(0)
    })

    it('takes a path that is not UTF-8 as it shows it', () => {
      const shown = '"latin-\\351\\377"'
      expect(Buffer.from(about, 'latin1')).toHaveLength(8)
      const { code, out } = run([all.path, '--file', shown])
      expect(out).toContain(`The history of ${shown}: 2 changes`)
      expect(out).toMatch(/ deleted {2}/)
      expect(code).toBe(0)
    })

    it('shows a tree, a content and a diff', () => {
      expect(run([all.path, '--at', 'HEAD~1']).out).toContain('"new\\nline"')
      expect(run([all.path, '--at', 'HEAD~1', '--file', 'README.md']).out).toMatch(/\n {2}one\n/)
      expect(run([all.path, '--at', 'HEAD', '--file', 'README.md']).out).toMatch(/\n {2}two\n/)
      expect(run([all.path, '--at', 'HEAD', '--file', 'image.bin']).out).toMatch(/\(binary\)/)
      for (const diff of [['HEAD~1', 'HEAD'], ['HEAD~1..HEAD'], ['HEAD~1..']]) {
        const { code, out } = run([all.path, '--diff', ...diff])
        expect(out).toMatch(/M +\+0 B {2}README.md/)
        expect(out).toContain('2 files differ (0 added, 1 changed, 1 deleted)')
        expect(code).toBe(0)
      }
    })

    it('says what there is not', () => {
      expect(run([all.path, '--file', 'nope'])).toMatchObject({ code: 1 })
      expect(run([all.path, '--file', 'nope']).out).toMatch(/There is no nope in any commit/)
      expect(run([all.path, '--at', 'HEAD~99'])).toMatchObject({ code: 2 })
      expect(run([all.path, '--at', 'HEAD~1^2']).err).toMatch(/not among the first parents/)
    })
  })

  describe('without a history', () => {
    const sample = (path: string, why: RegExp, env = {}) => {
      const { code, out, err } = run([path], env)
      expect(err).toBe('')
      expect(out).toMatch(why)
      expect(out).toMatch(/A small built-in history is loaded instead/)
      expect(out).toMatch(/commits {3}8 of 8\n/)
      expect(out).toMatch(VERIFIED)
      expect(code).toBe(0)
    }

    it('loads the built-in one: no repository', () => {
      mkdirSync(join(home, 'plain'))
      sample(join(home, 'plain'), /not in a git repository/)
    })

    it('loads the built-in one: no commit', () => {
      sample(repository('unborn').path, /no commit yet/)
    })

    it('loads the built-in one: no git', () => {
      mkdirSync(join(home, 'bin'))
      symlinkSync(process.execPath, join(home, 'bin/node'))
      sample(all.path, /git is not installed/, { PATH: join(home, 'bin') })
    })

    it.skipIf(process.getuid?.() !== 0)('loads the built-in one: not ours', () => {
      const { path } = repository('foreign')
      chownSync(path, 12_345, 12_345)
      sample(path, /another user owns it.*\nIf you do: git config --global --add safe.directory/)
    })
  })

  describe('with half a history', () => {
    it('says that a partial clone lacks contents', () => {
      git(all.path, ['config', 'uploadpack.allowFilter', 'true'])
      const partial = join(home, 'partial')
      const how = ['--filter=blob:none', '--no-checkout']
      git(home, ['clone', '-q', ...how, `file://${all.path}`, partial])
      const { code, err } = run([partial])
      expect(err).toMatch(/lacks an object of its history/)
      expect(err).toMatch(/In a partial clone, fetch the rest first/)
      expect(code).toBe(1)
    })

    it('says that a damaged one does', () => {
      const damaged = repository('damaged')
      damaged.commit('One', { a: ['100644', 'a'] })
      const oid = git(damaged.path, ['rev-parse', 'HEAD:a']).toString().trim()
      rmSync(join(damaged.path, '.git/objects', oid.slice(0, 2), oid.slice(2)))
      const { code, err } = run([damaged.path])
      expect(err).toMatch(/lacks an object of its history/)
      expect(code).toBe(1)
    })
  })

  it('verifies a generated history, which is the same for the same seed', async () => {
    const [one, two] = [join(home, 'made-1'), join(home, 'made-2')]
    await makeRepository(one, COMMITS, 7)
    await makeRepository(two, COMMITS, 7)
    expect(git(one, ['rev-parse', 'HEAD'])).toEqual(git(two, ['rev-parse', 'HEAD']))
    const { code, out } = run([one, '--verify', 'all'])
    expect(out).toContain(`commits   ${COMMITS} of ${COMMITS}\n`)
    expect(out).toMatch(VERIFIED)
    expect(code).toBe(0)
    expect(run([one, '--verify', '3']).out).toContain(`commits   3 of ${COMMITS}\n`)
    expect(run([one, '--verify', 'none']).out).not.toMatch(/Compared with git/)
  })

  it('says that --max-bytes is too small', () => {
    const repo = repository('large')
    repo.commit('Small', { a: ['100644', 'a'] })
    for (let i = 0; i < 4; i++) {
      const bytes = Buffer.alloc(1 << 20, i + 1)
      repo.commit(`Large ${i}`, { large: ['100644', bytes] })
    }
    const { code, err } = run([repo.path, '--max-bytes', '3MiB'])
    expect(err).toMatch(/does not fit into 3.0 MiB: full at commit \d of 5/)
    expect(err).toMatch(/--max-bytes \d+MiB/)
    expect(code).toBe(1)
  })

  it('refuses a command line that it cannot understand', () => {
    for (const args of [
      ['--nope'],
      ['--verify', 'some'],
      ['--max-bytes', 'lots'],
      ['--max-bytes', '17GiB'],
      ['--diff', 'HEAD'],
      [all.path, all.path],
      [join(home, 'absent')],
    ]) {
      const { code, out, err } = run(args)
      expect([args, code, out]).toEqual([args, 2, ''])
      expect(err).not.toMatch(/\n {4}at /)
    }
    expect(run(['--help'])).toMatchObject({ code: 0, err: '' })
  })
})

describe('verification', () => {
  it('notices whatever is not as it should be', () => {
    const script = `
      import { load, openMachine } from './examples/git-time-machine/load.js'
      import { SampleHistory } from './examples/git-time-machine/sample.js'
      import { verify } from './examples/git-time-machine/verify.js'
      const history = new SampleHistory()
      const machine = openMachine(2 ** 26)
      await load(machine, history, 2 ** 26, () => {})
      const other = '1'.repeat(40)
      const tree = change => ({ tree: async name => change(await history.tree(name)) })
      const diff = change => ({
        async *diffs(pairs) {
          for await (const { oid, changes } of history.diffs(pairs)) {
            if (changes.length > 0) change(changes)
            yield { oid, changes }
          }
        },
      })
      const lies = [
        {},
        tree(files => files.slice(1)),
        tree(files => files.slice(0, -1)),
        tree(files => [...files, { path: Buffer.from('~'), mode: 0o100644, oid: other }]),
        tree(files => files.map(file => ({ ...file, mode: file.mode ^ 0o111 }))),
        tree(files => files.map(file => ({ ...file, oid: other }))),
        diff(changes => changes.pop()),
        diff(changes => changes.push({ ...changes[0], path: Buffer.from('~') })),
        diff(changes => (changes[0].status = 'X')),
        diff(changes => (changes[0].oldMode ^= 1)),
        diff(changes => (changes[0].newMode ^= 1)),
        diff(changes => (changes[0].oldOid = other)),
        diff(changes => (changes[0].newOid = other)),
        { names: async () => [...(await history.names())].reverse() },
        { names: async () => (await history.names()).slice(1) },
      ]
      const found = []
      for (const lie of lies) {
        const truth = { names: () => history.names(), tree: name => history.tree(name),
          diffs: pairs => history.diffs(pairs), ...lie }
        found.push((await verify(machine, truth, Infinity, () => {})).problems.length)
      }
      console.log(JSON.stringify(found))
    `
    const args = ['--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    expect(stderr).toBe('')
    const [honest, ...lies] = JSON.parse(stdout) as number[]
    expect(honest).toBe(0)
    expect(lies).toHaveLength(14)
    for (const problems of lies) expect(problems).toBeGreaterThan(0)
  })
})

describe('parsers', () => {
  async function* pieces(bytes: Buffer, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const collect = async <T>(items: AsyncIterable<T>) => {
    const list: T[] = []
    for await (const item of items) list.push(item)
    return list
  }

  it('read the same whatever the pieces git hands out', async () => {
    const repo = everything(repository('pieces'))
    const how = ['-r', '-z', '-m', '--root', '--no-renames', '--no-abbrev']
    const what = ['--first-parent', '--raw', `--format=${LOG_FORMAT}`]
    const log = git(repo.path, ['log', ...how, ...what])
    const whole = await collect(parseLog(pieces(log, log.length)))
    expect(whole).toHaveLength(15)
    expect(whole[0]).toMatchObject({ oid: repo.head, author: 'Ada Lovelace', subject: '' })
    expect(whole[0].date).toEqual(new Date(1_700_000_000_000))
    expect(whole.flatMap(commit => commit.changes)).toHaveLength(28)

    const names = git(repo.path, ['rev-list', 'HEAD'])
    const diff = git(repo.path, ['diff-tree', '--stdin', '--always', ...how], names)
    const diffs = await collect(parseDiffs(pieces(diff, diff.length)))
    for (const size of [1, 2, 7, 41, 100]) {
      expect(await collect(parseLog(pieces(log, size)))).toEqual(whole)
      expect(await collect(parseDiffs(pieces(diff, size)))).toEqual(diffs)
    }
  })

  it('notice that git stopped early', async () => {
    await expect(collect(nulFields(pieces(Buffer.from('a\0b'), 2)))).rejects.toThrow(/middle/)
  })

  it('read options', () => {
    expect(readOptions(['p', '--max-bytes', '1.5GiB'])).toMatchObject({
      path: 'p',
      verify: 25,
      maxBytes: 1.5 * 1024 ** 3,
    })
    expect(readOptions(['--diff', 'a', 'b', 'p'])).toMatchObject({ path: 'p', diff: ['a', 'b'] })
    expect(readOptions(['p', '--diff=a', 'b'])).toMatchObject({ path: 'p', diff: ['a', 'b'] })
    expect(readOptions(['--at', 'a', '--verify', 'all'])).toMatchObject({
      at: 'a',
      verify: Number.POSITIVE_INFINITY,
    })
  })
})

describe('progress', () => {
  const draw = (isTTY: boolean, env: NodeJS.ProcessEnv) => {
    let text = ''
    const stream = { isTTY, columns: 120, write: (more: string) => void (text += more) }
    const where = { stream: stream as unknown as NodeJS.WriteStream, env }
    const bar = new Progress('loading', 'commits', 1000, where)
    bar.update(500)
    bar.end()
    return text
  }

  it('is a bar on a terminal, without colour if so wished, and nothing elsewhere', () => {
    const bar = draw(true, {})
    expect(bar).toContain(`${'█'.repeat(12)}\u001b[39m${'░'.repeat(12)} 500/1 000 commits`)
    expect(bar).toMatch(/[\d ]+\/s {2}[\d ]+ s left/)
    expect(draw(true, { NO_COLOR: '1' })).toMatch(/█{12}░{12} 500/)
    expect(draw(true, { TERM: 'dumb' })).toBe('')
    expect(draw(false, {})).toBe('')
  })
})
