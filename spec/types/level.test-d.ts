/** Types of `zverse/level`: checked by the compiler, never run. */
import type { AbstractLevel, AbstractSublevel } from 'abstract-level'
import { type Store, ZVerse } from '../../lib/index.js'
import {
  type PastLevel,
  ZVerseLevel,
  type ZVerseLevelOptions,
  type ZVerseSublevel,
} from '../../lib/level/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}
type ItemOf<I> = I extends Iterable<infer T> ? T : I extends AsyncIterable<infer T> ? T : never

interface Session {
  id: number
}
type Formats = string | Buffer | Uint8Array

// Databases and stores that a level can be over.
declare const sessions: ZVerse<string, Session>
declare const bytes: Store<Uint8Array, Uint8Array>
declare const texts: Store<string, string>
new ZVerseLevel({ db: sessions })
new ZVerseLevel({ db: bytes })
new ZVerseLevel({ db: texts })
new ZVerseLevel({ db: ZVerse.open() })
new ZVerseLevel({ db: ZVerse.open({ keys: 'binary', values: 'binary' }) })
new ZVerseLevel({ db: ZVerse.open({ keys: 'binary' }) })
new ZVerseLevel({ db: ZVerse.open({ values: 'json' }) })
new ZVerseLevel()
new ZVerseLevel(undefined, { keyEncoding: 'json' })
new ZVerseLevel('directory', { valueEncoding: 'json', db: undefined })
new ZVerseLevel({ maxBytes: 2 ** 20, history: { ms: 1000 } })
new ZVerseLevel('directory', { sync: 'interval', repair: true, createIfMissing: false })
// @ts-expect-error passive is for open
new ZVerseLevel('directory', { passive: true })
const durable = new ZVerseLevel('directory', { errorIfExists: true })
durable.put('a', '1', { sync: true })
durable.put<Buffer, number>(Buffer.of(), 1, {
  keyEncoding: 'buffer',
  valueEncoding: 'json',
  sync: true,
})
durable.del('a', { sync: true })
durable.batch([{ type: 'del', key: 'a' }], { sync: true })
// @ts-expect-error it is true or false
durable.put('a', '1', { sync: 'commit' })
same<typeof durable.location, string | undefined>(true)
// @ts-expect-error tuples are neither text nor bytes
new ZVerseLevel({ db: ZVerse.open({ keys: 'tuple' }) })
// @ts-expect-error a database is open already
new ZVerseLevel({ db: sessions, maxBytes: 2 ** 20 })
// @ts-expect-error a number
new ZVerseLevel({ maxBytes: '1' })

const options: ZVerseLevelOptions<string, Session> = { db: sessions, valueEncoding: 'json' }
const level = new ZVerseLevel<string, Session>(options)
const plain = new ZVerseLevel()
const sublevel = level.sublevel<string, number>('numbers', { valueEncoding: 'json' })
const past = level.at('tag')

// All of them will do for packages that ask for any level.
// biome-ignore lint/suspicious/noExplicitAny: as packages ask
type AnyLevel = AbstractLevel<any, any, any>
const ask = (_: AnyLevel) => {}
ask(level)
ask(plain)
ask(sublevel)
ask(past)
ask(sublevel.at(1))
ask(plain.sublevel('a').sublevel('b').at(1))
const askText = (_: AbstractLevel<Formats, string, string>) => {}
askText(plain)
askText(plain.sublevel('a'))
askText(plain.at(1))
askText(plain.sublevel('a').at(1))
// @ts-expect-error sessions are no strings
askText(level)
const askSublevel = (_: AbstractSublevel<AnyLevel, Formats, string, number>) => {}
askSublevel(sublevel)
const levels: AnyLevel[] = [level, sublevel, past, sublevel.at(1)]
const sublevels: ZVerseSublevel<unknown, string, string>[] = [
  plain.sublevel('a'),
  plain.sublevel('a').sublevel('b'),
  past.sublevel('a'),
]
const mixed = [plain.at(1).sublevel('a').sublevel('b'), plain.sublevel('a').sublevel('b').at(1)]
same<typeof past, PastLevel<string, Session>>(true)
void [levels, sublevels, mixed]

// Reads.
const present = level.getSync('a')
same<typeof present, Session | undefined>(true)
const earlier = past.getSync('a')
same<typeof earlier, Session | undefined>(true)
const number = sublevel.getSync('a')
same<typeof number, number | undefined>(true)
const earlierNumber = sublevel.at(new Date()).getSync('a')
same<typeof earlierNumber, number | undefined>(true)
const snapshot = level.snapshot({ at: 1 })
level.get('a', { snapshot })
level.snapshot({ asOf: new Date() })
same<typeof snapshot.version, number>(true)
// @ts-expect-error no view
level.snapshot({ at: {} })
// @ts-expect-error no moment
level.at({})

// The past, with the level's types, its sublevel's, or those of other encodings.
const history = level.history('a')
same<ItemOf<typeof history>['value'], Session | undefined>(true)
const numbers = sublevel.history('a', { from: 1, limit: 2, reverse: true })
same<ItemOf<typeof numbers>['value'], number | undefined>(true)
const other = sublevel.history<Uint8Array, string>(new Uint8Array(), {
  keyEncoding: 'view',
  valueEncoding: 'utf8',
})
same<ItemOf<typeof other>['value'], string | undefined>(true)
// @ts-expect-error a key of another type
level.history(1)
const diff = sublevel.diff(snapshot, 'tag', { gt: 'a', limit: 1 })
same<ItemOf<typeof diff>['key'], string>(true)
same<ItemOf<typeof diff>['before'], number | undefined>(true)
const changes = sublevel.changes({ since: 1, signal: AbortSignal.timeout(1) })
const change = (await changes.next()).value?.changes[0]
if (change?.type === 'put') same<typeof change.value, number>(true)
if (change?.type === 'del') same<typeof change.value, undefined>(true)
// @ts-expect-error no option
sublevel.diff(0, 1, { prefix: 'a' })

// Batches of several levels.
const others = level.sublevel<string, Session>('others', { valueEncoding: 'json' })
level.batch([{ type: 'put', sublevel: others, key: 'a', value: { id: 1 } }])
level.batch().put('a', 1, { sublevel }).del('a', { sublevel: others })
