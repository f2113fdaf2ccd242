// @ts-check
/**
 * A system in a child process of its own: no other system causes sweeps of its heap, or makes its
 * call sites megamorphic. The driver of several lets one work at a time.
 */
import { fork } from 'node:child_process'

/** @typedef {import('./serve.js').Assignment} Assignment */
/** @typedef {import('./serve.js').Request} Request */
/** @typedef {import('./serve.js').Answer} Answer */
/** @typedef {import('../bench.js').Driven} Driven */
/** @typedef {import('../bench.js').Driver<Driven> & { close(): Promise<void> }} RemoteDriver */

/** MB of JavaScript's heap: ten million entries of a Map have to fit. */
const HEAP = 8192
const CHILD = new URL('./child.js', import.meta.url)

/**
 * Starts a system's child and waits until it is ready.
 * @param {Assignment} assignment
 * @param {string} [name] of the driver; the system's unless said
 * @param {URL} [script] the child's module
 * @returns {Promise<RemoteDriver>}
 */
export async function startChild(assignment, name = assignment.system, script = CHILD) {
  const child = fork(script, [JSON.stringify(assignment)], {
    execArgv: [`--max-old-space-size=${HEAP}`],
  })
  const kill = () => child.kill()
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  /** @type {(send: () => void) => Promise<Answer>} */
  const next = send =>
    new Promise((resolve, reject) => {
      /** @param {number | null} code */
      const onExit = code => reject(new Error(`${assignment.system}: its process ended (${code})`))
      child.once('exit', onExit)
      child.once('message', message => {
        child.off('exit', onExit)
        const answer = /** @type {Answer} */ (message)
        if (answer.error === undefined) resolve(answer)
        else reject(new Error(`${assignment.system}: ${answer.error}`))
      })
      send()
    })
  /** @param {Request} request */
  const ask = request => next(() => void child.send(request))
  await next(() => {})
  return {
    name,
    // A child that died in one row has no later ones.
    start: async row => child.connected && (await ask({ start: row.name })).taken === true,
    round: async () => (await ask({ round: true })).figures ?? {},
    stop: async () => void (child.connected && (await ask({ stop: true }))),
    close: async () => void (child.connected && (await ask({ close: true }))),
  }
}
