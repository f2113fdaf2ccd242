/** Runs of the past on disk, read as docs/file-format.md has them under *Past run*. */
import { crc32, inflateRawSync } from 'node:zlib'
import { checksum, hex, longWords, Unsound, type Value, Words } from './words.js'

/** An entry, and the version in which it died. */
export interface Interval {
  readonly store: number
  /** Hexadecimal. */
  readonly key: string
  readonly value: Value
  readonly death: number
}

/** A key that a version changed. */
export interface Key {
  readonly store: number
  readonly key: string
}

/** A version that has a line. */
export interface Line {
  readonly version: number
  readonly time: number
  /** Keys that it put where there was none. */
  readonly arrivals: Key[]
  /** What died in it. */
  readonly deaths: Interval[]
}

export interface Run {
  readonly number: number
  readonly from: number
  readonly to: number
  readonly birth: number
  readonly intervals: Interval[]
  readonly lines: Line[]
}

const RUN = 0x7072757a
const HEAD = 64
const FOOT = 96
const PIECE = 2048

interface Block {
  /** The word at which it begins. */
  readonly at: number
  /** How many its body takes. */
  readonly taken: number
  readonly intervals: Interval[]
}

type Four = [number, number, number, number]

const even = (words: number) => Math.ceil(words / 2) * 2

/** Negative if one lies before the other. */
function order(one: Key, other: Key): number {
  if (one.store !== other.store) return one.store - other.store
  return one.key < other.key ? -1 : Number(one.key > other.key)
}

/** Reads a run, which must be right to its last byte. `see` is told what there was. */
export class RunReader {
  readonly words: Words
  readonly number: number
  readonly #salt: string
  readonly #base: number
  readonly #see: (what: string) => void

  constructor(words: Words, number: number, salt: string, see: (what: string) => void) {
    this.words = words
    this.number = number
    this.#salt = salt
    const ofSalt = crc32(Buffer.from(salt, 'hex'))
    this.#base = this.#crc([RUN], this.#crc(longWords(number), ofSalt))
    this.#see = see
  }

