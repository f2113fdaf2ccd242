/** docs/indexes.md is true: its program runs as it stands, and prints what its comments say. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'

const text = readFileSync(new URL('../../docs/indexes.md', import.meta.url), 'utf8')
const [, program = ''] = /```js\n(.*?)```/s.exec(text) ?? []
const AsyncFunction = (async () => {}).constructor as FunctionConstructor

it('prints what its comments say', async () => {
  const lines: unknown[][] = []
  const body = program.replace(/^import .*$/m, '')
  const names = ['ZVerse', 'console']
  await AsyncFunction(...names, body)(ZVerse, { log: (...items: unknown[]) => lines.push(items) })
  expect(lines).toEqual([
    [['ann', 'bob']],
    [
      [
        ['admin', 1],
        ['ops', 2],
      ],
    ],
    ['ann'],
    [1],
    [{ plan: 'index', steps: [{ index: 'tag', count: 2 }], filter: false, sorted: false }],
    [1, 2],
  ])
})
