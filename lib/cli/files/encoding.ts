/**
 * Turns bytes of other encodings into UTF-8, which all readers of files take. A byte order mark decides;
 * without one the option does.
 *
 * Halves of surrogate pairs, and half a character at the end, are no characters: each becomes a byte
 * that is no UTF-8 either, so that its line is reported as a bad one.
 */
import { Buffer } from 'node:buffer'
import { asWord, Mistake } from '../words.js'

export type Encoding = 'utf8' | 'latin1' | 'utf16le' | 'utf16be'

export const ENCODINGS: readonly Encoding[] = ['utf8', 'latin1', 'utf16le', 'utf16be']

/** Other names for them, without dashes and in small letters. */
const NAMES: Record<string, Encoding> = { iso88591: 'latin1', utf16: 'utf16le', ucs2: 'utf16le' }

/** Hints for bytes that are no characters, and for bytes 0. */
export const OTHER_BYTES = '--encoding latin1 and --encoding utf16le read files that are no UTF-8'
export const TWO_BYTES =
  'files with two bytes a character are read with --encoding utf16le or utf16be'

/** Never a part of UTF-8. */
const BAD = Buffer.of(0xff)

/** The encoding of a name, as people write it: UTF-8, iso-8859-1. @throws Mistake */
export function encodingNamed(name: string): Encoding {
  const plain = name.toLowerCase().replace(/[-_ ]/g, '')
  const found = ENCODINGS.find(encoding => encoding === plain) ?? NAMES[plain]
  if (found !== undefined) return found
  throw new Mistake(`--encoding is ${ENCODINGS.join(', ')}; not ${asWord(name)}`)
}

interface Mark {
  readonly bytes: readonly number[]
  readonly encoding: Encoding | 'utf32'
}

/** The longer marks first: one begins like another. */
const MARKS: readonly Mark[] = [
  { bytes: [0xff, 0xfe, 0, 0], encoding: 'utf32' },
  { bytes: [0, 0, 0xfe, 0xff], encoding: 'utf32' },
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf8' },
  { bytes: [0xff, 0xfe], encoding: 'utf16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf16be' },
]

export interface Decoded {
  /** The original encoding, for messages about bytes that are no characters. */
  readonly was: 'UTF-8' | 'UTF-16' | 'Latin-1'
  readonly utf8: AsyncGenerator<Uint8Array>
}

/**
 * Reads as far as a byte order mark may go.
 * @param asked the encoding without a mark
 * @param name the name of the source in messages
 * @throws Mistake for UTF-32
 */
export async function decoded(
  bytes: AsyncIterable<Uint8Array>,
  asked: Encoding,
  name: string,
): Promise<Decoded> {
  const input = bytes[Symbol.asyncIterator]()
  let first: Buffer = Buffer.alloc(0)
  // No further: a pipe may bring fewer bytes, and wait.
  while (MARKS.some(mark => first.length < mark.bytes.length && begins(first, mark))) {
    const { value, done } = await input.next()
    if (done) break
    first = Buffer.concat([first, value])
  }
  const mark = MARKS.find(({ bytes }) => bytes.length <= first.length && isAt(first, bytes))
  const encoding = mark?.encoding ?? asked
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield encoding === 'utf8' ? first : first.subarray(mark?.bytes.length ?? 0)
      for (;;) {
        const { value, done } = await input.next()
        if (done) return
        yield Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      }
    } finally {
      await input.return?.()
    }
  }
  if (encoding === 'utf8') return { was: 'UTF-8', utf8: all() }
  if (encoding === 'latin1') return { was: 'Latin-1', utf8: fromLatin1(all()) }
  if (encoding !== 'utf32') return { was: 'UTF-16', utf8: fromUtf16(all(), encoding === 'utf16be') }
  await input.return?.()
  throw new Mistake(`${name}: UTF-32 is not read`, 'iconv -f UTF-32 -t UTF-8 makes it UTF-8')
}

function isAt(bytes: Buffer, mark: readonly number[]): boolean {
  return mark.every((byte, i) => bytes[i] === byte)
}

/** True if more bytes could complete the mark. */
function begins(bytes: Buffer, mark: Mark): boolean {
  return isAt(bytes, mark.bytes.slice(0, bytes.length))
}

async function* fromLatin1(chunks: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(chunk.toString('latin1'), 'utf8')
}

async function* fromUtf16(
  chunks: AsyncIterable<Buffer>,
  isBig: boolean,
): AsyncGenerator<Uint8Array> {
  /** Half a unit, and half a pair: the next chunk completes them. */
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    // A copy, because its bytes may be swapped, and the chunk may belong to another.
    const bytes = Buffer.concat([rest, chunk])
    const even = bytes.length & ~1
    const high = even > 0 ? bytes[isBig ? even - 2 : even - 1] : 0
    const to = high >= 0xd8 && high < 0xdc ? even - 2 : even
    rest = bytes.subarray(to)
    const units = bytes.subarray(0, to)
    yield* utf8Of((isBig ? units.swap16() : units).toString('utf16le'))
  }
  if (rest.length > 0) yield BAD
}

function* utf8Of(text: string): Generator<Uint8Array> {
  const [first, ...others] = text.split(/[\ud800-\udfff]/u)
  yield Buffer.from(first, 'utf8')
  for (const piece of others) {
    yield BAD
    yield Buffer.from(piece, 'utf8')
  }
}
