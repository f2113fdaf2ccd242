/** Files as bytes, plain or gzipped, or standard input; counts the bytes read. */
import { Buffer } from 'node:buffer'
import { createReadStream, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { type Line, linesOf } from '../lines.js'
import { Mistake } from '../words.js'
import { decoded, type Encoding, OTHER_BYTES } from './encoding.js'

export interface Source {
  /** Its name in messages. */
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
  /** Its bytes in all, if known, and the bytes read so far. */
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
  // Checked first: a stream would fail later, without the context.
  const found = statSync(path)
  if (found.isDirectory()) throw new Mistake(`${path}: this is a directory`)
  // A pipe does not know its size.
  const total = found.isFile() ? found.size : undefined
  const raw = counted(createReadStream(path))
  const bytes = path.endsWith('.gz') ? unzipped(raw, path) : plain(raw, path)
  return { name: path, bytes, total, read: () => read }
}

/** The bytes, unzipped if they are gzipped, whatever the name says. */
async function* plain(raw: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let first = Buffer.alloc(0)
  // A pipe may give the bytes one by one.
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

/** The first bytes of gzip (RFC 1952); no text begins with them. */
const GZIP = Buffer.of(0x1f, 0x8b)

async function* unzipped(raw: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const { pipeline } = await import('node:stream')
  const gunzip = createGunzip()
  // Errors of both streams come out of `gunzip`.
  pipeline(raw, gunzip, () => {})
  try {
    yield* gunzip as AsyncIterable<Uint8Array>
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!code.startsWith('Z_')) throw error
    throw new Mistake(`${path}: this is no gzip file, or it is damaged (${code})`)
  }
}

/** Lines of a source; the first one that is not blank has been read. */
export interface Peeked {
  /** The name of the source in messages. */
  readonly name: string
  readonly first: Line | undefined
  /** All lines, from the first on. */
  readonly all: AsyncIterable<Line>
  /** Closes the source, whether its lines were read or not. */
  close(): Promise<unknown>
  /** The hint for a line that is no text; undefined if there is none. */
  readonly otherBytes: string | undefined
}

/** @param encoding the encoding without a byte order mark */
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

/** The text of a line. @throws Mistake if its bytes are no text */
export function textOf({ text, number, fault }: Line, name: string): string {
  if (fault === null) return text
  throw new Mistake(`${name}, line ${number}: ${fault}`)
}
