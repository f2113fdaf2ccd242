/**
 * Bytes as lines of text: UTF-8, ended by `\n` or `\r\n`, or by the end. A byte order mark at the
 * beginning is skipped. Only the line in hand is held.
 */
import { Buffer, isUtf8 } from 'node:buffer'

export interface Line {
  /** From 1. */
  readonly number: number
  /** null where it is no UTF-8. */
  readonly text: string | null
  /** The first byte that is no UTF-8, from 1. */
  readonly badByte: number
  /** How it ends. */
  readonly ending: '' | '\n' | '\r' | '\r\n'
}

const LF = 0x0a
const CR = 0x0d

export async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 0
  /** The beginning of the line in hand. */
  let parts: Buffer[] = []
  for await (const bytes of input) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, at)) {
      const piece = chunk.subarray(at, lf)
      const whole = parts.length === 0 ? piece : Buffer.concat([...parts, piece])
      parts = []
      at = lf + 1
      yield lineOf(whole, ++number, '\n')
    }
    // Chunks may be reused by who gives them.
    if (at < chunk.length) parts.push(Buffer.from(chunk.subarray(at)))
  }
  if (parts.length === 0) return
  const whole = Buffer.concat(parts)
  yield lineOf(whole, number + 1, '')
}

function lineOf(bytes: Buffer, number: number, lf: '' | '\n'): Line {
  let from = 0
  if (number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) from = 3
  const hasCr = bytes[bytes.length - 1] === CR
  const to = hasCr ? bytes.length - 1 : bytes.length
  const ending = `${hasCr ? '\r' : ''}${lf}` as Line['ending']
  const line = bytes.subarray(from, to)
  if (isUtf8(line)) return { number, text: line.toString('utf8'), badByte: 0, ending }
  return { number, text: null, badByte: from + firstBad(line) + 1, ending }
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
