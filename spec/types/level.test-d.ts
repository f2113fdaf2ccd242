/** Types of levels, as packages and programs ask for them: checked by the compiler, never run. */
import type { AbstractLevel, AbstractSublevel } from 'abstract-level'
import { ZVerse } from '../../lib/index.js'
import { type LevelSource, type ReadLevel, ZVerseLevel } from '../../lib/level/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

interface Session {
  user: string
}

// What packages ask for.
// biome-ignore lint/suspicious/noExplicitAny: as they write it
type Any = AbstractLevel<any, any, any>
const level = new ZVerseLevel<string, Session>({ valueEncoding: 'json' })
const past = level.at(1)
const sublevel = level.sublevel<string, Session>('sessions', { valueEncoding: 'json' })
const nested = sublevel.sublevel('nested')
const packages: Any[] = [level, past, sublevel, nested, past.sublevel('a'), sublevel.at(1)]
const formats: AbstractLevel<string | Buffer | Uint8Array, string, Session> = level
void packages
void formats

// What levels are over.
const sources: LevelSource[] = [
  ZVerse.open(),
  ZVerse.open<string, Session>(),
  ZVerse.open({ keys: 'binary', values: 'binary' }),
  ZVerse.open().store('a', { keys: 'binary', values: 'msgpack' }),
]
for (const db of sources) new ZVerseLevel({ db, keyEncoding: 'buffer' })
new ZVerseLevel('a directory', { maxBytes: 2 ** 20, createIfMissing: true })
// @ts-expect-error tuples are no keys of Level's
new ZVerseLevel({ db: ZVerse.open({ keys: 'tuple' }) })
// @ts-expect-error there is no such option
new ZVerseLevel({ maxByte: 1 })

// Keys and values.
same<typeof past, ReadLevel<string, Session>>(true)
const got = level.get('a')
same<typeof got, Promise<Session | undefined>>(true)
level.batch([{ type: 'put', sublevel, key: 'a', value: { user: 'b' } }])
level.batch().put('a', { user: 'b' }, { sublevel })
const asked: AbstractSublevel<typeof level, string | Uint8Array, string, Session> = sublevel
void asked
// @ts-expect-error a value of another type
level.put('a', 1)

// The past.
for (const { key, before } of sublevel.diff(1, new Date(), { gt: 'a' })) {
  same<[typeof key, typeof before], [string, Session | undefined]>(true)
}
for (const { value } of level.history<Uint8Array, Buffer>(Uint8Array.of(1), {
  keyEncoding: 'view',
  valueEncoding: 'buffer',
})) {
  same<typeof value, Buffer | undefined>(true)
}
const { next } = nested.changes({ since: 1 })
type Happened = Awaited<ReturnType<typeof next>>
same<Extract<Happened, { done?: false }>['value']['changes'][0]['key'], string>(true)
past.get('a', { snapshot: level.snapshot({ at: 'tag' }) })
// @ts-expect-error a snapshot is of a version, a tag or a date
level.snapshot({ at: new Date() })
