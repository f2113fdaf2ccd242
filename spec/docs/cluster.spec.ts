/** docs/cluster.md is true: its program runs as it stands, and prints what its comments say. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { memoryLog } from '../../lib/replica/memory-log.js'

const text = readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8')
const programs = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, program]) => program as string)
const AsyncFunction = (async () => {}).constructor as FunctionConstructor

it('has two programs', () => {
  expect(programs).toHaveLength(2)
})

it('prints what its comments say', async () => {
  const lines: unknown[][] = []
  const body = (programs[0] as string).replace(/^import .*$/gm, '')
  const console = { log: (...items: unknown[]) => lines.push(items) }
  await AsyncFunction('ZVerse', 'memoryLog', 'console', body)(ZVerse, memoryLog, console)
  expect(lines).toEqual([[1], [1, 5], [5], ['stock'], [true, 'bern'], ['ZVERSE_REPLICATED']])
})

it('makes an order once, however often it is asked for', async () => {
  const db = await ZVerse.replicate({ log: memoryLog() })
  const place = await AsyncFunction('db', `${programs[1]}; return place`)(db)
  await Promise.all(['o1', 'o2', 'o1'].map(place))
  expect([db.get('orders'), db.get('o1')]).toEqual([2, { at: 'bern' }])
  await db.close()
})
