/** Past runs against a plain list of intervals: single keys, walks, filters, damage. */
import { describe, expect, it } from 'vitest'
import type { Found } from '../../lib/engine/deep.js'
import {
  type EncodedValue,
  entryWords,
  type KeyWords,
  keyBytesOf,
  valueBytesOf,
  versionOf,
  writeEntry,
} from '../../lib/memory/entry.js'
import { hashKey } from '../../lib/memory/hash.js'
import { E_KEY } from '../../lib/memory/layout.js'
import { compareKeys } from '../../lib/memory/words.js'
import { Directory } from '../../lib/storage/files.js'
import { BlockCache } from '../../lib/storage/past/block-cache.js'
import { foundIn } from '../../lib/storage/past/deep.js'
import { filterOf, hashIn, mayHave } from '../../lib/storage/past/filter.js'
import { merge } from '../../lib/storage/past/merge.js'
import { type Moment, Run } from '../../lib/storage/past/run.js'
import { RunCursor } from '../../lib/storage/past/run-cursor.js'
import { RunWriter } from '../../lib/storage/past/run-writer.js'
import { mayHave as hasWanted, type Wanted, wantedAt } from '../../lib/storage/past/wanted.js'
import { type Range, WHOLE } from '../../lib/tree/cursor.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))
const SALT = Uint8Array.from({ length: 16 }, (_, i) => 7 * i)

interface Interval {
  store: number
  key: string
  birth: number
  death: number
  bytes: number
}

function keyOf(text: string): KeyWords {
  const words = new Uint32Array((text.length + 3) >>> 2)
  for (let i = 0; i < text.length; i++) {
    words[i >>> 2] = (words[i >>> 2] as number) | (text.charCodeAt(i) << (24 - 8 * (i & 3)))
  }
  return { words, bytes: text.length }
}

const compare = (a: Interval, b: Interval): number => {
  if (a.store !== b.store) return a.store - b.store
  const [x, y] = [keyOf(a.key), keyOf(b.key)]
  return compareKeys(x.words, 0, x.bytes, y.words, 0, y.bytes) || a.birth - b.birth
}

/** A database's life: what died in the versions `(from, to]`, in order. */
function lived(random: Random): { all: Interval[]; from: number; to: number; keys: string[] } {
  const keys = Array.from({ length: 1 + random.int(20) }, () => {
    return 'abcdefgh'.slice(0, random.int(9)) + 'xyz'.slice(0, random.int(4))
  })
  const from = random.int(2) === 0 ? random.int(50) : 2 ** 32 - random.int(60)
  const to = from + 1 + random.int(120)
  const live = new Map<string, Interval>()
  const all: Interval[] = []
  for (let version = Math.max(0, from - 40); version <= to; version++) {
    for (let n = random.int(4); n > 0; n--) {
      const store = random.pick([-1, 0, 3])
      const key = random.pick(keys)
      const id = `${store} ${key}`
      const old = live.get(id)
      if (old?.birth === version) continue
      if (old !== undefined && version > from) all.push({ ...old, death: version })
      live.delete(id)
      if (random.chance(0.2)) continue
      const bytes = random.chance(0.1) ? random.int(300) : random.int(9)
      live.set(id, { store, key, birth: version, death: 0, bytes })
    }
  }
  return { all: all.sort(compare), from, to, keys }
}

const NAME = 'run-5'

/** A writer of a run in a directory, and how to open it. */
function begun(random: Random, span: { from: number; to: number }, number = 5, disk = new Disk()) {
  const directory = new Directory(disk, 'db')
  directory.make()
  const name = `run-${number}`
  const file = directory.open(name, 'create')
  const options = { blockWords: 8 + random.int(200), bitsPerKey: random.pick([0, 4, 10]) }
  const writer = new RunWriter(file, SALT, number, span, options)
  const open = (cache = new BlockCache(random.int(4000))) => {
    file.close()
    return Run.open(directory.open(name, 'read'), SALT, number, cache)
  }
  return { disk, file, writer, open }
}

