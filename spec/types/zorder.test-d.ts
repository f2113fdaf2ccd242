/** Types of Z-order keys follow their dimensions: checked by the compiler, never run. */
import { type Dimension, type PointOf, ZVerse, zorder } from '../../lib/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

const cells = { type: 'float', min: -180, max: 180, bits: 32 } as const
const db = ZVerse.open({ keys: zorder(['float64', cells, 'date']), values: 'string' })
same<typeof db, ZVerse<[number, number, Date], string>>(true)
same<PointOf<readonly ['uint8', 'date']>, [number, Date]>(true)
same<PointOf<['int32']>, [number]>(true)
same<PointOf<Dimension[]>, (number | Date)[]>(true)
ZVerse.open({ keys: zorder([] as Dimension[]) }).put([new Date(), 1], 'a list known at run time')

db.put([1, 2, new Date()], 'here')
// @ts-expect-error one dimension is missing
db.put([1, 2], 'here')
// @ts-expect-error a date is no number
db.put([1, 2, 3], 'here')
// @ts-expect-error there is no such dimension
zorder(['int64'])
// @ts-expect-error a quantised dimension says how many bits
zorder([{ type: 'float', min: 0, max: 1 }])

for (const [key, value] of db.box([0, null, null], [null, 2, new Date()], { limit: 3, at: 1 })) {
  same<[typeof key, typeof value], [[number, number, Date], string]>(true)
}
// @ts-expect-error a corner has as many dimensions as a key
db.box([0, 1], [2, 3])
// @ts-expect-error a corner's date is a Date
db.box([0, 1, 2], [1, 2, 3])
for (const found of db.nearest([1, null, new Date()], 3, { scale: [1, 1, 0], within: 2 })) {
  same<[typeof found.key, typeof found.distance], [[number, number, Date], number]>(true)
}
// @ts-expect-error there is no such metric
db.nearest([1, 2, null], 3, { metric: 'manhattan' })
db.keys({
  box: [
    [0, 0, null],
    [1, 1, null],
  ],
  reverse: true,
  gte: [0, 0, new Date()],
})
db.diff(1, 2, {
  box: [
    [0, 0, null],
    [1, 1, null],
  ],
})
db.changes({
  box: [
    [0, 0, null],
    [1, 1, null],
  ],
})

const named = db.store<[number, number], { id: number }>('named', {
  keys: zorder(['float32', 'float32']),
})
same<ReturnType<typeof named.get>, { id: number } | undefined>(true)
named.nearest([1, 2], 3, { metric: 'haversine' })
// @ts-expect-error the keys have another number of dimensions
db.store<[number, number], string>('named', { keys: zorder(['float32']) })
db.transact(tx => {
  tx.box([0, 0, null], [1, 1, null])
  tx.store(named).nearest([0, 0], Number.POSITIVE_INFINITY)
})

const plain = ZVerse.open()
// @ts-expect-error strings have no box
plain.box('a', 'b')
// @ts-expect-error strings have no box
plain.keys({ box: ['a', 'b'] })
