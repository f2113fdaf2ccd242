/**
 * What kinds of object MessagePack values may hold, how they are told apart, and the extension
 * types they are stored under. Any thread; no state.
 *
 * Invariant: a kind is told by internal slots and the prototype chain, never by what a property
 * says, so that nothing can pose as another kind. Objects of another realm (a vm context) are the
 * kind they are there; subclasses, but for Buffer and what a fake clock puts in the place of Date, are
 * instances of classes and refused.
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

/** 'Uint8Array' and the like for any typed array, of any realm; undefined for all else. */
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

/** True for a Date of any realm, or of a fake clock; an instance of a subclass of the caller's is none. */
export function isPlainDate(value: object, prototype: object): value is Date {
  if (!types.isDate(value)) return false
  if (hasPrototypes(prototype, 2)) return true
  // What a fake clock puts in Date's place is a subclass that tells the time itself.
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof made === 'function' && Object.hasOwn(made, 'now')
}

/**
 * True if there are exactly `count` prototypes above an object with this one: what tells an array
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
