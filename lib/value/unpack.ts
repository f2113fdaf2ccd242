/**
 * Reads the MessagePack that pack.ts writes, straight from where it lies. Any thread; each Unpacker
 * belongs to one thread. Runs no user code.
 *
 * Invariants: no value handed out is a view of the bytes read or shares memory with anything else;
 * the bytes do not change meanwhile (the reader has their version pinned), and are as pack.ts wrote
 * them, so they are not checked again.
 */
import { Buffer } from 'node:buffer'
import { TextReader } from '../memory/text.js'
import {
  ARRAY_BUFFER,
  EXT_BIGINT,
  EXT_MAP,
  EXT_SET,
  EXT_TIMESTAMP,
  EXT_TYPED,
  TYPED_ARRAYS,
} from './kinds.js'

/** Keys of objects, remembered by a hash of their bytes: a power of two. */
const REMEMBERED = 512
/** Longer keys are not remembered. */
const MAX_REMEMBERED = 32

const KEYS = REMEMBERED
const KEY_BYTES = MAX_REMEMBERED
const NOTHING = new Uint8Array(0)

export class Unpacker {
  readonly #text = new TextReader()
  readonly #keys: (string | undefined)[] = new Array(KEYS).fill(undefined)
  #bytes: Uint8Array = NOTHING
  #at = 0
  readonly #double = new Float64Array(1)
  readonly #doubleBytes = new Uint8Array(this.#double.buffer)

  /** The value whose first byte is `bytes[at]`. */
  decode(bytes: Uint8Array, at: number): unknown {
    this.#bytes = bytes
    this.#at = at
    return this.#read()
  }

