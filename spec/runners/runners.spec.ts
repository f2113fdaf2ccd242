/**
 * The built package under the fake clocks of users: in jest, with sinon, with node:test; and with only
 * the language global. (In vitest: vitest-*.spec.ts.) Each is a process of its own.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
/** A process that waits for ever is ended. */
const LIMIT = 240_000

describe('the package goes on', () => {
  const kinds = {
    before: 'with fake clocks that were there before it, in its workers too',
    after: 'with fake clocks that came after it',
    test: 'with the fake clocks of node:test',
    bare: 'without any global that is not of the language',
  }
  for (const [kind, title] of Object.entries(kinds)) {
    it.concurrent(title, async () => {
      const args = ['--no-warnings', here('plain.js'), kind]
      const { stdout } = await run(process.execPath, args, { timeout: LIMIT })
      expect(stdout).toBe('done\n')
    })
  }

  it.concurrent('in jest, made CommonJS by babel, in Node and in jsdom', async () => {
    const jest = createRequire(import.meta.url).resolve('jest/bin/jest')
    const args = [jest, '--config', here('jest/jest.config.js'), '--runInBand', '--ci']
    const { NODE_OPTIONS, VITEST, NODE_ENV, ...others } = process.env
    const folder = mkdtempSync(join(tmpdir(), 'zverse-jest-'))
    const cases = join(folder, 'nested.js')
    const env = { ...others, ZVERSE_NESTED: cases }
    try {
      const entryPoints = [here('../bundles/nested.ts')]
      await build({ entryPoints, outfile: cases, platform: 'node', format: 'cjs' })
      // Failures go to stderr, which the rejection shows.
      const { stderr } = await run(process.execPath, args, { env, timeout: LIMIT })
      expect(stderr).toMatch(/Tests: +10 passed, 10 total/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
