/**
 * Boxes and neighbours of every version, by every view, in transactions and named stores; `diff`,
 * `changes` and `clear` in a box. Against a look at every entry of the snapshots.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import type { Commit, Database, Reads, Side, ViewOptions } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode } from '../support/expect.js'
import type { Random } from '../support/random.js'
import { type Recipe, recipes, upTo } from './arbitraries.js'
import { brief, Cases, same } from './cases.js'
import { byCode, type Row } from './oracle.js'
import {
  askKey,
  askNearest,
  askRange,
  cutSome,
  randomBox,
  randomRange,
  type Scope,
} from './queries.js'
import { codec, type Space, World } from './world.js'

const cases = new Cases('versions')

const recipe = recipes({ count: upTo(300), commits: fc.integer({ min: 1, max: 10 }) })
const pairs = fc.tuple(recipe, fc.option(recipe, { nil: undefined, freq: 2 }))
type Pair = readonly [Recipe, Recipe?]

function askAny(scope: Scope, random: Random): void {
  const choice = random.int(8)
  if (choice === 0) askKey(scope, random)
  else if (choice < 4) askNearest(scope, random)
  else askRange(scope, random)
  cases.add()
}

/** The target of the verbs of `space` within a transaction. */
function within(tx: Reads & { store(handle: Space['handle']): Reads }, space: Space, world: World) {
  return space === world.spaces[0] ? tx : tx.store(space.handle)
}

function marked(pair: Pair): World {
  const world = new World(pair)
  for (let i = 0; i < 3; i++) {
    world.tag()
    world.pin()
  }
  return world
}

describe('Z-order keys of the past', () => {
  cases.property('are found at every version, by every view', 80, pairs, pair => {
    const world = marked(pair)
    for (let i = 0; i < 30; i++) {
      const space = world.pick()
      const { view, version } = world.view()
      askAny(space.scope(space.handle, space.at(version), view), world.random)
    }
    world.close()
  })

  cases.property('are found in read transactions, whatever is written since', 60, pairs, pair => {
    const world = marked(pair)
    const { view, version } = world.view()
    const read = world.db.beginRead(view)
    for (let i = 0; i < 20; i++) {
      const space = world.pick()
      if (i % 5 === 4)
        world.transact(drafts => {
          world.change(drafts[world.spaces.indexOf(space)], space, 10)
        })
      askAny(space.scope(within(read, space, world), space.at(version)), world.random)
    }
    read.close()
    world.close()
  })

  cases.property('are found in write transactions, their own writes too', 60, pairs, pair => {
    const world = new World(pair)
    const { random } = world
    const before = world.spaces.map(space => space.sorted())
    const tx = world.db.beginWrite()
    const drafts = world.drafts(tx)
    for (let round = 0; round < 4; round++) {
      const which = random.int(world.spaces.length)
      const [space, draft] = [world.spaces[which], drafts[which]]
      world.change(draft, space, random.int(30))
      const rows = [...draft.rows.values()].sort(byCode)
      const scope = space.scope(within(tx, space, world), rows)
      if (random.chance(0.2)) {
        const { bounds, rows: gone } = randomRange(scope, random)
        draft.clear(bounds, gone)
        scope.rows = [...draft.rows.values()].sort(byCode)
      }
      for (let i = 0; i < 6; i++) askAny(scope, random)
      // Others see the last commit.
      askAny(space.scope(space.handle, before[which]), random)
    }
    if (random.chance(0.5)) {
      tx.commit()
      world.spaces.forEach((space, i) => {
        space.rows = drafts[i].rows
      })
    } else {
      tx.abort()
    }
    for (const space of world.spaces) {
      askAny(space.scope(space.handle, space.sorted()), random)
      same(
        () => 'all keys',
        space.handle.keys().toArray(),
        space.sorted().map(({ key }) => key),
      )
    }
    world.close()
  })

  cases.property('are left in iterators when they are gone from the database', 60, pairs, pair => {
    const world = new World(pair, { history: { versions: 1 } })
    const { random } = world
    for (let round = 0; round < 4; round++) {
      const space = world.pick()
      const scope = space.scope(space.handle, space.sorted())
      const box = randomBox(scope, random)
      const [point] = [space.points.next()].map(p => {
        return p.map((x, d) => (Number.isFinite(Number(x)) ? x : [0, null][d % 2]))
      })
      const make = () => {
        const { handle } = space
        const reads = [handle.box(...box), handle.keys({ box, reverse: true })]
        return [...reads, handle.nearest(point, Infinity), handle.nearest(point, 20, { box })]
      }
      const expected = make().map(iterator => Array.from<unknown>(iterator as Iterable<unknown>))
      const iterators = make()
      const got = iterators.map((iterator, i) => {
        const taken: unknown[] = []
        for (let n = random.int(expected[i].length + 1); n > 0; n--)
          taken.push(iterator.next().value)
        return taken
      })
      world.write(space, draft => {
        if (random.chance(0.5)) draft.clear({}, space.sorted())
      })
      world.transact(drafts => {
        world.change(drafts[world.spaces.indexOf(space)], space, 30)
      })
      iterators.forEach((iterator, i) => {
        const all = [...got[i], ...(iterator as Iterable<unknown>)]
        same(() => `iterator ${i} of ${brief([space.dimensions, box, point])}`, all, expected[i])
        cases.add()
      })
    }
    world.close()
  })
})

