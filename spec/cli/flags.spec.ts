/** Arguments of the process: no flag of any command takes the word that follows it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OWN_OPTIONS, takenApart } from '../../lib/cli/arguments.js'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { folder } from './fixtures.js'
import { zverse } from './zverse.js'

const flags = (options: readonly { name: string; value?: string }[]) => {
  return options.filter(({ value }) => value === undefined).map(({ name }) => name)
}
const ALL = COMMANDS.flatMap(({ name, options }) => {
  return flags([...OWN_OPTIONS, ...options]).map(flag => [name, flag] as const)
})

describe('a flag', () => {
  it.each(ALL)('%s --%s takes no word', (command, flag) => {
    for (const word of ['true', 'false', 'x', '1']) {
      const { given, words } = takenApart([command, `--${flag}`, word, 'opening', `--${flag}`])
      expect([...given]).toEqual([[flag, true]])
      expect(words).toEqual([word, 'opening'])
    }
  })

  it.each(flags(OWN_OPTIONS))('--%s takes none without a command', flag => {
    for (const word of ['true', 'false']) {
      const { command, given, words } = takenApart([`--${flag}`, word])
      expect([command, [...given], words]).toEqual([undefined, [[flag, true]], [word]])
    }
  })

  it.each(ALL)('%s --%s takes no value', (command, flag) => {
    for (const value of ['true', 'false', '']) {
      expect(() => takenApart([command, `--${flag}=${value}`])).toThrow(`--${flag} takes no value`)
    }
  })
})

describe('what is no known option is a word, and takes none', () => {
  it.each([
    ['--no-json', 'x'],
    ['--no-reverse', 'x'],
    ['--words', 'x'],
    ['--words=x', 'y'],
    ['--__proto__', 'x'],
    ['--constructor=1', 'x'],
    ['---json', 'x'],
    ['-r', 'x'],
    ['-rf=5', 'x'],
    ['-1', '-2'],
    ['-', '-x'],
  ])('%s %s', (...typed) => {
    for (const command of ['keys', 'put', 'batch']) {
      const { given, words } = takenApart([command, ...typed])
      expect([[...given], words]).toEqual([[], typed])
    }
    expect(takenApart(['put', '--json', '--', ...typed, '--json'])).toMatchObject({
      ...{ words: [], rest: [...typed, '--json'] },
    })
  })
})

describe('an option with a value', () => {
  it.each(['x', '', '-5', '-x', '-', '--x', '--no-reverse', 'true', '---json'])(
    'takes %j',
    value => {
      for (const typed of [['--gt', value], [`--gt=${value}`]]) {
        const { given, words } = takenApart([
          'keys',
          '--json',
          ...typed,
          'true',
          '--gt',
          'z',
          ...typed,
        ])
        expect([...given]).toEqual([
          ['json', true],
          ['gt', value],
        ])
        expect(words).toEqual(['true'])
      }
    },
  )

  it.each([[], ['--reverse'], ['--json', 'x'], ['--lt=5'], ['--'], ['--', 'x']])(
    'needs one, which %j is not',
    (...typed) => {
      expect(() => takenApart(['keys', '--gt', ...typed])).toThrow('--gt needs a value: KEY')
      expect(takenApart(['keys', '--gt=--reverse']).given.get('gt')).toBe('--reverse')
    },
  )
})

it('words that look like what a flag could take are words', () => {
  using place = folder()
  const run = (...args: string[]) => zverse(args, '', place.path)
  run('put', '--json', 'true', 'false', '--to', 'a.jsonl')
  expect(run('range', '--json', '--from', 'a.jsonl').out).toBe('["true",false]\n')
  run('put', 'true', '1', '--from', 'a.jsonl', '--to', 'a.jsonl')
  run('tag', 'opening', '1', '--from', 'a.jsonl', '--to', 'a.jsonl')
  const { err, code } = run(
    'tag',
    '--json',
    'true',
    'opening',
    '--from',
    'a.jsonl',
    '--to',
    'a.jsonl',
  )
  expect({ err, code }).toEqual({ err: '', code: 0 })
  const conditions = ['put', 'c', '1', '--if-version', 'absent', ';', 'del', 'a', '--if-version=9']
  expect(run('batch', ...conditions, '--from', 'a.jsonl', '--to', 'a.jsonl').err).toMatch(
    /the entry is absent, not version 9 \(ZVERSE_CONFLICT\)/,
  )
  expect(run('versions', '--from', 'a.jsonl').out).toMatch(/\n1\t.*\topening true\n2\t.*\t\n$/)
})

it('a command is found behind options whose values are called like it', () => {
  using place = folder()
  writeFileSync(join(place.path, 'script'), '')
  const run = (...args: string[]) => zverse(args, '', place.path)
  expect(run('--store', 'put', '--json', 'put', 'a', '1', '--to', 'get').out).toBe('2\n')
  expect(run('--store', 'put', '--from', 'get', '--json', 'get', 'a').out).toBe('1\n')
  expect(run('--json', 'true', 'get', 'a').err).toMatch(/there is no command true/)
})
