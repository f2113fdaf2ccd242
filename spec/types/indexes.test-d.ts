/** Types of indexes and graphs follow those of their stores: checked by the compiler, never run. */
import {
  type Graph,
  type Index,
  type Neighbour,
  type SpatialIndex,
  type VectorIndex,
  type VectorReads,
  ZVerse,
} from '../../lib/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

interface Doc {
  title: string
  embedding: Float32Array
}
const db = ZVerse.open()
const docs = db.store<string, Doc>('docs')

const byTitle = docs.index('title', { on: 'title' })
same<typeof byTitle, Index<string, Doc>>(true)
const place = docs.index('place', { kind: 'spatial', on: 'at', dimensions: ['float64', 'date'] })
same<typeof place, SpatialIndex<string, Doc, [number, Date]>>(true)
const near = docs.index('near', { kind: 'vector', on: 'embedding', dims: 384 })
same<typeof near, VectorIndex<string, Doc>>(true)
const again = docs.index<'vector'>('near')
same<typeof again, VectorIndex<string, Doc>>(true)
const built = docs.indexAsync('near', { kind: 'vector', by: 'embed', dims: 3, metric: 'dot' })
same<typeof built, Promise<VectorIndex<string, Doc>>>(true)
// @ts-expect-error a vector has so many numbers
docs.index('near', { kind: 'vector', on: 'embedding' })
// @ts-expect-error there is no such metric
docs.index('near', { kind: 'vector', on: 'embedding', dims: 3, metric: 'manhattan' })

for (const found of near.nearest([1, 2, 3], 10)) {
  same<typeof found, Neighbour<string, Doc>>(true)
}
near.nearest(new Float32Array(3), 10, { exact: true, within: 0.5, effort: 2, at: 7 })
near.nearest({ key: 'a' }, 10, { where: { title: 'x' }, filter: (_, { title }) => title !== '' })
// @ts-expect-error keys are strings
near.nearest({ key: 5 }, 10)
// @ts-expect-error numbers, not text
near.nearest('king', 10)
same<ReturnType<typeof near.recall>, number>(true)
near.recall({ sample: 10, k: 3, effort: 2 }, { at: 'monday' })

db.transact(tx => {
  const own = tx.index(near)
  same<typeof own, VectorReads<string, Doc>>(true)
})

const roads = db.graph<string, number>('roads')
same<typeof roads, Graph<string, number>>(true)
for (const { node, edge } of roads.walk('bern', { depth: 2 })) {
  same<[typeof node, typeof edge.value], [string, number]>(true)
}
