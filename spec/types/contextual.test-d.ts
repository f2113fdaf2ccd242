/** A codec written in place needs no types of its own for bytes: checked, never run. */
import { ZVerse, zorder } from '../../lib/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}
type Bytes = Uint8Array<ArrayBufferLike>

const opened = ZVerse.open({
  values: {
    name: 'c',
    encode: (x: number) => Uint8Array.of(x),
    decode: bytes => {
      same<typeof bytes, Bytes>(true)
      return bytes[0] as number
    },
  },
})
same<typeof opened, ZVerse<string, number>>(true)

const methods = ZVerse.open({
  keys: 'tuple',
  maxBytes: 2 ** 20,
  values: {
    name: 'c',
    encode(x: Date) {
      return Buffer.from(x.toISOString())
    },
    decode(bytes) {
      same<typeof bytes, Bytes>(true)
      return new Date(bytes.toString())
    },
  },
})
same<ReturnType<typeof methods.get>, Date | undefined>(true)
same<Parameters<typeof methods.put>[1], Date>(true)

const points = ZVerse.open({
  keys: zorder(['float64', 'date']),
  values: {
    name: 'c',
    encode: (x: { n: number }) => Uint8Array.of(x.n),
    decode: b => ({ n: b[0] ?? 0 }),
  },
})
same<typeof points, ZVerse<[number, Date], { n: number }>>(true)

const said = ZVerse.open<string, number>({
  values: { name: 'c', encode: x => Uint8Array.of(x), decode: bytes => bytes.length },
})
same<typeof said, ZVerse<string, number>>(true)

const store = points.store('s', {
  values: {
    name: 'c',
    encode: (x: string) => Buffer.from(x),
    decode: bytes => {
      same<typeof bytes, Bytes>(true)
      return String.fromCharCode(...bytes)
    },
  },
})
same<Parameters<typeof store.put>, [string, string, { ifVersion?: number | null | undefined }?]>(
  true,
)
const tuples = points.store('t', {
  keys: 'binary',
  values: { name: 'c', encode: (x: string) => Buffer.from(x), decode: bytes => `${bytes.length}` },
})
same<Parameters<typeof tuples.get>[0], Uint8Array>(true)

const attached = ZVerse.attach(opened.share(), {
  values: {
    name: 'c',
    encode: (x: number) => Uint8Array.of(x),
    decode: bytes => {
      same<typeof bytes, Bytes>(true)
      return bytes.length
    },
  },
})
same<typeof attached, ZVerse<string, number>>(true)

const codecs = [
  {
    name: 'c',
    encode: (x: unknown) => Buffer.from(String(x)),
    decode: (bytes: Uint8Array) => bytes,
  },
]
opened.dump({ codecs })
opened.dump({
  codecs: [{ name: 'c', encode: x => Buffer.from(String(x)), decode: bytes => bytes.length }],
})
opened.load([], {
  codecs: [
    {
      name: 'c',
      encode: (x: Date) => Buffer.from(`${x}`),
      decode: bytes => new Date(bytes.length),
    },
  ],
})
// @ts-expect-error values of another type
opened.put('a', 'b')
// @ts-expect-error encode must give bytes
ZVerse.open({ values: { name: 'c', encode: (x: number) => x, decode: bytes => bytes.length } })
// @ts-expect-error a codec has a name
ZVerse.open({ values: { encode: (x: number) => Uint8Array.of(x), decode: bytes => bytes.length } })

// The result of `decode` is any: then the argument of `encode` decides.
const parsed = ZVerse.open({
  values: {
    name: 'c',
    encode: (x: { user: string }) => Buffer.from(x.user),
    decode: bytes => JSON.parse(`${bytes}`),
  },
})
same<typeof parsed, ZVerse<string, { user: string }>>(true)
