/** The rules of style that linters do not check. Each violation is printed with its place. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ALONE } from './support/alone.js'

const LAYERS = [
  ...['errors', 'options', 'memory', 'key', 'value', 'codec-options'],
  ...[
    'tree',
    'vector',
    'indexes',
    'query',
    'point',
    'threads',
    'versions',
    'history',
    'hot',
    'engine',
    'read',
    'graph',
    'write',
  ],
  ...[
    'queue',
    'verbs',
    'dump',
    'storage',
    'replica',
    'zverse',
    'index',
    'log',
    'level',
    'nats',
    'cli',
  ],
]
/** The names at the top of the repository. */
const TOP = [
  ...['.ci', '.github', '.gitignore', '.npmrc', 'biome.json', 'package-lock.json', 'package.json'],
  ...['tsconfig.build.json', 'tsconfig.json', 'vitest.config.ts', 'CHANGELOG.md', 'LICENSE'],
  ...['README.md', 'docs', 'examples', 'lib', 'perf', 'spec'],
]
/** Files are mostly under LINES, none above MOST_LINES. */
const LINES = 400
const MOST_LINES = 530
const LONG_LINE = 110
/** Files with state at module level, and why they may have it. */
const STATE: Record<string, string> = {
  'lib/threads/track.ts': 'which workers this thread tracks',
  'lib/threads/claims.ts': 'what this thread gives back when it exits',
  'lib/threads/alive.ts': 'how many wait on this thread',
  'lib/verbs/transactions.ts': 'a brand: which objects are store handles',
  'lib/read/index-core.ts': 'a brand: which objects are index handles',
  'lib/value/kinds.ts': 'tables, filled once when the module loads',
  'lib/memory/sizes.ts': 'tables, filled once when the module loads',
}

/** What the command imports when it joins a replicated log: the packages of that adapter are optional. */
const ADAPTER = 'lib/cli/replica.ts -> lib/nats/index.ts'
/** The places beside storage/ and cli/ that touch files. */
const FILES = ['lib/threads/liveness.ts', 'lib/replica/log-disk.ts']

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter(
    file => /^(lib|spec|perf|examples)\/.*\.(ts|js)$/.test(file) && !file.includes('node_modules'),
  )
const sources = new Map(files.map(file => [file, readFileSync(file, 'utf8')]))
const lib = [...sources].filter(([file]) => file.startsWith('lib/'))

/** The source without comments and strings. */
function code(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
}

function imports(file: string, text: string): { target: string; isType: boolean }[] {
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'/gm)
  return [...found].map(([, type, path]) => ({
    target: normalize(join(dirname(file), (path as string).replace(/\.js$/, '.ts'))),
    isType: type !== undefined,
  }))
}

const layerOf = (file: string) => (file.split('/')[1] as string).replace(/\.ts$/, '')