/** Each key whose entry differs, in order, with any row of it. */
function differing(before: readonly Row[], after: readonly Row[]) {
  const [old, young] = [before, after].map(rows => new Map(rows.map(row => [row.code, row])))
  return [...new Map([...old, ...young]).values()]
    .filter(({ code }) => old.get(code)?.version !== young.get(code)?.version)
    .sort(byCode)
    .map(row => ({ row, before: old.get(row.code), after: young.get(row.code) }))
}

async function take(iterator: AsyncIterator<Commit>, count: number): Promise<Commit[]> {
  const commits: Commit[] = []
  while (commits.length < count) {
    const { done, value } = await iterator.next()
    if (done) break
    commits.push(value)
  }
  await iterator.return?.()
  return commits
}

describe('what differs in a box', () => {
  cases.property('is what diff gives', 60, pairs, pair => {
    const world = marked(pair)
    const { random } = world
    for (let i = 0; i < 15; i++) {
      const space = world.pick()
      const sides = [world.view(), world.view()]
      const all = differing(space.at(sides[0].version), space.at(sides[1].version))
      const scope = space.scope(
        space.handle,
        all.map(({ row }) => row),
      )
      const { bounds, rows } = randomRange(scope, random)
      const kept = new Map(all.map(found => [found.row, found]))
      const expected = cutSome(bounds, rows, random).map(row => {
        const found = kept.get(row)
        return { key: row.key, before: found?.before?.value, after: found?.after?.value }
      })
      const [from, to] = sides.map(({ view, version }) => sideOf(view, version))
      const diff = Array.from(space.handle.diff(from, to, bounds))
      same(() => `${brief(space.dimensions)} diff(${brief([from, to, bounds])})`, diff, expected)
      cases.add()
    }
    world.close()
  })

  cases.property('is what changes gives', 60, pairs, async pair => {
    const world = marked(pair)
    const { random } = world
    for (let i = 0; i < 10; i++) {
      const space = world.pick()
      const since = random.int(world.version + 1)
      const versions = Array.from({ length: world.version - since }, (_, n) => since + 1 + n)
      const commits = versions.map(v => differing(space.at(v - 1), space.at(v)))
      const rows = new Map(commits.flat().map(({ row }) => [row.code, row]))
      const scope = space.scope(space.handle, [...rows.values()].sort(byCode))
      const { bounds, rows: inside } = randomRange(scope, random)
      const codes = new Set(inside.map(({ code }) => code))
      const expected = commits.flatMap((commit, n): Commit[] => {
        const changes = commit
          .filter(({ row }) => codes.has(row.code))
          .map(({ row: { key }, after }) => {
            return { type: after ? 'put' : 'del', key, value: after?.value }
          })
        const version = versions[n]
        const timestamp = world.timestamps.get(version) as number
        return changes.length === 0 ? [] : [{ version, timestamp, changes }]
      })
      const taken = await take(space.handle.changes({ since, ...bounds }), expected.length)
      const plain = taken.map(({ version, timestamp, changes }) => {
        return {
          version,
          timestamp,
          changes: changes.map(({ type, key, value }) => ({ type, key, value })),
        }
      })
      same(
        () => `${brief(space.dimensions)} changes(${brief({ since, ...bounds })})`,
        plain,
        expected,
      )
      cases.add()
    }
    world.close()
  })

  cases.property('is what clear takes away', 60, pairs, pair => {
    const world = new World(pair)
    const { random } = world
    for (let i = 0; i < 6; i++) {
      const space = world.pick()
      const before = space.sorted()
      const { bounds, rows: gone } = randomRange(space.scope(space.handle, before), random)
      const version = world.version
      const which = world.spaces.indexOf(space)
      if (random.chance(0.5)) world.write(space, draft => draft.clear(bounds, gone))
      else world.transact(drafts => drafts[which].clear(bounds, gone))
      const what = () => `${brief(space.dimensions)} clear(${brief(bounds)})`
      same(what, world.version, gone.length > 0 ? version + 1 : version)
      const left = space.sorted().map(({ key, value }) => [key, value])
      same(what, space.handle.range().toArray(), left)
      same(what, space.handle.count({ at: version }), before.length)
      cases.add()
      world.transact(drafts => world.change(drafts[which], space, 20))
    }
    world.close()
  })
})

