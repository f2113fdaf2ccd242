/** A dump, as lines, loaded into an empty database gives the same database, its past included. */
import { describe, expect, it } from 'vitest'
import { scaled as runs } from '../support/runs.js'
import {
  type Any,
  codecs,
  emptyLike,
  everything,
  lines,
  make,
  optionsOf,
  records,
  sound,
} from './support.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

describe(`dump and load, seeds ${SEED} and on`, () => {
  it('with history, everything comes back', () => {
    for (let run = 0; run < runs(150); run++) {
      const seed = SEED + run
      const made = make(seed, 5 + (seed % 60))
      const text = lines(made.db, { history: true })
      const copy = emptyLike(made)
      expect(copy.load(records(text), { codecs }), `seed ${seed}`).toBe(made.db.version)
      expect(everything(copy, made), `seed ${seed}`).toEqual(everything(made.db, made))
      expect(lines(copy, { history: true }), `seed ${seed}`).toEqual(text)
      sound(copy)
      goesOn(copy, made, seed)
      copy.close()
      made.db.close()
    }
  })

  /** A loaded database is one like any other. */
  function goesOn(copy: Any, made: ReturnType<typeof make>, seed: number): void {
    const { db, kinds, size } = made
    for (const store of ['one', 'two'])
      if (db.versions().some(v => v.tags.includes(store))) copy.untag(store)
    for (const [name, kind] of kinds) {
      const store = name === '' ? copy : copy.store(name, optionsOf(kind))
      for (let i = 0; i < size; i += 3) store.put(kind.key(i), kind.value(i))
      for (let i = 1; i < size; i += 5) store.delete(kind.key(i))
    }
    copy.setHistory({ versions: 0 })
    if (kinds.size > 1) copy.dropStore([...kinds.keys()][1])
    copy.clear()
    sound(copy)
    expect(copy.size, `seed ${seed}`).toBe(0)
  }

  it('with history up to a view, and numbers that begin anywhere', () => {
    for (let run = 0; run < runs(60); run++) {
      const seed = SEED + run
      const firstVersion = [0, 2 ** 31 - 3, 2 ** 32 - 20, 2 ** 40][run % 4]
      const made = make(seed, 30, { firstVersion, slots: run % 2 === 0 ? 'auto' : 'always' })
      const versions = made.db.versions()
      const { version } = versions[seed % versions.length]
      const text = lines(made.db, { history: true, at: version })
      const copy = emptyLike(made)
      expect(copy.load(records(text), { codecs }), `seed ${seed}`).toBe(version)
      const told = versions.filter(each => each.version <= version)
      expect(copy.versions(), `seed ${seed}`).toEqual(told)
      for (const each of told) {
        const at = { at: each.version }
        expect(lines(copy, at), `seed ${seed}`).toEqual(lines(made.db, at))
      }
      sound(copy)
      copy.close()
      made.db.close()
    }
  })

  it('without history, a version is put into what is there', () => {
    for (let run = 0; run < runs(60); run++) {
      const seed = SEED + run
      const made = make(seed, 30)
      const versions = made.db.versions()
      const at = { at: versions[seed % versions.length].version }
      const text = lines(made.db, at)
      const copy = emptyLike(made)
      const holds = text.length > 2
      expect(copy.load(records(text), { codecs })).toBe(holds ? 1 : 0)
      const body = (of: string[]) => of.slice(1)
      expect(body(lines(copy)), `seed ${seed}`).toEqual(body(text))
      // Once more, over the loaded data, from another version.
      const present = lines(made.db)
      const fits = made.db.stores(at).every(({ name, keys, values }) => {
        const now = made.db.stores().find(store => store.name === name)
        return now === undefined || (now.keys === keys && now.values === values)
      })
      if (fits) {
        copy.load(records(present), { codecs })
        const all = new Set(body(lines(copy)))
        for (const line of body(present)) expect(all, `seed ${seed}`).toContain(line)
      }
      sound(copy)
      copy.close()
      made.db.close()
    }
  })

  it('counts its cases', () => {
    console.log(`dump and load: seed ${SEED}, ${runs(150) + runs(60) * 2} databases`)
  })
})
