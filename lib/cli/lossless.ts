/**
 * Values as JSON that loses nothing, and the verbs that dump and load a database: stand-ins until the
 * public API has them.
 */
import { Buffer } from 'node:buffer'

/** A value as JSON; what JSON cannot say becomes an object with one name that begins with `$`. */
export function toJson(value: unknown): string {
  return JSON.stringify(plain(value))
}

/** What {@link toJson} has written; plain JSON stays as it is. */
export function fromJson(text: string): unknown {
  return back(JSON.parse(text))
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (value instanceof Map) return { $map: [...value].map(plain) }
  if (value instanceof Set) return { $set: [...value].map(plain) }
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, plain(of)]))
}

function back(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(back)
  const names = Object.keys(value)
  if (names.length === 1 && names[0].startsWith('$')) {
    const of = (value as Record<string, unknown>)[names[0]]
    if (names[0] === '$bigint') return BigInt(of as string)
    if (names[0] === '$number') return Number(of)
    if (names[0] === '$date') return new Date(of as string)
    if (names[0] === '$bytes') return Uint8Array.from(Buffer.from(of as string, 'base64'))
    if (names[0] === '$map') return new Map((of as unknown[]).map(back) as [unknown, unknown][])
    if (names[0] === '$set') return new Set((of as unknown[]).map(back))
  }
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, back(of)]))
}
