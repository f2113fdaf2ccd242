// @ts-check
/** Documents of the past, which y-leveldb's own verbs leave whole there. */
import * as Y from 'yjs'
import { contentOf } from './document.js'
import { at, namesIn, readDocument, UPDATES } from './store.js'

/** @typedef {import('y-leveldb').LeveldbPersistence} LeveldbPersistence */
/** @typedef {import('./store.js').Level} Level */

/** Letters of a text that are printed. */
const SHOWN = 60

/**
 * A line with the contents of a document.
 * @param {Level} level @param {string} name @param {number} version
 */
export async function showAt(level, name, version) {
  const document = await at(level, version, past => readDocument(past, name))
  const text = document.getText('text').toString().trim()
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
  return `version ${String(version).padStart(6)} ${String(text.length).padStart(6)} letters  ${shown}`
}

/**
 * Flushes a document, clears it, and gets it back out of the past.
 * @param {Level} level @param {LeveldbPersistence} persistence @param {string} name
 */
export async function flushAndClear(level, persistence, name) {
  const [lines, problems] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])]
  const before = level.version()
  const content = contentOf(await readDocument(level, name))
  const all = await persistence.getAllDocNames()

  await persistence.flushDocument(name)
  const flushed = level.version()
  const gone = level
    .diff(before, flushed, UPDATES)
    .toArray()
    .filter(row => row.after === undefined)
  lines.push(
    `flushDocument   ${gone.length} updates are one now; versions ${before + 1} to ${flushed}`,
  )
  if (contentOf(await persistence.getYDoc(name)) !== content) problems.push('flushing changed it')

  await persistence.clearDocument(name)
  const left = await persistence.getAllDocNames()
  lines.push(`clearDocument   ${left.length} documents of ${all.length} are left`)
  if (left.includes(name)) problems.push(`${name} is still there`)

  const then = await at(level, before, async past => {
    if (!(await namesIn(past)).includes(name)) problems.push(`${name} was there in ${before}`)
    return readDocument(past, name)
  })
  if (contentOf(then) !== content) problems.push(`version ${before} is not what it was`)
  await persistence.storeUpdate(name, Y.encodeStateAsUpdate(then))
  const back = contentOf(await persistence.getYDoc(name)) === content
  if (!back) problems.push(`${name} did not come back`)
  lines.push(`storeUpdate     it is back, as version ${before} has it`)
  return { lines, problems }
}
