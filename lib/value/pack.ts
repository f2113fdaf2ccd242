/**
 * Writes MessagePack that stands alone. Any thread; each Packer belongs to one thread.
 *
 * Not msgpackr: its extensions are global to the process (any other user of it could change the meaning
 * of our bytes), it cannot tell a Map from an object, it renames `__proto__`, and a walk that refuses
 * other values would have to come first. Invariants:
 *
 * 1. The caller's data is read once, each part as it is written, so the answer of a getter or a Proxy
 *    is either written whole or refused: no second reading could differ.
 * 2. The caller's code may throw, or use the codec again, at any such reading: the memory is this
 *    Packer's own until the value is complete, and a nested use gets a Packer of its own.
 */
import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { byteLength, GONE, isGone } from '../key/binary.js'
import { msOf } from '../key/date.js'
import { describe } from '../key/describe.js'
import type { ValueBuffer } from './codec.js'
import {
  ARRAY_BUFFER,
  bytesIn,
  bytesOf,
  EXT_MAP,
  EXT_SET,
  EXT_TIMESTAMP,
  EXT_TYPED,
  hasPrototypes,
  isObjectPrototype,
  isPlainDate,
  TYPED_ARRAYS,
  typedArrayName,
} from './kinds.js'
import { MsgpackWriter } from './writer.js'

/** The most objects within objects: every thread's stack can read back that many, with much to spare. */
export const MAX_DEPTH = 1000

/** The most memory kept for the next value. */
const KEPT = 1 << 24

const DEPTH = MAX_DEPTH
const PLAIN = Object.prototype
const ARRAY = Array.prototype
const { getPrototypeOf, keys: keysOf } = Object
const mapForEach = Map.prototype.forEach
const setForEach = Set.prototype.forEach

export class Packer extends MsgpackWriter {
  /** The objects around the value being written, outermost first, and the part of each that leads to it. */
  readonly #around: (object | undefined)[] = []
  readonly #path: (string | number)[] = []
  #depth = 0
  #busy = false

  /** @throws ZVerseError `ZVERSE_INVALID_VALUE`, `ZVERSE_VALUE_TOO_LARGE`; errors of getters pass. */
  encode(value: unknown, into: ValueBuffer): void {
    if (this.#busy) {
      new Packer().encode(value, into)
      return
    }
    this.#busy = true
    this.at = 0
    // The last use may have been cut off before its end.
    this.bytes = this.own.bytes
    try {
      this.#write(value)
    } finally {
      this.#busy = false
      if (this.#depth !== 0) this.#forget()
    }
    const own = this.own
    const { memory } = into
    into.memory = own.memory
    into.length = this.at
    into.ascii = false
    own.memory = memory
    if (memory.bytes.length > KEPT) own.shrink()
  }

  /** After a throw: keeps none of the caller's objects alive. */
  #forget(): void {
    this.#around.length = 0
    this.#path.length = 0
    this.#depth = 0
    this.own.shrink()
  }

