/** Types follow the codecs: checked by the compiler, never run. */
import { type TupleKey, ZVerse } from '../../lib/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

interface Session {
  user: string
}

const plain = ZVerse.open()
same<typeof plain, ZVerse<string, unknown>>(true)
const tuple = ZVerse.open({ keys: 'tuple', values: 'string' })
same<typeof tuple, ZVerse<TupleKey, string>>(true)
const binary = ZVerse.open({ keys: 'binary', values: 'binary', maxBytes: 2 ** 20 })
same<typeof binary, ZVerse<Uint8Array, Uint8Array>>(true)
const codec = {
  name: 'number',
  encode: (value: number) => Uint8Array.of(value),
  decode: (bytes: Uint8Array) => bytes[0] as number,
}
const custom = ZVerse.open({ values: codec })
same<typeof custom, ZVerse<string, number>>(true)
const sessions = ZVerse.open<string, Session>()
same<typeof sessions, ZVerse<string, Session>>(true)
ZVerse.open<string, Session>({ values: 'json' })
ZVerse.open<Uint8Array, string>({ keys: 'binary', values: 'string' })
// @ts-expect-error the string codec does not take sessions
ZVerse.open<string, Session>({ values: 'string' })
// @ts-expect-error bytes need the binary codec
ZVerse.open<Uint8Array, string>()
// @ts-expect-error there is no such codec
ZVerse.open({ keys: 'number' })

same<ReturnType<typeof sessions.get>, Session | undefined>(true)
sessions.put('a', { user: 'b' })
// @ts-expect-error a key of another type
sessions.put(1, { user: 'b' })
// @ts-expect-error a value of another type
sessions.put('a', 1)
tuple.range({ prefix: ['a', 1], gte: ['a'] })
// @ts-expect-error a prefix of tuples is an array
tuple.range({ prefix: 'a' })
for (const [key, value] of sessions) same<[typeof key, typeof value], [string, Session]>(true)
same<ReturnType<typeof sessions.transact<number>>, number>(true)
sessions.update('a', old => (old === undefined ? undefined : { user: old.user }))
sessions.batch([
  { type: 'put', key: 'a', value: { user: 'b' }, ifVersion: null },
  { type: 'del', key: 'b' },
])

const store = plain.store('points', { keys: 'tuple', values: 'json' })
same<ReturnType<typeof store.keys>['next'], () => IteratorResult<TupleKey, undefined>>(true)
const typed = plain.store<string, Session>('typed')
plain.transact(tx => {
  same<ReturnType<ReturnType<typeof tx.store<string, Session>>['get']>, Session | undefined>(true)
  tx.store(typed).put('a', { user: 'b' })
  // @ts-expect-error a value of another type
  tx.store(typed).put('a', 1)
})

// Another thread gets the types with the handle; from `workerData`, which is any, it says them.
const attached = ZVerse.attach(sessions.share())
same<ReturnType<typeof attached.get>, Session | undefined>(true)
const told = ZVerse.attach<string, Session>(JSON.parse('{}'))
same<ReturnType<typeof told.get>, Session | undefined>(true)
same<ReturnType<typeof plain.waitFor>, Promise<number>>(true)
