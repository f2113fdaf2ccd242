/** The command line's documentation: made of the present table, with examples that are true. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { commandHelp, overview } from '../../lib/cli/help.js'
import { still } from './fixtures.js'
import { replay } from './replay.js'

describe('the command table', () => {
  it.each(COMMANDS.map(command => [command.name, command] as const))(
    '%s is complete',
    (_, command) => {
      const { name, summary, details, examples, options } = command
      expect(name).toMatch(/^[a-z-]+$/)
      expect(summary.length).toBeLessThan(60)
      expect(`${summary}${options.map(o => o.summary).join('')}`).not.toMatch(/\.$/)
      expect(details).toMatch(/\.$/)
      expect(examples.length).toBeGreaterThan(0)
      for (const { title } of examples) expect(title).toMatch(/^[A-Z].*:$/)
      const lines = commandHelp(command).split('\n')
      // But for records of a dump, which are as long as they are.
      for (const line of lines) if (!line.startsWith('  {')) expect(line.length).toBeLessThan(81)
    },
  )

  it('names are told once', () => {
    const names = COMMANDS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(overview(COMMANDS)).toContain(`\n  ${name} `)
  })

  it('examples show what they say', async () => {
    for (const { name, examples } of COMMANDS) {
      for (const { transcript } of examples) {
        // Help quotes examples as they are written, with times that stand still.
        expect(await replay(transcript), name).toBe(still(transcript.trim()))
      }
    }
  })
})

it('docs/cli.md is what docs/cli.js makes of the present table', async () => {
  const script = new URL('../../docs/cli.js', import.meta.url).href
  const { page, PAGE } = await import(/* @vite-ignore */ script)
  expect(page()).toBe(readFileSync(PAGE, 'utf8'))
})

it('the directories of docs/cli.md are as they are there', async () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
  const [, transcript = ''] = /## Directories\n.*?```\n(.*?)\n```/s.exec(page) ?? []
  expect(transcript.length).toBeGreaterThan(300)
  expect(await replay(transcript)).toBe(still(transcript))
})

it('docs/tour.md shows what it says', async () => {
  const tour = readFileSync(new URL('../../docs/tour.md', import.meta.url), 'utf8')
  const parts = tour.matchAll(/```\n(.*?)```/gs)
  // One session from the first block to the last; the text in between is not typed.
  const transcript = [...parts].map(([, text]) => text.trim()).join('\n')
  expect(transcript.length).toBeGreaterThan(500)
  expect(await replay(transcript)).toBe(still(transcript))
})
