/** Words of the files of persistent mode: what docs/file-format.md says of numbers, names and entries. */
import { crc32 } from 'node:zlib'

export interface Value {
  /** The version that wrote it. */
  readonly version: number
  /** Hexadecimal. */
  readonly value: string
  readonly ascii: boolean
}

/** Says what is wrong, and where. */
export class Unsound extends Error {}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** The two words of a number of 48 bits. */
export const longWords = (value: number) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]

/** The checksum of words. */
export function checksum(words: number[], begin: number, little: boolean): number {
  const view = new DataView(new ArrayBuffer(words.length * 4))
  words.forEach((word, i) => {
    view.setUint32(i * 4, word, little)
  })
  return crc32(view, begin)
}

/** Words of 32 bits of a file, and a place among them. */
export class Words {
  #at = 0
  readonly #view: DataView
  readonly bytes: Uint8Array
  readonly little: boolean
  /** For a person: what they are. */
  readonly what: string

  constructor(bytes: Uint8Array, little: boolean, what: string) {
    this.bytes = bytes
    this.little = little
    this.what = what
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.bytes.length / 4 - this.#at
  }

  /** It is unsound unless this holds. */
  need(fact: boolean, what: string): void {
    if (!fact) throw this.unsound(what)
  }

  unsound(what: string): Unsound {
    return new Unsound(`${this.what}: ${what}`)
  }

  /** The word at an index, or the next one. */
  word(index = this.#at++): number {
    this.need(index * 4 + 4 <= this.bytes.length, `has no word ${index}`)
    return this.#view.getUint32(index * 4, this.little)
  }

  /** A number of 48 bits. */
  long(index = (this.#at += 2) - 2): number {
    const high = this.word(index + 1)
    this.need(high < 2 ** 16, `word ${index + 1} has 16 bits`)
    return high * 2 ** 32 + this.word(index)
  }

  float(): number {
    this.need(this.left >= 2, 'a float64 has two words')
    this.#at += 2
    return this.#view.getFloat64(this.#at * 4 - 8, this.little)
  }

  zeros(from: number, to: number): void {
    for (let i = from; i < to; i++) this.need(this.word(i) === 0, `word ${i} is zero`)
  }

  /** The next words, that many. */
  take(count: number, what: string): Words {
    this.need(count <= this.left, `${what} has ${count} words`)
    this.#at += count
    const bytes = this.bytes.subarray((this.#at - count) * 4, this.#at * 4)
    return new Words(bytes, this.little, `${this.what}: ${what}`)
  }

  done(): void {
    this.need(this.left === 0, `${this.left} words are left`)
  }

  /** The next bytes, in whole words, the rest of which is zero. */
  text(length: number): Uint8Array {
    const { bytes } = this.take(Math.ceil(length / 4), 'bytes')
    this.need(!bytes.subarray(length).some(Boolean), 'bytes end with zeros')
    return bytes.subarray(0, length)
  }

  name(): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.text(this.word()))
  }

  /** A key of that many bytes, in hexadecimal. */
  key(length: number): string {
    const words = Array.from({ length: Math.ceil(length / 4) }, () => this.word())
    const key = words.map(word => word.toString(16).padStart(8, '0')).join('')
    this.need(/^0*$/.test(key.slice(length * 2)), 'a key ends with zeros')
    return key.slice(0, length * 2)
  }

  entry(): { key: string; value: Value } {
    const low = this.word()
    const second = this.word()
    const size = this.word()
    const version = (second & 0xffff) * 2 ** 32 + low
    const length = (second >>> 16) & 0x3fff
    this.need(second >>> 30 === 0 || second >>> 30 === 2, 'an entry has no flag but 2')
    const key = this.key(length)
    const value = { version, value: hex(this.text(size)), ascii: second >>> 30 === 2 }
    return { key, value }
  }
}