function written(
  random: Random,
  all: readonly Interval[],
  span: { from: number; to: number },
  number?: number,
  disk?: Disk,
) {
  const run = begun(random, span, number, disk)
  const { writer, file } = run
  for (const { store, key, birth, death, bytes } of all) {
    const value: EncodedValue = {
      ...{ words: new Uint32Array(bytes).fill(birth), at: 0, length: bytes, ascii: false },
    }
    const words = new Uint32Array(3 + entryWords(key.length, bytes))
    writeEntry(words, 3, birth, keyOf(key), value)
    writer.add(store, words, 3, death)
  }
  expect(writer.end()).toMatchObject({ intervals: all.length, bytes: file.size })
  return run
}

function told({ words, entry, death }: Found): Omit<Interval, 'store'> {
  const bytes = keyBytesOf(words, entry)
  let key = ''
  for (let i = 0; i < bytes; i++) {
    const word = words[entry + E_KEY + (i >>> 2)] as number
    key += String.fromCharCode((word >>> (24 - 8 * (i & 3))) & 255)
  }
  return { key, birth: versionOf(words, entry), death, bytes: valueBytesOf(words, entry) }
}

const counts = ({ birth, death }: Interval, { at, until }: Moment) =>
  birth <= at && at < death && death <= until

/** The entry of a key at a moment; null if the run has none. */
function findIn(run: Run, store: number, key: string, moment: Moment): Found | null {
  const { words, bytes } = keyOf(key)
  const hash = hashIn(store, hashKey(words, 0, bytes))
  const may = hasWanted(run, wantedAt(moment)) && run.mayHave(hash)
  return may ? foundIn(run, store, { words, bytes }, moment) : null
}

/** Intervals by any births and deaths. */
function anyWanted(random: Random, from: number, to: number): Wanted {
  const any = () => from - 45 + random.int(to - from + 60)
  const [bornAfter, diedAfter] = [any(), any()]
  const length = () => random.int(random.pick([10, 200]))
  return { bornAfter, bornUntil: bornAfter + length(), diedAfter, diedUntil: diedAfter + length() }
}

const isWanted = ({ birth, death }: Interval, wanted: Wanted) =>
  birth > wanted.bornAfter &&
  birth <= wanted.bornUntil &&
  death > wanted.diedAfter &&
  death <= wanted.diedUntil

function walk(cursor: RunCursor): Found[] {
  const found: Found[] = []
  for (let next = cursor.next(); next !== null; next = cursor.next()) found.push(next)
  return found
}

const bare = ({ store, ...rest }: Interval) => rest

