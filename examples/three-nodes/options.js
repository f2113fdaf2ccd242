// @ts-check
/** The command line: its options, its help and its errors. */
import { parse, wholeNumber } from '../command-line.js'

export const HELP = `three-nodes: a bank on three nodes, of which each is killed once, as are its servers

  node examples/three-nodes/main.js

  --commits COUNT    commits of each node between two blows (200)
  --transfers COUNT  transfers that a node has under way at once (4)
  --auditors COUNT   threads of each node that read, and submit what they found (2)
  --help

Needs nats-server 2.10.23 or later: named by ZVERSE_NATS_SERVER, or where README.md says.
`

/** @typedef {{ commits: number, transfers: number, auditors: number, help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  commits: { type: 'string', default: '200' },
  transfers: { type: 'string', default: '4' },
  auditors: { type: 'string', default: '2' },
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
    commits: wholeNumber('commits', values.commits, 1, 100_000),
    transfers: wholeNumber('transfers', values.transfers, 1, 64),
    auditors: wholeNumber('auditors', values.auditors, 1, 16),
    help: values.help,
  }
}
