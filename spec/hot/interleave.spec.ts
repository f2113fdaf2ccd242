/**
 * A reader, or a writer, stops at every possible place, and there the other one runs.
 *
 * A read of a single key is stopped before each of its loads of shared memory, while a writer commits,
 * reclaims all that it may, and fills freed blocks with garbage; perhaps it dies in the middle, and
 * another recovers. The answer must be that of a version that was the present one meanwhile, or of the
 * version asked for. And a commit is stopped before each of its stores, while a reader reads.
 *
 * By default one place in some is tried, another one each time; `ZVERSE_RUNS=144000` tries all.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Arena } from '../../lib/memory/arena.js'
import { versionOf } from '../../lib/memory/entry.js'
import { LAYOUT, R_STATE, S_REST, SR_INDEX } from '../../lib/memory/layout.js'
import { X_DIRECTORY } from '../../lib/memory/point-layout.js'
import { directoryLength, eachRef, eachSegment } from '../../lib/point/table.js'
import { bury } from '../../lib/threads/lines.js'
import type { KeyRef } from '../../lib/verbs/ref.js'
import { attachWith, openWith, type ZVerse } from '../../lib/zverse.js'
import type { ZVerseError } from '../support/engine.js'
import { Random } from '../support/random.js'
import { runToDeath, Tracer, traceAtomics, tracedArena } from '../threads/death/traced.js'
import { Stepper, stepAtomics, steppedArena } from './stepped.js'
import { SCALE, SEED, scaled } from './support.js'

type Db = ZVerse<string, unknown>

const BUILDER = 50
const READER = 60
const WRITER = 70
const HEIR = 80
const BYTES = 2 ** 20
const now = () => 5000

interface Image {
  readonly words: Uint32Array
  readonly version: number
}

const value = (key: string, version: number) => `${key}@${version}`

/** Keys, one a commit or all in one, in a database that keeps no past. */
function build(count: number, versions: number, pointIndex = true): Image {
  const options = { maxBytes: BYTES, history: { versions }, maxThreads: 8, pointIndex }
  const hooks = { now, threadId: BUILDER, poison: true, indexFrom: 1 }
  const db = openWith(options, hooks) as Db
  db.batch(
    Array.from({ length: count }, (_, i) => {
      return { type: 'put', key: `key ${i}`, value: value(`key ${i}`, 1) }
    }),
  )
  const other = db.store('other')
  db.transact(tx => tx.store(other).put('other', value('other', tx.version)))
  db.ref('key 0')
  write(db, tx => tx.put('key 1', value('key 1', tx.version)))
  write(db, tx => tx.delete('key 2'))
  db.share()
  const { engine } = db._test
  const words = engine.W.slice(0, engine.epochs.allocator.touchedWords)
  return { words, version: db.version }
}

function copyOf(image: Image): unknown {
  const arena = Arena.reserve(BYTES)
  arena.words.set(image.words)
  const format = { format: 'zverse', layout: LAYOUT, keys: 'string', values: 'msgpack' }
  return { ...format, buffer: arena.buffer }
}

function attach(handle: unknown, threadId: number, wrap?: (arena: Arena) => Arena): Db {
  return attachWith(handle, undefined, wrap ? { now, threadId, wrap } : { now, threadId }) as Db
}

type Tx = Parameters<Parameters<Db['transact']>[0]>[0]

/** A commit, after which all that may be freed is. */
function write(db: Db, body: (tx: Tx) => void): void {
  db.transact(body)
  db.prune({ before: db.version })
}

const fresh = (from: number, count: number) => (tx: Tx) => {
  for (let i = from; i < from + count; i++) {
    tx.put(`new ${i}`, value(`new ${i}`, tx.version))
  }
}

/** One place in so many is tried. */
const STRIDE = Math.max(1, Math.round(48 / SCALE))

/** Places to stop at, from one end to the other: `tried` says whether there was one. */
function* places(tried: () => boolean, stride = STRIDE): Iterable<number> {
  for (let n = 1 + (SEED % stride); ; n += stride) {
    yield n
    if (!tried()) return
  }
}

