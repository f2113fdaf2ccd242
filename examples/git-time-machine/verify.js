// @ts-check
/**
 * Proves the loaded history against git, commit by commit: the commit's name, its whole tree, its diff
 * to the one before, and every content, whose bytes must hash to git's name for them.
 *
 * This module asks git by other commands (`rev-list`, `ls-tree`, `diff-tree`) than loading did (`log`,
 * `cat-file`), and object names are not stored at all: they are worked out from the bytes that zverse
 * returns. So a mistake in loading cannot hide itself.
 */
import { crc32 } from 'node:zlib'
import { modeOf, oidOf, showPath, statusOf } from './stored.js'

/** @typedef {import('./parse.js').TreeEntry} TreeEntry */
/** @typedef {import('./parse.js').Change} Change */
/** @typedef {import('./stored.js').Machine} Machine */

/**
 * The truth to compare with: git, or the built-in data.
 * @typedef {{ names(): Promise<string[]>, tree(commit: string): Promise<TreeEntry[]>,
 *   diffs(pairs: Iterable<[string, string | undefined]>):
 *     AsyncIterable<{ oid: string, changes: Change[] }> }} Truth */
/** @typedef {{ commits: number, of: number, files: number, changes: number, hashed: number,
 *   problems: string[] }} Proof */

/** git processes that list trees at the same time. */
const TOGETHER = 3
/** Differences printed one by one; more of the same would not help. */
const MAX_PROBLEMS = 20

/**
 * `wanted` of `count` numbers from 0, evenly spread, the first and the last among them.
 * @param {number} count @param {number} wanted
 * @returns {number[]}
 */
export function spread(count, wanted) {
  const number = Math.min(count, wanted)
  if (number === 1) return [count - 1]
  return Array.from({ length: number }, (_, i) => Math.round((i * (count - 1)) / (number - 1)))
}

/**
 * Compares `wanted` commits with the truth.
 * @param {Machine} machine @param {Truth} truth @param {number} wanted
 * @param {(commits: number, of: number) => void} progress
 * @returns {Promise<Proof>}
 */
export async function verify(machine, truth, wanted, progress) {
  const names = await truth.names()
  const loaded = machine.last - machine.first + 1
  const proof = new Comparison(machine, names.length <= wanted)
  if (names.length !== loaded) {
    proof.differs(`${names.length} commits there are, ${loaded} were loaded`)
  }
  const chosen = spread(names.length, wanted)
  const pairs = chosen.map(
    i => /** @type {[string, string | undefined]} */ ([names[i], names[i - 1]]),
  )
  const diffs = truth.diffs(pairs)[Symbol.asyncIterator]()
  let at = 0
  for await (const tree of inOrder(chosen, i => truth.tree(names[i]))) {
    const name = names[chosen[at]]
    const version = machine.first + chosen[at]
    const { value: diff } = await diffs.next()
    proof.compareCommit(name, version)
    proof.compareTree(name, version, tree)
    if (diff?.oid === name) proof.compareDiff(name, version, diff.changes)
    else proof.differs(`${name}: git gave no diff for it`)
    progress(++at, chosen.length)
  }
  const { files, changes, hashed, problems } = proof
  return { commits: chosen.length, of: names.length, files, changes, hashed, problems }
}

/**
 * The results of `start` for each item, in the items' order, a few of them under way at a time.
 * @template T, R
 * @param {T[]} items @param {(item: T) => Promise<R>} start
 * @returns {AsyncGenerator<R>}
 */
async function* inOrder(items, start) {
  /** @type {Promise<R>[]} */
  const begun = []
  let next = 0
  while (next < items.length || begun.length > 0) {
    while (next < items.length && begun.length < TOGETHER) {
      const result = start(items[next++])
      result.catch(() => {}) // It is awaited later; until then no one handles a failure.
      begun.push(result)
    }
    const first = begun.shift()
    if (first) yield await first
  }
}

