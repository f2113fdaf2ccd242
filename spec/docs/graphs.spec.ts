/** docs/graphs.md is true: its program runs as it stands, and prints what its comments say. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'

const text = readFileSync(new URL('../../docs/graphs.md', import.meta.url), 'utf8')
const [, program = ''] = /```js\n(.*?)```/s.exec(text) ?? []

it('prints what its comments say', () => {
  const lines: unknown[][] = []
  const body = program.replace(/^import .*$/m, '')
  const run = new Function('ZVerse', 'console', body)
  run(ZVerse, { log: (...items: unknown[]) => lines.push(items) })
  expect(lines).toEqual([
    [['prices', 'stock']],
    [
      [
        { from: 'web', to: 'shop', type: '', value: { ms: 4 } },
        { from: 'ann', to: 'shop', type: 'owns', value: null },
      ],
    ],
    [4],
    [1, 'shop'],
    [2, 'prices'],
    [2, 'stock'],
    [['web', 'shop', 'stock']],
    [['web', 'shop', 'prices', 'stock'], 9],
    [['stock']],
    [[], ['stock']],
    [3],
  ])
})
