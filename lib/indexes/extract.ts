/**
 * The index keys of one value, as the definition of an index asks for them. Each extractor belongs to one thread.
 *
 * Invariant: the keys are whole parts of tuples (lib/key/tuple.ts), or codes of points, sorted by their bytes, each there once; so two lists
 * of keys are compared by one walk along both.
 */
import type { Axis } from '../key/axis.js'
import { MAX_KEY_BYTES } from '../key/codec.js'
import { unpackBytes } from '../key/pack.js'
import { ARRAY, END, NULL, NUMBER, numberAt, TupleWriter } from '../key/tuple-writer.js'
import type { ZOrderKeys } from '../key/zorder.js'
import type { Defined } from './definition.js'
import { NOWHERE, type PathReader } from './path.js'

/** Index keys that one value may have. */
export const MOST_KEYS = 1000

/**
 * Room in the index, in bytes, that the key of an entry must leave: for all that are scalars, and for points.
 */
const LEAST_ROOM = 192

/** Some index keys, one after the other. */
export class IndexKeys {
  bytes = new Uint8Array(1024)
  /** Where each begins, and where the last one ends; what is behind that is of earlier values. */
  readonly places: number[] = [0]
  count = 0

  clear(): void {
    this.count = 0
  }

  /** Adds the key that a writer has. */
  add({ bytes, at }: TupleWriter): void {
    this.addBytes(bytes, 0, at)
  }

  /** Adds the key of `size` bytes that begins at `bytes[at]`. */
  addBytes(bytes: Uint8Array, at: number, size: number): void {
    const from = this.places[this.count]
    if (from + size > this.bytes.length) {
      const larger = new Uint8Array(2 * (from + size))
      larger.set(this.bytes.subarray(0, from))
      this.bytes = larger
    }
    for (let i = 0; i < size; i++) this.bytes[from + i] = bytes[at + i]
    this.places[++this.count] = from + size
  }

  /** True if the other has the same keys. */
  isSame(other: IndexKeys): boolean {
    const { bytes, places, count } = this
    if (count !== other.count || places[count] !== other.places[count]) return false
    for (let i = 1; i < count; i++) if (places[i] !== other.places[i]) return false
    for (let i = 0; i < places[count]; i++) if (bytes[i] !== other.bytes[i]) return false
    return true
  }

  /** The order of key `i` and key `j` of the other; one that is not there comes last. */
  compareTo(i: number, other: IndexKeys, j: number): number {
    if (i >= this.count || j >= other.count) return i < this.count ? -1 : 1
    const { bytes, places } = this
    const [from, there] = [places[i], other.places[j]]
    const most = Math.min(places[i + 1] - from, other.places[j + 1] - there)
    for (let k = 0; k < most; k++) {
      const order = bytes[from + k] - other.bytes[there + k]
      if (order !== 0) return order
    }
    // No key is a prefix of another.
    return 0
  }

  copyOf(i: number): Uint8Array {
    return this.bytes.slice(this.places[i], this.places[i + 1])
  }

  /** A copy of each. */
  all(): Uint8Array[] {
    return Array.from({ length: this.count }, (_, i) => this.copyOf(i))
  }

  /** Sorts them and drops all but one of those that are equal. */
  sort(): void {
    const { places, bytes, count } = this
    if (count < 2) return
    const all = this.all().sort(compareBytes)
    this.clear()
    let at = 0
    for (let i = 0; i < count; i++) {
      if (i > 0 && compareBytes(all[i - 1], all[i]) === 0) continue
      bytes.set(all[i], at)
      at += all[i].length
      places[++this.count] = at
    }
  }
}

/** The order of two keys by their bytes: negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}

/** Why a value has no index keys. */
export interface Unfit {
  readonly what: 'missing' | 'invalid' | 'large' | 'many' | 'edge'
  /** The path at fault; of the key of an edge none. */
  readonly path: string
}

export class Extractor {
  readonly #defined: Defined
  readonly #writer = new TupleWriter()
  /** Of points: coordinates as ordered integers, and their code. */
  readonly #ordered: Uint32Array
  readonly #code: Uint32Array

  constructor(defined: Defined) {
    const curve = defined.points?.curve
    this.#defined = defined
    this.#ordered = new Uint32Array(2 * (curve?.axes.length ?? 0))
    this.#code = new Uint32Array(curve?.words ?? 0)
  }

  /**
   * Puts the index keys of the value that `reader` has at `from` into `keys`.
   * @returns why there is an error to throw; null where there is none
   */
  extract(reader: PathReader, from: number, keys: IndexKeys): Unfit | null {
    keys.clear()
    const { isCompound, multi, paths, points } = this.#defined
    if (points !== null) return this.#point(points, reader, from, keys)
    if (multi) return this.#product(reader, from, keys)
    const writer = this.#writer
    writer.at = 0
    if (isCompound) writer.tag(ARRAY)
    for (const path of paths) {
      const unfit = this.#write(reader, reader.seek(from, path))
      if (unfit !== null) return this.#unfit(unfit, path.text)
    }
    if (isCompound) writer.tag(END)
    if (writer.at > MAX_KEY_BYTES) return this.#unfit('large', paths[0].text)
    keys.add(writer)
    return null
  }

