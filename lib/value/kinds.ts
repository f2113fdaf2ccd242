/**
 * The kinds of object that MessagePack values may hold, how they are told apart, and the extension
 * types under which they are stored. Any thread; no state.
 *
 * Invariant: a kind is told by internal slots and the prototype chain, never by a
 * property, so that no object can pose as another kind. Objects of another realm (a vm context) are of the
 * kind they are there; instances of subclasses, except Buffer and the Date of a fake clock, are
 * refused.
 *
 * Extension types: those below 128 are ours to choose. BIGINT and TYPED are what msgpackr writes;
 * MAP and SET hold MessagePack in their payload, so that any reader can step over them.
 */
import { types } from 'node:util'

/** The standard's timestamp, type -1. */
export const EXT_TIMESTAMP = 0xff
/** A bigint beyond 64 bits: two's complement, big-endian. */
export const EXT_BIGINT = 0x42
/** Keys and values in turn, to the payload's end. */
export const EXT_MAP = 0x4d
/** Elements, to the payload's end. */
export const EXT_SET = 0x53
/** A code of {@link TYPED_ARRAYS} or {@link ARRAY_BUFFER}, then the bytes, little-endian. */
export const EXT_TYPED = 0x74

/** Typed arrays by code; Uint8Array is MessagePack's own binary instead. */
export const TYPED_ARRAYS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
]
/** The code of an ArrayBuffer. */
export const ARRAY_BUFFER = 16

const typedPrototype = Object.getPrototypeOf(Uint8Array.prototype)
const tagGetter = getter<string | undefined>(typedPrototype, Symbol.toStringTag)
const bufferGetter = getter<ArrayBuffer>(typedPrototype, 'buffer')
const offsetGetter = getter<number>(typedPrototype, 'byteOffset')
const lengthGetter = getter<number>(typedPrototype, 'byteLength')

function getter<T>(of: object, key: string | symbol): (this: unknown) => T {
  return Object.getOwnPropertyDescriptor(of, key)?.get as (this: unknown) => T
}

/** 'Uint8Array' and the like for a typed array of any realm; undefined for any other value. */
export function typedArrayName(value: object): string | undefined {
  return tagGetter.call(value)
}

/** The true bytes under a typed array, whatever its own properties say. */
export function bytesOf(typed: object): Uint8Array {
  return new Uint8Array(
    bufferGetter.call(typed),
    offsetGetter.call(typed),
    lengthGetter.call(typed),
  )
}

/** The bytes of an ArrayBuffer; undefined if it was transferred. */
export function bytesIn(buffer: ArrayBuffer): Uint8Array | undefined {
  try {
    return new Uint8Array(buffer)
  } catch {
    return undefined
  }
}

/** True for a Date of any realm, or of a fake clock; false for an instance of a subclass of the caller's. */
export function isPlainDate(value: object, prototype: object): value is Date {
  if (!types.isDate(value)) return false
  if (hasPrototypes(prototype, 2)) return true
  // A fake clock replaces Date by a subclass with a `now` of its own.
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof made === 'function' && Object.hasOwn(made, 'now')
}

/**
 * True if an object with this prototype has exactly `count` prototypes above it: this tells an array
 * of another realm (Array.prototype, Object.prototype) from an instance of a subclass.
 */
export function hasPrototypes(prototype: object | null, count: number): boolean {
  for (; prototype !== null; count--) prototype = Object.getPrototypeOf(prototype)
  return count === 0
}

/** True for the Object.prototype of another realm. */
export function isObjectPrototype(prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'propertyIsEnumerable')
  )
}
