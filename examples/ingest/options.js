// @ts-check
/** The command line: its options, its help and its errors. */
import { parse, UsageError, wholeNumber } from '../command-line.js'

export const HELP = `ingest: sensors submit 100 000 observations a second, while others ask

  node examples/ingest/main.js

  --rate COUNT       observations a second, or as many as the machine can do (100000)
  --seconds SECONDS  how long it goes on (3)
  --producers COUNT  threads that submit (4)
  --sensors COUNT    (100)
  --packet COUNT     observations that a sensor sends at a time, as one submission (10)
  --capacity COUNT   submissions of the normal lane that may wait (5000)
  --drain            one more thread commits for the others
  --json             print one object at the end, nothing else
  --help
`

/** @typedef {{ rate: number, seconds: number, producers: number, sensors: number, packet: number,
 *   capacity: number, drain: boolean, json: boolean, help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  rate: { type: 'string', default: '100000' },
  seconds: { type: 'string', default: '3' },
  producers: { type: 'string', default: '4' },
  sensors: { type: 'string', default: '100' },
  packet: { type: 'string', default: '10' },
  capacity: { type: 'string', default: '5000' },
  drain: { type: 'boolean', default: false },
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
  const options = {
    rate: wholeNumber('rate', values.rate, 1000, 10_000_000),
    seconds: seconds(values.seconds),
    producers: wholeNumber('producers', values.producers, 1, 64),
    sensors: wholeNumber('sensors', values.sensors, 1, 10_000),
    packet: wholeNumber('packet', values.packet, 1, 100),
    // More than goes into one group: else nothing is left that an alarm could overtake.
    capacity: wholeNumber('capacity', values.capacity, 2000, 1_000_000),
    drain: values.drain,
    json: values.json,
    help: values.help,
  }
  if (options.sensors >= options.producers) return options
  throw new UsageError('--sensors takes at least as many as there are --producers')
}

/** @param {string} text */
function seconds(text) {
  const value = Number(text)
  if (value >= 0.1 && value <= 3600) return value
  throw new UsageError(`--seconds takes seconds from 0.1 to 3600, not '${text}'`)
}
