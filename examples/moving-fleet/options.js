// @ts-check
/** The command line: its options, its help and its errors. */
import { parse, UsageError, wholeNumber } from '../command-line.js'

export const HELP = `moving fleet: thousands of moves a second, and questions about now and a while ago

  node examples/moving-fleet/main.js

  --vehicles COUNT   20000
  --seconds SECONDS  how long it asks (8)
  --askers COUNT     threads that ask (2)
  --ago SECONDS      how far back it asks (2)
  --moves COUNT      moves a second that the fleet is to make (5000)
  --together COUNT   moves in one commit (10)
  --json             print one object at the end, nothing else
  --help
`

/** `seconds` and `ago` in seconds. @typedef {{ vehicles: number, seconds: number, askers: number,
 *   ago: number, moves: number, together: number, json: boolean, help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  vehicles: { type: 'string', default: '20000' },
  seconds: { type: 'string', default: '8' },
  askers: { type: 'string', default: '2' },
  ago: { type: 'string', default: '2' },
  moves: { type: 'string', default: '5000' },
  together: { type: 'string', default: '10' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
})

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {UsageError}
 */
export function readOptions(args) {
  const values = parse(args, DEFINED)
  return {
    vehicles: wholeNumber('vehicles', values.vehicles, 1, 1_000_000),
    seconds: seconds('seconds', values.seconds),
    askers: wholeNumber('askers', values.askers, 1, 64),
    ago: seconds('ago', values.ago),
    moves: wholeNumber('moves', values.moves, 1, 1_000_000),
    together: wholeNumber('together', values.together, 1, 1000),
    json: values.json,
    help: values.help,
  }
}

/** @param {string} name @param {string} text */
function seconds(name, text) {
  const value = Number(text)
  if (value >= 0.1 && value <= 3600) return value
  throw new UsageError(`--${name} takes seconds from 0.1 to 3600, not '${text}'`)
}
