/** Neighbours in the deep past: as memory finds them, ties and all. */
import { describe, expect, it } from 'vitest'
import { UNNAMED } from '../../lib/engine/names.js'
import { nearestIn } from '../../lib/engine/points.js'
import type { Curve } from '../../lib/key/curve.js'
import { Deep } from '../../lib/storage/past/deep.js'
import { DeepNearest } from '../../lib/storage/past/deep-nearest.js'
import { isWhole, Nearest } from '../../lib/tree/nearest.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'
import {
  all,
  anyCorners,
  anyVersion,
  pointed,
  rootAt,
  sealed,
  told,
  type World,
  wordsOf,
} from './past.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

/** A search: nearest to some point, by some metric, perhaps in a box or within a distance. */
function anySearch({ points }: World, curve: Curve, random: Random) {
  const { axes } = curve
  const point = points.next().map(x => (random.chance(0.1) ? null : x))
  const k = random.pick([0, 1, 2, 5, 20, 300, Number.POSITIVE_INFINITY])
  const given: Record<string, unknown> = {}
  if (random.chance(0.3)) given.within = random.pick([0, 1, 5, 100, 1e6])
  if (random.chance(0.3)) given.box = anyCorners(points, random)
  const isOnEarth = axes.length >= 2 && !axes[0]?.isDate && !axes[1]?.isDate
  if (isOnEarth && random.chance(0.4)) {
    const [x, y] = points.next().map(Number) as [number, number]
    const finite = (z: number, most: number) => Math.max(-most, Math.min(most, z || 0))
    const place = axes.map((_, d) => (d === 0 ? finite(x, 1e6) : d === 1 ? finite(y, 90) : null))
    return nearestIn(curve, place, k, { ...given, metric: 'haversine' })
  }
  if (random.chance(0.2)) given.scale = axes.map(() => random.pick([0, 0.5, 1, 1000]))
  const finite = point.map(x => (Number.isFinite(Number(x)) ? x : null))
  return nearestIn(curve, finite, k, given)
}

describe(`neighbours in the deep past, seeds ${SEED} and on`, () => {
  it('are those that memory has, in the same order', () => {
    let count = 0
    for (let run = 0; run < runs(400); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const world = pointed(random, random.pick([20, 150]))
      const { W, oldest, newest, engine } = world
      const to = anyVersion(random, oldest, newest)
      const past = sealed(world, to, random)
      for (let n = 0; n < 10; n++) {
        const until = anyVersion(random, oldest, to)
        const at = anyVersion(random, oldest, until)
        const deep = new Deep(W, engine.epochs.versions.record(until), past.runs, at)
        const id = random.chance(0.7) ? UNNAMED : random.pick([...world.curves.keys(), UNNAMED])
        const curve = world.curves.get(id)
        if (curve === undefined) continue
        const wanted = anySearch(world, curve, random)
        const root = rootAt(world, at, id)
        const canReach = isWhole(W, root, curve, wanted.metric)
        const search = new Nearest(W, root, curve, { ...wanted, canReach })
        const expected: unknown[] = []
        for (let entry = search.next(); entry !== 0; entry = search.next()) {
          expected.push({ words: wordsOf(world, W, entry), distance: search.distance })
        }
        const found = all(new DeepNearest(deep, id, curve, wanted)).map(each => {
          return { words: told(world, each.found), distance: each.distance }
        })
        const { k, within } = wanted
        const where = `seed ${seed}, at ${at}, until ${until}, store ${id}, k ${k}, within ${within}`
        expect(found, where).toEqual(expected)
        count += found.length
      }
      past.close()
      world.db.close()
    }
    console.log(`${count} neighbours compared`)
    expect(count).toBeGreaterThan(0)
  })
})
