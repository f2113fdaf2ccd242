/** The scenario under jest's fake timers, which are there before the package is loaded, or after. */
import { pathToFileURL } from 'node:url'
import { afterEach, expect, jest, test } from '@jest/globals'
import { alone, together } from '../scenario.js'

const root = `${__dirname}/../../..`
const around = {
  holder: pathToFileURL(`${root}/spec/runners/holder.js`),
  dist: pathToFileURL(`${root}/dist/index.js`).href,
}
const early = new Date()

/** @returns {any} the package, loaded anew */
const load = () => require('../../../dist/index.js')

afterEach(() => {
  jest.useRealTimers()
  jest.restoreAllMocks()
  jest.resetModules()
})

test('fake timers before the package', async () => {
  jest.useFakeTimers({ now: Date.UTC(2001, 1, 3) })
  const zverse = load()
  await alone(zverse, early)
  if (!('window' in globalThis)) await together(zverse, around)
}, 120_000)

test('fake timers after it', async () => {
  const zverse = load()
  jest.useFakeTimers({ now: Date.UTC(2101, 1, 3) })
  await alone(zverse, early)
}, 120_000)

test('clocks that are spied on', () => {
  jest.spyOn(Date, 'now').mockReturnValue(1000)
  jest.spyOn(performance, 'now').mockReturnValue(Number.NaN)
  jest.spyOn(process, 'hrtime').mockReturnValue([0, 0])
  const db = load().ZVerse.open()
  for (let i = 0; i < 2000; i++) db.put('k', (db.get('k') ?? 0) + 1)
  expect(db.versions().at(-1).timestamp).toBe(1000)
  expect(db.stats().latency.commit.samples).toBeGreaterThan(0)
  expect(db.check().ok).toBe(true)
  db.close()
}, 120_000)

test('what is handed out is of the kinds that a test knows', () => {
  const db = load().ZVerse.open()
  const value = { at: new Date(), map: new Map([[1, 2]]), set: new Set([1]), list: [1] }
  db.put('k', value)
  expect(db.get('k')).toEqual(value)
  expect(db.get('k').at).toBeInstanceOf(Date)
  expect(db.get('k').map).toBeInstanceOf(Map)
  db.close()
}, 120_000)
