/** The report of a run's slowest files, the slowest first, with the whole time of each. */
import { expect, it } from 'vitest'
import type { TestModule } from 'vitest/node'
import { Slowest } from './slowest.js'

function moduleOf(name: string, seconds: number): TestModule {
  const part = (seconds * 1000) / 4
  const diagnostic = () => ({
    ...{ prepareDuration: part, collectDuration: part, setupDuration: part, duration: part },
  })
  return { relativeModuleId: name, diagnostic } as TestModule
}

function printed(modules: TestModule[]): string {
  let text = ''
  new Slowest(more => {
    text += more
  }).onTestRunEnd(modules)
  return text
}

it('ten files are told, the slowest first', () => {
  const modules = Array.from({ length: 12 }, (_, i) => moduleOf(`spec/${i}.spec.ts`, i + 0.25))
  const [, head, ...lines] = printed(modules).split('\n')
  expect(head).toBe('Slowest of 12 files, in seconds of 69')
  expect(lines.slice(0, 2)).toEqual(['   11.3  spec/11.spec.ts', '   10.3  spec/10.spec.ts'])
  expect(lines).toHaveLength(11)
  expect(lines.at(-2)).toBe('    2.3  spec/2.spec.ts')
})

it('of one file nothing is told', () => {
  expect(printed([moduleOf('spec/a.spec.ts', 3)])).toBe('')
})
