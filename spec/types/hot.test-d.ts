/** Types of references (`db.ref`), hot keys and their options: checked by the compiler, never run. */
import { ZVerse, zorder } from '../../lib/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

const db = ZVerse.open<string, { id: number }>({
  pointIndex: false,
  cache: { bytes: 2 ** 20, freeze: false },
})
ZVerse.open({ cache: { bytes: 1 }, pointIndex: undefined })
ZVerse.open({ cache: undefined })
ZVerse.open({ cache: { bytes: 1, freeze: undefined } })
// @ts-expect-error bytes are missing
ZVerse.open({ cache: {} })
// @ts-expect-error a number
ZVerse.open({ cache: { bytes: '1' } })
// @ts-expect-error a boolean
ZVerse.open({ cache: { bytes: 1, freeze: 1 } })
// @ts-expect-error no such option
ZVerse.open({ cache: { bytes: 1, size: 1 } })
// @ts-expect-error a boolean
ZVerse.open({ pointIndex: 1 })

const ref = db.ref('a')
same<typeof ref.key, string>(true)
same<typeof ref.value, { id: number } | undefined>(true)
same<typeof ref.version, number | null>(true)
same<typeof ref.stale, boolean>(true)
same<ReturnType<typeof ref.refresh>, typeof ref>(true)
db.put('a', { id: 1 }, { ifVersion: ref.version })
db.put('a', ref.refresh().value ?? { id: 0 })
// @ts-expect-error a string
db.ref(1)
// @ts-expect-error a reference is read-only
ref.value = { id: 1 }
// @ts-expect-error and so is this
ref.version = 1
// @ts-expect-error and this
ref.stale = false
// @ts-expect-error and the key
ref.key = 'b'

const hot = db.hotKeys(3)
same<(typeof hot)[number]['key'], string>(true)
same<(typeof hot)[number]['frequency'], number>(true)
// @ts-expect-error how many?
db.hotKeys()
// @ts-expect-error a number
db.hotKeys('3')

const places = db.store('places', { keys: zorder(['float64', 'date']), values: 'string' })
const place = places.ref([1, new Date()])
same<typeof place.value, string | undefined>(true)
same<ReturnType<typeof places.hotKeys>[number]['key'], [number, Date]>(true)
// @ts-expect-error a date is no number
places.ref([1, 2])

const { cache } = db.stats()
same<typeof cache.indexedKeys, number>(true)
same<typeof cache.hits, number>(true)
same<typeof cache.hotShare, number>(true)

db.transact(tx => {
  // @ts-expect-error a reference reads committed entries only
  tx.ref('a')
})
// @ts-expect-error and of the present
db.beginRead().ref('a')
