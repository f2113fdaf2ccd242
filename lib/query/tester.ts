/**
 * Tells whether a value is what a query asks for: reads the value's bytes along paths, and decodes nothing.
 *
 * Each tester belongs to one thread. Nothing here runs user code, but for getters of what a custom codec has decoded: a
 * query's `match` is the caller's to run, by {@link Candidate}.
 */
import { NOWHERE, type PathReader } from '../indexes/path.js'
import { ARRAY, NUMBER, numberAt, TupleWriter } from '../key/tuple-writer.js'
import { type Match, type Term, type Test, typeOf } from './query.js'

/** An entry that may be what a query asks for. */
export interface Candidate {
  readonly reader: PathReader
  /** The place of its value. */
  readonly from: number
  /** Runs a caller's function on its value and key; the reader's place is good after that, too. */
  matches(match: Match): boolean
}

export class Tester {
  readonly #writer = new TupleWriter()

  /** True if all terms hold. */
  holds(terms: readonly Term[], candidate: Candidate): boolean {
    for (const term of terms) if (!this.#holds(term, candidate)) return false
    return true
  }

  #holds(term: Term, candidate: Candidate): boolean {
    switch (term.kind) {
      case 'path': {
        const { reader, from } = candidate
        return this.#passes(term.test, reader, reader.seek(from, term.path))
      }
      case 'any':
        return term.branches.some(branch => this.holds(branch, candidate))
      case 'not':
        return !this.holds(term.terms, candidate)
      case 'match':
        return candidate.matches(term.match)
    }
  }

  #passes(test: Test, reader: PathReader, at: number): boolean {
    if (test.op === 'absent') return test.isAbsent === (at === NOWHERE)
    if (at === NOWHERE) return false
    switch (test.op) {
      case 'eq':
        return this.#equals(test.key, reader, at)
      case 'ne':
        return !this.#equals(test.key, reader, at)
      case 'in':
        return test.keys.some(key => this.#equals(key, reader, at))
      case 'has':
        return this.#has(test.key, reader, at)
      case 'box':
        return this.#isInside(test.min, test.max, reader, at)
      case 'prefix':
        return this.#write(reader, at) >= test.key.length && this.#order(test.key) === 0
      default:
        return this.#compares(test.op, test.key, reader, at)
    }
  }

  /** Writes what lies at a place; returns its size, 0 where it can be no index key. */
  #write(reader: PathReader, at: number): number {
    const writer = this.#writer
    writer.at = 0
    if (!reader.write(at, writer)) return 0
    return writer.at
  }

  /** The order of what was written against a key, by as many bytes as the key has. */
  #order(key: Uint8Array): number {
    const { bytes } = this.#writer
    for (let i = 0; i < key.length; i++) if (bytes[i] !== key[i]) return bytes[i] - key[i]
    return 0
  }

  #isKey(key: Uint8Array, reader: PathReader, at: number): boolean {
    return this.#write(reader, at) === key.length && this.#order(key) === 0
  }

  /** The value is the key, or an array with it. */
  #equals(key: Uint8Array, reader: PathReader, at: number): boolean {
    if (!reader.isArray(at)) return this.#isKey(key, reader, at)
    return (key[0] === ARRAY && this.#isKey(key, reader, at)) || this.#has(key, reader, at)
  }

  #has(key: Uint8Array, reader: PathReader, at: number): boolean {
    if (!reader.isArray(at)) return false
    return reader.elements(at).some(place => this.#isKey(key, reader, place))
  }

  #compares(op: 'gt' | 'gte' | 'lt' | 'lte', key: Uint8Array, reader: PathReader, at: number) {
    const size = this.#write(reader, at)
    if (size === 0 || typeOf(this.#writer.bytes) !== typeOf(key)) return false
    // No key is a prefix of another, but of what was too large to be written whole.
    const order = this.#order(key) || size - key.length
    if (op === 'gt') return order > 0
    if (op === 'gte') return order >= 0
    return op === 'lt' ? order < 0 : order <= 0
  }

  #isInside(
    min: readonly number[],
    max: readonly number[],
    reader: PathReader,
    at: number,
  ): boolean {
    if (!reader.isArray(at)) return false
    const places = reader.elements(at)
    if (places.length !== min.length) return false
    return places.every((place, d) => {
      if (this.#write(reader, place) === 0 || this.#writer.bytes[0] !== NUMBER) return false
      const x = numberAt(this.#writer.bytes, 1)
      return Number.isFinite(x) && !(x < min[d]) && !(x > max[d])
    })
  }
}
