// @ts-check
/** The command line: its options, its help and its errors. */
import { parse, wholeNumber } from '../command-line.js'

export const HELP = `shared documents: Yjs on many threads, stored by y-leveldb

  node examples/shared-documents/main.js

  --editors COUNT    threads that edit (3)
  --documents COUNT  all of which they edit (4)
  --edits COUNT      by each of them (200)
  --help
`

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
 * @throws {import('../command-line.js').UsageError}
 */
export function readOptions(args) {
  const values = parse(args, DEFINED)
  return {
    editors: wholeNumber('editors', values.editors, 1, 64),
    documents: wholeNumber('documents', values.documents, 1, 1000),
    edits: wholeNumber('edits', values.edits, 1, 100_000),
    help: values.help,
  }
}
