/**
 * Recovery by marking: the lock is found dirty with lists half changed, at any moment of a database's
 * life. Afterwards every version, pin and tag reads as before, and each byte is accounted for.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReadTransaction, WriteTransaction } from '../../lib/index.js'
import { H_DIRTY, H_FREE, H_PHASE } from '../../lib/memory/layout.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { scaled } from '../support/runs.js'

const RUNS = scaled(150)

const step = fc.record({
  what: fc.constantFrom(
    'put',
    'put',
    'put',
    'many',
    'del',
    'clear',
    'pin',
    'unpin',
    'tag',
    'store',
    'crash',
  ),
  key: fc.integer({ min: 0, max: 60 }),
})

describe('recovery by marking', () => {
  it('loses nothing and leaks nothing', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 5, maxLength: 80 }),
        fc.constantFrom(0, 3, 1000),
        fc.constantFrom(2, 4, 31),
        (steps, versions, units) => {
          let time = 1000
          const options = { maxBytes: 2 ** 23, history: { versions } }
          const db = openWith(options, { now: () => time++, poison: true, indexFrom: 1, units })
          const { W } = db._test.engine
          const pins: ReadTransaction<string, unknown>[] = []
          const read = () => ({
            versions: db.versions().map(({ version, tags }) => {
              return [
                version,
                tags,
                [...db.getEntries({ at: version })],
                db.stores({ at: version }),
              ]
            }),
            pins: pins.map(pin => [pin.version, [...pin.getEntries()]]),
            histories: Array.from({ length: 61 }, (_, i) => db.history(`key ${i}`).toArray()),
          })
          for (const { what, key } of steps) {
            const name = `key ${key}`
            if (what === 'put') db.put(name, 'v'.repeat(key * 11))
            else if (what === 'del') db.delete(name)
            else if (what === 'clear' && key < 20) db.clear()
            else if (what === 'pin') pins.push(db.beginRead())
            else if (what === 'unpin') pins.shift()?.close()
            else if (what === 'tag') db.tag(`tag ${key % 3}`)
            else if (what === 'store') db.store(`store ${key % 3}`).put(name, key)
            else if (what === 'many') {
              db.transact(tx => {
                for (let i = 0; i < 300; i++) tx.put(`${name} ${i}`, i)
              })
            } else if (what === 'crash') {
              const before = read()
              // A thread that dies while it moves lists leaves them so: nothing on them can be trusted.
              W[H_DIRTY] = 1
              W[H_PHASE] = 1
              W[H_FREE] = 0
              db.delete('no such key')
              expect(read()).toEqual(before)
            }
            expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
          }
          for (const pin of pins) pin.close()
          db.prune({ before: db.version })
          expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
          db.close()
        },
      ),
      { numRuns: RUNS },
    )
  })
})

describe('a commit that is cut off', () => {
  it('after its turn is over has happened, and leaves the next writer alone', () => {
    const options = { maxBytes: 2 ** 21, history: { versions: 0 } }
    const db = openWith(options, { now: Date.now, threadId: 1 })
    const next = attachWith(db.share(), undefined, { now: Date.now, threadId: 2 })
    const { watch } = db._test.engine.epochs
    const tell = watch.tell
    let tx: WriteTransaction<string, unknown> | undefined
    watch.tell = () => {
      next.put('other', 1)
      tx = next.beginWrite()
      tx.put('open', 1)
      throw new RangeError('Maximum call stack size exceeded')
    }
    expect(db.put('key', 1)).toBe(1)
    watch.tell = tell
    expect(tx?.get('open')).toBe(1)
    expect(tx?.commit()).toBe(3)
    expect([...db.range()]).toEqual([
      ['key', 1],
      ['open', 1],
      ['other', 1],
    ])
    expect(db.put('key', 2)).toBe(4)
    next.close()
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    db.close()
  })
})
