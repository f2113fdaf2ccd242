// @ts-check
/**
 * Loads the history of a git repository into zverse, shows its use, and proves itself against git.
 * `--help` lists the options; the exit code is 0, 1 if the history cannot be loaded or differs from
 * git's, 2 for an invalid command line.
 */
import { dirname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { GitError, GitHistory } from './git.js'
import { DoesNotFit, load, openMachine } from './load.js'
import { HELP, readOptions, UsageError } from './options.js'
import { grouped, Progress } from './progress.js'
import { SampleHistory } from './sample.js'
import * as show from './show.js'
import { readPath, showPath } from './stored.js'
import { verify } from './verify.js'

/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('./stored.js').Machine} Machine */
/** @typedef {GitHistory | SampleHistory} History */

const HERE = dirname(fileURLToPath(import.meta.url))
const BOLD = process.stdout.isTTY && !process.env.NO_COLOR
/** Lines a section of the tour may have. */
const FEW = 8

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)
/** @param {string} text */
const title = text => (BOLD ? `\u001b[1m${text}\u001b[22m` : text)
/** The first line that a section says is its title. @returns {show.Say} */
function section() {
  let said = 0
  say()
  return (line = '') => say(said++ === 0 ? title(line) : line)
}

/** Reasons to show the built-in data; with anything else git says, something is broken. */
const NO_HISTORY = ['no-git', 'no-repository', 'no-commits', 'not-trusted']

/** @param {string} path @returns {Promise<History>} */
async function openHistory(path) {
  try {
    return await GitHistory.open(path)
  } catch (error) {
    if (!(error instanceof GitError) || !NO_HISTORY.includes(error.kind)) throw error
    say(`No git history at ${path}: ${error.message}.`)
    if (error.advice) say(error.advice)
    say('A small built-in history is loaded instead, to show what it would look like.')
    say()
    return new SampleHistory()
  }
}

/** @param {History} history @param {Machine} machine @param {number} maxBytes */
async function loadAll(history, machine, maxBytes) {
  say(
    title(`Loading ${history.name}: ${show.counted(history.count, 'commit')} along first parents`),
  )
  for (const remark of history.remarks) say(`  ${remark}`)
  const bar = new Progress('loading', 'commits', history.count)
  const begun = performance.now()
  let loaded
  try {
    loaded = await load(machine, history, maxBytes, ({ commits }) => bar.update(commits))
  } finally {
    bar.end()
  }
  const seconds = (performance.now() - begun) / 1000
  const what = `${show.counted(loaded.commits, 'commit')}, ${show.counted(loaded.changes, 'change')}`
  const rate = `${grouped(loaded.commits / seconds)} commits/s`
  say(
    `  loaded   ${what}, ${show.size(loaded.bytes)} in ${show.duration(seconds * 1000)} (${rate})`,
  )
}

/**
 * The database, or the problem with its size.
 * @param {number} maxBytes @param {string} [directory]
 */
function open(maxBytes, directory) {
  try {
    return openMachine(maxBytes, directory)
  } catch (error) {
    if (/** @type {import('zverse').ZVerseError} */ (error).option !== 'maxBytes') throw error
    throw new UsageError(
      `--max-bytes ${show.size(maxBytes)}: ${/** @type {Error} */ (error).message}`,
    )
  }
}

/**
 * The memory that the history takes, and that each byte of it is accounted for.
 * @param {Machine} machine @param {boolean} isOnDisk
 */
function showMemory(machine, isOnDisk) {
  const begun = performance.now()
  const { ok, problems, entries, usedBytes, leakedBytes } = machine.db.check()
  const took = show.duration(performance.now() - begun)
  let present = 0
  for (const value of machine.db.values()) present += value.length
  const what = isOnDisk ? 'the last of them' : 'every commit'
  say(`  memory   ${show.size(usedBytes)} hold every file at ${what}`)
  say(`           (the files of the last one alone are ${show.size(present)})`)
  const verdict = ok ? 'no problem' : `PROBLEMS: ${problems.join('; ')}`
  say(`  check()  ${verdict}, ${grouped(leakedBytes)} bytes leaked, ${took}`)
  return ok && entries >= 0
}

