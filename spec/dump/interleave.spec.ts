/** A load stopped before each of its stores to shared memory, while another thread reads. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attachWith, openWith } from '../../lib/zverse.js'
import { Stepper, stepAtomics, steppedArena } from '../hot/stepped.js'
import { sound } from './support.js'

let end = () => {}
beforeAll(() => {
  end = stepAtomics()
})
afterAll(() => end())

const head = { type: 'zverse', format: 1, history: true, keys: 'string', values: 'msgpack' }
const history = [
  { ...head, oldest: 40, version: 42, timestamp: 42 },
  ...[3, 9, 40, 41, 42].flatMap(version => [
    { type: 'version', version, timestamp: version },
    { type: 'put', key: 'a', value: version },
    { type: 'put', key: `b${version}`, value: version },
    ...(version < 40 ? [{ type: 'tag', name: `t${version}` }] : []),
  ]),
  { type: 'end' },
]

it('shows each version whole, and no key handle takes the one before for it', () => {
  for (const pointIndex of [true, false]) {
    const hooks = { now: () => 1000, poison: true, indexFrom: 1 }
    const db = openWith({ maxBytes: 2 ** 20, pointIndex, maxThreads: 8 }, hooks)
    const stepper = new Stepper('stores')
    const wrap = (arena: Parameters<typeof steppedArena>[0]) => steppedArena(arena, stepper)
    const writer = attachWith(db.share(), {}, { ...hooks, threadId: 70, wrap })
    const keys = ['a', 'b3', 'b9', 'b40', 'b41', 'b42']
    const refs = keys.map(key => db.ref(key))
    stepper.begin(step => {
      keys.forEach((key, i) => {
        const entry = db.getEntry(key)
        const what = `${key} before store ${step}`
        expect(refs[i].stale, what).toBe(refs[i].version !== (entry?.version ?? null))
        if (step % 3 === i % 3) refs[i].refresh()
      })
      const present = db.range().toArray()
      const { version } = db
      expect(present.length).toBe(
        [3, 9, 40, 41, 42].filter(v => v <= version).length + (version ? 1 : 0),
      )
      expect(db.getMany(keys).filter(value => value !== undefined).length).toBe(present.length)
      for (const { version: at, tags } of db.versions()) {
        expect(db.get('a', { at })).toBe(at === 0 ? undefined : at)
        for (const tag of tags) expect(db.get('a', { at: tag })).toBe(at)
      }
      if (step % 7 === 0) db.dump({ history: true }).toArray()
    })
    expect(writer.load(history)).toBe(42)
    stepper.end()
    expect(stepper.steps).toBeGreaterThan(500)
    refs.forEach((ref, i) => {
      expect(ref.stale).toBe(ref.version !== (db.getEntry(keys[i])?.version ?? null))
    })
    writer.close()
    sound(db)
    db.close()
  }
})