/** The writer's actions meanwhile. Readers read keys 0 … 5. */
const SCRIPTS: Record<string, (db: Db) => void> = {
  'overwrites and deletes': db => {
    for (let i = 0; i < 3; i++) {
      write(db, tx => tx.put('key 0', value('key 0', tx.version)))
      write(db, tx => tx.delete('key 1'))
      write(db, tx => tx.put('key 2', value('key 2', tx.version)))
      write(db, tx => tx.delete('key 0'))
      write(db, tx => tx.put('key 1', value('key 1', tx.version)))
      write(db, tx => tx.delete('key 2'))
    }
  },
  'moves a key within one commit': db => {
    for (let i = 0; i < 3; i++) {
      write(db, tx => {
        tx.delete('key 0')
        fresh(20 * i, 5)(tx)
        tx.put('key 0', value('key 0', tx.version))
      })
    }
  },
  'grows and shrinks': db => {
    write(db, fresh(0, 300))
    write(db, tx => tx.put('key 0', value('key 0', tx.version)))
    write(db, fresh(300, 1200))
    write(db, tx => tx.delete('key 1'))
    write(db, tx => tx.clear({ prefix: 'new' }))
    write(db, tx => tx.put('key 1', value('key 1', tx.version)))
  },
  clears: db => {
    write(db, tx => tx.clear())
    write(db, tx => tx.put('key 0', value('key 0', tx.version)))
    write(db, tx => {
      tx.clear()
      tx.put('key 1', value('key 1', tx.version))
      tx.put('key 2', value('key 2', tx.version))
    })
  },
  'gives a place to another key': db => {
    for (let i = 0; i < 3; i++) {
      write(db, tx => tx.delete('key 0'))
      write(db, tx => tx.put(`kex ${i}`, value(`kex ${i}`, tx.version)))
      write(db, tx => tx.put('key 0', value('key 0', tx.version)))
    }
  },
  // The index is the last thing that goes for it.
  'runs out of memory': db => {
    // A reader's pins decide how much fits, and so do the versions.
    for (let i = 0; i < 2; i++) {
      try {
        for (let n = 0; ; n++) db.put(`big ${n}`, 'x'.repeat(9000))
      } catch {}
      write(db, tx => tx.delete('key 0'))
      db.clear({ prefix: 'big' })
      write(db, tx => tx.put('key 0', `key 0@round ${i}`))
      write(db, tx => tx.put('key 2', `key 2@round ${i}`))
    }
  },
  'is rolled back': db => {
    try {
      db.transact(tx => {
        tx.clear()
        fresh(0, 40)(tx)
        throw new Error('never mind')
      })
    } catch {}
    write(db, tx => tx.put('key 0', value('key 0', tx.version)))
  },
}

const KEYS = ['key 0', 'key 1', 'key 2', 'key 3', 'no such key']

/** Reads, all in one: the result is compared with each version's. */
const READS: Record<string, (db: Db) => unknown> = {
  get: db => db.get('key 1'),
  'get of what is absent': db => db.get('key 2'),
  getEntry: db => {
    const entry = db.getEntry('key 0')
    if (entry === undefined) return undefined
    const told = String(entry.value).split('@')[1]
    const fits = entry.key === 'key 0' && (told === `${entry.version}` || told.startsWith('round'))
    return fits ? entry.value : JSON.stringify(entry)
  },
  getMany: db => JSON.stringify(db.getMany(KEYS)),
}

/** All versions that a script makes, read through a handle without an index. */
function answersOf(image: Image, script: (db: Db) => void, read: (db: Db) => unknown) {
  const handle = copyOf(image)
  const db = attach(handle, WRITER)
  const seen = new Set<unknown>()
  const look = attach(handle, READER)
  const note = () => seen.add(read(look))
  note()
  const { prune } = db
  // Each commit of a script is followed by `prune`.
  Object.defineProperty(db, 'prune', {
    value: (options: { before: number }) => {
      note()
      return prune.call(db, options)
    },
  })
  script(db)
  return seen
}

let restore = () => {}
beforeAll(() => {
  traceAtomics()
  restore = stepAtomics()
})
afterAll(() => restore())

