/**
 * Comments and documents cite only what exists: files, decisions, sections, links, names. Each violation
 * is printed with its place.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

const TEXTS = /\.(ts|js|md|pml)$/
const all = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\0')
  .filter(file => file !== '' && existsSync(file))
const texts = new Map(
  all.filter(file => TEXTS.test(file)).map(file => [file, readFileSync(file, 'utf8')]),
)

const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm
const FENCED = /^```[\s\S]*?^```$/gm
const isDocument = (file: string) => file.endsWith('.md')
/** The part of a file that cites: its comments; a document's text, without blocks of code. */
const citing = new Map(
  [...texts].map(([file, text]) => [
    file,
    isDocument(file) ? text.replace(FENCED, '') : (text.match(COMMENT) ?? []).join('\n'),
  ]),
)
/** The code of a file, with the types that its comments define. */
const codes = new Map(
  [...texts]
    .filter(([file]) => !isDocument(file))
    .map(([file, text]) => {
      const types = text.match(/@typedef \{[^\n]*/g) ?? []
      return [file, `${text.replace(COMMENT, '')}\n${types.join('\n')}`]
    }),
)
const namesIn = (text: string) => new Set(text.match(/#?[A-Za-z_$][\w$]*/g))
const names = new Map([...codes].map(([file, code]) => [file, namesIn(code)]))
const allNames = namesIn([...codes.values()].join('\n'))

/** Every place where a pattern's citation is not there, as `file: citation`. */
function broken(
  pattern: RegExp,
  isThere: (groups: string[], file: string) => boolean,
  where: (file: string) => boolean = () => true,
): string[] {
  const wrong = [...citing]
    .filter(([file]) => where(file))
    .flatMap(([file, text]) => {
      return [...text.matchAll(pattern)]
        .filter(([, ...groups]) => !isThere(groups, file))
        .map(([cited]) => `${file}: ${cited}`)
    })
  return [...new Set(wrong)]
}

const among = (path: string) => all.some(file => file === path || file.startsWith(`${path}/`))

/** The headings of a document, and their anchors in links. */
function headingsOf(file: string): { titles: string[]; anchors: string[] } {
  const titles = [...(citing.get(file) ?? '').matchAll(/^#+ (.*)$/gm)].map(
    ([, title = '']) => title,
  )
  const anchorOf = (title: string) => {
    return title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-')
  }
  return { titles, anchors: titles.map(anchorOf) }
}

/** A file, with or without folders before it: `docs/api.md`, `threads/lock.ts`, `lock.ts`, `./kinds.js`. */
const FILE = /(?<![\w./@*-])((?:[\w.-]+\/)*[\w-][\w.-]*\.(?:ts|js|md|pml|svg))\b(?![\w/*-])/g
/** Something in one of the repository's folders. */
const IN_FOLDER = /(?<![\w./@*-])((?:lib|spec|docs|perf|examples)\/[\w./-]*\w)/g
/** Paths that only a build or a run makes, placeholders, and names that are no file. */
const MADE = /(^|\/)dist\/|^perf\/results\b|NAME|^Node\.js$/
const LIST = /(?:,| and| to| or) \[?\d+\b\]?(?:\([^)]*\))?/.source
const DECISIONS = new RegExp(`\\b[Dd]ecisions? (\\[?\\d+\\b\\]?(?:\\([^)]*\\))?(?:${LIST})*)`, 'g')
const LINK = /\]\(([^)\s]+)\)/g
const SECTION = /(docs\/[\w/-]+\.md), ([A-Z][\w ]*)/g
const TAG = /\{@link(?:code|plain)? ([^}\s|]+)/g
const IMPORT = /from\s+'(\.[^']+)'/g

/** A file by its path from the top, from the citing file, or by the end of its path. */
function isFile(path: string, from: string): boolean {
  const end = path.replace(/^(\.\.?\/)+/, '')
  return [end, end.replace(/\.js$/, '.ts')].some(name => {
    const beside = normalize(join(dirname(from), path))
    return all.some(file => file === name || file === beside || file.endsWith(`/${name}`))
  })
}

function isLinked(target: string, from: string): boolean {
  if (/^(https?|mailto):/.test(target)) return true
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? from : normalize(join(dirname(from), path)).replace(/\/$/, '')
  return among(file) && (anchor === undefined || headingsOf(file).anchors.includes(anchor))
}

function isName(cited: string, file: string): boolean {
  const [first = '', ...rest] = cited.split(/\.|(?<=\w)#/)
  const imported = [...(codes.get(file) ?? '').matchAll(IMPORT)].map(([, path = '']) => {
    return normalize(join(dirname(file), path.replace(/\.js$/, '.ts')))
  })
  const member = rest.at(-1)
  if (names.get(file)?.has(first) !== true) return false
  return member === undefined || [file, ...imported].some(from => names.get(from)?.has(member))
}

describe('what is cited is there', () => {
  it('files', () => {
    const isThere = ([path = '']: string[], file: string) => MADE.test(path) || isFile(path, file)
    expect(broken(FILE, isThere)).toEqual([])
  })

  it('folders, and files by the begin of their names', () => {
    const isThere = ([path = '']: string[]) => {
      return MADE.test(path) || all.some(file => new RegExp(`^${path}([./-]|$)`).test(file))
    }
    expect(broken(IN_FOLDER, isThere)).toEqual([])
  })

  it('decisions', () => {
    const isThere = ([list = '']: string[]) => {
      const numbers = list.replace(/\([^)]*\)/g, '').match(/\d+/g) ?? []
      return numbers.every(number => {
        return all.some(file => file.startsWith(`docs/decisions/${number.padStart(4, '0')}-`))
      })
    }
    expect(broken(DECISIONS, isThere)).toEqual([])
  })

  it('targets of links, and sections of documents', () => {
    const isThere = ([target = '']: string[], file: string) => isLinked(target, file)
    expect(broken(LINK, isThere, isDocument)).toEqual([])
    const hasSection = ([document = '', title = '']: string[]) => {
      return headingsOf(document).titles.includes(title.trim())
    }
    expect(broken(SECTION, hasSection)).toEqual([])
  })

  it('names in {@link}, in the file or what it imports', () => {
    expect(broken(TAG, ([name = '']: string[], file) => isName(name, file))).toEqual([])
  })

  it('names in the comments of lib, somewhere in the code', () => {
    const isThere = ([name = '']: string[]) => allNames.has(name)
    const inLib = (file: string) => file.startsWith('lib/')
    expect(broken(/`(?:\w+\.)?(#?[A-Za-z_]\w*)(?:\([^`]*\))?`/g, isThere, inLib)).toEqual([])
    expect(broken(/\b([A-Z]_[A-Z][A-Z_]+)\b/g, isThere, inLib)).toEqual([])
  })

  it('words of memory and mutants of the models, in the protocol', () => {
    const isProtocol = (file: string) => file === 'docs/protocol.md'
    const isThere = ([name = '']: string[]) => allNames.has(name)
    expect(broken(/`([A-Z]_[A-Z][A-Z_]+)`/g, isThere, isProtocol)).toEqual([])
    const mutants = texts.get('spec/model/spin/run.js')?.matchAll(/mutant: '(\w+)'/g) ?? []
    const told = texts.get('docs/protocol.md') ?? ''
    const untold = [...mutants]
      .map(([, name]) => `\`${name}\``)
      .filter(name => !told.includes(name))
    expect(untold).toEqual([])
  })

  it('variables that specs read, in spec/README.md', () => {
    const page = texts.get('spec/README.md') ?? ''
    const programs = [...texts].filter(([file]) => /^spec\/.*\.(ts|js)$/.test(file))
    const read = programs.flatMap(([, text]) => text.match(/process\.env\.ZVERSE_\w+/g) ?? [])
    const variables = new Set(read.map(name => name.replace('process.env.', '')))
    expect(variables.size).toBeGreaterThan(10)
    expect([...variables].filter(name => !page.includes(`\`${name}\``))).toEqual([])
  })
})
