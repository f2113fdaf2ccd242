/** Paths into MessagePack as pack.ts writes it. A place is that of a value's first byte. */

import { MAX_DEPTH } from '../key/tuple.js'
import {
  ARRAY,
  BYTES,
  END,
  FALSE,
  NULL,
  STRING,
  TRUE,
  type TupleWriter,
} from '../key/tuple-writer.js'
import { EXT_BIGINT, EXT_TIMESTAMP, EXT_TYPED } from '../value/kinds.js'
import { Unpacker } from '../value/unpack.js'
import { NOWHERE, type Path, type PathReader, type Step } from './path.js'
import { numbersOf } from './plain-paths.js'

const NOTHING = new Uint8Array(0)

export class MsgpackPaths implements PathReader {
  #bytes: Uint8Array = NOTHING
  #view: DataView = new DataView(NOTHING.buffer)
  /** For what is rare. */
  readonly #unpacker = new Unpacker()

  begin(bytes: Uint8Array, from: number): number {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return from
  }

  seek(from: number, { steps }: Path): number {
    let at = from
    for (let i = 0; i < steps.length && at >= 0; i++) at = this.#step(at, steps[i])
    return at
  }

  #step(from: number, step: Step): number {
    const tag = this.#bytes[from]
    if ((tag >= 0x80 && tag < 0x90) || tag === 0xde || tag === 0xdf) {
      return this.#property(from, step.utf8)
    }
    if (step.index < 0 || !this.isArray(from)) return NOWHERE
    const count = this.#countAt(from)
    if (step.index >= count) return NOWHERE
    let at = from + headOf(tag)
    for (let i = 0; i < step.index; i++) at = this.#skip(at)
    return at
  }

  #property(from: number, name: Uint8Array): number {
    const bytes = this.#bytes
    const count = this.#countAt(from)
    let at = from + headOf(bytes[from])
    for (let i = 0; i < count; i++) {
      const tag = bytes[at]
      const end = this.#skip(at)
      const begin = tag < 0xc0 ? at + 1 : at + 1 + (1 << (tag - 0xd9))
      if (end - begin === name.length && isSame(bytes, begin, name)) return end
      at = this.#skip(end)
    }
    return NOWHERE
  }

  isArray(at: number): boolean {
    const tag = this.#bytes[at]
    return (tag >= 0x90 && tag < 0xa0) || tag === 0xdc || tag === 0xdd
  }

  elements(from: number): number[] {
    const places: number[] = []
    const count = this.#countAt(from)
    let at = from + headOf(this.#bytes[from])
    for (let i = 0; i < count; i++) {
      places.push(at)
      at = this.#skip(at)
    }
    return places
  }

  numbers(from: number, into: Float32Array): boolean {
    if (!this.isArray(from)) return this.#typedNumbers(from, into)
    if (this.#countAt(from) !== into.length) return false
    const [bytes, view] = [this.#bytes, this.#view]
    let at = from + headOf(bytes[from])
    for (let i = 0; i < into.length; i++) {
      const tag = bytes[at]
      if (tag === 0xcb) into[i] = view.getFloat64(at + 1)
      else if (tag < 0x80) into[i] = tag
      else if (tag >= 0xe0) into[i] = tag - 256
      else if (tag >= 0xcc && tag <= 0xce) into[i] = this.#unsigned(at + 1, tag - 0xcc)
      else if (tag === 0xd0) into[i] = view.getInt8(at + 1)
      else if (tag === 0xd1) into[i] = view.getInt16(at + 1)
      else if (tag === 0xd2) into[i] = view.getInt32(at + 1)
      else return false
      at += headOf(tag)
    }
    return true
  }

  /** The numbers of a typed array. */
  #typedNumbers(at: number, into: Float32Array): boolean {
    const bytes = this.#bytes
    const tag = bytes[at]
    const isSized = tag >= 0xc7 && tag <= 0xc9
    const isExt = isSized || (tag >= 0xd4 && tag <= 0xd8)
    if (isExt && bytes[isSized ? at + headOf(tag) - 1 : at + 1] !== EXT_TYPED) return false
    if (!isExt && !(tag >= 0xc4 && tag <= 0xc6)) return false
    return numbersOf(this.#unpacker.decode(bytes, at), into)
  }

  isSame(at: number, other: PathReader, there: number): boolean {
    const theirs = (other as MsgpackPaths).#bytes
    const bytes = this.#bytes
    const size = this.#skip(at) - at
    for (let i = 0; i < size; i++) if (bytes[at + i] !== theirs[there + i]) return false
    return (other as MsgpackPaths).#skip(there) - there === size
  }

  write(at: number, into: TupleWriter, depth = 0): boolean {
    const bytes = this.#bytes
    const tag = bytes[at]
    if (tag < 0x80) into.number(tag)
    else if (tag >= 0xe0) into.number(tag - 256)
    else if (tag >= 0xa0 && tag < 0xc0) into.text(STRING, bytes, at + 1, at + 1 + (tag & 31))
    else if (tag < 0x90) return false
    else if (tag < 0xa0) return this.#writeArray(at, into, depth)
    else return this.#writeTagged(at, tag, into, depth)
    return true
  }

  #writeTagged(at: number, tag: number, into: TupleWriter, depth: number): boolean {
    const view = this.#view
    switch (tag) {
      case 0xc0:
        into.tag(NULL)
        return true
      case 0xc2:
        into.tag(FALSE)
        return true
      case 0xc3:
        into.tag(TRUE)
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6: {
        const from = at + 1 + (1 << (tag - 0xc4))
        into.text(BYTES, this.#bytes, from, from + this.#unsigned(at + 1, tag - 0xc4))
        return true
      }
      case 0xcb: {
        const number = view.getFloat64(at + 1)
        if (Number.isNaN(number)) return false
        into.number(number)
        return true
      }
      case 0xcc:
      case 0xcd:
      case 0xce:
        into.number(this.#unsigned(at + 1, tag - 0xcc))
        return true
      case 0xd0:
        into.number(view.getInt8(at + 1))
        return true
      case 0xd1:
        into.number(view.getInt16(at + 1))
        return true
      case 0xd2:
        into.number(view.getInt32(at + 1))
        return true
      case 0xd9:
      case 0xda:
      case 0xdb: {
        const from = at + 1 + (1 << (tag - 0xd9))
        into.text(STRING, this.#bytes, from, from + this.#unsigned(at + 1, tag - 0xd9))
        return true
      }
      case 0xdc:
      case 0xdd:
        return this.#writeArray(at, into, depth)
      default:
        return this.#writeRare(at, tag, into)
    }
  }

  /** Dates count as their milliseconds, safe bigints as numbers. */
  #writeRare(at: number, tag: number, into: TupleWriter): boolean {
    const isBigInt = tag === 0xcf || tag === 0xd3
    const isSized = tag >= 0xc7 && tag <= 0xc9
    const isExt = isSized || (tag >= 0xd4 && tag <= 0xd8)
    const type = isExt ? this.#bytes[isSized ? at + headOf(tag) - 1 : at + 1] : -1
    if (!isBigInt && type !== EXT_TIMESTAMP && type !== EXT_BIGINT) return false
    const value = this.#unpacker.decode(this.#bytes, at) as bigint | Date
    const number = Number(value)
    if (typeof value === 'bigint' ? !Number.isSafeInteger(number) : Number.isNaN(number))
      return false
    into.number(number)
    return true
  }

  #writeArray(from: number, into: TupleWriter, depth: number): boolean {
    if (depth === MAX_DEPTH) return false
    into.tag(ARRAY)
    const count = this.#countAt(from)
    let at = from + headOf(this.#bytes[from])
    for (let i = 0; i < count; i++) {
      if (!this.write(at, into, depth + 1)) return false
      at = this.#skip(at)
    }
    into.tag(END)
    return true
  }

  /** Elements of an array, or properties of an object. */
  #countAt(at: number): number {
    const tag = this.#bytes[at]
    if (tag < 0xc0) return tag & 15
    return this.#unsigned(at + 1, tag === 0xdc || tag === 0xde ? 1 : 2)
  }

  /** The place behind the value at a place. */
  #skip(from: number): number {
    const bytes = this.#bytes
    let at = from
    for (let left = 1; left > 0; left--) {
      const tag = bytes[at]
      if (tag < 0x80 || tag >= 0xe0) at++
      else if (tag >= 0xa0 && tag < 0xc0) at += 1 + (tag & 31)
      else if (tag < 0x90) {
        at++
        left += (tag & 15) * 2
      } else if (tag < 0xa0) {
        at++
        left += tag & 15
      } else if (tag >= 0xdc && tag <= 0xdf) {
        left += this.#countAt(at) * (tag >= 0xde ? 2 : 1)
        at += headOf(tag)
      } else at += headOf(tag) + this.#contentAt(at, tag)
    }
    return at
  }

  /** Bytes behind the head of a value that is neither array nor object. */
  #contentAt(at: number, tag: number): number {
    if (tag >= 0xc4 && tag <= 0xc6) return this.#unsigned(at + 1, tag - 0xc4)
    if (tag >= 0xc7 && tag <= 0xc9) return this.#unsigned(at + 1, tag - 0xc7)
    if (tag >= 0xd9 && tag <= 0xdb) return this.#unsigned(at + 1, tag - 0xd9)
    return 0
  }

  /** A big-endian unsigned integer of 1, 2 or 4 bytes for `width` 0, 1, 2. */
  #unsigned(at: number, width: number): number {
    if (width === 0) return this.#bytes[at]
    return width === 1 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }
}

/** Bytes of the head by tag, from 0xc0 on: tag, count or size, type of an extension; of scalars all. */
const HEADS = [
  1, 1, 1, 1, 2, 3, 5, 3, 4, 6, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 4, 6, 10, 18, 2, 3, 5, 3, 5, 3, 5,
]

function headOf(tag: number): number {
  return tag < 0xc0 || tag >= 0xe0 ? 1 : HEADS[tag - 0xc0]
}

function isSame(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false
  return true
}
