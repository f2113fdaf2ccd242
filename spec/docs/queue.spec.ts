/** docs/queue.md is true: its programs run as they stand. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'

const text = readFileSync(new URL('../../docs/queue.md', import.meta.url), 'utf8')
const programs = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, program]) => program as string)
const AsyncFunction = (async () => {}).constructor as FunctionConstructor
/** Runs a program that has a database; what it returns. */
const run = (program: string, db: ZVerse) => AsyncFunction('db', program)(db)

it('has two programs', () => {
  expect(programs).toHaveLength(2)
})

it('submits', async () => {
  const db = ZVerse.open()
  await run(programs[0] as string, db)
  expect(db.entries().toArray()).toEqual([['b', 2]])
  expect(db.version).toBe(2)
  db.close()
})

it('submits again when there was no room', async () => {
  const db = ZVerse.open({ queue: { capacity: { normal: 10 } } }) as ZVerse
  const submit = await run(`${programs[1]}; return submit`, db)
  const put = (i: number) => ({ type: 'put', key: `k${i}`, value: i })
  const versions = await Promise.all(Array.from({ length: 100 }, (_, i) => submit(put(i))))
  expect(db.size).toBe(100)
  expect(Math.max(...versions)).toBe(db.version)
  expect(db.stats().queue.rejected.normal).toBeGreaterThanOrEqual(90)
  await expect(submit({ type: 'get', key: 'a' })).rejects.toThrow("operation.type must be 'put'")
  db.close()
})