  /**
   * Leaves out keys that have no room in the index beside the key of an entry.
   * @param bytes of that key
   * @returns why there is an error to throw; null where there is none
   */
  bound(keys: IndexKeys, bytes: number): Unfit | null {
    const { by, paths } = this.#defined
    // In front of the keys of entries themselves stands a word, where a function gives index keys.
    const room = MAX_KEY_BYTES - bytes - (by === null ? 0 : 4)
    if (room < LEAST_ROOM) return { what: 'large', path: paths[0].text }
    if (keys.places[keys.count] + 4 <= room) return null
    const all = keys.all()
    const fit = all.filter(({ length }) => ((length + 3) & ~3) <= room)
    if (fit.length === all.length) return null
    keys.clear()
    for (const key of fit) keys.addBytes(key, 0, key.length)
    return this.#unfit('large', paths[0].text)
  }

  /** The point at the path, or whose coordinates are at the paths. */
  #point(points: ZOrderKeys, reader: PathReader, from: number, keys: IndexKeys): Unfit | null {
    const { isCompound, paths } = this.#defined
    const { axes } = points.curve
    const [path] = paths
    let places: readonly number[]
    if (isCompound) places = paths.map(one => reader.seek(from, one))
    else {
      const at = reader.seek(from, path)
      if (at === NOWHERE) return this.#unfit('missing', path.text)
      if (!reader.isArray(at)) return this.#unfit('invalid', path.text)
      places = reader.elements(at)
      if (places.length !== axes.length) return this.#unfit('invalid', path.text)
    }
    for (let d = 0; d < axes.length; d++) {
      const { text } = isCompound ? paths[d] : path
      if (places[d] === NOWHERE) return this.#unfit('missing', text)
      if (!this.#coordinate(axes[d], d, reader, places[d])) return this.#unfit('invalid', text)
    }
    this.#writePoint(points)
    keys.add(this.#writer)
    return null
  }

  /** Takes the coordinate at a place; false if it is none of the axis. */
  #coordinate(axis: Axis, d: number, reader: PathReader, at: number): boolean {
    const writer = this.#writer
    writer.at = 0
    if (!reader.write(at, writer) || writer.bytes[0] !== NUMBER) return false
    const x = numberAt(writer.bytes, 1)
    // A Date has whole ms.
    if (axis.isDate && !Number.isInteger(x)) return false
    return axis.encode(axis.isDate ? new Date(x) : x, this.#ordered, 2 * d)
  }

  /** Writes the code of the coordinates. */
  #writePoint({ curve }: ZOrderKeys): void {
    const code = this.#code
    curve.encode(this.#ordered, code)
    const { bytes } = this.#writer
    unpackBytes(code, 0, 4 * curve.words, bytes)
    this.#writer.at = 4 * curve.words
  }

  /** Writes what lies at a place; says what is wrong with it. */
  #write(reader: PathReader, at: number): Unfit['what'] | null {
    const writer = this.#writer
    if (at === NOWHERE) {
      if (this.#defined.missing !== 'null') return 'missing'
      writer.tag(NULL)
    } else if (!reader.write(at, writer)) return 'invalid'
    return writer.at > MAX_KEY_BYTES ? 'large' : null
  }

  /** What an error is thrown for; null where the value only has no key. */
  #unfit(what: Unfit['what'], path: string): Unfit | null {
    const { missing, invalid } = this.#defined
    const isError = what === 'missing' ? missing === 'error' : invalid === 'error'
    return isError ? { what, path } : null
  }

  /** A key for each distinct element; of several paths, for each of one and each of the others. */
  #product(reader: PathReader, from: number, keys: IndexKeys): Unfit | null {
    const { isCompound, paths } = this.#defined
    const writer = this.#writer
    let rows: Uint8Array[] = [Uint8Array.of(...(isCompound ? [ARRAY] : []))]
    for (const path of paths) {
      const parts = new IndexKeys()
      const at = reader.seek(from, path)
      const places = at !== NOWHERE && reader.isArray(at) ? reader.elements(at) : [at]
      for (const place of places) {
        writer.at = 0
        const unfit = this.#write(reader, place)
        const error = unfit === null ? null : this.#unfit(unfit, path.text)
        if (error !== null) return error
        if (unfit === null) parts.add(writer)
      }
      parts.sort()
      if (rows.length * parts.count > MOST_KEYS) return this.#unfit('many', path.text)
      rows = rows.flatMap(row => parts.all().map(part => joined(row, part)))
    }
    for (const row of rows) {
      writer.at = 0
      writer.raw(row, row.length)
      if (isCompound) writer.tag(END)
      if (writer.at <= MAX_KEY_BYTES) keys.add(writer)
      else {
        const error = this.#unfit('large', paths[0].text)
        if (error !== null) return error
      }
    }
    keys.sort()
    return null
  }
}

/** One behind the other. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