/** A word for a shell. @param {string} text */
const quoted = text => (/^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** @param {Machine} machine @param {History} history */
async function tour(machine, history) {
  show.showTrees(machine, section())
  const file = show.busiestFile(machine)
  if (file) show.showHistory(machine, file, FEW, section())
  const middle = machine.first + Math.floor((machine.last - machine.first) / 2)
  show.showDiff(machine, middle, machine.last, FEW, section())
  show.showGets(machine, section())
  return show.showRestore(machine, history, section())
}

/** @param {Machine} machine @param {History} history @param {number} wanted */
async function prove(machine, history, wanted) {
  const bar = new Progress('verifying', 'commits', Math.min(wanted, history.count))
  const begun = performance.now()
  let proof
  try {
    proof = await verify(machine, history, wanted, commits => bar.update(commits))
  } finally {
    bar.end()
  }
  const took = show.duration(performance.now() - begun)
  const git = history instanceof GitHistory
  const say = section()
  say(`Compared with ${git ? 'git' : 'the built-in data'}, ${took}`)
  say(`  commits   ${grouped(proof.commits)} of ${grouped(proof.of)}`)
  say(`  trees     ${show.counted(proof.files, 'file')}${git ? ', git ls-tree -r' : ''}`)
  const diff = git ? ', git diff-tree -r --no-renames' : ''
  say(`  diffs     ${show.counted(proof.changes, 'change')}${diff}`)
  say(`  contents  ${grouped(proof.hashed)} hashed${git ? ' to the names git has for them' : ''}`)
  for (const problem of proof.problems) say(`  DIFFERS   ${problem}`)
  say(proof.problems.length === 0 ? '  verified: no difference' : '  NOT VERIFIED')
  return proof.problems
}

/**
 * Answers the questions of the command line.
 * @param {Machine} machine @param {Options} options @param {(name: string) => number} versionOf
 * @returns {boolean} whether all of it was there
 */
function answer(machine, { file, at, diff }, versionOf) {
  let found = true
  const version = at === undefined ? undefined : versionOf(at)
  if (file !== undefined) {
    const path = readPath(file)
    found =
      version === undefined
        ? show.showHistory(machine, path, Number.POSITIVE_INFINITY, section())
        : show.showFile(machine, path, version, section())
    if (!found) say(`There is no ${file} ${at === undefined ? 'in any commit' : `at ${at}`}.`)
  } else if (version !== undefined) show.showTree(machine, version, section())
  if (diff) {
    const [from, to] = diff.map(versionOf)
    show.showDiff(machine, from, to, Number.POSITIVE_INFINITY, section())
  }
  return found
}

/**
 * The commits named on the command line, by the name given. Done before loading: a slip of the
 * pen should not cost a minute.
 * @param {History} history @param {Options} options
 */
async function resolveNames(history, { at, diff }) {
  /** @type {Map<string, string>} */
  const oids = new Map()
  for (const name of [at, ...(diff ?? [])]) {
    if (name === undefined) continue
    const oid = await history.resolve(name)
    if (!oid) throw new UsageError(`'${name}' is no commit of ${history.name}`)
    oids.set(name, oid)
  }
  return oids
}

/** @param {Machine} machine @param {Map<string, string>} oids */
const versions = (machine, oids) => (/** @type {string} */ name) => {
  const version = machine.oids.get(oids.get(name) ?? '')
  if (version !== undefined) return version
  throw new UsageError(`'${name}' is not among the first parents of HEAD, which is all I load`)
}

/** @param {Machine} machine @param {string | undefined} path */
function showNext(machine, path) {
  const say = section()
  const start = `npm start --${path === undefined ? '' : ` ${quoted(path)}`}`
  const file = show.busiestFile(machine)
  const middle = machine.first + Math.floor((machine.last - machine.first) / 2)
  const oid = machine.commits.get(middle)?.oid.slice(0, 10)
  say('What to try next')
  if (path === undefined) say('  npm start -- /path/to/repository   any other')
  say(`  ${start} --verify all`)
  if (file) say(`  ${start} --file ${quoted(showPath(file))}`)
  say(`  ${start} --at ${oid}`)
  say(`  ${start} --diff ${oid} HEAD`)
  say(`  ${start} --max-bytes 8GiB`)
}

/**
 * Opens it again: memory has the last ten versions then, and all others come from the disk.
 * @param {Machine} machine @param {Options} options
 */
async function fromDisk({ db }, { maxBytes, directory }) {
  await db.compact()
  db.close()
  const machine = open(maxBytes, directory)
  const { pastBytes } = machine.db.stats().storage
  say(`  on disk  ${show.size(pastBytes)} of the past, from version ${machine.db.oldestVersion} on`)
  return machine
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  const history = await openHistory(options.path ?? HERE)
  const oids = await resolveNames(history, options)
  let machine = open(options.maxBytes, options.directory)
  try {
    const head = await history.resolve('HEAD')
    if (head && machine.oids.has(head)) say(`${history.name} is in ${options.directory} already.`)
    else if (machine.commits.size > 0) {
      throw new UsageError(`--path ${options.directory}: it has another history, or an older one`)
    } else await loadAll(history, machine, options.maxBytes)
    if (options.directory !== undefined) machine = await fromDisk(machine, options)
    let ok = showMemory(machine, options.directory !== undefined)
    const asked = options.file !== undefined || options.at !== undefined || options.diff
    if (asked) ok = answer(machine, options, versions(machine, oids)) && ok
    else ok = (await tour(machine, history)).length === 0 && ok
    if (options.verify > 0) ok = (await prove(machine, history, options.verify)).length === 0 && ok
    if (!asked) showNext(machine, options.path)
    return ok ? 0 : 1
  } finally {
    machine.db.close()
  }
}

/** @param {unknown} error @returns {number} the exit code */
function explain(error) {
  const complain = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`)
  if (error instanceof UsageError) {
    complain(`${error.message}\nTry --help.`)
    return 2
  }
  if (error instanceof GitError) {
    complain(`${error.message}.`)
    if (error.advice) complain(error.advice)
    return error.kind === 'no-directory' ? 2 : 1
  }
  if (error instanceof DoesNotFit) {
    const { maxBytes, commit, count } = error
    complain(
      `The history does not fit into ${show.size(maxBytes)}: full at commit ${grouped(commit)} of ${grouped(count)}.`,
    )
    // As much again for each commit still to come, and a power of two.
    const needed = 2 ** Math.ceil(Math.log2((maxBytes * 1.2 * count) / commit))
    const more = show.size(Math.max(Math.min(needed, 16 * 1024 ** 3), 2 ** 26)).replace('.0 ', '')
    complain(`Give it more with --max-bytes, such as --max-bytes ${more} (at most 16GiB).`)
    return 1
  }
  throw error
}

async function main() {
  // `npm start | head` closes our output: that is no failure.
  process.stdout.on('error', error => {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit(0)
    throw error
  })
  try {
    const options = readOptions(process.argv.slice(2))
    if (options.help) say(HELP)
    else process.exitCode = await run(options)
  } catch (error) {
    process.exitCode = explain(error)
  }
}

await main()