function sideOf(view: ViewOptions, version: number): Side {
  return view.at ?? view.asOf ?? view.snapshot ?? version
}

describe('Z-order keys', () => {
  it('of versions that are let go are refused', () => {
    const db = open({ keys: codec(['float64', 'float64']), history: { versions: 3 } })
    for (let i = 0; i < 10; i++) db.put([i, i], i)
    const all = [null, null]
    expect([...db.box([2, 2], all, { at: 8 })]).toHaveLength(6)
    expectCode(() => db.box(all, all, { at: 5 }), 'VERSION_NOT_RETAINED')
    expectCode(() => db.nearest([0, 0], 1, { at: 5 }), 'VERSION_NOT_RETAINED')
    expectCode(() => [...db.diff(5, 10, { box: [all, all] })], 'VERSION_NOT_RETAINED')
    db.close()
  })

  it('of a dropped store are there in its versions', () => {
    const db = open()
    const store = db.store('s', { keys: codec(['uint8', 'date']) })
    const at = store.put([1, new Date(1)], 'kept')
    const box = [
      [0, null],
      [9, new Date(1)],
    ]
    db.dropStore('s')
    expect([...store.box(box[0], box[1], { at })]).toEqual([[[1, new Date(1)], 'kept']])
    expect([...store.nearest([0, new Date(1)], 9, { at })].map(n => n.distance)).toEqual([1])
    db.close()
  })

  it('are known by name where the database is attached', () => {
    const db = open({ keys: codec(['uint8', { type: 'float', min: -180, max: 180, bits: 31 }]) })
    const keys = codec(['date', 'float32', 'int16'])
    const side = db.store('side', { keys })
    db.transact(tx => {
      for (let i = 0; i < 200; i++) {
        tx.put([i, (i * 97) % 180], i)
        tx.store(side).put([new Date(i), i / 2, -i], i)
      }
    })
    const handle = (db as unknown as ZVerse).share()
    const other = ZVerse.attach(handle) as unknown as Database
    const corners = [
      [20, -1.5],
      [99, 77.7],
    ]
    expect([...other.box(corners[0], corners[1])]).toEqual([...db.box(corners[0], corners[1])])
    expect([...other.nearest([9.5, 3], 20)]).toEqual([...db.nearest([9.5, 3], 20)])
    const again = other.store('side', { keys })
    const slab = [
      [new Date(7), null, null],
      [new Date(70), 20.25, -16],
    ]
    expect(again.count({ box: slab })).toBe(40 - 16 + 1)
    expect([...again.keys({ box: slab })]).toEqual([...side.keys({ box: slab })])
    other.put([1, 180], 'theirs')
    expect(db.get([1, 180])).toBe('theirs')
    other.close()
    expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
    db.close()
  })

  cases.print()
})
