/**
 * Nested writes are refused, and the operation around them is whole, under every bundler and every
 * hook: no frame's name, and no text, decides. Needs the built `dist/`. In the stress run
 * (`ZVERSE_RUNS` of 3000 or more) each bundle is tried with every verb, and webpack minifies by itself.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build as esbuild } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import webpack from 'webpack'
import { SCALE } from '../support/runs.js'
import type { Report } from './nested.js'

const WHOLE = SCALE >= 1

const root = process.cwd()
const built = join(root, 'dist/index.js')
const folder = mkdtempSync(join(tmpdir(), 'zverse-bundles-'))
/** The cases over the package as it is; all of it in one file, minified; the same by another bundler. */
const plain = join(folder, 'plain.mjs')
const esbuilt = join(folder, 'esbuild.mjs')
const webpacked = join(folder, 'webpack.mjs')

beforeAll(async () => {
  await esbuild({
    entryPoints: [join(root, 'spec/bundles/run.ts')],
    outfile: plain,
    ...{ bundle: true, platform: 'node', format: 'esm' },
    plugins: [
      {
        name: 'the package as it was built',
        setup(build) {
          build.onResolve({ filter: /lib\/index\.js$/ }, () => ({ path: built, external: true }))
        },
      },
    ],
  })
  await esbuild({
    ...{ entryPoints: [plain], outfile: esbuilt, bundle: true, minify: true, sourcemap: true },
    ...{ platform: 'node', format: 'esm', logLevel: 'error' },
  })
  const unminified = join(folder, 'webpacked.mjs')
  await new Promise<void>((resolve, reject) => {
    const done = (error: Error | null, stats?: webpack.Stats) => {
      if (error !== null || stats?.hasErrors() !== false) reject(error ?? new Error(String(stats)))
      else resolve()
    }
    const filename = WHOLE ? 'webpack.mjs' : 'webpacked.mjs'
    const output = { path: folder, filename, library: { type: 'module' } }
    const shape = { experiments: { outputModule: true }, target: 'node20', output } as const
    const optimization = { minimize: WHOLE }
    const settings = { ...shape, optimization, devtool: 'source-map' } as const
    webpack({ mode: 'production', entry: plain, ...settings }, done)
  })
  // Webpack's own minifier takes eight seconds of a core.
  if (WHOLE) return
  await esbuild({
    ...{ entryPoints: [unminified], outfile: webpacked, minify: true, sourcemap: true },
    ...{ platform: 'node', format: 'esm', logLevel: 'error' },
  })
})

afterAll(() => rmSync(folder, { recursive: true }))

async function run(...args: readonly string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 })
  return JSON.parse(stdout) as Report
}

describe('nested writes', () => {
  it.each([
    ['as it is', [plain]],
    ['bundled and minified by esbuild', [esbuilt]],
    ['the same, with source maps', ['--enable-source-maps', esbuilt]],
    ['bundled for production by webpack, with source maps', ['--enable-source-maps', webpacked]],
  ])('%s', async (_, args) => {
    const whole = WHOLE || args.at(-1) === plain
    const { cases, faults } = await run(...args, 'none', `brief=${!whole}`)
    expect(faults).toEqual([])
    expect(cases).toBeGreaterThan(whole ? 400 : 80)
  })

  // Hooks that show something else, or nothing.
  it.each(['text', 'nothing', 'object', 'throwing', 'short', 'deleted'])(
    'under a hook: %s',
    async hook => {
      const { cases, faults } = await run(plain, hook, 'brief=true')
      expect(faults).toEqual([])
      expect(cases).toBeGreaterThan(80)
    },
  )

  // There, a call that a vm timeout cut off looks like one that runs: it counts as running.
  it.each([
    ['a hook that cannot be replaced', [plain, 'kept']],
    ['a stack that is cut', [plain, 'cut']],
    ['another Error', [plain, 'replaced']],
    ['an Error without a stack', [plain, 'hidden']],
    ['frozen intrinsics', ['--frozen-intrinsics', '--no-warnings', plain, 'none']],
  ])('where the stack is hidden: %s', async (_, args) => {
    const { cases, faults } = await run(...args, 'brief=true', 'tellsStack=false')
    expect(faults).toEqual([])
    expect(cases).toBeGreaterThan(80)
  })
})