  #write(value: unknown): void {
    if (typeof value === 'string') {
      this.#text(value)
    } else if (typeof value === 'number') {
      this.writeNumber(value)
    } else if (typeof value === 'object' && value !== null) {
      this.#writeObject(value)
    } else if (typeof value === 'bigint') {
      this.writeBigInt(value)
    } else {
      if (value !== null && typeof value !== 'boolean') throw this.#refuse(`is ${describe(value)}`)
      this.room(1)
      this.bytes[this.at++] = value === null ? 0xc0 : value ? 0xc3 : 0xc2
    }
  }

  #text(text: string): void {
    if (!this.writeText(text)) throw this.#refuse('contains lone surrogates')
  }

  #writeObject(value: object): void {
    const prototype = getPrototypeOf(value)
    if (prototype === PLAIN || prototype === null) this.#writePlain(value)
    else if (prototype === ARRAY && Array.isArray(value)) this.#writeArray(value)
    else this.#writeOther(value, prototype)
  }

  #writeOther(value: object, prototype: object): void {
    const builtIn = hasPrototypes(prototype, 2)
    if (isPlainDate(value, prototype)) this.#writeDate(value)
    else if (types.isMap(value) && builtIn) this.#writeMap(value)
    else if (types.isSet(value) && builtIn) this.#writeSet(value)
    else if (types.isArrayBuffer(value) && builtIn) {
      const bytes = bytesIn(value)
      if (bytes === undefined)
        throw this.#refuse('is an ArrayBuffer that was transferred (detached)')
      this.#writeTyped(ARRAY_BUFFER, bytes)
    } else if (types.isTypedArray(value)) {
      const plain = hasPrototypes(prototype, 3) || Buffer.isBuffer(value)
      if (!plain) throw this.#refuse(`is ${describe(value)}`)
      this.#writeView(value)
    } else if (Array.isArray(value) && builtIn) this.#writeArray(value)
    else if (isObjectPrototype(prototype)) this.#writePlain(value)
    else throw this.#refuse(`is ${describe(value)}`)
  }

  #enter(value: object): void {
    const around = this.#around
    const depth = this.#depth
    for (let i = 0; i < depth; i++) {
      if (around[i] === value) throw this.#refuse('contains itself')
    }
    if (depth === DEPTH) throw this.#refuse(`is nested more than ${DEPTH} deep`)
    around[depth] = value
    this.#depth = depth + 1
  }

  #leave(): void {
    this.#around[--this.#depth] = undefined
  }

  #writePlain(value: object): void {
    this.#enter(value)
    const keys = keysOf(value)
    const count = keys.length
    const part = this.#depth - 1
    this.room(5)
    if (count < 16) this.bytes[this.at++] = 0x80 | count
    else this.sized(count, 0, 0xde, 0xdf)
    for (let i = 0; i < count; i++) {
      const key = keys[i]
      this.#path[part] = key
      this.#text(key)
      this.#write((value as Record<string, unknown>)[key])
    }
    this.#leave()
  }

  #writeArray(value: readonly unknown[]): void {
    this.#enter(value)
    const count = value.length
    const part = this.#depth - 1
    // A Proxy may answer anything.
    if (!(count >>> 0 === count)) throw this.#refuse('is an array of an invalid length')
    this.room(5)
    if (count < 16) this.bytes[this.at++] = 0x90 | count
    else this.sized(count, 0, 0xdc, 0xdd)
    for (let i = 0; i < count; i++) {
      this.#path[part] = i
      this.#write(value[i])
    }
    this.#leave()
  }

  #writeMap(value: Map<unknown, unknown>): void {
    this.#enter(value)
    const from = this.open(EXT_MAP)
    const part = this.#depth - 1
    let i = 0
    mapForEach.call(value, (item, key) => {
      this.#path[part] = `key ${i}`
      this.#write(key)
      this.#path[part] = `entry ${i++}`
      this.#write(item)
    })
    this.close(from)
    this.#leave()
  }

  #writeSet(value: Set<unknown>): void {
    this.#enter(value)
    const from = this.open(EXT_SET)
    const part = this.#depth - 1
    let i = 0
    setForEach.call(value, item => {
      this.#path[part] = `element ${i++}`
      this.#write(item)
    })
    this.close(from)
    this.#leave()
  }

  #writeDate(value: Date): void {
    const ms = msOf(value)
    this.room(15)
    const bytes = this.bytes
    const seconds = Math.floor(ms / 1000)
    const nanoseconds = (ms - seconds * 1000) * 1e6
    if (Number.isNaN(ms)) {
      // No timestamp has one byte, so this is none; msgpackr reads it as an invalid Date too.
      this.extHeader(1, EXT_TIMESTAMP)
      bytes[this.at++] = 0xff
    } else if (seconds >= 0 && seconds < 2 ** 34) {
      if (nanoseconds === 0 && seconds < 2 ** 32) {
        this.extHeader(4, EXT_TIMESTAMP)
      } else {
        this.extHeader(8, EXT_TIMESTAMP)
        this.word(nanoseconds * 4 + Math.floor(seconds / 2 ** 32))
      }
      this.word(seconds)
    } else {
      this.extHeader(12, EXT_TIMESTAMP)
      this.word(nanoseconds)
      this.word(Math.floor(seconds / 2 ** 32))
      this.word(seconds)
    }
  }

  #writeView(value: object): void {
    if (byteLength(value as Uint8Array) === 0 && isGone(value)) throw this.#refuse(GONE)
    const name = typedArrayName(value) as string
    if (name !== 'Uint8Array') {
      const code = TYPED_ARRAYS.indexOf(name)
      if (code < 0) throw this.#refuse(`is ${describe(value)}`)
      this.#writeTyped(code, bytesOf(value))
      return
    }
    const bytes = bytesOf(value)
    this.room(5)
    this.sized(bytes.length, 0xc4, 0xc5, 0xc6)
    this.copy(bytes)
  }

  #writeTyped(code: number, bytes: Uint8Array): void {
    this.extHeader(bytes.length + 1, EXT_TYPED)
    this.room(1)
    this.bytes[this.at++] = code
    this.copy(bytes)
  }

  #refuse(what: string): ZVerseError {
    const parts = this.#path.slice(0, this.#depth)
    const shown = parts.length > 16 ? parts.slice(0, 16) : parts
    let path = 'value'
    for (const part of shown) path += step(part)
    if (shown !== parts) path += '…'
    return new ZVerseError('ZVERSE_INVALID_VALUE', `${path} ${what}, which cannot be stored`)
  }
}

function step(part: string | number): string {
  if (typeof part === 'number') return `[${part}]`
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`
}