  #read(): unknown {
    const tag = this.#bytes[this.#at++]
    if (tag < 0x80) return tag
    if (tag < 0x90) return this.#readPlain(tag & 15)
    if (tag < 0xa0) return this.#readArray(tag & 15)
    if (tag < 0xc0) return this.#readText(tag & 31)
    if (tag >= 0xe0) return tag - 256
    return this.#readTagged(tag)
  }

  #readTagged(tag: number): unknown {
    switch (tag) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#unsigned(tag - 0xc4))
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#readExt(this.#unsigned(tag - 0xc7))
      case 0xcb:
        return this.#readDouble()
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(tag - 0xcc)
      case 0xcf:
        return (BigInt(this.#unsigned(2)) << 32n) | BigInt(this.#unsigned(2))
      case 0xd0:
        return (this.#unsigned(0) << 24) >> 24
      case 0xd1:
        return (this.#unsigned(1) << 16) >> 16
      case 0xd2:
        return this.#unsigned(2) | 0
      case 0xd3:
        return (BigInt(this.#unsigned(2) | 0) << 32n) | BigInt(this.#unsigned(2))
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#readExt(1 << (tag - 0xd4))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#readText(this.#unsigned(tag - 0xd9))
      case 0xdc:
      case 0xdd:
        return this.#readArray(this.#unsigned(tag - 0xdb))
      case 0xde:
      case 0xdf:
        return this.#readPlain(this.#unsigned(tag - 0xdd))
      default:
        throw unreadable(`tag ${tag}`)
    }
  }

  /** A big-endian unsigned integer of 1, 2 or 4 bytes for `width` 0, 1, 2. */
  #unsigned(width: number): number {
    const bytes = this.#bytes
    let at = this.#at
    let value = bytes[at++]
    if (width > 0) value = (value << 8) | bytes[at++]
    if (width > 1) value = ((value << 16) | (bytes[at++] << 8) | bytes[at++]) >>> 0
    this.#at = at
    return value
  }

  #readDouble(): number {
    const to = this.#doubleBytes
    for (let i = 7; i >= 0; i--) to[i] = this.#bytes[this.#at++]
    return this.#double[0]
  }

  #readText(size: number): string {
    const from = this.#at
    this.#at = from + size
    return this.#text.utf8(this.#bytes, from, from + size)
  }

  #readArray(count: number): unknown[] {
    const array: unknown[] = []
    for (let i = 0; i < count; i++) array.push(this.#read())
    return array
  }

  #readPlain(count: number): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    for (let i = 0; i < count; i++) {
      const key = this.#readKey()
      const value = this.#read()
      // Assigning this one would set the prototype.
      if (key === '__proto__') defineOwn(object, key, value)
      else object[key] = value
    }
    return object
  }

  /** Objects mostly have the same few keys: comparing bytes with a known key is cheaper than making it. */
  #readKey(): string {
    const bytes = this.#bytes
    const tag = bytes[this.#at++]
    if (tag < 0xa0 || tag >= 0xc0) return this.#readTagged(tag) as string
    const size = tag & 31
    if (size === 0) return ''
    const from = this.#at
    const end = from + size
    this.#at = end
    const hash =
      (bytes[from] * 31 + bytes[end - 1] * 7 + bytes[from + (size >> 1)] + size * 67) & (KEYS - 1)
    const known = this.#keys[hash]
    if (known !== undefined && known.length === size) {
      let i = 0
      while (i < size && known.charCodeAt(i) === bytes[from + i]) i++
      if (i === size) return known
    }
    const key = this.#text.utf8(bytes, from, end)
    // Only ASCII keys have as many characters as bytes, and only they can be compared in this way.
    if (size <= KEY_BYTES && key.length === size) this.#keys[hash] = interned(key)
    return key
  }

  #readExt(size: number): unknown {
    const bytes = this.#bytes
    const type = bytes[this.#at++]
    const end = this.#at + size
    switch (type) {
      case EXT_TIMESTAMP:
        return this.#readDate(size)
      case EXT_MAP: {
        const map = new Map<unknown, unknown>()
        while (this.#at < end) {
          const key = this.#read()
          map.set(key, this.#read())
        }
        return map
      }
      case EXT_SET: {
        const set = new Set<unknown>()
        while (this.#at < end) set.add(this.#read())
        return set
      }
      case EXT_TYPED: {
        const code = bytes[this.#at++]
        const { buffer } = this.#take(size - 1)
        return code === ARRAY_BUFFER ? buffer : typedArray(code, buffer)
      }
      case EXT_BIGINT:
        return bigInt(this.#take(size))
      default:
        throw unreadable(`extension ${type}`)
    }
  }

  #readDate(size: number): Date {
    if (size === 1) {
      this.#at++
      return new Date(Number.NaN)
    }
    if (size === 4) return new Date(this.#unsigned(2) * 1000)
    let nanoseconds = this.#unsigned(2)
    let high = 0
    if (size === 8) {
      high = nanoseconds & 3
      nanoseconds >>>= 2
    } else {
      high = this.#unsigned(2) | 0
    }
    const seconds = high * 2 ** 32 + this.#unsigned(2)
    return new Date(seconds * 1000 + Math.round(nanoseconds / 1e6))
  }

  /** The next `size` bytes, copied into a buffer of their own. */
  #take(size: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(size)
    const from = this.#at
    this.#at = from + size
    // Cheaper than subarray, which has to look for a Buffer's species.
    copy.set(new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + from, size))
    return copy
  }
}

function defineOwn(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** The string in the engine's form of property names: assigning by it needs no lookup. */
function interned(key: string): string {
  return Object.keys({ [key]: 0 })[0]
}

function typedArray(code: number, buffer: ArrayBuffer): unknown {
  const constructors = globalThis as unknown as Record<string, new (of: ArrayBuffer) => unknown>
  const Typed = constructors[TYPED_ARRAYS[code]]
  if (Typed === undefined) throw unreadable(`typed array ${code}`)
  return new Typed(buffer)
}

function bigInt(bytes: Uint8Array): bigint {
  const negative = bytes[0] > 127
  if (negative) for (let i = 0; i < bytes.length; i++) bytes[i] = ~bytes[i]
  const magnitude = BigInt(`0x${Buffer.from(bytes.buffer).toString('hex')}`)
  return negative ? ~magnitude : magnitude
}

function unreadable(what: string): Error {
  return new Error(`zverse: assertion failed: unreadable MessagePack ${what}`)
}
