// @ts-check
/**
 * The process that cleans up. It reads from its parent, line by line, which processes have begun and ended and which
 * directory is theirs; when its parent is gone, however it went, it kills those that are left and deletes that.
 */
import { rmSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'

/** @type {Set<number>} */
const begun = new Set()
let directory = ''

// A terminal that interrupts tells all of its processes: this one goes last.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  const [what, argument] = /** @type {[string, string]} */ (JSON.parse(line))
  if (what === 'directory') directory = argument
  if (what === 'begun') begun.add(Number(argument))
  if (what === 'ended') begun.delete(Number(argument))
}
for (const pid of begun) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
// Who has just been killed may write for a moment still.
rmSync(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 })
