/** Codes and their inner products, with SIMD and without; where blocks of them are kept. */
import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { HotBlocks } from '../../lib/hot/blocks.js'
import { HotCounts } from '../../lib/hot/counts.js'
import { Codes } from '../../lib/vector/codes.js'
import { type Kernel, makeKernel, OWN_BYTES, PlainKernel } from '../../lib/vector/kernel.js'
import { Random } from '../support/random.js'
import { unit } from './random-vectors.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)
const DIST = new URL('../../dist/index.js', import.meta.url).href

describe(`inner products, seed ${SEED}`, () => {
  it('are by SIMD what they are in JavaScript', () => {
    const random = new Random(SEED)
    const kernels: [Kernel, Kernel] = [makeKernel(), new PlainKernel()]
    expect(kernels[0]).not.toBeInstanceOf(PlainKernel)
    for (let round = 0; round < 300; round++) {
      const stride = 16 * (1 + random.int(random.chance(0.05) ? 1024 : 40))
      const count = random.int(40)
      const draw = random.pick([
        () => random.int(255) - 127,
        () => random.pick([-127, 127]),
        () => -127,
        () => random.int(3) - 1,
      ])
      const query = OWN_BYTES + 4 * random.int(30)
      const codes = query + stride + 4 * random.int(30)
      const out = codes + count * stride + 4 * random.int(30)
      const bytes = Int8Array.from({ length: out }, draw)
      const products = kernels.map(kernel => {
        kernel.reserve(out + 4 * count + 4)
        kernel.i8.set(bytes)
        kernel.i32.fill(77, out / 4, out / 4 + count + 1)
        kernel.dots(query, codes, stride, count, out)
        const { buffer } = kernel.i8
        const rest = [
          Buffer.from(buffer, query, out - query),
          Buffer.from(bytes.buffer, query),
        ] as const
        expect(Buffer.compare(...rest)).toBe(0)
        return [...kernel.i32.subarray(out / 4, out / 4 + count + 1)]
      })
      expect(products[0]).toEqual(products[1])
      const expected = Array.from({ length: count }, (_, k) => {
        let sum = 0
        for (let i = 0; i < stride; i++) {
          sum += (bytes[query + i] as number) * (bytes[codes + k * stride + i] as number)
        }
        return sum
      })
      expect(products[0]).toEqual([...expected, 77])
    }
  })

  it('keep what lies in their memory when they get more', () => {
    for (const kernel of [makeKernel(), new PlainKernel()]) {
      kernel.reserve(100)
      for (let size = 100; size < 2 ** 22; size = Math.ceil(size * 1.7)) {
        kernel.reserve(size)
        expect(kernel.i8.length).toBeGreaterThanOrEqual(size)
        expect(kernel.u32.length).toBe(kernel.i8.length / 4)
        kernel.i8[size - 1] = 5
        kernel.reserve(size + 1)
        expect(kernel.i8[size - 1]).toBe(5)
      }
      expect(() => kernel.reserve(2 ** 40)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_FULL' }),
      )
      expect(kernel.i8[99]).toBe(5)
    }
  })
})

describe('a code', () => {
  it('is the nearest in whole quanta, whatever the size of numbers', () => {
    const random = new Random(SEED)
    for (const size of [1, 1e-30, 1e-44, 1e18]) {
      for (const metric of ['cosine', 'dot', 'euclid'] as const) {
        const codes = new Codes(19, metric)
        expect(codes.stride).toBe(32)
        const vector = Float32Array.from({ length: 19 }, () => unit(random) * size)
        const bytes = new Int8Array(40).fill(9)
        codes.encode(vector, bytes, 4)
        const largest = vector.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
        for (const [i, x] of vector.entries()) {
          expect(Math.abs((bytes[4 + i] as number) - (x / largest) * 127)).toBeLessThan(0.5001)
        }
        expect([...bytes.subarray(23, 36)].every(byte => byte === 0)).toBe(true)
        expect([...bytes.subarray(36)]).toEqual([9, 9, 9, 9])
        expect(Number.isFinite(codes.scale) && Number.isFinite(codes.bias)).toBe(true)
      }
    }
  })
})

/** Searches in a process that Node starts with some options. */
function searched(prelude: string, ...options: string[]): unknown {
  const text = `
    ${prelude}
    const { ZVerse } = await import(${JSON.stringify(DIST)})
    let state = 7
    const draw = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31) - 1
    const db = ZVerse.open({ maxBytes: 2 ** 25, cache: { bytes: 2 ** 20, indexes: true } })
    const indexes = ['float32', 'int8'].map(element => {
      return db.index(element, { kind: 'vector', on: 'v', dims: 21, element })
    })
    const vector = () => Array.from({ length: 21 }, draw)
    for (let i = 0; i < 10; i++) {
      const some = Array.from({ length: 40 }, (_, j) => {
        return { type: 'put', key: 'k' + ((i * 40 + j) * 7919) % 350, value: { v: vector() } }
      })
      db.batch(some)
    }
    const found = []
    for (let i = 0; i < 6; i++) {
      const query = vector()
      for (const index of indexes) {
        for (const exact of [false, true]) found.push(...index.nearest(query, 5, { exact, effort: 0.2 }))
      }
    }
    if (!db.check().ok) throw new Error('is not sound')
    console.log(JSON.stringify(found.map(({ key, distance }) => [key, distance])))
  `
  const all = [...options, '--input-type=module', '--eval', text]
  return JSON.parse(execFileSync(process.execPath, all, { encoding: 'utf8' }))
}

it('the same is found without WebAssembly', () => {
  const found = searched('')
  expect(found).toHaveLength(120)
  expect(searched('', '--jitless')).toEqual(found)
  expect(searched('delete globalThis.WebAssembly')).toEqual(found)
  const broken = 'WebAssembly.Module = class { constructor() { throw new Error("none") } }'
  expect(searched(broken)).toEqual(found)
})

describe(`blocks that are kept, seed ${SEED}`, () => {
  it('lie apart, and are those that were put there', () => {
    const random = new Random(SEED)
    for (const maxBytes of [0, 2 ** 16, 2 ** 17, 2 ** 19]) {
      const blocks = new HotBlocks(maxBytes, new HotCounts())
      /** What lies at the reference of an entry now, and how large it is. */
      const now = new Map<number, { version: number; bytes: number; mark: number }>()
      let version = 0
      for (let step = 0; step < 6000; step++) {
        const entry = 8 * (1 + random.int(150))
        const old = now.get(entry)
        if (old === undefined || random.chance(0.2)) {
          // The memory is another entry's from now on.
          const bytes = 4 * (1 + random.int(random.pick([40, 400, 1025, 17_000])))
          now.set(entry, { version: ++version, bytes, mark: random.next() })
        }
        const is = now.get(entry) as { version: number; bytes: number; mark: number }
        const { bytes, mark } = is
        const at = blocks.find(entry, is.version)
        const { u32 } = blocks.kernel
        if (at >= 0) {
          expect(u32[at / 4]).toBe(mark)
          expect(u32[(at + bytes) / 4 - 1]).toBe(mark)
          continue
        }
        const to = blocks.keep(entry, is.version, bytes)
        if (to < 0) continue
        expect(maxBytes).toBeGreaterThan(0)
        blocks.kernel.reserve(to + bytes)
        blocks.kernel.u32.fill(mark, to / 4, (to + bytes) / 4)
      }
      const { promotions, demotions, hot } = blocks.counts
      expect(blocks.bytes).toBeLessThanOrEqual(maxBytes)
      expect(promotions >= demotions).toBe(true)
      expect(hot > 0).toBe(maxBytes > 0)
    }
  })
})
