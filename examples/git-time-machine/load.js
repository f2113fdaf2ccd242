// @ts-check
/**
 * Puts a history into zverse: each commit in one transaction, contents streamed into it as git
 * hands them out. Outside the database there are only one blob, the contents of pipes, and the
 * changes (names, not contents) of the commits whose blobs have been asked for.
 */
import { ZVerse, ZVerseError } from 'zverse'
import { SUBMODULE } from './parse.js'
import { encodeFile } from './stored.js'

/** @typedef {import('./parse.js').Commit} Commit */
/** @typedef {import('./stored.js').Machine} Machine */

/**
 * The source of a history: git, or the built-in data.
 * @typedef {{ count: number, commits(): AsyncIterable<Commit>, blobs(): Blobs }} Source */
/** @typedef {{ request(oids: string[]): void, next(): Uint8Array | Promise<Uint8Array>,
 *   close(): void }} Blobs */
/** @typedef {{ commits: number, changes: number, bytes: number }} Loaded */

/** Blobs asked for and not yet read: enough that git never idles. */
const AHEAD = 4000

/** The history does not fit; `commit` of `count` was the first that did not. */
export class DoesNotFit extends Error {
  /** @param {number} maxBytes @param {number} commit @param {number} count */
  constructor(maxBytes, commit, count) {
    super(`commit ${commit} of ${count} does not fit`)
    this.maxBytes = maxBytes
    this.commit = commit
    this.count = count
  }
}

/**
 * A database for a history: an empty one, or the one that is in the directory.
 * @param {number} maxBytes @param {string} [directory] where memory is not to have all of it
 */
export function openMachine(maxBytes, directory) {
  const db = ZVerse.open({
    maxBytes,
    keys: 'binary',
    values: 'binary',
    // All of the past. Should it not fit into memory, the oldest versions would go first: `load` watches.
    ...(directory === undefined
      ? { history: { versions: Number.POSITIVE_INFINITY } }
      : { path: directory, sync: 'interval', history: { versions: 10, disk: {} } }),
  })
  const commits = db.store('commits', { keys: 'tuple', values: 'msgpack' })
  const oids = db.store('oids', { keys: 'string', values: 'msgpack' })
  const [first = db.version + 1] = commits.keys({ limit: 1 })
  const [last = first] = commits.keys({ limit: 1, reverse: true })
  return /** @type {Machine} */ (/** @type {unknown} */ ({ db, commits, oids, first, last }))
}

/**
 * Loads the whole of `source`.
 * @param {Machine} machine @param {Source} source @param {number} maxBytes
 * @param {(loaded: Loaded) => void} progress called after each commit
 * @returns {Promise<Loaded>}
 * @throws {DoesNotFit}
 */
export async function load(machine, source, maxBytes, progress) {
  const loaded = { commits: 0, changes: 0, bytes: 0 }
  const oldest = machine.db.oldestVersion
  const blobs = source.blobs()
  try {
    for await (const commit of askAhead(source.commits(), blobs)) {
      machine.last = await writeCommit(machine, commit, blobs, loaded)
      if (machine.db.oldestVersion !== oldest) throw full()
      loaded.commits++
      progress(loaded)
    }
  } catch (error) {
    if (!(error instanceof ZVerseError && error.code === 'ZVERSE_FULL')) throw error
    throw new DoesNotFit(maxBytes, loaded.commits + 1, source.count)
  } finally {
    blobs.close()
  }
  return loaded
}

/** A released past fails a load as much as a present without room. */
const full = () => new ZVerseError('ZVERSE_FULL', 'the oldest versions were let go')

/**
 * The commits, each once the blobs of those that follow it have been asked for.
 * @param {AsyncIterable<Commit>} commits @param {Blobs} blobs
 * @returns {AsyncGenerator<Commit>}
 */
async function* askAhead(commits, blobs) {
  /** @type {{ commit: Commit, asked: number }[]} */
  const waiting = []
  let ahead = 0
  for await (const commit of commits) {
    const oids = commit.changes.filter(hasContent).map(change => change.newOid)
    blobs.request(oids)
    waiting.push({ commit, asked: oids.length })
    ahead += oids.length
    // Commits without a blob count as well, so that a long row of them is not gathered up.
    while (ahead > AHEAD || waiting.length > AHEAD) {
      const next = waiting.shift()
      if (!next) break
      yield next.commit
      ahead -= next.asked
    }
  }
  for (const { commit } of waiting) yield commit
}

/** @param {import('./parse.js').Change} change */
const hasContent = change => change.status !== 'D' && change.newMode !== SUBMODULE

/**
 * One commit, one transaction, one version.
 * @param {Machine} machine @param {Commit} commit @param {Blobs} blobs @param {Loaded} loaded
 */
async function writeCommit({ db, commits, oids }, commit, blobs, loaded) {
  // Not `transact`, which takes no promise: this one stays open while git reads on.
  const tx = db.beginWrite()
  try {
    for (const change of commit.changes) {
      if (change.status === 'D') {
        tx.delete(change.path)
        continue
      }
      let content
      if (hasContent(change)) {
        content = blobs.next()
        if (content instanceof Promise) content = await content
      } else content = Buffer.from(change.newOid, 'hex')
      tx.put(change.path, encodeFile(change.newMode, content))
      loaded.bytes += content.length
    }
    loaded.changes += commit.changes.length
    const { oid, author, email, date, subject } = commit
    const version = tx.version
    tx.store(commits).put(version, { oid, author, email, date, subject })
    tx.store(oids).put(oid, version)
    return tx.commit()
  } catch (error) {
    tx.abort()
    throw error
  }
}
