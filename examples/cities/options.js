// @ts-check
/** The command line: its options, its help and its errors. */
import { parse, UsageError } from '../command-line.js'

/** @typedef {import('./ask.js').Question} Question */
/** @typedef {import('./ask.js').Box} Box */

export const HELP = `cities: all the world's cities in zverse, by place, size, name and country

  node examples/cities/main.js                          a tour, and a check of all that it tells
  node examples/cities/main.js --box 5.9,45.8,10.5,47.8       the biggest cities in a box
  node examples/cities/main.js --near 8.54,47.37 --k 10       the nearest to a point
  node examples/cities/main.js --name San --country CR        the biggest of a name

  --box WEST,SOUTH,EAST,NORTH   degrees; WEST above EAST: across the antimeridian
  --near LONGITUDE,LATITUDE     degrees; with --box: the nearest that are in there
  --k COUNT                     how many neighbours (10; with --within all of them)
  --within KM                   neighbours that are no farther away
  --name PREFIX                 cities whose names begin so
  --country CODE                cities of a country, by its two letters
  --population COUNT            cities that have as many at least
  --top COUNT                   how many to print (10)
  --verify COUNT                random questions to compare with brute force (100 on the tour)
  --seed COUNT                  others, please
  --help
`

/** @typedef {{ question: Question | undefined, top: number, verify: number, seed: number,
 *   help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  box: { type: 'string' },
  near: { type: 'string' },
  k: { type: 'string' },
  within: { type: 'string' },
  name: { type: 'string' },
  country: { type: 'string' },
  population: { type: 'string' },
  top: { type: 'string' },
  verify: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
})

/** `--near -58.4,-34.6` is a value, though it looks like an option. @param {string[]} args */
function joinNegative(args) {
  /** @type {string[]} */
  const joined = []
  for (const arg of args) {
    const last = joined.at(-1)
    const isValue = /^-[\d.]/.test(arg) && last !== undefined && /^--[a-z]+$/.test(last)
    if (isValue) joined[joined.length - 1] = `${last}=${arg}`
    else joined.push(arg)
  }
  return joined
}

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {UsageError}
 */
export function readOptions(args) {
  const values = parse(joinNegative(args), DEFINED)
  const { box, near, within, name, country } = values
  const isByPlace = box !== undefined || near !== undefined
  const isByIndex = name !== undefined || country !== undefined
  const isQuestion = isByPlace || isByIndex || values.population !== undefined
  if (isByPlace && isByIndex) {
    throw new UsageError('--name and --country do not go with --box and --near')
  }
  if (near === undefined) {
    if (values.k !== undefined) throw new UsageError('--k goes with --near')
    if (within !== undefined) throw new UsageError('--within goes with --near')
  }
  const all = within === undefined ? 10 : Number.POSITIVE_INFINITY
  /** @type {Question} */
  const question = {
    k: values.k === undefined ? all : count('k', values.k),
    population: count('population', values.population ?? '0'),
  }
  if (box !== undefined) question.box = readBox(box)
  if (near !== undefined) question.near = readPoint(near)
  if (name !== undefined) question.name = name
  if (country !== undefined) question.country = readCountry(country)
  if (within !== undefined) question.within = 1000 * number('within', within, 0, 30_000)
  return {
    question: isQuestion ? question : undefined,
    top: count('top', values.top ?? '10'),
    verify: count('verify', values.verify ?? (isQuestion ? '0' : '100')),
    seed: count('seed', values.seed ?? '1'),
    help: values.help === true,
  }
}

/** @param {string} text @returns {Box} */
function readBox(text) {
  const sides = text.split(',')
  if (sides.length !== 4) {
    throw new UsageError(`--box takes WEST,SOUTH,EAST,NORTH in degrees, not '${text}'`)
  }
  const [west, south, east, north] = sides
  /** @type {Box} */
  const box = [
    number('box WEST', west, -180, 180),
    number('box SOUTH', south, -90, 90),
    number('box EAST', east, -180, 180),
    number('box NORTH', north, -90, 90),
  ]
  if (box[1] > box[3]) throw new UsageError(`--box: SOUTH ${south} is north of NORTH ${north}`)
  return box
}

/** @param {string} text @returns {[number, number]} */
function readPoint(text) {
  const [longitude, latitude, ...more] = text.split(',')
  if (latitude === undefined || more.length > 0) {
    throw new UsageError(`--near takes LONGITUDE,LATITUDE in degrees, not '${text}'`)
  }
  return [
    number('near LONGITUDE', longitude, -180, 180),
    number('near LATITUDE', latitude, -90, 90),
  ]
}

/** @param {string} text */
function readCountry(text) {
  if (/^[A-Z]{2}$/.test(text)) return text
  throw new UsageError(`--country takes two capital letters, not '${text}'`)
}

/** @param {string} name @param {string} text @param {number} least @param {number} most */
function number(name, text, least, most) {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} takes a number from ${least} to ${most}, not '${text}'`)
}

/** @param {string} name @param {string} text */
function count(name, text) {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`--${name} takes a whole number, not '${text}'`)
}
