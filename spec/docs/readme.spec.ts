/** README.md is true: its programs run as they stand, its figures are those of docs/performance.md. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The text from a heading to the next one. */
function section(title: string): string {
  const [, body] = README.split(`\n## ${title}\n`)
  expect(body, title).toBeDefined()
  return (body as string).split('\n## ')[0] as string
}

/** A user's folder with zverse installed, and a module for each program, by name. */
const folder = mkdtempSync(join(tmpdir(), 'zverse-readme-'))
mkdirSync(join(folder, 'node_modules'))
symlinkSync(ROOT, join(folder, 'node_modules', 'zverse'), 'junction')
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
afterAll(() => rmSync(folder, { recursive: true }))

/**
 * Runs the program of a section to its end, as a thread: that is cheaper than a process. `// NAME.js` on a line
 * of its own begins a file; without one the program is main.js.
 */
async function run(title: string): Promise<string> {
  const program = /```js\n(.*?)```/s.exec(section(title))?.[1] as string
  const files = program.startsWith('// main.js\n') ? program : `// main.js\n${program}`
  const [, ...parts] = files.split(/^\/\/ (\w+\.js)\n/m)
  for (let i = 0; i < parts.length; i += 2) {
    writeFileSync(join(folder, parts[i] as string), parts[i + 1] as string)
  }
  const thread = new Worker(join(folder, 'main.js'), { stdout: true })
  const [out] = await Promise.all([text(thread.stdout), once(thread, 'exit')])
  return out.replace(/(timestamp: )\d+/g, '$1…')
}

it('the ten lines print what their comments say', async () => {
  const shown = [
    '{ amount: 12 } { amount: 10 }',
    "[ { key: 'price:42', before: { amount: 10 }, after: { amount: 12 } },",
    "{ key: 'price:43', before: undefined, after: { amount: 7 } } ]",
    '[ { version: 1, timestamp: …, value: { amount: 10 }, deleted: false },',
    '{ version: 2, timestamp: …, value: { amount: 12 }, deleted: false } ]',
    'price:42 { amount: 12 }',
    'price:43 { amount: 7 }',
  ]
  // Node decides where to break lines of its output.
  expect((await run('Ten lines')).split(/\s+/).join(' ').trim()).toBe(shown.join(' '))
})

it('each of the four threads sees each version', async () => {
  const lines = (await run('Threads')).trim().split('\n').sort()
  const versions = ['1 { amount: 10 }', '2 { amount: 11 }', '3 { amount: 12 }']
  expect(lines).toEqual(versions.flatMap(version => Array.from({ length: 4 }, () => version)))
})

it('the write queue prints what its comments say', async () => {
  const program = await run('Write queue')
  expect(program.trim().split('\n')).toEqual(['[ 1, 1 ]', 'normal'])
})

it('indexes and queries print what their comments say', async () => {
  const shown = [
    "[ [ 'ann', { age: 41, address: [Object], at: [Array] } ] ]",
    "[ { index: 'city', count: 2 } ]",
    ...['bob', 'ann'],
  ]
  const program = await run('Indexes and queries')
  expect(program.split(/\s+/).join(' ').trim()).toBe(shown.join(' '))
})

it('has no figure of speed that docs/performance.md does not have', () => {
  const figuresOf = (line: string): string[] => line.match(/\d[\d.]*\d/g) ?? []
  const known = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8').split('\n').map(figuresOf)
  const lines = section('Speed').split('\n')
  const rows = lines.filter(line => line.startsWith('| ')).map(figuresOf)
  expect(rows.flat().length).toBeGreaterThan(15)
  // Figures of one row here are in one row there; elsewhere each figure stands by itself.
  const single = lines.filter(line => !line.startsWith('|')).flatMap(figuresOf)
  const wanted = [...rows, ...single.map(figure => [figure])]
  const isKnown = (figures: string[]) => {
    return known.some(line => figures.every(figure => line.includes(figure)))
  }
  expect(wanted.filter(figures => !isKnown(figures))).toEqual([])
})