/** Compares and counts. */
export class Comparison {
  files = 0
  changes = 0
  /** Contents whose hash was worked out. */
  hashed = 0
  /** @type {string[]} */
  problems = []
  /** The contents hashed already, by path.
   * @type {Map<string, { version: number, length: number, sum: number, oid: string }>} */
  #known = new Map()

  /**
   * @param {Machine} machine
   * @param {boolean} remember hash an entry once for all the commits it stands unchanged in: in
   *   the others its bytes are still read, and compared by length and CRC
   */
  constructor(machine, remember) {
    this.machine = machine
    this.remember = remember
  }

  /** @param {string} what */
  differs(what) {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(what)
    else if (this.problems.length === MAX_PROBLEMS) this.problems.push('and more')
  }

  /** The two stores of metadata agree that this version is this commit.
   * @param {string} name @param {number} version */
  compareCommit(name, version) {
    const meta = this.machine.commits.get(version)
    const found = this.machine.oids.get(name)
    if (meta?.oid !== name) this.differs(`${name}: version ${version} is commit ${meta?.oid}`)
    if (found !== version) this.differs(`${name}: it is found at version ${found}, not ${version}`)
  }

  /**
   * @param {string} name @param {number | undefined} at a version; none is the present
   * @param {TreeEntry[]} tree
   */
  compareTree(name, at, tree) {
    let i = 0
    for (const { key, value, version } of this.machine.db.getEntries({ at })) {
      const entry = tree[i++]
      if (!entry || Buffer.compare(entry.path, key) !== 0) {
        const there = entry ? showPath(entry.path) : 'nothing more'
        this.differs(`${name}: zverse has ${showPath(key)} where git has ${there}`)
        return
      }
      if (modeOf(value) !== entry.mode) {
        this.differs(`${name}: ${showPath(key)} has another mode, ${modeOf(value).toString(8)}`)
      }
      const oid = this.#oid(entry.path, value, version, entry.oid.length)
      if (oid !== entry.oid) this.differs(`${name}: ${showPath(key)} has another content, ${oid}`)
    }
    if (i < tree.length) this.differs(`${name}: zverse lacks ${showPath(tree[i].path)}`)
    this.files += i
  }

  /** @param {Buffer} path @param {Uint8Array} value @param {number} version @param {number} digits */
  #oid(path, value, version, digits) {
    const key = this.remember ? path.toString('latin1') : ''
    const sum = this.remember ? crc32(value) : 0
    const known = this.#known.get(key)
    if (known && known.version === version && known.sum === sum && known.length === value.length) {
      return known.oid
    }
    const oid = oidOf(value, digits)
    this.hashed++
    if (this.remember) this.#known.set(key, { version, length: value.length, sum, oid })
    return oid
  }

  /** @param {string} name @param {number} version @param {Change[]} expected */
  compareDiff(name, version, expected) {
    let i = 0
    for (const { key, before, after } of this.machine.db.diff(version - 1, version)) {
      const line = expected[i++]
      if (!line || Buffer.compare(line.path, key) !== 0) {
        const there = line ? showPath(line.path) : 'nothing more'
        this.differs(`${name}: zverse's diff has ${showPath(key)} where git's has ${there}`)
        return
      }
      const digits = line.newOid.length
      const absent = '0'.repeat(digits)
      const ours = [
        before ? modeOf(before) : 0,
        after ? modeOf(after) : 0,
        before ? oidOf(before, digits) : absent,
        after ? oidOf(after, digits) : absent,
        statusOf(before, after),
      ].join(' ')
      const { oldMode, newMode, oldOid, newOid, status } = line
      const gits = [oldMode, newMode, oldOid, newOid, status].join(' ')
      if (ours !== gits) this.differs(`${name}: diff of ${showPath(key)}: ${ours}, git: ${gits}`)
    }
    if (i < expected.length) {
      this.differs(`${name}: zverse's diff lacks ${showPath(expected[i].path)}`)
    }
    this.changes += i
  }
}
