/** Links of the documentation lead to files that are there, and to headings in them; so do names of specs. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    if (entry.name === 'node_modules') return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return pagesIn(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...['docs', 'examples', 'perf', 'spec'].flatMap(pagesIn),
]

/** A page's prose: blocks of code and comments have no links and no headings. */
function prose(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
    .replace(/^```.*?^```$/gms, '')
    .replace(/<!--.*?-->/gs, '')
}

/** The names by which headings are linked, as GitHub makes them. */
function anchorsOf(path: string): Set<string> {
  const headings = prose(path).match(/^#+ .*$/gm) ?? []
  return new Set(
    headings.map(heading => {
      const words = heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
      return words.replaceAll(' ', '-')
    }),
  )
}

it.each(PAGES)('%s', page => {
  const wrong: string[] = []
  for (const [, target] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target as string)) continue
    const [path, anchor] = (target as string).split('#') as [string, string | undefined]
    const file = path === '' ? page : join(dirname(page), path)
    const isThere = existsSync(join(ROOT, file))
    if (!isThere) wrong.push(`${target}: no such file`)
    else if (anchor !== undefined && statSync(join(ROOT, file)).isFile()) {
      if (!anchorsOf(file).has(anchor)) wrong.push(`${target}: no such heading`)
    }
  }
  expect(wrong).toEqual([])
})

it('spec/README.md names what is there, and each variable that is read', () => {
  const page = readFileSync(join(ROOT, 'spec/README.md'), 'utf8')
  const named = page.match(/\b(spec|lib|perf|docs)\/[\w./-]*\w/g) ?? []
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([])

  const programs = readdirSync(join(ROOT, 'spec'), { recursive: true, encoding: 'utf8' })
    .filter(path => /\.(ts|js)$/.test(path))
    .map(path => readFileSync(join(ROOT, 'spec', path), 'utf8'))
  const read = programs.flatMap(text => text.match(/process\.env\.ZVERSE_\w+/g) ?? [])
  const variables = new Set(read.map(name => name.replace('process.env.', '')))
  expect(variables.size).toBeGreaterThan(10)
  expect([...variables].filter(name => !page.includes(`\`${name}\``))).toEqual([])
})