describe('tidy', () => {
  it('there is something to look at', () => {
    expect(lib.length).toBeGreaterThan(40)
  })

  it('every file begins by saying what it is for', () => {
    const bare = [...sources].filter(([, text]) => !/^(#!.*\n)?(\/\/ @ts-\w+\n)?\/\*\*/.test(text))
    expect(bare.map(([file]) => file)).toEqual([])
  })

  it('imports point upwards', () => {
    const wrong: string[] = []
    for (const [file, text] of lib) {
      const own = LAYERS.indexOf(layerOf(file))
      if (own < 0) wrong.push(`${file}: in no layer`)
      for (const { target } of imports(file, text)) {
        const layer = LAYERS.indexOf(layerOf(target))
        if (layer > own || layer < 0) wrong.push(`${file} -> ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('the command and the adapters know the public names only', () => {
    const wrong: string[] = []
    for (const [file, text] of lib) {
      const folder = /^lib\/(cli|level|nats)\//.exec(file)?.[0]
      if (folder === undefined) continue
      const later = [...text.matchAll(/\bimport\('(\.[^']+)\.js'\)/g)].map(([, path]) => {
        return normalize(join(dirname(file), `${path}.ts`))
      })
      for (const target of [...imports(file, text).map(({ target }) => target), ...later]) {
        if (target.startsWith(folder) || target === 'lib/index.ts') continue
        const edge = `${file} -> ${target}`
        if (edge !== ADAPTER || !later.includes(target)) wrong.push(edge)
      }
    }
    expect(wrong).toEqual([])
  })

  it('only the adapter needs abstract-level', () => {
    const needing = lib.filter(([, text]) => text.includes("from 'abstract-level'"))
    expect(needing.map(([file]) => file).filter(file => !file.startsWith('lib/level/'))).toEqual([])
  })

  it('only its adapter needs the packages of NATS', () => {
    const needing = lib.filter(([, text]) => /\b(from|import\()\s*'@nats-io\//.test(text))
    expect(needing.map(([file]) => file).filter(file => !file.startsWith('lib/nats/'))).toEqual([])
  })

  it('files are touched by the command, and where a thread is asked whether it lives', () => {
    const touching = lib.filter(([, text]) => /from 'node:(fs|child_process)/.test(text))
    const allowed = (file: string) => /^lib\/(cli|storage)\//.test(file) || FILES.includes(file)
    expect(touching.map(([file]) => file).filter(file => !allowed(file))).toEqual([])
  })

  it('specs that start processes have one of their own', () => {
    const starts = (file: string, seen = new Set<string>()): boolean => {
      const text = sources.get(file)
      if (text === undefined || seen.has(file)) return false
      seen.add(file)
      if (text.includes("from 'node:child_process'")) return true
      return imports(file, text).some(({ target }) => starts(target, seen))
    }
    const isAlone = (file: string) => {
      return ALONE.some(name => file === `spec/${name}.spec.ts` || file.startsWith(`spec/${name}/`))
    }
    const specs = files.filter(file => /^spec\/.*\.spec\.ts$/.test(file))
    expect(specs.filter(file => starts(file) && !isAlone(file))).toEqual([])
    // No name there is superfluous.
    const isThere = (name: string) => specs.some(file => file.startsWith(`spec/${name}`))
    expect(ALONE.filter(name => !isThere(name))).toEqual([])
  })

  it('no module needs itself, not even for a type, but in the command and the adapters', () => {
    const isOutside = (file: string) => /^lib\/(cli|level|nats)\//.test(file)
    const edges = new Map(
      lib.map(([file, text]) => [
        file,
        imports(file, text)
          .filter(({ isType }) => !isType || !isOutside(file))
          .map(({ target }) => target),
      ]),
    )
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, path: string[]) => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      if (path.includes(file) || done.has(file)) return
      for (const next of edges.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of edges.keys()) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('Atomics and SharedArrayBuffer stay in memory/, threads/ and versions/', () => {
    const wrong = lib.filter(([file, text]) => {
      return (
        !/^lib\/(memory|threads|versions)\//.test(file) &&
        /\b(Atomics|SharedArrayBuffer)\b/.test(code(text))
      )
    })
    expect(wrong.map(([file]) => file)).toEqual([])
  })

  it('no spec expects a thing to be done within a time', () => {
    const timed = /expect\([^\n]*\b(performance|Date)\.now\(\)[^\n]*\.toBeLess/
    const wrong = [...sources].filter(
      ([file, text]) => file.startsWith('spec/') && timed.test(text),
    )
    expect(wrong.map(([file]) => file)).toEqual([])
  })

  it('no mutable state at module level', () => {
    const wrong: string[] = []
    for (const [file, text] of lib) {
      if (file in STATE) continue
      for (const line of code(text).split('\n')) {
        if (/^(export )?(let|var) /.test(line)) wrong.push(`${file}: ${line}`)
        if (/^(export )?const \w+(: [^=]+)? = new (Map|Set|WeakMap|WeakSet)\b/.test(line)) {
          wrong.push(`${file}: ${line}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('files and lines are of a size to read', () => {
    const wrong: string[] = []
    let long = 0
    for (const [file, text] of sources) {
      const lines = text.split('\n')
      if (lines.length > LINES) long++
      if (lines.length > MOST_LINES) wrong.push(`${file}: ${lines.length} lines`)
      lines.forEach((line, i) => {
        if (line.length > LONG_LINE && !/https?:|^\s*(\/\/|\*|['"`])/.test(line)) {
          wrong.push(`${file}:${i + 1}: ${line.length} characters`)
        }
      })
    }
    expect(wrong).toEqual([])
    expect(long).toBeLessThan(sources.size / 20)
  })

  it('the top level holds what it should', () => {
    const all = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0')
    const top = new Set(all.filter(file => file !== '').map(file => file.split('/')[0]))
    expect([...top].filter(name => !TOP.includes(name as string))).toEqual([])
  })

  it('names no machine', () => {
    const wrong = [...sources].filter(([file, text]) => {
      return file !== 'spec/tidy.spec.ts' && /(["'` ])\/(work|root|home)\//.test(text)
    })
    expect(wrong.map(([file]) => file)).toEqual([])
  })
})
