/**
 * Paths into a value that was decoded: where its codec is the user's own, and for what functions return. A place is a
 * number that was given to a part of it. Reading runs the caller's code where the value has getters or is a Proxy.
 */
import { types } from 'node:util'
import { msOf } from '../key/date.js'
import { isArray } from '../key/describe.js'
import { Refusal, TupleEncoder } from '../key/tuple.js'
import type { TupleWriter } from '../key/tuple-writer.js'
import { NOWHERE, type Path, type PathReader } from './path.js'

/**
 * Index keys as tuples, of plain values: a Date counts as its milliseconds since 1970, and a bigint that is a safe integer
 * as that number.
 */
export class IndexKeyEncoder extends TupleEncoder {
  protected override numberFor(value: unknown): number | undefined {
    if (typeof value === 'bigint') {
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : undefined
    }
    const ms = msOf(value)
    return Number.isNaN(ms) ? undefined : ms
  }
}

/**
 * Fills `into` with the numbers of an array, or of a typed array; false if it has others, or more or fewer.
 */
export function numbersOf(value: unknown, into: Float32Array): boolean {
  const isTyped = types.isTypedArray(value)
  if (!isTyped && !isArray(value)) return false
  const numbers = value as ArrayLike<unknown>
  if (numbers.length !== into.length) return false
  for (let i = 0; i < into.length; i++) {
    const number = numbers[i]
    if (typeof number !== 'number') return false
    into[i] = number
  }
  return true
}

export class PlainPaths implements PathReader {
  #encoder: IndexKeyEncoder | null = null
  #parts: unknown[] = []

  /** Takes a value; its own place. */
  take(value: unknown): number {
    this.#parts = [value]
    return 0
  }

  begin(): number {
    throw new Error('zverse: assertion failed: a plain value has no bytes')
  }

  seek(from: number, { steps }: Path): number {
    let value = this.#parts[from]
    for (const { name, index } of steps) {
      if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return NOWHERE
      if (!Object.hasOwn(value, name) || (isArray(value) && index < 0)) return NOWHERE
      value = (value as Record<string, unknown>)[name]
    }
    return value === undefined ? NOWHERE : this.#parts.push(value) - 1
  }

  isArray(at: number): boolean {
    return isArray(this.#parts[at])
  }

  elements(at: number): number[] {
    return Array.from(this.#parts[at] as unknown[], value => this.#parts.push(value) - 1)
  }

  numbers(at: number, into: Float32Array): boolean {
    return numbersOf(this.#parts[at], into)
  }

  isSame(at: number, other: PathReader, there: number): boolean {
    return Object.is(this.#parts[at], (other as PlainPaths).#parts[there])
  }

  write(at: number, into: TupleWriter): boolean {
    this.#encoder ??= new IndexKeyEncoder()
    const { writer } = this.#encoder
    writer.at = 0
    try {
      this.#encoder.write(this.#parts[at])
    } catch (error) {
      if (error instanceof Refusal) return false
      throw error
    }
    into.raw(writer.bytes, writer.at)
    return true
  }
}
