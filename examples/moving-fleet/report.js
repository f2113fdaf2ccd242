// @ts-check
/** The output: a line each second, and in the end a summary, as text or as one object. */
import process from 'node:process'

/** @typedef {import('./crew.js').Crew} Crew */
/** @typedef {import('./verify.js').Proof} Proof */
/** @typedef {import('./options.js').Options} Options */
/**
 * @typedef {{ crew: Crew, proof: Proof, elapsed: number, commits: number, moves: number,
 *   kept: { versions: number, usedBytes: number }, problems: string[] }} Outcome
 */

/** Problems that are printed. */
const FEW = 10

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)
/** A rate that is not 0 is not shown as 0. @param {number} count */
const grouped = count => Math.ceil(count).toLocaleString('en-US').replaceAll(',', ' ')

export class Report {
  #last = { seconds: 0, moves: 0, asked: 0 }
  #options

  /** @param {Options} options */
  constructor(options) {
    this.#options = options
    const { vehicles, moves, askers, seconds, ago, json } = options
    if (json) return
    const threads = `1 thread moves them, ${askers} ${askers === 1 ? 'asks' : 'ask'}`
    say(`${grouped(vehicles)} vehicles, ${grouped(moves)} moves/s wanted; ${threads}, ${seconds} s`)
    say(`  waiting for a past of ${ago} s`)
  }

  /** A line, but for the start. @param {Crew} crew @param {number} seconds since then */
  tell(crew, seconds) {
    const { box, past, diff, nearest } = crew.asked
    const { moves, asked } = { moves: crew.moves, asked: box + nearest + past + diff }
    const last = this.#last
    this.#last = { seconds, moves, asked }
    if (this.#options.json || seconds === 0) return
    const took = seconds - last.seconds
    const rates = [
      `${grouped((moves - last.moves) / took).padStart(7)} moves/s`,
      `${grouped((asked - last.asked) / took).padStart(7)} answers/s`,
    ]
    say(`  ${seconds.toFixed(0).padStart(2)} s ${rates.join(' ')}   ${crew.said}`)
  }

  /** @param {Outcome} outcome */
  end(outcome) {
    if (this.#options.json) say(JSON.stringify(this.#object(outcome)))
    else this.#summary(outcome)
  }

  /** @param {Outcome} outcome */
  #object({ crew, proof, elapsed, commits, moves, kept, problems }) {
    const { versions, vehicles, boxes, neighbours, diffs } = proof
    const { vehicles: size, seconds, askers, ago } = this.#options
    return {
      ...{ vehicles: size, seconds, askers, ago },
      elapsed,
      movesPerSecond: moves / elapsed,
      commitsPerSecond: commits / elapsed,
      asked: crew.asked,
      compared: crew.compared,
      late: crew.late,
      kept,
      verified: { versions, vehicles, boxes, neighbours, diffs },
      problems,
      ok: problems.length === 0,
    }
  }

  /** @param {Outcome} outcome */
  #summary({ crew, proof, elapsed, commits, moves, kept, problems }) {
    const { box, past, diff, nearest } = crew.asked
    const { late } = crew
    const { ago } = this.#options
    const row = (
      /** @type {string} */ name,
      /** @type {number} */ count,
      /** @type {string} */ what,
    ) => {
      say(`  ${name.padEnd(10)}${grouped(count / elapsed).padStart(7)}/s  ${what}`)
    }
    say()
    row('moves', moves, `in ${grouped(commits / elapsed)} commits/s`)
    row('boxes', box, 'who is in a district')
    row('past', past, `who was in a district ${ago} s ago`)
    row('diffs', diff, `who came and who left in ${ago} s`)
    row('nearest', nearest, 'the five nearest to a place')
    say()
    const size = `${(kept.usedBytes / 2 ** 20).toFixed(1)} MiB`
    say(`  memory    ${size}, ${grouped(kept.versions)} versions`)
    if (late > 0) say(`  too late  ${grouped(late)} about a time that is no longer kept`)
    say(`  askers    ${grouped(crew.compared)} positions agreed with their vehicles`)
    const { versions, vehicles, boxes, neighbours, diffs } = proof
    say(`  verified  ${versions} versions: ${grouped(vehicles)} vehicles with one position each,`)
    say(
      `            ${boxes} boxes, ${neighbours} neighbourhoods and ${diffs} diffs as by brute force`,
    )
    for (const problem of problems.slice(0, FEW)) say(`  PROBLEM   ${problem}`)
    if (problems.length > FEW) say(`  PROBLEM   … and ${problems.length - FEW} more`)
    say(problems.length === 0 ? '  all is well' : '  NOT ALL IS WELL')
  }
}
