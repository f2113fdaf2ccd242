/**
 * Specs import `lib/`, and get its build: the shipped code, which their threads and processes run as
 * well, and no code that a test runner rewrites while it runs (three times slower to load, a quarter
 * slower to run). It is built before the first test if it is missing, or older than its sources.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vitest/config'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LIB = join(ROOT, 'lib/')
const DIST = join(ROOT, 'dist/')

/** The built code, for `test.server.deps.external`: Node loads it unchanged. */
export const BUILT = /\/dist\/.*\.js$/

/** Leads the imports of specs from `lib/` to the built code. */
export const built: Plugin = {
  name: 'zverse:built',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer === undefined || !source.startsWith('.')) return null
    const path = resolve(dirname(importer), source)
    if (!path.startsWith(LIB)) return null
    return join(DIST, path.slice(LIB.length)).replace(/\.ts$/, '.js')
  },
}

/** When the file that was written last in a folder was written, ms since 1970. */
function newest(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Math.max(
    ...files
      .filter(file => file.isFile())
      .map(file => statSync(join(file.parentPath, file.name)).mtimeMs),
  )
}

/** Called once before the first spec. */
export function setup(): void {
  const entry = statSync(join(DIST, 'index.js'), { throwIfNoEntry: false })
  if (entry !== undefined && entry.mtimeMs >= newest(LIB)) return
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' })
}
