/**
 * The Z-order (Morton) curve through any number of dimensions: coordinates to codes and back.
 *
 * A code is the ordered integers of all dimensions (axis.ts) interleaved bit by bit, the most
 * significant first, round-robin over the dimensions that still have bits, dimension 0 first in each
 * round. So a dimension's bits stand in the code in their own order: masked to one dimension, codes
 * compare as its coordinates do, without being taken apart. Bits of a code count from the top of its
 * first word. In one dimension the code is the ordered integer.
 *
 * G. M. Morton, A computer oriented geodetic data base, IBM 1966; J. A. Orenstein and T. H. Merrett,
 * A class of data structures for associative searching, PODS 1984.
 *
 * Fixed after construction. Any thread; no state.
 */
import morton from 'morton'
import type { Axis } from './axis.js'
import { prepareSqueeze, STEPS, squeeze } from './squeeze.js'

/** Interleaves by tables of the code bits that each byte of an ordered integer becomes. */
class Spread {
  /** Of each step: word and shift of the byte it reads. */
  readonly #word: Uint8Array
  readonly #shift: Uint8Array
  /** For each word written: the step after its last. */
  readonly #ends: Uint16Array
  /** 256 words a step. */
  readonly #tables: Uint32Array

  /** @param sources for each bit of a code, the bit it comes from, 64 for each dimension */
  constructor(sources: readonly number[]) {
    const words: number[] = []
    const shifts: number[] = []
    const ends: number[] = []
    const tables: Uint32Array[] = []
    for (let at = 0; at < sources.length; at += 32) {
      const own = sources.slice(at, at + 32)
      for (const byte of [...new Set(own.map(bit => bit >>> 3))].sort((a, b) => a - b)) {
        words.push(byte >>> 2)
        shifts.push(24 - 8 * (byte & 3))
        tables.push(tableOf(own, byte))
      }
      ends.push(words.length)
    }
    this.#word = Uint8Array.from(words)
    this.#shift = Uint8Array.from(shifts)
    this.#ends = Uint16Array.from(ends)
    this.#tables = new Uint32Array(tables.length * 256)
    tables.forEach((table, i) => {
      this.#tables.set(table, i * 256)
    })
  }

  apply(ordered: Uint32Array, code: Uint32Array): void {
    const word = this.#word
    const shift = this.#shift
    const tables = this.#tables
    const ends = this.#ends
    let step = 0
    for (let i = 0; i < ends.length; i++) {
      let bits = 0
      for (const end = ends[i]; step < end; step++) {
        bits |= tables[(step << 8) | ((ordered[word[step]] >>> shift[step]) & 255)]
      }
      code[i] = bits
    }
  }
}

/** For each value of a source byte, its bits in a word whose bits come from `sources`. */
function tableOf(sources: readonly number[], byte: number): Uint32Array {
  const table = new Uint32Array(256)
  sources.forEach((from, i) => {
    if (from >>> 3 !== byte) return
    const bit = 128 >>> (from & 7)
    for (let value = 0; value < 256; value++) {
      if ((value & bit) !== 0) table[value] |= 0x80000000 >>> i
    }
  })
  return table
}

/** Takes one dimension's ordered integer out of a code. */
class Gather {
  /** For each word of a code: the dimension's bits, how many, and how they are squeezed together. */
  readonly #masks: number[]
  readonly #counts: number[]
  readonly #moves: number[] = []

  constructor(mask: Uint32Array) {
    this.#masks = [...mask]
    this.#counts = this.#masks.map(bits => {
      let count = 0
      for (let rest = bits; rest !== 0; rest &= rest - 1) count++
      return count
    })
    this.#masks.forEach((bits, i) => {
      prepareSqueeze(bits, this.#moves, i * STEPS)
    })
  }

  apply(words: Uint32Array, at: number, to: Uint32Array, toAt: number): void {
    const masks = this.#masks
    let high = 0
    let low = 0
    let place = 0
    for (let i = 0; i < masks.length; i++) {
      const count = this.#counts[i]
      if (count === 0) continue
      const bits = squeeze(words[at + i], masks[i], this.#moves, i * STEPS)
      place += count
      if (place <= 32) high |= bits << (32 - place)
      else {
        // The rest comes from the first word; beyond it the shift would be by 32 or more.
        if (place - count < 32) high |= bits >>> (place - 32)
        low |= bits << (64 - place)
      }
    }
    to[toAt] = high
    to[toAt + 1] = low
  }
}

