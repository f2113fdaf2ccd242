/**
 * Paths into values, and how a value's bytes are read along them without decoding the value.
 *
 * A path is names of properties, or indexes of arrays, with dots between them. Any thread; each {@link PathReader}
 * belongs to one thread, and reads one value at a time. Nothing here runs user code, but for what a custom codec has decoded.
 */
import { Buffer } from 'node:buffer'
import type { TupleWriter } from '../key/tuple-writer.js'
import { isWellFormed } from '../memory/text.js'
import { invalidOption } from '../options.js'

/** One step of a path. */
export interface Step {
  readonly name: string
  /** The name as UTF-8, and as the JSON of a string. */
  readonly utf8: Uint8Array
  readonly json: Uint8Array
  /** The index of an array's element that the name is; -1: it is none. */
  readonly index: number
}

export interface Path {
  readonly text: string
  readonly steps: readonly Step[]
}

const INDEX = /^(?:0|[1-9]\d{0,8})$/

/** @throws ZVerseError `ZVERSE_INVALID_OPTION` naming `option` */
export function pathOf(text: unknown, option: string): Path {
  if (typeof text !== 'string' || text.split('.').includes('') || !isWellFormed(text)) {
    throw invalidOption(option, "must be a path: names with dots between them, as 'address.city'")
  }
  return { text, steps: text.split('.').map(stepOf) }
}

function stepOf(name: string): Step {
  const index = INDEX.test(name) ? Number(name) : -1
  return { name, utf8: Buffer.from(name), json: Buffer.from(JSON.stringify(name)), index }
}

/** A path leads nowhere. */
export const NOWHERE = -1

/** What lies in the bytes of one value, told by places. A place is good until the next {@link begin}. */
export interface PathReader {
  /** Takes a value, which does not change until the next one. Its own place is what it returns. */
  begin(bytes: Uint8Array, from: number, length: number): number
  /** The place to which a path leads from another place; NOWHERE where there is nothing, or `undefined`. */
  seek(from: number, path: Path): number
  /** True if an array lies there. */
  isArray(at: number): boolean
  /** The places of an array's elements. */
  elements(at: number): number[]
  /**
   * Fills `into` with the numbers of an array, or of a typed array, there; false if that has others, or more or fewer.
   */
  numbers(at: number, into: Float32Array): boolean
  /** True if the same bytes lie there as in another value, at a place of its reader, of the same class. */
  isSame(at: number, other: PathReader, there: number): boolean
  /** Writes what lies there as a part of a tuple key; false, with anything written, where it can be none. */
  write(at: number, into: TupleWriter): boolean
}
