// @ts-check
/**
 * The uses of a history in zverse: the sections of the report. Each reads through the public verbs
 * only, prints the time of the verb, and leaves the files unchanged.
 */
import { grouped } from './progress.js'
import { contentOf, kindOf, modeOf, showPath, showText, statusOf } from './stored.js'
import { Comparison, spread } from './verify.js'

/** @typedef {import('./stored.js').Machine} Machine */
/** @typedef {(line?: string) => void} Say */

/** @param {number} ms */
export function duration(ms) {
  const [value, unit] = ms < 1 ? [ms * 1000, 'µs'] : ms < 1000 ? [ms, 'ms'] : [ms / 1000, 's']
  return `${value < 100 ? Number(value.toPrecision(2)) : grouped(value)} ${unit}`
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB'][power]}`
}

/** A count and its noun. @param {number} count @param {string} noun */
export function counted(count, noun) {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${grouped(count)} ${count === 1 ? noun : plural}`
}

/** @template R @param {() => R} work @returns {[R, number]} */
function timed(work) {
  const begun = performance.now()
  const result = work()
  return [result, performance.now() - begun]
}

/** `1a2b3c4d5e  2024-05-06  Ada Lovelace  Subject` @param {Machine} machine @param {number} version */
function describe(machine, version) {
  const meta = machine.commits.get(version)
  if (!meta) return `version ${version}`
  const author = showText(meta.author).slice(0, 20).padEnd(20)
  const subject = showText(meta.subject)
  const short = subject.length > 50 ? `${subject.slice(0, 49)}…` : subject
  return `${meta.oid.slice(0, 10)}  ${day(meta.date)}  ${author}  ${short}`
}

/** @param {Date} date */
const day = date => date.toISOString().slice(0, 10)
/** @param {Machine} machine @param {number} version */
const short = (machine, version) => machine.commits.get(version)?.oid.slice(0, 10) ?? `v${version}`

/** Whole trees, at five commits. @param {Machine} machine @param {Say} say */
export function showTrees(machine, say) {
  say('The tree at any commit: every file read, db.range({ at })')
  for (const i of spread(machine.last - machine.first + 1, 5)) {
    const at = machine.first + i
    const [[files, bytes], ms] = timed(() => {
      let [files, bytes] = [0, 0]
      for (const [, value] of machine.db.range({ at })) {
        files++
        bytes += contentOf(value).length
      }
      return [files, bytes]
    })
    const what = `${counted(files, 'file')}, ${size(bytes)}`
    say(`  ${what.padEnd(24)} ${duration(ms).padStart(8)}  ${describe(machine, at)}`)
  }
}

/** One tree, listed. @param {Machine} machine @param {number} at @param {Say} say */
export function showTree(machine, at, say) {
  say(`The tree at ${describe(machine, at)}`)
  const begun = performance.now()
  let files = 0
  for (const [path, value] of machine.db.range({ at })) {
    files++
    const mode = modeOf(value).toString(8)
    say(`  ${mode} ${size(contentOf(value).length).padStart(10)}  ${showPath(path)}`)
  }
  say(`  ${counted(files, 'file')} in ${duration(performance.now() - begun)}`)
}

/**
 * A file whose history is worth showing: of some files of the present, the one changed most.
 * @param {Machine} machine
 * @returns {Uint8Array | undefined}
 */
export function busiestFile(machine) {
  const paths = machine.db.keys().toArray()
  let [best, most] = [paths[0], 0]
  for (const i of spread(paths.length, 200)) {
    const changes = machine.db.history(paths[i], { limit: 500 }).toArray().length
    if (changes > most) [best, most] = [paths[i], changes]
  }
  return best
}

/**
 * Who changed a file, and when.
 * @param {Machine} machine @param {Uint8Array} path @param {number} limit @param {Say} say
 * @returns {boolean} whether such a file ever existed
 */
export function showHistory(machine, path, limit, say) {
  const [writes, ms] = timed(() => machine.db.history(path, { to: machine.last }).toArray())
  if (writes.length === 0) return false
  const [, joined] = timed(() => writes.map(({ version }) => machine.commits.get(version)))
  const count = counted(writes.length, 'change')
  say(`The history of ${showPath(path)}: ${count}, db.history(path), newest first`)
  let shown = 0
  for (let i = writes.length - 1; i >= 0 && shown < limit; i--, shown++) {
    const { version, deleted, value } = writes[i]
    const now = deleted || !value ? 'deleted' : size(contentOf(value).length)
    say(`  ${now.padStart(10)}  ${describe(machine, version)}`)
  }
  if (shown < writes.length) say(`  … and ${grouped(writes.length - shown)} more`)
  say(`  found in ${duration(ms)}, joined with who made them in ${duration(joined)}`)
  return true
}

/**
 * A file's content at a commit.
 * @param {Machine} machine @param {Uint8Array} path @param {number} at @param {Say} say
 * @returns {boolean} whether it was there
 */
export function showFile(machine, path, at, say) {
  const [value, ms] = timed(() => machine.db.get(path, { at }))
  if (!value) return false
  const content = contentOf(value)
  const what = `${kindOf(value)}, ${size(content.length)}, found in ${duration(ms)}`
  say(`${showPath(path)} at ${describe(machine, at)} (${what})`)
  if (kindOf(value) === 'submodule') say(`  commit ${Buffer.from(content).toString('hex')}`)
  else if (content.includes(0)) say('  (binary)')
  else {
    const text = new TextDecoder().decode(content).replace(/\n$/, '')
    for (const line of text.split('\n')) say(`  ${line.split('\t').map(showText).join('\t')}`)
  }
  return true
}

/**
 * @param {Machine} machine @param {number} from @param {number} to @param {number} limit
 * @param {Say} say
 */
export function showDiff(machine, from, to, limit, say) {
  say(`From ${short(machine, from)} to ${short(machine, to)}: db.diff(from, to)`)
  const [differences, ms] = timed(() => machine.db.diff(from, to))
  /** @type {Record<string, number>} */
  const counts = { A: 0, M: 0, T: 0, D: 0 }
  let spent = ms
  for (let shown = 0; ; ) {
    const [{ done, value }, ms] = timed(() => differences.next())
    spent += ms
    if (done || !value) break
    const { key, before, after } = value
    // Changed and changed back is a difference to the database, and none to git.
    if (before && after && Buffer.compare(before, after) === 0) continue
    const status = statusOf(before, after)
    counts[status]++
    if (shown++ < limit) {
      const grown = (after?.length ?? 2) - (before?.length ?? 2)
      const sign = grown < 0 ? '−' : '+'
      say(`  ${status} ${(sign + size(Math.abs(grown))).padStart(10)}  ${showPath(key)}`)
    }
  }
  const total = counts.A + counts.M + counts.T + counts.D
  if (total > limit) say(`  … and ${grouped(total - limit)} more`)
  const kinds = `${counts.A} added, ${counts.M + counts.T} changed, ${counts.D} deleted`
  say(`  ${counted(total, 'file')} differ (${kinds}), ${duration(spent)}`)
}

/** Single files at any moment. @param {Machine} machine @param {Say} say */
export function showGets(machine, say) {
  const paths = machine.db.keys().toArray()
  const commits = machine.last - machine.first + 1
  if (paths.length === 0) return
  const READS = 20_000
  // Two strides that share no factor with most counts: scattered, and the same in each run.
  const read = (/** @type {boolean} */ past) => {
    let found = 0
    for (let i = 0; i < READS; i++) {
      const at = past ? machine.first + ((i * 7919) % commits) : undefined
      if (machine.db.get(paths[(i * 104_729) % paths.length], { at })) found++
    }
    return found
  }
  read(true)
  const [, now] = timed(() => read(false))
  const [found, then] = timed(() => read(true))
  say('One file at one moment: db.get(path, { at })')
  say(`  at the present   ${duration(now / READS)} a file, content copied out`)
  const there = `${Math.round((found / READS) * 100)} % existed then`
  say(`  at any commit    ${duration(then / READS)} a file (${there})`)
}

/**
 * Back to a commit in the middle and forth again, compared with the truth both times.
 * @param {Machine} machine @param {import('./verify.js').Truth} truth @param {Say} say
 * @returns {Promise<string[]>} the problems
 */
export async function showRestore(machine, truth, say) {
  const middle = machine.first + Math.floor((machine.last - machine.first) / 2)
  const comparison = new Comparison(machine, false)
  say('There and back: db.restore({ at })')
  for (const at of [middle, machine.last]) {
    const from = machine.db.version
    const [to, ms] = timed(() => machine.db.restore({ at }))
    const written = to === from ? 0 : machine.db.diff(from, to).toArray().length
    const oid = machine.commits.get(at)?.oid ?? ''
    const before = comparison.problems.length
    comparison.compareTree(`restored ${oid}`, undefined, await truth.tree(oid))
    const right = comparison.problems.length === before ? 'as git has it' : 'NOT as git has it'
    const cost = `${counted(written, 'file')} written in ${duration(ms)}`
    say(`  to ${oid.slice(0, 10)}: ${cost}; every file is ${right}`)
  }
  return comparison.problems
}
