// @ts-check
/**
 * Makes a git repository with thousands of commits out of a seed, through `git fast-import`: the
 * same seed makes the same object names on every machine. For a full check of the git time machine:
 *
 *   node spec/examples/make-repository.js /tmp/big 5000
 *   npm start -- /tmp/big --verify all
 *
 * A commit edits, adds, deletes, moves, makes executable, links, turns a file into a directory and
 * back, or touches nothing at all; some are merges, some files are binary, some paths are not UTF-8.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const AUTHORS = ['Ada Lovelace', 'Grace Hopper', 'Émilie du Châtelet', '李 清照', "Pat O'Neill"]
const WORDS = 'tree page epoch pin reader writer commit cursor arena key value split merge'.split(
  ' ',
)
const BEGUN = 1_500_000_000

/** A seeded generator (mulberry32). @param {number} seed @returns {(below: number) => number} */
function random(seed) {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** The files of the repository as it grows, and the commands that make it grow. */
class Writer {
  /** path (as Latin-1, so that any byte will do) → text of the file, or none for a special one.
   * @type {Map<string, string | undefined>} */
  files = new Map()
  /** @type {string[]} */
  paths = []
  made = 0

  /** @param {number} seed */
  constructor(seed) {
    this.random = random(seed)
  }

  /** @template T @param {T[]} list @returns {T} */
  pick(list) {
    return list[this.random(list.length)]
  }

  line() {
    return `${Array.from({ length: 3 + this.random(8) }, () => this.pick(WORDS)).join(' ')}\n`
  }

  newPath() {
    const depth = this.random(4)
    const folders = Array.from({ length: depth }, () => `${this.pick(WORDS)}-${this.random(4)}`)
    const odd = this.random(40)
    const name = `${this.pick(WORDS)}${this.made++}`
    if (odd === 0) return [...folders, `${name} "quoted"`].join('/')
    if (odd === 1) return [...folders, `${name}\n\xff\xfe`].join('/')
    return [...folders, `${name}.txt`].join('/')
  }

  /** @param {string} path @param {string | undefined} text */
  set(path, text) {
    if (!this.files.has(path)) this.paths.push(path)
    this.files.set(path, text)
  }

  /** @param {string} path */
  remove(path) {
    this.files.delete(path)
    this.paths.splice(this.paths.indexOf(path), 1)
    return `D ${quote(path)}\n`
  }

  /** @param {string} path @param {string} mode @param {string} text @returns {string} */
  inline(path, mode, text) {
    this.set(path, mode === '120000' ? undefined : text)
    return `M ${mode} inline ${quote(path)}\n${data(text)}`
  }

  add() {
    const kind = this.random(20)
    const path = this.newPath()
    if (kind === 0) {
      const bytes = Array.from({ length: this.random(30_000) }, () => this.random(256))
      return this.inline(path, '100644', String.fromCharCode(...bytes))
    }
    if (kind === 1) return this.inline(path, '120000', `../${this.pick(WORDS)}`)
    if (kind === 2) {
      this.set(path, undefined)
      const commit = Array.from({ length: 40 }, () => this.random(16).toString(16)).join('')
      return `M 160000 ${commit} ${quote(path)}\n`
    }
    const text = Array.from({ length: this.random(80) }, () => this.line()).join('')
    return this.inline(path, this.pick(['100644', '100644', '100644', '100755']), text)
  }

  /** @param {string} path @param {string} text */
  edit(path, text) {
    const lines = text.split('\n')
    lines.splice(this.random(lines.length), this.random(3), this.line().trim())
    return this.inline(path, '100644', lines.join('\n'))
  }

  /** One change to the files. @returns {string} */
  change() {
    const path = this.paths.length > 0 ? this.pick(this.paths) : ''
    const text = this.files.get(path)
    const kind = this.random(100)
    if (kind < 12 || text === undefined) return this.add()
    if (kind < 78) return this.edit(path, text)
    if (kind < 86) return this.remove(path)
    if (kind < 92) {
      const moved = this.newPath()
      return this.remove(path) + this.inline(moved, '100644', text)
    }
    if (kind < 96) return this.inline(path, this.pick(['100644', '100755']), text)
    if (kind < 97) return this.inline(path, '120000', text.slice(0, 40).trim() || 'nowhere')
    return this.remove(path) + this.inline(`${path}/within`, '100644', text)
  }

  /** @param {number} number @param {string} branch @param {string} [merged] @param {boolean} [many] */
  commit(number, branch, merged = '', many = false) {
    const person = `${this.pick(AUTHORS)} <someone@example.org> ${BEGUN + number * 3600} +0100`
    const utf8 = Buffer.from(person).toString('latin1')
    const count = many ? 400 : this.random(20) === 0 ? 0 : 1 + this.random(6)
    const changes = Array.from({ length: count }, () => this.change()).join('')
    const head = `commit refs/heads/${branch}\nmark :${number}\nauthor ${utf8}\ncommitter ${utf8}\n`
    return head + data(`${number}: ${this.line()}`) + merged + changes
  }
}

/** @param {string} path */
const quote = path => {
  const escaped = path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')
  return `"${escaped}"`
}
/** @param {string} text as Latin-1 */
const data = text => `data ${text.length}\n${text}\n`

/** @param {number} count of commits along first parents @param {number} seed */
function* commands(count, seed) {
  const writer = new Writer(seed)
  let side = count
  for (let number = 1; number <= count; number++) {
    let merged = ''
    if (number > 1 && number % 29 === 0) {
      // A side branch of one commit, from the one before, that this one merges. Its changes reach
      // the first-parent line only through the merge.
      side++
      const person = `${writer.pick(AUTHORS)} <someone@example.org> ${BEGUN + number * 3600} +0000`
      const utf8 = Buffer.from(person).toString('latin1')
      const text = writer.line()
      yield `commit refs/heads/side\nmark :${side}\ncommitter ${utf8}\n${data('aside\n')}` +
        `from :${number - 1}\nM 100644 inline "side-${side}"\n${data(text)}`
      merged = `merge :${side}\n${writer.inline(`side-${side}`, '100644', text)}`
    }
    yield writer.commit(number, 'main', merged, number === 1)
  }
}

/**
 * @param {string} path of a new, bare repository
 * @param {number} [count] of commits along first parents
 * @param {number} [seed]
 */
export async function makeRepository(path, count = 5000, seed = 1) {
  mkdirSync(path, { recursive: true })
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  const init = spawn('git', ['init', '-q', '--bare', '-b', 'main', path], { env, stdio: 'inherit' })
  if ((await once(init, 'close'))[0] !== 0) throw new Error('git init failed')
  const git = spawn('git', ['-C', path, 'fast-import', '--quiet'], {
    env,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const ended = once(git, 'close')
  for (const command of commands(count, seed)) {
    if (!git.stdin.write(command, 'latin1')) await once(git.stdin, 'drain')
  }
  git.stdin.end()
  if ((await ended)[0] !== 0) throw new Error('git fast-import failed')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, count, seed] = process.argv.slice(2)
  if (!path) {
    process.stderr.write('node spec/examples/make-repository.js PATH [COMMITS [SEED]]\n')
    process.exitCode = 2
  } else await makeRepository(path, Number(count ?? 5000), Number(seed ?? 1))
}