  #crc(numbers: number[], begin: number): number {
    return checksum(numbers, begin, this.words.little)
  }

  /** The checksum of words of the file, as of a part that begins at a word. */
  #check(part: number, from: number, to: number): number {
    const seed = this.#crc(longWords(part * 4), this.#base)
    return crc32(this.words.bytes.subarray(from * 4, to * 4), seed)
  }

  /** Words of the file, of which a part has that many. */
  #take(from: number, count: number, what: string): Words {
    const to = (from + count) * 4
    this.words.need(to <= this.words.bytes.length, `${what} is whole`)
    const bytes = this.words.bytes.subarray(from * 4, to)
    return new Words(bytes, this.words.little, `${this.words.what}: ${what}`)
  }

  read(): Run {
    const { words } = this
    const end = words.bytes.length / 4
    const foot = end - FOOT / 4
    words.need(Number.isInteger(end) && foot >= HEAD / 4, 'it has a head and a foot')
    const { from, to } = this.#head()
    words.need(words.word(foot + 23) === this.#check(foot, foot, foot + 23), 'the foot is right')
    words.zeros(foot + 21, foot + 23)
    /** The word at which a part begins, whose byte ÷ 8 a word of the foot has. */
    const begin = (word: number) => words.word(foot + word) * 2
    const [index, filter, deaths] = [begin(0), begin(3), begin(17)]
    const [versions, arrivals] = [begin(7), begin(19)]
    const first = words.long(foot + 14)
    const lineCount = words.word(foot + 16)
    const arrivalCount = words.word(foot + 20)
    const deathCount = words.word(foot + 18)

    words.need(arrivals === HEAD / 4, 'arrivals lie behind the head')
    const arrived = this.#pieces(arrivals, arrivalCount, 'arrivals')
    const { blocks, intervals } = this.#blocks(this.#behind(arrivals, arrivalCount), index)
    words.need(blocks.length === words.word(foot + 6), 'it has all blocks')
    const indexEnd = this.#index(index, words.word(foot + 1), words.word(foot + 2), blocks)
    words.need(filter === indexEnd, 'the filter lies behind the index')
    const filterEnd = this.#filter(filter, words.word(foot + 4), words.word(foot + 5))
    words.need(deaths === filterEnd, 'deaths lie behind the filter')
    const died = this.#pieces(deaths, deathCount, 'deaths')
    this.#see(lineCount === 0 ? 'run without lines' : 'run')
    words.need(versions === this.#behind(deaths, deathCount), 'versions lie behind deaths')
    const lines = this.#pieces(versions, lineCount * 4, 'versions')
    words.need(foot === this.#behind(versions, lineCount * 4), 'the foot lies behind versions')

    const births = intervals.map(({ value }) => value.version)
    const last = Math.max(...intervals.map(({ death }) => death))
    words.need(words.long(foot + 8) === intervals.length, 'it has all intervals')
    const birth = words.long(foot + 10)
    if (intervals.length > 0) {
      words.need(birth === Math.min(...births), 'the least birth is right')
      words.need(words.long(foot + 12) === last, 'the greatest death is right')
    }
    const places = Array.from({ length: deathCount }, () => {
      const place = died.word()
      const interval = blocks[place >>> 10]?.intervals[place & 1023]
      if (interval === undefined) throw died.unsound(`there is a ${place >>> 10}, ${place & 1023}`)
      return interval
    })
    const all = this.#lines(first, lineCount, lines, places, arrived)
    // Without lines, none.
    const later = intervals.filter(({ death }) => lineCount > 0 && death > first).length
    died.need(new Set(places).size === later && later === deathCount, 'each death is listed, once')
    return { number: this.number, from, to, birth, intervals, lines: all }
  }

  #head(): { from: number; to: number } {
    const { words } = this
    const isHead =
      words.word(15) === this.#check(0, 0, 15) &&
      words.word(0) === RUN &&
      words.word(1) === 1 &&
      hex(words.bytes.subarray(8, 24)) === this.#salt &&
      words.long(6) === this.number
    words.need(isHead, 'the head is right')
    words.zeros(12, 15)
    return { from: words.long(8), to: words.long(10) }
  }

  /** The words of a part that lies in pieces. */
  #pieces(from: number, count: number, what: string): Words {
    const bytes: Uint8Array[] = []
    let at = from
    for (let left = count; left > 0; left -= PIECE) {
      const length = Math.min(left, PIECE)
      const piece = this.#take(at, 2 + length, `${what} at ${at * 4}`)
      piece.need(piece.word(0) === this.#check(at, at + 2, at + 2 + length), 'the check is right')
      piece.zeros(1, 2)
      bytes.push(piece.bytes.subarray(8))
      this.#see(`${at === from ? 'first' : 'further'} piece of ${what}`)
      at += 2 + length
      if (length % 2 === 1) this.words.zeros(at++, at)
    }
    return new Words(Buffer.concat(bytes), this.words.little, `${this.words.what}: ${what}`)
  }

  /** The word behind such a part. */
  #behind(from: number, count: number): number {
    return from + even(count) + Math.ceil(count / PIECE) * 2
  }

  #filter(from: number, count: number, check: number): number {
    const filter = this.#take(from, count, 'the filter')
    if (count > 0) this.#see('filter')
    const isThere = count % 16 === 1 && filter.word(0) > 0
    filter.need(count === 0 || isThere, 'it has a number of bits, and whole lines')
    filter.need(check === this.#check(from, from, from + count), 'its check is right')
    this.words.zeros(from + count, from + even(count))
    return from + even(count)
  }

  /** Blocks up to the index, and the intervals of all. */
  #blocks(from: number, to: number): { blocks: Block[]; intervals: Interval[] } {
    const blocks: Block[] = []
    for (let at = from; at < to; ) {
      const block = this.#block(at)
      blocks.push(block)
      at += 4 + block.taken
      if (at % 2 === 1) this.words.zeros(at++, at)
      this.words.need(at <= to, 'blocks end where the index begins')
    }
    const intervals = blocks.flatMap(({ intervals }) => intervals)
    for (const [i, { store, key, value, death }] of intervals.entries()) {
      const next = intervals[i + 1]
      this.words.need(value.version < death, 'what died was born before')
      if (next === undefined) break
      const by = order({ store, key }, next)
      const isNext = by < 0 || (by === 0 && death <= next.value.version)
      this.words.need(isNext, 'intervals are sorted, and those of a key do not overlap')
    }
    return { blocks, intervals }
  }

  #block(at: number): Block {
    const what = `block at ${at * 4}`
    const head = this.#take(at, 4, what)
    const [check, count, length, deflated] = [0, 1, 2, 3].map(i => head.word(i)) as Four
    const taken = deflated === 0 ? count : Math.ceil(deflated / 4)
    const { bytes } = this.#take(at + 4, taken, what)
    head.need(check === this.#check(at, at + 1, at + 4 + taken), 'its check is right')
    head.need(length >= 1 && length <= 1024, 'it has 1 to 1024 intervals')
    this.#see(deflated === 0 ? 'block of a run' : 'deflated block')
    let inflated: Uint8Array = bytes
    if (deflated !== 0) {
      head.need(!bytes.subarray(deflated).some(Boolean), 'what is deflated ends with zeros')
      inflated = inflate(bytes.subarray(0, deflated), what)
      head.need(inflated.length === count * 4, `it has ${count} words`)
    }
    const body = new Words(inflated, this.words.little, head.what)
    const begins = Array.from({ length }, () => body.word())
    const intervals = begins.map(begin => {
      body.need(begin * 4 === body.bytes.length - body.left * 4, 'an interval begins there')
      const store = body.word() | 0
      const death = body.long()
      return { store, death, ...body.entry() }
    })
    body.done()
    return { at, taken, intervals }
  }

  /** The index has what the blocks have; returns the word behind it. */
  #index(from: number, count: number, check: number, blocks: Block[]): number {
    const index = this.#take(from, count, 'the index')
    index.need(check === this.#check(from, from, from + count), 'its check is right')
    for (const { at, taken, intervals } of blocks) {
      const [first] = intervals as [Interval]
      index.need(index.word() === at / 2 && index.word() === taken, `a block lies at ${at * 4}`)
      const births = intervals.map(({ value }) => value.version)
      const deaths = intervals.map(({ death }) => death)
      index.need(index.long() === Math.min(...births), 'the least birth is right')
      index.need(index.long() === Math.max(...deaths), 'the greatest death is right')
      index.need(index.long() === first.value.version, 'the first birth is right')
      const { store, key } = this.#key(index)
      index.need(store === first.store && key === first.key, 'the first key is right')
    }
    index.done()
    const end = from + count
    if (count % 2 === 1) this.words.zeros(end, end + 1)
    return from + even(count)
  }

  /** A store, and a key of it. */
  #key(words: Words): Key {
    const store = words.word() | 0
    return { store, key: words.key(words.word()) }
  }

  #lines(first: number, count: number, words: Words, died: Interval[], arrived: Words): Line[] {
    const lines: Line[] = []
    let deathsBefore = 0
    let wordsBefore = 0
    for (let version = first; version < first + count; version++) {
      const [time, deathsTo, wordsTo] = [words.long(), words.word(), words.word()]
      words.need(deathsTo >= deathsBefore && wordsTo >= wordsBefore, 'counts do not fall')
      const deaths = died.slice(deathsBefore, deathsTo)
      const own = arrived.take(wordsTo - wordsBefore, `those of ${version}`)
      const arrivals: Key[] = []
      while (own.left > 0) arrivals.push(this.#key(own))
      const isRight = deaths.every(({ death }) => death === version)
      words.need(isRight, `what is said to have died in ${version}, did`)
      for (const keys of [deaths, arrivals]) {
        const isSorted = keys.every((key, i) => i === 0 || order(keys[i - 1] as Key, key) < 0)
        words.need(isSorted, `keys of ${version} are sorted`)
      }
      lines.push({ version, time, arrivals, deaths })
      deathsBefore = deathsTo
      wordsBefore = wordsTo
    }
    words.done()
    arrived.done()
    words.need(deathsBefore === died.length, 'each death has its version')
    return lines
  }
}

function inflate(bytes: Uint8Array, what: string): Uint8Array {
  try {
    return inflateRawSync(bytes)
  } catch {
    throw new Unsound(`${what}: it can be inflated`)
  }
}
