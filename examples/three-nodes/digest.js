// @ts-check
/** What one node says of all that it has, for comparing it with others. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'

/** @typedef {import('./bank.js').Database} Database */
/** @typedef {ReturnType<typeof digest>} Digest */

/** Versions whose contents are compared: one in so many. */
const SAMPLED = 50

/** @param {Database} db */
export function digest(db) {
  const versions = db.versions().map(({ version, timestamp }) => [version, timestamp])
  /** @type {Record<number, string>} */
  const contents = {}
  for (const [version] of versions) {
    if (version % SAMPLED === 0 || version === db.version) contents[version] = hashOf(db, version)
  }
  return {
    ...{ version: db.version, oldest: db.oldestVersion, versions, contents },
    problems: db.check().problems,
  }
}

/** @param {Database} db @param {number} at */
function hashOf(db, at) {
  const hash = createHash('sha256')
  for (const entry of db.getEntries({ at })) hash.update(JSON.stringify(entry))
  return hash.digest('hex')
}

/**
 * How two nodes differ, in what both have.
 * @param {Digest} one @param {Digest} other @returns {string | undefined}
 */
export function difference(one, other) {
  if (one.version !== other.version) return `versions ${one.version} and ${other.version}`
  const oldest = Math.max(one.oldest, other.oldest)
  const [times, others] = [one, other].map(({ versions }) => {
    return versions.filter(([version]) => version >= oldest)
  })
  if (!isDeepStrictEqual(times, others)) return 'the times of versions'
  for (const [version] of times) {
    if (one.contents[version] !== other.contents[version]) return `what version ${version} has`
  }
  return undefined
}
