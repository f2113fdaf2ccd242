/**
 * The point index: after all operations it answers like the plain map beside it, in every version;
 * and it stays small. When memory is short, a database does without it.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { R_STATE, S_REST, SR_INDEX } from '../../lib/memory/layout.js'
import {
  B_LEVEL,
  B_TAGS,
  D_SEGMENTS,
  G_BUCKETS,
  G_DEPTH,
  G_USED,
  X_COUNT,
  X_DIRECTORY,
  X_WORDS,
} from '../../lib/memory/point-layout.js'
import { bucketsOf, segmentIn } from '../../lib/point/table.js'
import type { Database } from '../support/contract.js'
import { Random } from '../support/random.js'
import {
  ask,
  counts,
  insides,
  keyWithHash,
  openHot,
  property,
  SCALE,
  SEED,
  scaled,
  sound,
} from './support.js'
import { type Plan, World } from './world.js'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const plans = (sizes: fc.Arbitrary<number>, commits: number): fc.Arbitrary<Plan> =>
  fc.record({
    seed: seeds,
    size: sizes,
    commits: fc.integer({ min: 1, max: commits }),
    versions: fc.constantFrom(0, 3, 1000),
    firstVersion: fc.constantFrom(0, 0, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 40),
    announced: fc.boolean(),
    twin: fc.boolean(),
    indexFrom: fc.constantFrom(1, 1, 7, 65),
  })

function run(plan: Plan): World {
  const world = new World(plan)
  for (let n = 0; n < plan.commits; n++) {
    world.commit()
    world.compare()
    if (n % 16 === 15) sound(world.db)
  }
  world.sound()
  return world
}

/** Word of the head of the unnamed store's index. */
function headOf(db: Database): number {
  const { W, epochs } = insides(db)
  return W[W[epochs.versions.current + R_STATE + S_REST] + SR_INDEX]
}

describe(`the point index, ZVERSE_SEED=${SEED}`, () => {
  property(
    'answers as a map does: a few keys',
    20,
    plans(fc.integer({ min: 1, max: 90 }), 60),
    plan => run(plan).close(),
  )

  property(
    'answers as a map does: some hundreds',
    12,
    plans(fc.integer({ min: 90, max: 1500 }), 50),
    plan => run(plan).close(),
  )

  property(
    'answers as a map does: thousands',
    1,
    plans(fc.integer({ min: 5000, max: 20_000 }), 12),
    plan => {
      const world = new World({ ...plan, twin: false, maxBytes: 2 ** 25 })
      world.batch(world.spaces[0], 0, plan.size)
      for (let n = 0; n < plan.commits; n++) {
        world.commit()
        world.compare()
      }
      world.batch(world.spaces[0], 0.98, 2 * plan.size)
      world.sound()
      world.clear(world.spaces[0])
      world.batch(world.spaces[0], 0.1)
      world.sound()
      world.close()
    },
  )

  it('splits, grows, shrinks, and is made anew, one key after the other', () => {
    const random = new Random(SEED)
    const db = openHot({ history: { versions: 0 }, maxBytes: 2 ** 25 }, { poison: true })
    const rows = new Map<string, number>()
    const steps = scaled(3000)
    const probe = () => {
      for (let n = 0; n < 3; n++) {
        const i = random.int(steps)
        const row = rows.get(`key ${i}`)
        expect(ask(db, `key ${i}`)).toEqual([row, row !== undefined, row, row ?? null])
      }
    }
    for (let i = 0; i < steps; i++) {
      rows.set(`key ${i}`, db.put(`key ${i}`, db.version + 1))
      probe()
    }
    sound(db)
    const { indexBytes, indexedKeys } = counts(db)
    expect(indexedKeys).toBeGreaterThan(steps * 0.99)
    for (let i = 0; i < steps; i++) {
      db.delete(`key ${(i * 7919) % steps}`)
      rows.delete(`key ${(i * 7919) % steps}`)
      probe()
    }
    sound(db)
    for (const key of rows.keys()) db.delete(key)
    expect(counts(db).indexedKeys).toBe(0)
    if (steps >= 3000) expect(counts(db).indexBytes).toBeLessThan(indexBytes / 4)
  })

  it('takes less than 12 bytes a key, from 1000 keys on', () => {
    let worst = { perKey: 0, keys: 0, how: '' }
    const most = SCALE >= 10 ? 300_000 : 12_000 * Math.max(SCALE, 0.2)
    const look = (db: Database, keys: number, how: string) => {
      const { indexBytes, indexedKeys } = counts(db)
      const perKey = indexBytes / indexedKeys
      if (perKey > worst.perKey) worst = { perKey, keys, how }
      expect(indexedKeys, how).toBeGreaterThan(keys * 0.99)
    }
    const one = openHot({ maxBytes: 2 ** 28, history: { versions: 0 } })
    for (let i = 0; i < most; i++) {
      one.put(`key ${i}`, i)
      if (i >= 1000 && i % 31 === 0) look(one, i + 1, 'one a commit')
    }
    for (
      let n = 1000 + (SEED % 500);
      n < (SCALE >= 10 ? most : 2 * most);
      n = Math.ceil(n * (SCALE >= 10 ? 1.04 : 1.5))
    ) {
      const db = openHot({ maxBytes: 2 ** 28, history: { versions: 0 } })
      db.transact(tx => {
        for (let i = 0; i < n; i++) tx.put(`key ${i}`, i)
      })
      look(db, n, 'in one transaction')
      db.close()
    }
    console.log(`${worst.perKey.toFixed(2)} bytes a key at ${worst.keys} keys, ${worst.how}`)
    expect(worst.perKey).toBeLessThan(12)
  })

  it('does without for a store that has none, and when there is to be none', () => {
    const db = openHot({ pointIndex: false })
    for (let i = 0; i < 200; i++) db.put(`key ${i}`, i)
    expect(counts(db)).toMatchObject({ indexedKeys: 0, indexBytes: 0 })
    const few = openHot({}, { indexFrom: 65 } as object)
    for (let i = 0; i < 64; i++) few.put(`key ${i}`, i)
    expect(counts(few).indexedKeys).toBe(0)
    few.put('one more', 1)
    expect(counts(few).indexedKeys).toBe(65)
    sound(few)
  })
})

