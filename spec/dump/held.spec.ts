/**
 * A dump shows the database as of its begin, though others write meanwhile, and releases it afterwards.
 */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { toJson, ZVerse } from '../../lib/index.js'
import { attachWith } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { type Any, codecs, lines, make, optionsOf, sound } from './support.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

describe(`a dump under way, seeds ${SEED} and on`, () => {
  for (const history of [false, true]) {
    it(`does not see what is written, pruned, untagged, dropped (history: ${history})`, () => {
      for (let seed = SEED; seed < SEED + 60; seed++) {
        const made = make(seed, 40, { slots: seed % 2 === 0 ? 'auto' : 'always' })
        const { db, kinds, size } = made
        const random = new Random(seed)
        const writer: Any =
          seed % 3 === 0
            ? attachWith(db.share(), optionsOfValues(kinds.get('')), { now: () => made.clock.now })
            : db
        const before = lines(db, { history })
        const seen: string[] = []
        for (const record of db.dump({ history, codecs })) {
          seen.push(toJson(record))
          const kind = kinds.get('') as Any
          writer.put(kind.key(random.int(size)), kind.value(random.int(100)))
          if (random.chance(0.2)) writer.clear()
          if (random.chance(0.1)) writer.prune({ before: writer.version })
          if (random.chance(0.1)) writer.setHistory({ versions: 0 })
          for (const { tags } of random.chance(0.1) ? db.versions() : []) {
            for (const name of tags) writer.untag(name)
          }
          for (const { name } of random.chance(0.05) ? db.stores() : []) writer.dropStore(name)
        }
        expect(seen, `seed ${seed}`).toEqual(before)
        for (const { tags } of db.versions()) for (const name of tags) writer.untag(name)
        // Its pins are released: the past goes with the next commits.
        writer.setHistory({ versions: 0 })
        writer.clear()
        for (let i = 0; i < 70; i++)
          writer.put((kinds.get('') as Any).key(0), (kinds.get('') as Any).value(i))
        expect(db.versions().length).toBe(1)
        sound(db)
        if (writer !== db) writer.close()
        db.close()
      }
    })
  }

  it('lets go as it goes on, when it is left, and when the database is closed', () => {
    const made = make(1, 0)
    const db = made.db as Any
    const { key, value } = made.kinds.get('') as Any
    db.setHistory({ versions: 1000 })
    for (let i = 0; i < 300; i++) {
      db.put(key(0), value(i))
      if (i < 60 && i % 10 === 0) db.tag(`tag ${i}`)
    }
    const held = () => {
      for (let i = 0; i < 70; i++) db.put(key(0), value(i))
      return db.stats().readers
    }
    const dump = db.dump({ history: true })
    dump.next()
    expect(held().oldestPinned ?? 0).toBeLessThanOrEqual(300)
    dump.return()
    expect(() => dump.next()).not.toThrow()
    expect(dump.next()).toEqual({ value: undefined, done: true })
    const cut = db.dump({ history: true })
    cut.next()
    db.close()
    expect(() => cut.next()).toThrow(expect.objectContaining({ code: 'ZVERSE_CLOSED' }))
  })

  it('that is dropped unfinished is collected, with a warning', () => {
    const program = `
      import { ZVerse } from './dist/index.js'
      const db = ZVerse.open({ history: { versions: 3 } })
      for (let i = 0; i < 5; i++) { db.put('a', i); db.tag('t' + i) }
      process.on('warning', warning => {
        console.log(warning.message)
        process.exit(0)
      })
      ;(() => { db.dump({ history: true }).next() })()
      for (;;) {
        await new Promise(resolve => setTimeout(resolve, 1))
        gc()
      }`
    const args = ['--expose-gc', '--input-type=module', '-e', program]
    const said = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(said).toBe('a dump was dropped without being closed\n')
  })

  it('of many versions does not keep those it has passed', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 22, history: { versions: 1000 } })
    const value = (i: number) => 'x'.repeat(1000 + (i % 7))
    for (let i = 0; i < 2500; i++) db.put(`key ${i % 10}`, value(i))
    const newest = db.version
    for (const record of db.dump({ history: true })) {
      if (record.type !== 'version' || record.version < newest) continue
      // So many fit only if the versions behind the dump are released.
      for (let i = 0; i < 2500; i++) db.put(`key ${i % 10}`, value(i))
    }
    expect(db.version).toBe(5000)
    sound(db)
    db.close()
  })
})

function optionsOfValues(kind: Any): { values?: Any } {
  const { values } = optionsOf(kind)
  return typeof values === 'object' ? { values } : {}
}
