/** Files as bytes: plain or gzipped, or standard input; with how much of them has been read. */
import { Buffer } from 'node:buffer'
import { createReadStream, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { type Line, linesOf } from '../lines.js'
import { Mistake } from '../words.js'
import { decoded, type Encoding, OTHER_BYTES } from './encoding.js'

export interface Source {
  /** As messages call it. */
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
  /** Bytes there are, where that is known, and bytes read so far. */
  readonly total: number | undefined
  read(): number
}

/** Opens a file, or standard input for `-`. */
export function openSource(path: string): Source {
  let read = 0
  async function* counted(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      read += chunk.length
      yield chunk
    }
  }
  if (path === '-') {
    const bytes = plain(counted(process.stdin), 'stdin')
    return { name: 'stdin', bytes, total: undefined, read: () => read }
  }
  // Asked for first: a stream would fail later, where nobody knows what for.
  const found = statSync(path)
  if (found.isDirectory()) throw new Mistake(`${path}: this is a directory`)
  // A pipe does not know how much is in it.
  const total = found.isFile() ? found.size : undefined
  const raw = counted(createReadStream(path))
  const bytes = path.endsWith('.gz') ? unzipped(raw, path) : plain(raw, path)
  return { name: path, bytes, total, read: () => read }
}

/** The bytes, unzipped where they are gzipped though nothing says so. */
async function* plain(raw: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let first = Buffer.alloc(0)
  // A pipe may give them one by one.
  while (first.length < GZIP.length && GZIP.subarray(0, first.length).equals(first)) {
    const { value, done } = await raw.next()
    if (done) break
    first = Buffer.concat([first, value])
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield first
      yield* raw
    } finally {
      await raw.return(undefined)
    }
  }
  yield* GZIP.equals(first.subarray(0, GZIP.length)) ? unzipped(all(), name) : all()
}

/** How it begins (RFC 1952): no text does. */
const GZIP = Buffer.of(0x1f, 0x8b)

async function* unzipped(raw: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const { pipeline } = await import('node:stream')
  const gunzip = createGunzip()
  // What fails on either side comes out of `gunzip` itself.
  pipeline(raw, gunzip, () => {})
  try {
    yield* gunzip as AsyncIterable<Uint8Array>
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!code.startsWith('Z_')) throw error
    throw new Mistake(`${path}: this is no gzip file, or it is damaged (${code})`)
  }
}

/** Lines of a source, the first of them that is not blank looked at already. */
export interface Peeked {
  /** As messages call the source. */
  readonly name: string
  readonly first: Line | undefined
  /** From the first on. */
  readonly all: AsyncIterable<Line>
  /** Lets go of the source, whether its lines were read or not. */
  close(): Promise<unknown>
  /** What to do about a line that is no text; undefined where nothing can be done. */
  readonly otherBytes: string | undefined
}

/** @param encoding what the bytes are, where no byte order mark tells */
export async function peek(source: Source, encoding: Encoding = 'utf8'): Promise<Peeked> {
  const { was, utf8 } = await decoded(source.bytes, encoding, source.name)
  const lines = linesOf(utf8, was)
  let first: Line | undefined
  for (;;) {
    const { value, done } = await lines.next()
    if (done) break
    first = value
    if (value.text.trim() !== '') break
  }
  async function* all(): AsyncGenerator<Line> {
    if (first !== undefined) yield first
    yield* lines
  }
  const otherBytes = was === 'UTF-8' ? OTHER_BYTES : undefined
  return { name: source.name, first, all: all(), otherBytes, close: () => lines.return(undefined) }
}

/** The text of a line. @throws Mistake where its bytes are none */
export function textOf({ text, number, fault }: Line, name: string): string {
  if (fault === null) return text
  throw new Mistake(`${name}, line ${number}: ${fault}`)
}