describe('keys made to collide', () => {
  const ways: [string, (i: number) => number][] = [
    ['in the whole hash', () => 0x12345678],
    ['in their first 16 bits', i => 0xabcd0000 + (Math.imul(i, 40503) % 65536)],
    ['in their last 16 bits', i => (Math.imul(i, 0x9e3779b1) & 0xffff0000) + 0x4321],
    ['in their first 31 bits', i => 0xfffffffe + (i & 1)],
    ['in all but a few bits', i => (0x00ff0000 + ((i & 7) << 13)) >>> 0],
  ]
  it.each(ways)('%s: answers stay right, and the index small', (_, hash) => {
    const size = 500
    const keyOf = (i: number) => keyWithHash(i, hash(i) >>> 0)
    const plan = {
      versions: 3,
      firstVersion: 0,
      announced: true,
      twin: false,
      keys: 'binary',
      keyOf,
    }
    for (let run_ = 0; run_ < scaled(2); run_++) {
      const world = new World({ ...plan, seed: SEED + run_, size, commits: 0 })
      for (let n = 0; n < 25; n++) {
        world.commit()
        world.compare()
        expect(counts(world.db).indexBytes).toBeLessThan(64 * 1024)
      }
      world.sound()
      world.close()
    }
  })

  it.each(ways)('%s, one a commit, among others that do not: both stay fast to find', (_, hash) => {
    const db = openHot({ keys: 'binary', history: { versions: 0 } })
    const others = scaled(600)
    const random = new Random(SEED)
    let most = 0
    for (let i = 0; i < others; i++) {
      db.put(keyWithHash(i, random.next()), i)
      db.put(keyWithHash(i + 1e6, hash(i) >>> 0), -i)
      const { indexBytes } = counts(db)
      most = Math.max(most, indexBytes / (2 * i + 50))
    }
    expect(most, 'bytes a key').toBeLessThan(40)
    sound(db)
    for (let i = 0; i < others; i++) {
      expect(db.get(keyWithHash(i + 1e6, hash(i) >>> 0))).toBe(-i)
      expect(db.get(keyWithHash(i + 2e6, hash(i) >>> 0))).toBe(undefined)
      db.delete(keyWithHash(i + 1e6, hash(i) >>> 0))
    }
    // Those that shared a full bucket with them are not found again: a few buckets' worth, however
    // few the others are.
    expect(counts(db).indexedKeys).toBeGreaterThan(others * 0.95 - 40)
    sound(db)
  })
})