describe(`past runs, seeds ${SEED} and on`, () => {
  it('have each key at each moment, and walk between any bounds', () => {
    for (let run = 0; run < runs(300); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const { all, from, to, keys } = lived(random)
      const { open } = written(random, all, { from, to })
      const one = open()
      expect(one.span).toEqual({ from, to })
      for (let n = 0; n < 60; n++) {
        const at = Math.max(0, from - 45) + random.int(to - from + 50)
        const moment = { at, until: Math.max(at + 1, to - random.int(40)) }
        const store = random.pick([-2, -1, 0, 1, 3, 4])
        const key = random.pick([...keys, 'nowhere'])
        const there = all.filter(each => each.store === store && counts(each, moment))
        const found = findIn(one, store, key, moment)
        const where = `seed ${seed}, ${n}`
        const expected = there.find(each => each.key === key)
        expect(found && told(found), where).toEqual(expected ? bare(expected) : null)
        const bound = () => {
          return random.chance(0.3)
            ? null
            : { ...keyOf(random.pick(keys)), after: random.chance(0.5) }
        }
        const range: Range = { lower: bound(), upper: bound(), box: null }
        const wanted = random.chance(0.5) ? wantedAt(moment) : anyWanted(random, from, to)
        const inside = all.filter(each => {
          return each.store === store && isWanted(each, wanted) && isInside(each.key, range)
        })
        for (const reverse of [false, true]) {
          const walked = walk(new RunCursor(one, store, range, reverse, wanted))
          const order = reverse ? [...inside].reverse() : inside
          expect(walked.map(told), where).toEqual(order.map(bare))
        }
      }
      one.close()
    }
  })

  it('become one: with all that the horizon leaves', () => {
    for (let run = 0; run < runs(200); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const { all, from, to } = lived(random)
      const cuts = [
        from,
        ...Array.from({ length: random.int(5) }, () => from + random.int(to - from)),
        to,
      ]
      cuts.sort((a, b) => a - b)
      const disk = new Disk()
      const parts = cuts.slice(1).map((end, i) => {
        const begin = cuts[i] as number
        const part = all.filter(({ death }) => death > begin && death <= end)
        return written(random, part, { from: begin, to: end }, i + 1, disk).open()
      })
      const horizon = from + random.int(to - from)
      const one = begun(random, { from: horizon, to }, 9, disk)
      for (const _ of merge(parts, { from: horizon, tagged: [] }, one.writer));
      one.writer.end()
      const merged = one.open()
      const left = all.filter(({ death }) => death > horizon)
      expect(merged.foot.intervals, `seed ${seed}`).toBe(left.length)
      for (let at = horizon; at < to; at++) {
        const moment = { at, until: to }
        for (const store of [-1, 0, 3]) {
          const cursor = new RunCursor(merged, store, WHOLE, false, wantedAt(moment))
          const walked = walk(cursor).map(told)
          const there = left.filter(each => each.store === store && counts(each, moment))
          expect(walked, `seed ${seed}, at ${at}`).toEqual(there.map(bare))
        }
      }
      for (const each of [...parts, merged]) each.close()
      expect(disk.openFiles).toBe(0)
    }
  })

  it('tell damage, or answer as before: any byte of the file', () => {
    for (let run = 0; run < runs(20); run++) {
      const random = new Random(SEED + run)
      const { all, from, to, keys } = lived(random)
      const { disk, open } = written(random, all, { from, to })
      const ask = () => {
        const one = open(new BlockCache(0))
        try {
          return keys.map(key => {
            const found = findIn(one, -1, key, { at: to - 1, until: to })
            return found && told(found)
          })
        } finally {
          one.close()
        }
      }
      const before = ask()
      const bytes = disk.bytesOf(`db/${NAME}`)
      for (let at = 0; at < bytes.length; at++) {
        const flip = 1 << random.int(8)
        bytes[at]! ^= flip
        try {
          expect(ask()).toEqual(before)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ZVERSE_CORRUPT', file: NAME })
        }
        bytes[at]! ^= flip
      }
      expect(disk.openFiles).toBe(0)
    }
  })
})

function isInside(key: string, { lower, upper }: Range): boolean {
  const { words, bytes } = keyOf(key)
  const order = (bound: NonNullable<Range['lower']>) =>
    compareKeys(words, 0, bytes, bound.words, 0, bound.bytes)
  if (lower !== null && (lower.after ? order(lower) <= 0 : order(lower) < 0)) return false
  return upper === null || (upper.after ? order(upper) <= 0 : order(upper) < 0)
}

describe('a filter', () => {
  it('says yes to all it has, and seldom to others', () => {
    const rates: Record<number, number> = {}
    for (const bits of [4, 8, 10, 16]) {
      const random = new Random(SEED + bits)
      const hashes = Uint32Array.from({ length: 20_000 }, (_, i) =>
        hashIn(i % 3, random.int(2 ** 32)),
      )
      const words = filterOf(hashes, bits)
      for (const hash of hashes) expect(mayHave(words, hash)).toBe(true)
      let wrong = 0
      for (let i = 0; i < 50_000; i++) {
        if (mayHave(words, hashIn(7, random.int(2 ** 32)))) wrong++
      }
      rates[bits] = wrong / 50_000
    }
    console.log('false positives by bits a key', rates)
    // A plain Bloom filter has 0.147, 0.0215, 0.0082, 0.00046; lines of 512 bits cost a part of that.
    expect(rates[4]).toBeLessThan(0.2)
    expect(rates[8]).toBeLessThan(0.04)
    expect(rates[10]).toBeLessThan(0.02)
    expect(rates[16]).toBeLessThan(0.004)
  })
})

describe('a cache of blocks', () => {
  it('keeps within its bound, and what is used', () => {
    const cache = new BlockCache(10 * 400)
    let reads = 0
    const ask = (index: number) =>
      cache.get(1, index, () => {
        reads++
        return { words: new Uint32Array(100), count: index }
      }).count
    for (let i = 0; i < 1000; i++) {
      expect(ask(i)).toBe(i)
      expect(ask(3)).toBe(3)
      expect(cache.bytes).toBeLessThanOrEqual(4000)
    }
    expect(reads).toBe(1000)
    cache.forget(1)
    expect(cache.bytes).toBe(0)
  })
})