describe.each([
  ['few keys', 6],
  ['some hundred keys', 300],
])('a reader of %s is stopped before each load', (_, count) => {
  const image = build(count, 0)

  for (const [does, script] of Object.entries(SCRIPTS)) {
    it(`while a writer ${does}`, () => {
      for (const [what, read] of Object.entries(READS)) {
        const allowed = answersOf(image, script, read)
        let more = true
        for (const n of places(() => more)) {
          const handle = copyOf(image)
          const stepper = new Stepper('loads')
          const reader = attach(handle, READER, arena => steppedArena(arena, stepper))
          const writer = attach(handle, WRITER)
          more = false
          stepper.begin(step => {
            if (step !== n) return
            more = true
            script(writer)
          })
          const got = read(reader)
          stepper.end()
          if (!allowed.has(got)) {
            expect.fail(`${what}, stopped before load ${n}: ${got}, not in ${[...allowed]}`)
          }
          expect(read(reader), 'afterwards').toBe(read(writer))
          if (n % 4 === 0 || !more) expect(writer.check()).toMatchObject({ ok: true })
        }
      }
    })

    it(`in a pinned version, while a writer ${does}`, () => {
      const stride = Math.ceil(STRIDE / 3)
      for (const view of ['pinned', 'by version', 'snapshot']) {
        let more = true
        for (const n of places(() => more, stride)) {
          const handle = copyOf(image)
          const stepper = new Stepper('loads')
          const reader = attach(handle, READER, arena => steppedArena(arena, stepper))
          const writer = attach(handle, WRITER)
          const tx = reader.beginRead()
          // Below the run, it is found by its tag.
          if (view === 'by version') writer.tag('it')
          const expected = JSON.stringify(writer.getMany(KEYS))
          write(writer, w => w.put('key 3', value('key 3', w.version)))
          more = false
          stepper.begin(step => {
            if (step !== n) return
            more = true
            script(writer)
          })
          const got =
            view === 'pinned'
              ? tx.getMany(KEYS)
              : reader.getMany(KEYS, view === 'snapshot' ? { snapshot: tx } : { at: tx.version })
          stepper.end()
          expect(JSON.stringify(got), `${view}, stopped before load ${n}`).toBe(expected)
          expect(JSON.stringify(tx.getMany(KEYS))).toBe(expected)
          tx.close()
          if (n % 4 === 0) expect(writer.check()).toMatchObject({ ok: true })
        }
      }
    })

    it(`and dies, and another goes on, while it ${does}`, () => {
      const random = new Random(SEED ^ count)
      const read = READS.getMany
      const whole = answersOf(image, script, read)
      const tracer = new Tracer(Number.POSITIVE_INFINITY)
      const counting = copyOf(image)
      const counted = attach(counting, WRITER, arena => tracedArena(arena, tracer))
      runToDeath(tracer, () => script(counted))
      const stores = tracer.steps
      const plain = new Stepper('loads')
      const bare = attach(copyOf(image), READER, arena => steppedArena(arena, plain))
      plain.begin(() => {})
      read(bare)
      for (let run = 0; run < scaled(2); run++) {
        const n = 1 + random.int(plain.steps)
        const dies = 1 + random.int(stores)
        const handle = copyOf(image)
        const stepper = new Stepper('loads')
        const reader = attach(handle, READER, arena => steppedArena(arena, stepper))
        const later = new Set<unknown>()
        stepper.begin(step => {
          if (step !== n) return
          const dying = new Tracer(dies)
          const victim = attach(handle, WRITER, arena => tracedArena(arena, dying))
          runToDeath(dying, () => script(victim))
          const heir = attach(handle, HEIR)
          bury(heir._test.engine.epochs.arena, WRITER, HEIR)
          later.add(read(heir))
          write(heir, w => w.put('key 0', value('key 0', w.version)))
          later.add(read(heir))
          write(heir, w => w.put('other', 'garbage'.repeat(9)))
          write(heir, fresh(900, 20))
          heir.close()
        })
        const got = read(reader)
        stepper.end()
        const what = `stopped before load ${n}, death before store ${dies} (ZVERSE_SEED=${SEED})`
        if (!whole.has(got) && !later.has(got)) expect.fail(`${what}: ${got}`)
        const last = attach(handle, HEIR)
        expect(read(reader), what).toBe(read(last))
        expect(last.check(), what).toMatchObject({ ok: true, problems: [] })
      }
    })
  }
})

describe('a writer is stopped before each store', () => {
  for (const [does, script] of Object.entries(SCRIPTS)) {
    it.each([
      ['few keys', 6],
      ['some hundred keys', 300],
    ])(`while it ${does}, among %s`, (_, count) => {
      const handle = copyOf(build(count, 20))
      const stepper = new Stepper('stores')
      const writer = attach(handle, WRITER, arena => steppedArena(arena, stepper))
      const reader = attach(handle, READER)
      const random = new Random(SEED)
      const tree = (tx: ReturnType<Db['beginRead']>) => {
        const all = new Map(tx.range({ prefix: 'key' }).toArray())
        return KEYS.map(key => all.get(key))
      }
      const pins = [reader.beginRead()]
      const refs = KEYS.map(key => reader.ref(key))
      let last = reader.version
      stepper.begin(step => {
        if (reader.version === last && step % (4 * STRIDE) !== SEED % (4 * STRIDE)) return
        last = reader.version
        const tx = reader.beginRead()
        const expected = tree(tx)
        expect(
          KEYS.map(key => reader.get(key)),
          `before store ${step}`,
        ).toEqual(expected)
        expect(tx.getMany(KEYS)).toEqual(expected)
        const pin = random.pick(pins)
        expect(pin.getMany(KEYS)).toEqual(tree(pin))
        refs.forEach((ref: KeyRef<string, unknown>, i) => {
          const fits = ref.version === (reader.getEntry(KEYS[i])?.version ?? null)
          expect(ref.stale).toBe(!fits)
          if (random.chance(0.1)) expect(ref.refresh().value).toBe(expected[i])
        })
        if (pins.length < 20 && random.chance(0.02)) pins.push(tx)
        else tx.close()
      })
      try {
        script(writer)
      } catch (error) {
        // Pinned versions may fill the memory.
        expect((error as ZVerseError).code).toBe('ZVERSE_FULL')
      }
      stepper.end()
      for (const pin of pins) pin.close()
      expect(writer.check()).toMatchObject({ ok: true, problems: [] })
    })
  }
})

