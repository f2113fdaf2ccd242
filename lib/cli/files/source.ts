/** Files as bytes: plain or gzipped, or standard input; with how much of them has been read. */
import { createReadStream, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { type Line, linesOf } from '../lines.js'
import { Mistake } from '../words.js'

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
  const { value: first, done } = await raw.next()
  if (done) return
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first as Uint8Array
    yield* raw
  }
  // RFC 1952: no text in UTF-8 begins so.
  yield* first[0] === 0x1f && first[1] === 0x8b ? unzipped(all(), name) : all()
}

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

/** Lines of a source, the first of them looked at already. */
export interface Peeked {
  readonly first: Line | undefined
  readonly all: AsyncGenerator<Line>
}

export async function peek(source: Source): Promise<Peeked> {
  const lines = linesOf(source.bytes)
  let first: Line | undefined
  for (;;) {
    const { value, done } = await lines.next()
    if (done) break
    first = value
    if (value.text?.trim() !== '') break
  }
  async function* all(): AsyncGenerator<Line> {
    if (first !== undefined) yield first
    yield* lines
  }
  return { first, all: all() }
}

/** The text of a line. @throws Mistake where it is no UTF-8 */
export function textOf({ text, number, badByte }: Line, name: string): string {
  if (text !== null) return text
  throw new Mistake(`${name}, line ${number}: invalid UTF-8 at byte ${badByte}`)
}
