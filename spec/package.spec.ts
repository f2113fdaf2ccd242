/**
 * The package as users get it: packed, unpacked into an empty folder, type-checked under both module
 * resolutions with and without Node's types, and run. Needs the built `dist/`.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'zverse-package-'))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

const PROGRAM = `import { fromJson, toJson, ZVerse, ZVerseError, type TupleKey, zorder } from 'zverse'
interface Session { user: string }
const db = ZVerse.open<string, Session>()
const v1: number = db.put('a', { user: 'one' })
db.put('a', { user: 'two' })
const then: Session | undefined = db.get('a', { at: v1 })
if (then?.user !== 'one') throw new Error('not then')
for (const [key, value] of db.range({ reverse: true })) if (key + value.user !== 'atwo') throw new Error(key)
const keys: TupleKey[] = ZVerse.open({ keys: 'tuple' }).keys().toArray()
if (keys.length !== 0 || !(new ZVerseError('ZVERSE_FULL', '') instanceof Error)) throw new Error()
const places = db.store('places', { keys: zorder(['float64', 'float64']), values: 'string' })
places.put([8.54, 47.37], 'Zürich')
for (const [[x, y], name] of places.box([8, null], [9, null])) if (x + y < 55) throw new Error(name)
for (const { key, distance } of places.nearest([8, 47], 1, { metric: 'haversine' })) {
  if (distance > 60_000) throw new Error(String(key))
}
const copy = ZVerse.open<string, Session>()
copy.load(Array.from(db.dump({ history: true }), record => fromJson(toJson(record))))
if (copy.get('a', { at: v1 })?.user !== 'one') throw new Error('no copy')
db.close()
`

const LEVEL = `import { LevelError, type PastLevel, ZVerseLevel } from 'zverse/level'
import { ZVerse } from 'zverse'
interface Session { user: string }
const db = ZVerse.open({ keys: 'binary', values: 'binary' })
const level = new ZVerseLevel<string, Session>({ db, valueEncoding: 'json' })
const sessions = level.sublevel<string, Session>('sessions', { valueEncoding: 'json' })
await sessions.put('a', { user: 'one' })
const then: number = level.version()
await level.batch([{ type: 'put', sublevel: sessions, key: 'a', value: { user: 'two' } }])
const past: PastLevel<string, Session> = level.at(then)
const same = past.sublevel<string, Session>('sessions', { valueEncoding: 'json' })
const was: Session | undefined = await same.get('a')
if (was?.user !== 'one' || (await sessions.at(then).get('a'))?.user !== 'one') throw new Error('not then')
for (const { key, before, after } of sessions.diff(then, level.version())) {
  if (key !== 'a' || before?.user !== 'one' || after?.user !== 'two') throw new Error(key)
}
const codes: string[] = []
await past.put('a', { user: 'three' }).catch((error: LevelError) => codes.push(error.code))
if (!codes.includes('LEVEL_READONLY')) throw new Error('written')
await level.close()
db.close()
`

let files: string[] = []

beforeAll(() => {
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [packed] = JSON.parse(execFileSync(npm, pack, { cwd: root, encoding: 'utf8' }))
  files = packed.files.map(({ path }: { path: string }) => path)
  const home = join(folder, 'node_modules', 'zverse')
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', home, '--strip-components=1'])
  mkdirSync(join(folder, 'node_modules', '@types'))
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const beside = ['@types/node', 'undici-types', 'abstract-level']
  for (const name of [...beside, ...Object.keys(dependencies)]) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'program.ts'), PROGRAM)
  writeFileSync(join(folder, 'level.ts'), LEVEL)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the packed tarball', () => {
  it('holds what it should and nothing else', () => {
    for (const path of files) {
      expect(path).toMatch(
        /^(dist\/.*|docs\/[\w-]+\.md|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/,
      )
    }
    expect(files).toContain('dist/index.js')
    expect(files).toContain('dist/index.d.ts')
  })

  it.each([
    ['nodenext', 'nodenext', []],
    ['nodenext', 'nodenext', ['node']],
    ['bundler', 'esnext', []],
    ['bundler', 'esnext', ['node']],
  ])('type-checks under %s, %s, types %j', (moduleResolution, module, types) => {
    const config = {
      compilerOptions: {
        ...{ target: 'es2022', lib: ['es2022'], strict: true, noEmit: true, skipLibCheck: false },
        ...{ moduleResolution, module, types },
      },
      files: ['program.ts', 'level.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    let output = ''
    try {
      execFileSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' })
    } catch (error) {
      output = (error as { stdout: string }).stdout
    }
    // We do not answer for the declarations of Node, or of Level's packages.
    const lines = output.split('\n').filter(line => /^\S/.test(line))
    const foreign = /^\S*(@types|undici|abstract-level|level-(supports|transcoder))\b/
    expect(lines.filter(line => !foreign.test(line))).toEqual([])
  })

  it('runs', () => {
    const source = PROGRAM.replace(/^interface .*$/m, '')
      .replace(', type TupleKey', '')
      .replaceAll('<string, Session>', '')
      .replace(/: (number|Session \| undefined|TupleKey\[\])/g, '')
    writeFileSync(join(folder, 'program.mjs'), source)
    execFileSync(process.execPath, ['program.mjs'], { cwd: folder })
  })

  it('is a level', () => {
    writeFileSync(
      join(folder, 'level.mjs'),
      LEVEL.replace(/^interface .*$/m, '')
        .replace(', type PastLevel', '')
        .replaceAll('<string, Session>', '')
        .replace(/: (number|string\[\]|PastLevel|Session \| undefined|LevelError)(?=[ )])/g, ''),
    )
    execFileSync(process.execPath, ['level.mjs'], { cwd: folder })
  })

  it('has a command', () => {
    const command = join(folder, 'node_modules', 'zverse', 'dist', 'cli', 'main.js')
    const run = (args: string[], input = '') => {
      return execFileSync(process.execPath, [command, ...args], {
        cwd: folder,
        input,
        encoding: 'utf8',
      })
    }
    expect(run([], 'put a 1\nrange')).toBe('1\na\t1\n')
    expect(run(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/)
    writeFileSync(join(folder, 'rows.csv'), 'id,n\nx,1\n')
    expect(run(['load', 'rows.csv', '--key', 'id', '--to', 'rows.jsonl'])).toBe('1\n')
  })

  it.skipIf(!(process.features as { require_module?: boolean }).require_module)(
    'can be required',
    () => {
      const script = "if (typeof require('zverse').ZVerse.open !== 'function') process.exit(1)"
      writeFileSync(join(folder, 'program.cjs'), script)
      execFileSync(process.execPath, ['program.cjs'], { cwd: folder, stdio: 'pipe' })
    },
  )
})