describe('where memory is short', () => {
  const full: fc.Arbitrary<Plan> = fc.record({
    seed: seeds,
    size: fc.integer({ min: 2000, max: 12_000 }),
    commits: fc.constant(25),
    versions: fc.constantFrom(0, 3, 1000),
    firstVersion: fc.constant(0),
    announced: fc.boolean(),
    twin: fc.constant(false),
    maxBytes: fc.constantFrom(2 ** 20, 2 ** 20 + 2 ** 19),
  })
  property('writes are refused as ever, answers are right, deletes always work', 3, full, plan => {
    const world = new World(plan)
    for (let n = 0; n < plan.commits; n++) {
      world.batch(world.spaces[0], 0.02, 600)
      world.commit()
      world.compare(4)
    }
    world.sound()
    world.close()
  })

  const failing = fc.tuple(
    plans(fc.integer({ min: 60, max: 900 }), 30),
    fc.infiniteStream(fc.integer({ min: 1, max: 12 })),
  )
  property('no write fails because the index finds no memory', 15, failing, ([plan, places]) => {
    const world = new World({ ...plan, twin: false })
    const { index, epochs } = insides(world.db)
    const { allocator } = epochs
    const apply = index.apply.bind(index)
    index.apply = (head, root, changes, version) => {
      allocator.failAfter = places.next().value as number
      try {
        apply(head, root, changes, version)
      } finally {
        allocator.failAfter = Number.POSITIVE_INFINITY
      }
    }
    for (let n = 0; n < plan.commits; n++) {
      world.commit()
      world.compare()
      if (n % 8 === 7) sound(world.db)
    }
    expect(world.refused).toBe(0)
    world.sound()
    world.close()
  })

  property(
    'nor is anything lost when some allocation of a write fails',
    10,
    failing,
    ([plan, places]) => {
      const world = new World({ ...plan, twin: false, versions: 1000 })
      const { allocator } = insides(world.db).epochs
      for (let n = 0; n < plan.commits; n++) {
        allocator.failAfter = (places.next().value as number) * 2
        try {
          world.batch(world.spaces[0], 0.3)
        } finally {
          allocator.failAfter = Number.POSITIVE_INFINITY
        }
        world.compare()
      }
      world.sound()
      world.close()
    },
  )
})

describe('check', () => {
  const keys = 3000
  const build = () => {
    const db = openHot()
    db.batch(Array.from({ length: keys }, (_, i) => ({ type: 'put', key: `key ${i}`, value: i })))
    sound(db)
    const { W } = insides(db)
    const head = headOf(db)
    const directory = W[head + X_DIRECTORY]
    const word = W[directory + D_SEGMENTS]
    const segment = segmentIn(word)
    /** A slot with a reference, and one without. */
    const slots = { used: 0, empty: 0 }
    for (let b = 0; b < bucketsOf(word & 31); b++) {
      const bucket = segment + G_BUCKETS + 16 * b
      for (let i = 0; i < 12; i++) {
        if (W[bucket + i] === 0) slots.empty ||= bucket + i
        else slots.used ||= bucket + i
      }
    }
    const bucket = slots.used - ((slots.used - segment) % 16)
    return { db, W, head, directory, segment, bucket, ...slots }
  }
  type Built = ReturnType<typeof build>
  const wrong: [string, (built: Built) => void][] = [
    ['a slot that leads nowhere', ({ W, used }) => void (W[used] = 0)],
    ['a slot that leads to another key', ({ W, used, empty }) => void (W[empty] = W[used])],
    [
      'two slots that have changed places',
      ({ W, bucket, used }) => {
        const other = [0, 1, 2, 3].map(i => bucket + i).find(at => W[at] !== 0 && at !== used)
        if (other === undefined) throw new Error('one reference only')
        const [a, b] = [W[used], W[other]]
        W[used] = b
        W[other] = a
      },
    ],
    [
      'a wrong tag',
      ({ W, bucket, used }) => void (W[bucket + B_TAGS + ((used - bucket) >>> 2)] ^= 0x01010101),
    ],
    ['a count that is too high', ({ W, head }) => void W[head + X_COUNT]++],
    ['words that are too few', ({ W, head }) => void W[head + X_WORDS]--],
    ['a segment that says it holds less', ({ W, segment }) => void W[segment + G_USED]--],
    ['a segment of another depth', ({ W, segment }) => void W[segment + G_DEPTH]--],
    ['a directory that says another size', ({ W, directory }) => void W[directory + D_SEGMENTS]--],
    [
      'a level that has fallen',
      ({ W, segment, directory }) => {
        const code = W[directory + D_SEGMENTS] & 31
        const levels = Array.from(
          { length: bucketsOf(code) },
          (_, b) => segment + G_BUCKETS + 16 * b + B_LEVEL,
        )
        const raised = levels.find(at => W[at] > 0 && W[at] < 3)
        if (raised === undefined) W[segment + G_USED]++
        else W[raised] = 0
      },
    ],
  ]
  it.each(wrong)('notices %s', (_, corrupt) => {
    const built = build()
    corrupt(built)
    const { ok, problems } = built.db.check()
    expect(ok).toBe(false)
    expect(problems.join('\n')).toContain('index')
  })

  it('notices an entry that the index did not hear of', () => {
    const db = openHot()
    for (let i = 0; i < 80; i++) db.put(`key ${i}`, i)
    const { index } = insides(db)
    const apply = index.apply.bind(index)
    index.apply = () => {}
    db.put('key 7', 'new')
    index.apply = apply
    const { ok, problems } = db.check()
    expect(ok).toBe(false)
    expect(problems.join('\n')).toContain('index')
  })
})
