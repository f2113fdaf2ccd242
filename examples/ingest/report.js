// @ts-check
/** The output: a line each second, and in the end a summary, as text or as one object. */
import process from 'node:process'

/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('zverse').Stats['queue']} Queue */
/** @typedef {'high' | 'normal' | 'low'} Lane */
/**
 * Times in ms.
 * @typedef {{ acknowledged: number, rejected: number, promoted: number, p50: number, p99: number }} Row
 */
/**
 * `groupSizes` as in `stats().queue`.
 * @typedef {{ lanes: Record<Lane, Row>, observationsPerSecond: number, groups: number, perGroup: number,
 *   groupSizes: number[], levels: Record<import('zverse').PressureLevel, number>, stall: { ms: number, waited: number, rejected: number, overtaken: number },
 *   asked: { now: number, past: number, again: number }, late: number,
 *   memory: { usedBytes: number, versions: number },
 *   verified: { observations: number, alarms: number, minutes: number, entries: number }, problems: string[] }} Outcome
 */

/** Problems that are printed. */
const FEW = 10
const LANES = /** @type {const} */ ({
  high: 'alarms',
  normal: 'observations, each with the latest of its sensor',
  low: 'roll-ups by the minute',
})

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)
/** A rate that is not 0 is not shown as 0. @param {number} count */
const grouped = count => Math.ceil(count).toLocaleString('en-US').replaceAll(',', ' ')

/**
 * The sorted sample that a share `q` of the samples does not exceed; 0 if there is none.
 * @param {Float64Array} sorted @param {number} q
 */
export const quantile = (sorted, q) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0

export class Report {
  #last = { seconds: 0, observed: 0 }
  #options

  /** @param {Options} options */
  constructor(options) {
    this.#options = options
    const { sensors, rate, producers, seconds, packet, drain, json } = options
    if (json) return
    const threads = `${producers} ${producers === 1 ? 'thread submits' : 'threads submit'}`
    const commits = drain ? ', 1 commits' : ''
    say(
      `${grouped(sensors)} sensors, ${grouped(rate)} observations/s wanted, ${packet} at a time; ${threads}${commits}, ${seconds} s`,
    )
  }

  /**
   * A line.
   * @param {number} seconds @param {number} observed @param {import('zverse').Pressure} pressure
   * @param {string} warmest
   */
  tell(seconds, observed, { level, depths }, warmest) {
    const last = this.#last
    this.#last = { seconds, observed }
    if (this.#options.json) return
    const each = (observed - last.observed) / (seconds - last.seconds)
    const rate = `${grouped(each).padStart(7)} observations/s`
    const queue = `${grouped(depths.normal).padStart(7)} wait (${level})`
    say(`  ${seconds.toFixed(0).padStart(2)} s ${rate} ${queue}   warmest: ${warmest}`)
  }

  /** @param {Outcome} outcome */
  end(outcome) {
    const ok = outcome.problems.length === 0
    if (this.#options.json) say(JSON.stringify({ ...this.#options, ...outcome, ok }))
    else this.#summary(outcome)
  }

  /** @param {Outcome} outcome */
  #summary(outcome) {
    const { lanes, stall, asked, late, memory, verified, problems } = outcome
    say()
    say('            committed  rejected  p50 ms  p99 ms')
    for (const lane of /** @type {const} */ (['high', 'normal', 'low'])) {
      const { acknowledged, rejected, p50, p99 } = lanes[lane]
      const counts = `${grouped(acknowledged).padStart(11)}${grouped(rejected).padStart(10)}`
      const times = `${p50.toFixed(2).padStart(8)}${p99.toFixed(2).padStart(8)}`
      say(`  ${lane.padEnd(8)}${counts}${times}  ${LANES[lane]}`)
    }
    say()
    say(`  rate      ${grouped(outcome.observationsPerSecond)} observations/s`)
    say(
      `  groups    ${grouped(outcome.groups)} of ${grouped(outcome.perGroup)} on average: ${sizesOf(outcome.groupSizes)}`,
    )
    const levels = Object.entries(outcome.levels).map(
      ([level, times]) => `${level} ${grouped(times)} ×`,
    )
    say(`  pressure  became ${levels.join(', ')}`)
    say(
      `  stall     ${grouped(stall.ms)} ms: ${grouped(stall.waited)} waited, ${grouped(stall.rejected)} were rejected and came again;`,
    )
    say(`            alarms overtook ${grouped(stall.overtaken)} observations`)
    say(
      `  asked     ${grouped(asked.now)} times about now, ${grouped(asked.past)} about the past, ${grouped(asked.again)} once more`,
    )
    if (late > 0) say(`  too late  ${grouped(late)} about a time that is no longer kept`)
    say(
      `  memory    ${(memory.usedBytes / 2 ** 20).toFixed(1)} MiB, ${grouped(memory.versions)} versions`,
    )
    const { observations, alarms, minutes, entries } = verified
    say(
      `  verified  ${grouped(observations)} observations and ${grouped(alarms)} alarms that were acknowledged,`,
    )
    say(`            in ${grouped(entries)} entries, ${grouped(minutes)} of them minutes`)
    for (const problem of problems.slice(0, FEW)) say(`  PROBLEM   ${problem}`)
    if (problems.length > FEW) say(`  PROBLEM   … and ${problems.length - FEW} more`)
    say(problems.length === 0 ? '  all is well' : '  NOT ALL IS WELL')
  }
}

/** Shares of the groups by size: `1: 12 %, 2–3: 30 %`. @param {number[]} sizes */
function sizesOf(sizes) {
  const all = sizes.reduce((sum, count) => sum + count, 0)
  const parts = sizes.flatMap((count, i) => {
    const range = i === 0 ? '1' : `${2 ** i}–${2 ** (i + 1) - 1}`
    return count * 50 < all ? [] : [`${range}: ${((100 * count) / all).toFixed(0)} %`]
  })
  return parts.join(', ')
}
