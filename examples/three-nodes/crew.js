// @ts-check
/**
 * The processes that are started, and their end: at the end of this one they are killed, and their directory deleted.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {import('node:child_process').ChildProcess} Child */

export class Crew {
  directory = mkdtempSync(join(tmpdir(), 'zverse-three-nodes-'))
  #guard = spawn(process.execPath, [fileURLToPath(new URL('guard.js', import.meta.url))], {
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  })
  #isEnding = false

  constructor() {
    this.#tell('directory', this.directory)
  }

  /** @param {string} what @param {string | number | undefined} argument */
  #tell(what, argument) {
    this.#guard.stdin.write(`${JSON.stringify([what, String(argument)])}\n`)
  }

  /** Sees to the end of a process that has just been started. @param {Child} child */
  add(child) {
    this.#tell('begun', child.pid)
    child.once('exit', () => {
      if (!this.#isEnding) this.#tell('ended', child.pid)
    })
  }

  /** Kills what is left, and deletes the directory. */
  async end() {
    if (this.#isEnding) return
    this.#isEnding = true
    const gone = once(this.#guard, 'exit')
    this.#guard.stdin.end()
    await gone
  }
}

/** Resolves when it is gone. @param {Child} child */
export async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
