/** Types of the write queue: `submit` and what is around it. Checked by the compiler, never run. */
import { type Lanes, type Pressure, type PressureLevel, ZVerse, zorder } from '../../lib/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

interface Reading {
  value: number
}
const db = ZVerse.open<string, Reading>({
  queue: { capacity: { high: 1, normal: undefined }, groupBytes: 1024 },
})
ZVerse.open({ queue: {} })
ZVerse.open({ queue: undefined })
ZVerse.open({ queue: { capacity: undefined, groupBytes: undefined } })
// @ts-expect-error no such lane
ZVerse.open({ queue: { capacity: { urgent: 1 } } })
// @ts-expect-error a number
ZVerse.open({ queue: { capacity: { high: '1' } } })
// @ts-expect-error no such option
ZVerse.open({ queue: { size: 1 } })

// ── submit ────────────────────────────────────────────────────────────────────────────────────────

const version = db.submit({ type: 'put', key: 'a', value: { value: 1 } })
same<typeof version, Promise<number>>(true)
db.submit({ type: 'put', key: 'a', value: { value: 1 }, ifVersion: null }, { priority: 'high' })
db.submit({ type: 'del', key: 'a', ifVersion: 3 }, { priority: 'low' })
db.submit({ type: 'del', key: 'a' }, {})
db.submit({ type: 'del', key: 'a' }, { priority: undefined })
db.submit([])
db.submit([
  { type: 'put', key: 'a', value: { value: 1 } },
  { type: 'del', key: 'b' },
])
const some = [{ type: 'del', key: 'a' }] as const
db.submit(some)
// @ts-expect-error an operation
db.submit()
// @ts-expect-error no operation
db.submit(null)
// @ts-expect-error not a key and a value
db.submit('a', { value: 1 })
// @ts-expect-error no such type
db.submit({ type: 'delete', key: 'a' })
// @ts-expect-error a string
db.submit({ type: 'del', key: 1 })
// @ts-expect-error the value is missing
db.submit({ type: 'put', key: 'a' })
// @ts-expect-error a reading
db.submit({ type: 'put', key: 'a', value: { value: '1' } })
// @ts-expect-error and so are all of several
db.submit([{ type: 'put', key: 'a', value: 1 }])
// @ts-expect-error a number, or null
db.submit({ type: 'del', key: 'a', ifVersion: 'latest' })
// @ts-expect-error no such lane
db.submit({ type: 'del', key: 'a' }, { priority: 'urgent' })
// @ts-expect-error in the options
db.submit({ type: 'del', key: 'a' }, 'high')
// @ts-expect-error no such option
db.submit({ type: 'del', key: 'a' }, { lane: 'high' })

const places = db.store('places', { keys: zorder(['float64', 'date']), values: 'string' })
places.submit({ type: 'put', key: [1, new Date()], value: 'here' }, { priority: 'low' })
// @ts-expect-error a date is no number
places.submit({ type: 'del', key: [1, 2] })
// @ts-expect-error a string
places.submit({ type: 'put', key: [1, new Date()], value: { value: 1 } })

db.transact(tx => {
  // @ts-expect-error what is in a transaction does not wait in a queue
  tx.submit({ type: 'del', key: 'a' })
})
// @ts-expect-error a snapshot is read-only
db.beginRead().submit({ type: 'del', key: 'a' })

// ── pressure ──────────────────────────────────────────────────────────────────────────────────────

const pressure = db.pressure()
same<typeof pressure, Pressure>(true)
same<typeof pressure.level, PressureLevel>(true)
same<PressureLevel, 'normal' | 'warning' | 'critical' | 'overloaded'>(true)
same<typeof pressure.depths, Lanes>(true)
same<typeof pressure.capacity.high, number>(true)
// @ts-expect-error no such level
pressure.level === 'high'

const end = db.onPressure(({ level, depths }) => {
  same<typeof level, PressureLevel>(true)
  same<typeof depths.low, number>(true)
})
same<typeof end, () => void>(true)
db.onPressure(() => {})
db.onPressure(async () => {})
// @ts-expect-error a function
db.onPressure()
// @ts-expect-error a function
db.onPressure(3)
// @ts-expect-error it is told the pressure, not the level
db.onPressure((level: PressureLevel) => level)
// @ts-expect-error the queue is the database's
places.pressure()

// ── drain, close, stats ───────────────────────────────────────────────────────────────────────────

const abort = new AbortController()
same<ReturnType<typeof db.drain>, Promise<void>>(true)
db.drain()
db.drain({ signal: undefined })
db.drain({ signal: abort.signal })
// @ts-expect-error the signal of it
db.drain({ signal: abort })
// @ts-expect-error in the options
db.drain(abort.signal)

same<ReturnType<typeof db.close>, void>(true)
db.close({ queue: 'commit' })
db.close({ queue: 'reject' })
db.close({ queue: undefined })
// @ts-expect-error no such way
db.close({ queue: 'drop' })
// @ts-expect-error in the options
db.close('reject')

const { queue } = db.stats()
for (const lanes of [queue.enqueued, queue.settled, queue.rejected, queue.promoted]) {
  same<typeof lanes, Lanes>(true)
}
same<typeof queue.depth, Lanes>(true)
same<typeof queue.peak.normal, number>(true)
same<typeof queue.groups, number>(true)
same<typeof queue.groupSizes, number[]>(true)
same<typeof queue.time.p99, number>(true)
// @ts-expect-error by lane
queue.depth + 1
