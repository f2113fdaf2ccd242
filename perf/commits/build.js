// @ts-check
/**
 * Builds of commits in a temporary folder that is gone when the process ends. A commit is checked out as a
 * git worktree; dependencies are those of this checkout if it has the same lock file, else installed. The
 * working tree, dirty or not, is compiled in place, into the same folder.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LOCK = 'package-lock.json'
const TSC = join('node_modules', 'typescript', 'bin', 'tsc')

/** @param {string} commit */
const isWorktree = commit => commit === '.'

/** @param {string[]} words */
const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim()

/** Whether git knows a commit by this name, or it is the working tree. @param {string} name */
export function isCommit(name) {
  if (isWorktree(name)) return true
  try {
    execFileSync('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { cwd: ROOT })
    return true
  } catch {
    return false
  }
}

/**
 * @typedef {object} Build
 * @property {string} name
 * @property {string} engine URL of its entry
 */

/** A folder for builds. */
export class Builds {
  #folder = mkdtempSync(join(tmpdir(), 'zverse-commits-'))
  /** @type {string[]} */
  #worktrees = []

  constructor() {
    process.on('exit', () => this.#remove())
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
  }

  #remove() {
    for (const folder of this.#worktrees) git('worktree', 'remove', '--force', folder)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /**
   * @param {string} role a name for its folder
   * @param {string} commit anything that git knows, or `.`: the working tree
   * @returns {Build}
   */
  make(role, commit) {
    const folder = join(this.#folder, role)
    const engine = pathToFileURL(join(folder, 'dist', 'index.js')).href
    if (isWorktree(commit)) {
      mkdirSync(folder)
      cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
      this.#compile(ROOT, join(folder, 'dist'))
      const dirty = git('status', '--porcelain', '--', 'lib') === '' ? '' : ', changed'
      return { name: `${git('rev-parse', '--short', 'HEAD')}${dirty}`, engine }
    }
    const id = git('rev-parse', '--verify', '--short', `${commit}^{commit}`)
    git('worktree', 'add', '--detach', '--quiet', folder, id)
    this.#worktrees.push(folder)
    if (readFileSync(join(folder, LOCK), 'utf8') === readFileSync(join(ROOT, LOCK), 'utf8')) {
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    } else {
      execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' })
    }
    this.#compile(folder, join(folder, 'dist'))
    return { name: id === commit ? id : `${commit} (${id})`, engine }
  }

  /** @param {string} source @param {string} out */
  #compile(source, out) {
    const words = [join(source, TSC), '-p', join(source, 'tsconfig.build.json'), '--outDir', out]
    execFileSync(process.execPath, words, { cwd: source, stdio: ['ignore', 'inherit', 'inherit'] })
  }
}