describe.each([
  ['with an index', true],
  ['without', false],
])('a handle is stopped before each load, %s', (_, pointIndex) => {
  const image = build(6, 0, pointIndex)
  const asks: [string, (ref: KeyRef<string, unknown>) => unknown][] = [
    ['stale', ref => ref.stale],
    ['refresh', ref => ref.refresh()],
  ]
  for (const [does, script] of Object.entries(SCRIPTS)) {
    it.each(asks)(`in %s, while a writer ${does}: it does not miss that`, (_, look) => {
      const random = new Random(SEED)
      for (const key of ['key 0', 'key 1', 'key 2']) {
        let more = true
        for (const n of places(() => more)) {
          const handle = copyOf(image)
          const stepper = new Stepper('loads')
          const reader = attach(handle, READER, arena => steppedArena(arena, stepper))
          const writer = attach(handle, WRITER)
          const ref = reader.ref(key)
          // Changed in another key of the group, perhaps: it has to look, and then knows.
          if (random.chance(0.5)) write(writer, fresh(500, 400))
          more = false
          stepper.begin(step => {
            if (step !== n) return
            more = true
            script(writer)
          })
          look(ref)
          stepper.end()
          const present = writer.getEntry(key)?.version ?? null
          expect(ref.stale, `${key}, stopped before load ${n}`).toBe(ref.version !== present)
          ref.refresh()
          expect([ref.version, ref.value, ref.stale]).toEqual([present, writer.get(key), false])
          write(writer, tx => tx.put(key, 'once more'))
          expect(ref.stale).toBe(true)
        }
      }
    })
  }
})

describe('a reader stands on an entry of a commit that never came', () => {
  const image = build(6, 0)
  /** So long that its block is as large as the least segment of an index, which is all zeros. */
  const long = (version: number) => `key 0@${version}${'.'.repeat(220)}`
  const put = (db: Db) => db.transact(tx => tx.put('key 0', long(tx.version)))

  /** Stores before which a death leaves the reference of such an entry in the table. */
  function deaths(): number[] {
    const found: number[] = []
    const tracer = new Tracer(Number.POSITIVE_INFINITY)
    const counted = attach(copyOf(image), WRITER, arena => tracedArena(arena, tracer))
    runToDeath(tracer, () => put(counted))
    const { steps } = tracer
    for (let dies = Math.floor(steps / 3); dies <= steps; dies++) {
      const handle = copyOf(image)
      const dying = new Tracer(dies)
      const victim = attach(handle, WRITER, arena => tracedArena(arena, dying))
      runToDeath(dying, () => put(victim))
      const db = attach(handle, READER)
      const { W, epochs } = db._test.engine
      const directory = W[W[W[epochs.versions.current + R_STATE + S_REST] + SR_INDEX] + X_DIRECTORY]
      if (epochs.versions.staged > image.version || directory === 0) continue
      eachSegment(W, directory, directoryLength(W, directory), (segment, code) => {
        eachRef(W, segment, code, ref => {
          if (versionOf(W, ref) > image.version) found.push(dies)
        })
      })
    }
    return found
  }

  it('while another recovers, and uses what is free', () => {
    const all = deaths()
    expect(all.length).toBeGreaterThan(0)
    const some = SCALE < 8 ? [all[SEED % all.length]] : all
    for (const dies of some) {
      for (let n = 2, more = true; more; n++) {
        const handle = copyOf(image)
        const stepper = new Stepper('loads')
        const reader = attach(handle, READER, arena => steppedArena(arena, stepper))
        more = false
        stepper.begin(step => {
          if (step === 1) {
            const dying = new Tracer(dies)
            const victim = attach(handle, WRITER, arena => tracedArena(arena, dying))
            runToDeath(dying, () => put(victim))
          }
          if (step !== n) return
          more = true
          const heir = attach(handle, HEIR)
          bury(heir._test.engine.epochs.arena, WRITER, HEIR)
          heir.delete('key 3')
          heir.put('key 4', 4)
          heir.store('another').put('a', 1)
          heir.close()
        })
        const got = reader.get('key 0')
        stepper.end()
        expect(got, `death before store ${dies}, recovery before load ${n}`).toBe('key 0@1')
        if (!more) break
        expect(attach(handle, HEIR).check()).toMatchObject({ ok: true, problems: [] })
      }
    }
  })
})
