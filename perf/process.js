// @ts-check
/**
 * A system in a process of its own: no other system causes sweeps of its heap, or makes its call sites
 * megamorphic. This side sends one request at a time and waits for its answer; child.js answers.
 */
import { fork } from 'node:child_process'

/** @typedef {import('./drive.js').Player} Player */

/**
 * What a process measures.
 * @typedef {object} Assignment
 * @property {string} suite
 * @property {string} system
 * @property {string} directory on a tmpfs
 * @property {import('./stage.js').Settings} settings
 */

/** @typedef {{ start?: string, round?: true, stop?: true, close?: true }} Request `start`: a row's name */
/** @typedef {{ error?: string, taken?: boolean, figures?: import('./stage.js').Figures }} Answer */

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** Those that are there; they end with this process. @type {Set<ChildProcess>} */
const children = new Set()
process.once('exit', () => {
  for (const child of children) child.kill()
})

/** MB of JavaScript's heap: ten million entries of a Map have to fit. */
const HEAP = 8192

/**
 * Starts a system's process and waits until it is ready.
 * @param {string} name in the rows
 * @param {Assignment} assignment
 * @returns {Promise<Player>}
 */
export async function startProcess(name, assignment) {
  const child = fork(new URL('./child.js', import.meta.url), [JSON.stringify(assignment)], {
    execArgv: [...process.execArgv, `--max-old-space-size=${HEAP}`],
    // Figures may be NaN.
    serialization: 'advanced',
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  /** @type {(send: () => void) => Promise<Answer>} */
  const next = send =>
    new Promise((resolve, reject) => {
      /** @param {number | null} code */
      const onExit = code => reject(new Error(`${name}: its process ended (${code})`))
      child.once('exit', onExit)
      child.once('message', message => {
        child.off('exit', onExit)
        const answer = /** @type {Answer} */ (message)
        if (answer.error === undefined) resolve(answer)
        else reject(new Error(`${name}: ${answer.error}`))
      })
      send()
    })
  /** @param {Request} request */
  const ask = request => next(() => void child.send(request))
  await next(() => {})
  return {
    name,
    // A process that died in one row has no later ones.
    start: async row => child.connected && (await ask({ start: row.name })).taken === true,
    round: async () => (await ask({ round: true })).figures ?? {},
    stop: async () => child.connected && (await ask({ stop: true })),
    close: async () => child.connected && (await ask({ close: true })),
  }
}
