/** Values that are kept deflated: every reader gets what was put, wherever the entry was; refusals. */
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { isAscii, valueBytesOf } from '../../lib/memory/entry.js'
import { R_STATE, S_LIVE } from '../../lib/memory/layout.js'
import { eachEntry } from '../../lib/tree/node.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 31)

// biome-ignore lint/suspicious/noExplicitAny: values of any codec.
type Any = any

const repeated = (random: Random, unit: string) => unit.repeat(1 + random.int(600))

/** Values of each codec: short and long, that deflate and that do not, ASCII and not. */
const VALUES: Record<string, (random: Random) => Any> = {
  string: random => {
    const way = random.int(4)
    if (way === 0) return 'x'.repeat(random.int(100))
    if (way === 1) return repeated(random, `position ${random.int(10)} `)
    if (way === 2) return repeated(random, 'grün ÿÿ ')
    return Array.from({ length: random.int(800) }, () => random.int(36).toString(36)).join('')
  },
  json: random =>
    Array.from({ length: random.int(90) }, (_, i) => ({ id: i, name: `vehicle ${i % 7}` })),
  msgpack: random => (random.chance(0.5) ? VALUES.json?.(random) : VALUES.string?.(random)),
  binary: random => {
    const bytes = new Uint8Array(random.int(700))
    const isNoise = random.chance(0.4)
    for (let i = 0; i < bytes.length; i++) bytes[i] = isNoise ? random.int(256) : 255
    return bytes
  },
}

const all = (db: Any, view?: object) => [...db.entries(view)]

describe('values that are kept deflated', () => {
  it.each(Object.keys(VALUES))(
    '%s: are what was put, by every way and in every version',
    values => {
      const random = new Random(SEED)
      const drawn = VALUES[values] as (random: Random) => Any
      for (let run = 0; run < scaled(20); run++) {
        const compress = { above: random.pick([0, 71, 72, 100, 1000]) }
        const history = { versions: 100 }
        const options = { values, history, maxBytes: 2 ** 22 } as never
        const hooks = { now: () => 7, poison: true, threadId: 3 }
        const db = openWith({ ...(options as object), compress } as never, hooks) as Any
        const plain = openWith(options, hooks) as Any
        const store = db.store('named', { values, compress: { above: Number.POSITIVE_INFINITY } })
        plain.store('named', { values })
        for (let i = 0; i < 30; i++) {
          const [key, value] = [`key ${random.int(12)}`, drawn(random)]
          for (const each of [db, plain]) each.put(key, value)
          if (i % 5 === 0) {
            store.put(key, value)
            plain.store('named', { values }).put(key, value)
          }
        }
        const seen = [...plain.versions()].map(({ version }: Any) => [
          version,
          all(plain, { at: version }),
        ])
        const compare = (other: Any) => {
          for (const [version, entries] of seen)
            expect(all(other, { at: version })).toEqual(entries)
          for (const key of plain.keys()) {
            expect(other.get(key)).toEqual(plain.get(key))
            expect([...other.history(key)]).toEqual([...plain.history(key)])
          }
          expect(other.getMany([...plain.keys()])).toEqual([...plain.values()])
          expect(all(other.store('named', { values }))).toEqual(
            all(plain.store('named', { values })),
          )
          expect([...other.diff(seen[3]?.[0], other.version)]).toEqual([
            ...plain.diff(seen[3]?.[0], plain.version),
          ])
        }
        compare(db)
        // Whoever reads need not know of the option.
        compare(attachWith(db.share(), {}, { now: () => 7, poison: true, threadId: 4 }))
        const copy = openWith(options, hooks) as Any
        copy.load(db.dump({ history: true }))
        compare(copy)
        expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
        for (const each of [db, plain, copy]) each.close()
      }
    },
  )

  it('are deflated in a directory, too, and read by who opens it without the option', async () => {
    const files = new Disk(2 ** 14)
    const hooks = { now: () => 7, poison: true, files }
    const options = { path: 'db', background: false, maxBytes: 2 ** 22 }
    const value = 'position '.repeat(500)
    const db = openWith({ ...options, compress: { above: 100 } }, hooks) as Any
    db.put('log', value)
    db.put('base', value)
    await db.compact()
    db.put('log', `${value}again`)
    db.close()
    expect(
      files.paths.some(path => Buffer.from(files.bytesOf(path)).includes('position position')),
    ).toBe(false)
    const again = openWith(options, hooks) as Any
    expect(all(again)).toEqual([
      ['base', value],
      ['log', `${value}again`],
    ])
    again.close()
  })

  it('take less memory, and what deflate does not make smaller by a quarter is as it was', () => {
    const db = openWith({ values: 'string', compress: { above: 1000 } }, { now: () => 7 })
    const sizes = () => {
      const { W, epochs } = db._test.engine
      const found: [number, boolean][] = []
      eachEntry(W, W[epochs.versions.current + R_STATE + S_LIVE] as number, entry => {
        found.push([valueBytesOf(W, entry), isAscii(W, entry)])
      })
      return found
    }
    const random = new Random(1)
    const noise = Array.from({ length: 2000 }, () => String.fromCharCode(33 + random.int(90))).join(
      '',
    )
    db.put('a', 'x'.repeat(1000))
    db.put('b', 'x'.repeat(1001))
    db.put('c', noise)
    expect(sizes()[0]).toEqual([1000, true])
    expect(sizes()[1]?.[0]).toBeLessThan(100)
    expect(sizes()[2]).toEqual([2000, true])
    db.close()
  })

  it('is refused where it cannot be', () => {
    for (const compress of [
      1,
      null,
      [],
      'yes',
      { above: -1 },
      { above: 1.5 },
      { above: '1' },
      { above: 2 ** 32 - 1 },
      { below: 3 },
      {},
    ]) {
      expectCode(() => ZVerse.open({ compress } as never), 'INVALID_OPTION')
      const db = ZVerse.open()
      expectCode(() => db.store('name', { compress } as never), 'INVALID_OPTION')
      expect(db.stores()).toEqual([])
      db.close()
    }
  })
})
