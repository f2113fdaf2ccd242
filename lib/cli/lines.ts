/**
 * Bytes as lines of text: UTF-8, ended by `\n`, `\r\n` or `\r`, or by the end. A byte order mark at the
 * beginning is skipped. Only the present line is in memory.
 */
import { Buffer, constants, isUtf8 } from 'node:buffer'
import { Mistake } from './words.js'

export interface Line {
  /** The number of the line, from 1. */
  readonly number: number
  /** With U+FFFD in place of bytes that are no character. */
  readonly text: string
  /** The message about bytes that are no character, with the place; null if there are none. */
  readonly fault: string | null
  /** The end of the line. */
  readonly ending: '' | '\n' | '\r' | '\r\n'
}

const LF = 0x0a
const CR = 0x0d

/**
 * @param was the encoding of the bytes before they became UTF-8, for messages
 * @param most the most bytes of a line: as many as a string can have
 * @throws Mistake for a line that is longer
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  was = 'UTF-8',
  most: number = constants.MAX_STRING_LENGTH,
): AsyncGenerator<Line> {
  let number = 0
  /** The beginning of the present line, and its bytes. */
  let parts: Buffer[] = []
  let size = 0
  /** A line that ended with the last byte read, a CR: an LF may follow. */
  let held: Buffer | null = null
  const lineOf = (bytes: Buffer, ending: Line['ending']) => made(bytes, ++number, ending, was)
  const grows = (by: number) => {
    size += by
    if (size > most) throw new Mistake(`line ${number + 1} is longer than ${most} bytes`)
  }
  const whole = (piece: Buffer) => {
    grows(piece.length)
    const line = parts.length === 0 ? piece : Buffer.concat([...parts, piece])
    parts = []
    size = 0
    return line
  }
  for await (const bytes of input) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (chunk.length === 0) continue
    let at = 0
    if (held !== null) {
      at = chunk[0] === LF ? 1 : 0
      yield lineOf(held, at === 1 ? '\r\n' : '\r')
      held = null
    }
    let lf = chunk.indexOf(LF, at)
    let cr = chunk.indexOf(CR, at)
    while (lf >= 0 || cr >= 0) {
      const end = cr < 0 || (lf >= 0 && lf < cr) ? lf : cr
      const line = whole(chunk.subarray(at, end))
      at = end + 1
      if (end === lf) yield lineOf(line, '\n')
      else if (at === chunk.length) held = Buffer.from(line)
      else if (lf === at) {
        at++
        yield lineOf(line, '\r\n')
      } else yield lineOf(line, '\r')
      // Each is searched once: a chunk without any CR is not searched for one at every line.
      if (lf >= 0 && lf < at) lf = chunk.indexOf(LF, at)
      if (cr >= 0 && cr < at) cr = chunk.indexOf(CR, at)
    }
    if (at === chunk.length) continue
    grows(chunk.length - at)
    // The source may reuse chunks.
    parts.push(Buffer.from(chunk.subarray(at)))
  }
  if (held !== null) yield lineOf(held, '\r')
  else if (parts.length > 0) yield lineOf(Buffer.concat(parts), '')
}

function made(bytes: Buffer, number: number, ending: Line['ending'], was: string): Line {
  const hasMark = number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  const line = hasMark ? bytes.subarray(3) : bytes
  const text = line.toString('utf8')
  if (isUtf8(line)) return { number, text, fault: null, ending }
  const at = firstBad(line)
  const place =
    was === 'UTF-8'
      ? `at byte ${bytes.length - line.length + at + 1}`
      : `in column ${line.toString('utf8', 0, at).length + 1}`
  return { number, text, fault: `invalid ${was} ${place}`, ending }
}

/** The first byte that does not belong to a character: where decoding piece by piece stops. */
function firstBad(line: Buffer): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let at = 0
  try {
    for (; at < line.length; at++) decoder.decode(line.subarray(at, at + 1), { stream: true })
    return line.length - 1
  } catch {
    return at
  }
}
