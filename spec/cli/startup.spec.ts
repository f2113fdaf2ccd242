/** `zverse` loads little before it shows its prompt, and no package. */
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'

const own: Record<string, { default: string }> = JSON.parse(
  readFileSync('package.json', 'utf8'),
).imports

/** All that a built file imports, at once and in turn. */
function loadedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  if (!file.startsWith('dist/')) return found
  const code = readFileSync(file, 'utf8')
  for (const [, name] of code.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)) {
    const relative = name.startsWith('.') ? normalize(join(dirname(file), name)) : name
    loadedBy(normalize(own[name]?.default ?? relative), found)
  }
  return found
}

it('the prompt needs neither the database nor a package', () => {
  const loaded = [...loadedBy('dist/cli/main.js'), ...loadedBy('dist/cli/prompt.js')]
  expect(loaded).toContain('node:readline')
  expect(loaded.filter(name => !/^(node:|dist\/cli\/)/.test(name))).toEqual([])
  expect(new Set(loaded).size).toBeLessThan(20)
})

it('a session needs no package but the database until it is asked for more', () => {
  const loaded = [...loadedBy('dist/cli/start.js')]
  expect(loaded).toContain('dist/index.js')
  expect(loaded.filter(name => !/^(node:|dist\/|morton$)/.test(name))).toEqual([])
  expect(loaded.filter(name => /cli\/(bench|files)\//.test(name))).toEqual([])
})
