/** Examples run as their users run them: processes that check themselves and say what they found. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs `examples/NAME/main.js` to its end. */
export function runExample(name: string, args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`examples/${name}/main.js`, ...args],
    { cwd: ROOT, encoding: 'utf8', timeout: 60_000 },
  )
  return { code: status, out: stdout, err: stderr }
}

/** A number of the summary. */
export function figure(out: string, pattern: RegExp): number {
  const found = pattern.exec(out)?.[1]
  expect(found, String(pattern)).toBeDefined()
  return Number((found as string).replaceAll(' ', ''))
}
