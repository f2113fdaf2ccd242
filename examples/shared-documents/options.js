// @ts-check
/** The command line: what it takes and what it says when it is wrong. */
import { parseArgs } from 'node:util'

export const HELP = `shared documents: Yjs on many threads, stored by y-leveldb

  node examples/shared-documents/main.js

  --editors COUNT    threads that edit (3)
  --documents COUNT  all of which they edit (4)
  --edits COUNT      by each of them (200)
  --help
`

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** @typedef {{ editors: number, documents: number, edits: number, help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  editors: { type: 'string', default: '3' },
  documents: { type: 'string', default: '4' },
  edits: { type: 'string', default: '200' },
  help: { type: 'boolean', short: 'h', default: false },
})

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {UsageError}
 */
export function readOptions(args) {
  let values
  try {
    values = parseArgs({ args, options: DEFINED }).values
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message)
  }
  return {
    editors: count('editors', values.editors, 1, 64),
    documents: count('documents', values.documents, 1, 1000),
    edits: count('edits', values.edits, 1, 100_000),
    help: values.help,
  }
}

/** @param {string} name @param {string} text @param {number} least @param {number} most */
function count(name, text, least, most) {
  const value = /^\d+$/.test(text) ? Number(text) : -1
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not '${text}'`)
}
