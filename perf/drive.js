// @ts-check
/**
 * Drives a suite's scenarios: scenario by scenario, round by round, and within a round system by system, each in
 * a process of its own; only one works at a time. The first round warms up and is thrown away.
 */
import { startProcess } from './process.js'
import { median, summarize } from './rows.js'
import { one, unitOf } from './stage.js'

/** @typedef {import('./process.js').Assignment} Assignment */
/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('./stage.js').Figures} Figures */
/** @typedef {import('./stage.js').Sample} Sample */
/** @typedef {import('./stage.js').Scenario & { group: string }} Scenario */

/**
 * A system that takes its turn.
 * @typedef {object} Player
 * @property {string} name
 * @property {(scenario: Scenario) => Promise<boolean>} start false if it has no such row
 * @property {() => Promise<Figures>} round
 * @property {() => Promise<unknown>} stop
 * @property {() => Promise<unknown>} close
 */

/**
 * Measures scenarios of one suite.
 * @param {readonly Scenario[]} scenarios
 * @param {readonly { name: string, assignment: Assignment }[]} systems `name`: in the rows
 * @param {number} rounds
 * @param {(row: Row) => void} onRow
 */
export async function drive(scenarios, systems, rounds, onRow) {
  const players = []
  for (const { name, assignment } of systems) players.push(await startProcess(name, assignment))
  for (const scenario of scenarios) {
    const { keys } = systems[0].assignment.settings
    onRow({ ...(await measureRow(scenario, players, rounds)), keys })
  }
  for (const player of players) await player.close()
}

/**
 * Measures one row on all systems, interleaved, every other round in reverse order: none always comes
 * after the same one. A system that fails is left out of the row, and its failure is part of the result.
 * @param {Scenario} scenario
 * @param {readonly Player[]} players
 * @param {number} rounds
 * @returns {Promise<Omit<Row, 'keys'>>}
 */
export async function measureRow(scenario, players, rounds) {
  /** @type {Map<Player, Figures[]>} */
  const taken = new Map()
  /** @type {Row['failures']} */
  const failures = {}
  /** @type {(player: Player, step: () => Promise<unknown>) => Promise<void>} */
  const attempt = async (player, step) => {
    try {
      await step()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      process.stderr.write(`${scenario.name}, ${player.name} failed: ${message}\n`)
      // A stack names paths of files, which a published result must not.
      failures[player.name] = message.split('\n')[0]
      taken.delete(player)
    }
  }
  for (const player of players) {
    await attempt(player, async () => {
      if (await player.start(scenario)) taken.set(player, [])
    })
  }
  const { once = false, cold = once } = scenario
  for (let round = cold ? 0 : -1; round < (once ? 1 : rounds); round++) {
    const turn = round % 2 === 0 ? [...taken] : [...taken].reverse()
    for (const [player, all] of turn) {
      await attempt(player, async () => {
        const figures = await player.round()
        if (round >= 0) all.push(figures)
      })
    }
  }
  for (const player of players) await attempt(player, () => player.stop())
  const { name, group, title, at, note } = scenario
  const figures = Object.fromEntries(
    Object.entries(scenario.figures).map(([key, figure]) => {
      const what = typeof figure === 'string' ? (key === 'time' ? '' : key) : figure.what
      return [key, { what, unit: unitOf(figure) }]
    }),
  )
  const systems = Object.fromEntries(
    [...taken].map(([{ name }, all]) => [name, summaries(Object.keys(figures), all)]),
  )
  return { name, group, title, at, note, figures, systems, failures }
}

/**
 * @param {readonly string[]} names
 * @param {readonly Figures[]} rounds
 */
function summaries(names, rounds) {
  /** @type {Row['systems'][string]} */
  const found = {}
  for (const name of names) {
    const all = rounds.map(figures => figures[name]).filter(figure => figure !== undefined)
    const samples = all.flatMap(figure => (Array.isArray(figure) ? figure : one(figure)))
    const finite = samples.filter(Number.isFinite)
    if (finite.length === 0) continue
    const timed = all.filter(figure => typeof figure === 'object' && 'mean' in figure)
    found[name] = { ...summarize(finite), ...(timed.length > 0 && details(timed)) }
  }
  return found
}

/** @param {readonly Sample[]} timed */
function details(timed) {
  const middle = (/** @type {'p50' | 'p99' | 'error'} */ name) =>
    median(timed.map(one => one[name]))
  return { p50: middle('p50'), p99: middle('p99'), error: middle('error') }
}