export class Curve {
  readonly axes: readonly Axis[]
  /** Bits, bytes and words of a code. */
  readonly bits: number
  readonly bytes: number
  readonly words: number
  /** The word of a key from which on something follows its code; 0: keys are codes. */
  readonly tail: number
  /** For each dimension, `words` words with its bits set. */
  readonly masks: readonly Uint32Array[]
  /** For each dimension, the place after its last bit in the code. */
  readonly ends: readonly number[]
  /** For each dimension, how many of its bits stand before each place in the code. */
  readonly before: readonly Uint8Array[]
  readonly #spread: Spread
  readonly #gathers: readonly Gather[]
  /** Two dimensions of the same width: 16 bits of each make a word, which `morton` does exactly. */
  readonly #isPair: boolean

  /** @param hasTail keys have something behind the code, from a whole word on */
  constructor(axes: readonly Axis[], hasTail = false) {
    const n = axes.length
    const places: number[][] = axes.map(() => [])
    const spread: number[] = []
    for (let round = 0; round < 64; round++) {
      for (let d = 0; d < n; d++) {
        if (round >= axes[d].bits) continue
        places[d].push(spread.length)
        spread.push(64 * d + round)
      }
    }
    this.axes = axes
    this.bits = spread.length
    this.bytes = (this.bits + 7) >>> 3
    this.words = (this.bits + 31) >>> 5
    this.tail = hasTail ? this.words : 0
    this.ends = places.map(own => own[own.length - 1] + 1)
    this.masks = places.map(own => {
      const mask = new Uint32Array(this.words)
      for (const place of own) mask[place >>> 5] |= 0x80000000 >>> (place & 31)
      return mask
    })
    this.before = places.map(own => {
      const before = new Uint8Array(this.bits + 1)
      let count = 0
      for (let place = 0; place <= this.bits; place++) {
        before[place] = count
        if (own[count] === place) count++
      }
      return before
    })
    this.#spread = new Spread(spread)
    this.#gathers = this.masks.map(mask => new Gather(mask))
    this.#isPair = n === 2 && axes[0].bits === axes[1].bits
  }

  /** Writes the code of ordered integers, two words each from `ordered[0]` on, to `to[0]` and on. */
  encode(ordered: Uint32Array, to: Uint32Array): void {
    if (!this.#isPair) {
      this.#spread.apply(ordered, to)
      return
    }
    for (let i = 0; i < this.words; i++) {
      const shift = (i & 1) === 0 ? 16 : 0
      const x = (ordered[2 + (i >>> 1)] >>> shift) & 0xffff
      const y = (ordered[i >>> 1] >>> shift) & 0xffff
      to[i] = morton(x, y)
    }
  }

  /** Writes the ordered integers of the code at `words[at]`, two words each, to `to[0]` and on. */
  decode(words: Uint32Array, at: number, to: Uint32Array): void {
    if (!this.#isPair) {
      const gathers = this.#gathers
      for (let d = 0; d < gathers.length; d++) gathers[d].apply(words, at, to, 2 * d)
      return
    }
    const n = this.words
    const a = words[at]
    const b = n > 1 ? words[at + 1] : 0
    to[0] = (everySecond(a >>> 1) << 16) | everySecond(b >>> 1)
    to[2] = (everySecond(a) << 16) | everySecond(b)
    if (n > 2) {
      const c = words[at + 2]
      const d = n > 3 ? words[at + 3] : 0
      to[1] = (everySecond(c >>> 1) << 16) | everySecond(d >>> 1)
      to[3] = (everySecond(c) << 16) | everySecond(d)
    }
  }
}

/** The 16 bits 0, 2, 4 … 30 of a word, counted from its end. */
function everySecond(word: number): number {
  let x = word & 0x55555555
  x = (x | (x >>> 1)) & 0x33333333
  x = (x | (x >>> 2)) & 0x0f0f0f0f
  x = (x | (x >>> 4)) & 0x00ff00ff
  return (x | (x >>> 8)) & 0xffff
}
