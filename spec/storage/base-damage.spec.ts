/** A base that is not what was written: that is told, with the place, or harmless. */
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBaseHead } from '../../lib/storage/base.js'
import { baseSeed, blockSeed, KIND_END } from '../../lib/storage/base-format.js'
import { OpenFile } from '../../lib/storage/files.js'
import { lines, make } from '../dump/support.js'
import { scaled } from '../support/runs.js'
import { hold, like, NUMBER, PATH, reopened, SALT, written } from './base-support.js'

describe('a damaged base', () => {
  const corrupt = (offset: unknown = expect.any(Number)) =>
    expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: 'base-5', offset })

  /** A base of a few versions and stores, and where its blocks begin. */
  function sample(seed: number) {
    const made = make(seed, 40)
    const { db } = made
    db.tag('one')
    const held = hold(db, version => version % 5 === 0)
    const disk = written(db, held, 40)
    held.release()
    db.prune({ before: db.version })
    const text = lines(db, { history: true })
    db.close()
    const bytes = disk.bytesOf(PATH)
    const words = new Uint32Array(bytes.slice().buffer)
    const begins: number[] = []
    for (let at = 64; at < bytes.length; at += (4 * (4 + (words[at / 4 + 2] as number)) + 7) & ~7) {
      begins.push(at)
    }
    return { made, disk, text, bytes, begins }
  }

  const blockOf = (begins: number[], at: number) => begins.filter(begin => begin <= at).at(-1) ?? 0

  it('is told, with the block that is not what was written, or read right', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
        (seed, places) => {
          const { made, disk, text, bytes, begins } = sample(seed)
          for (const place of places) {
            const at = place % bytes.length
            const bit = 1 << ((place >>> 8) % 8)
            bytes[at]! ^= bit
            try {
              const { db } = reopened(disk, ...like(made))
              expect(lines(db, { history: true })).toEqual(text)
              db.close()
            } catch (error) {
              expect(error).toEqual(corrupt(blockOf(begins, at)))
            }
            bytes[at]! ^= bit
          }
          expect(lines(reopened(disk, ...like(made)).db, { history: true })).toEqual(text)
        },
      ),
      { numRuns: scaled(60) },
    )
  })

  it('that is too short, or too long, is told', () => {
    const { made, disk, bytes, begins } = sample(3)
    const resize = (size: number) => {
      const file = disk.open(PATH, 'write')
      disk.truncate(file, size)
      disk.write(file, bytes.subarray(0, Math.min(size, bytes.length)), 0)
      disk.close(file)
    }
    const cut = (size: number) => {
      resize(size)
      return () => reopened(disk, ...like(made))
    }
    for (let size = bytes.length - 1; size >= 0; size -= 1 + (size % 23)) {
      const offset = size < 64 ? 0 : blockOf([64, ...begins], size)
      expect(cut(size), `${size} bytes`).toThrow(corrupt(offset))
    }
    for (const size of begins) expect(cut(size), `${size} bytes`).toThrow(corrupt(size))
    expect(cut(bytes.length + 8)).toThrow(corrupt(bytes.length))
  })

  it('whose blocks lie at other places, or are of another base, is told', () => {
    const { made, disk, bytes, begins } = sample(4)
    const before = bytes.slice()
    const length = (i: number) => (begins[i + 1] ?? bytes.length) - (begins[i] as number)
    let moved = 0
    for (let i = 0; i < begins.length; i++) {
      for (let j = i + 1; j < begins.length; j++) {
        const [a, b, size] = [begins[i] as number, begins[j] as number, length(i)]
        if (size !== length(j)) continue
        bytes.set(before.subarray(b, b + size), a)
        expect(() => reopened(disk, ...like(made))).toThrow(corrupt(a))
        bytes.set(before)
        moved++
      }
    }
    expect(moved).toBeGreaterThan(10)
    const file = new OpenFile(disk, PATH, 'read')
    expect(() => readBaseHead(file, SALT, NUMBER + 1)).toThrow(corrupt(0))
    expect(() =>
      readBaseHead(
        file,
        SALT.map(x => x ^ 1),
        NUMBER,
      ),
    ).toThrow(corrupt(0))
  })

  it('whose format, files, blocks or flags are not known is of a later zverse', () => {
    const { made, disk, bytes, begins } = sample(5)
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    const before = bytes.slice()
    const later = expect.objectContaining({ code: 'ZVERSE_FORMAT' })
    const refuse = () => {
      expect(() => reopened(disk, ...like(made))).toThrow(later)
      bytes.set(before)
    }
    for (const [at, value] of [
      [1, 2],
      [13, 2],
      [14, 1],
    ] as const) {
      words[at] = value
      words[15] = crc32(bytes.subarray(0, 60), baseSeed(SALT, NUMBER))
      refuse()
    }
    for (const kind of [7, KIND_END | (2 << 8)]) {
      const begin = begins.at(-1) as number
      words[begin / 4 + 1] = kind
      const seed = blockSeed(baseSeed(SALT, NUMBER), begin)
      words[begin / 4] = crc32(bytes.subarray(begin + 4), seed)
      refuse()
    }
  })
})
