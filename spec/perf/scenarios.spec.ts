/** The parts of the bench: rows, the draws of YCSB, and when a difference of two builds counts. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compare, medianInterval } from '../../perf/commits/verdict.js'
import { seeded } from '../../perf/data.js'
import { fnvHex, recordKey, scatter } from '../../perf/entries/ycsb/records.js'
import { carryOut, drawing } from '../../perf/entries/ycsb/workload.js'
import { THETA, Zipfian, zeta } from '../../perf/entries/ycsb/zipfian.js'
import { choose, groups, scenarios, suiteOf, suites, USUAL } from '../../perf/suites.js'
import { verdicts } from '../../perf/targets.js'

describe('rows', () => {
  it('of every file are in a group', async () => {
    for (const suite of ['entries', 'indexes', 'graphs', 'level', 'threads', 'persistent']) {
      const folder = new URL(`../../perf/${suite}/scenarios/`, import.meta.url)
      const files = readdirSync(folder)
      expect(files.length).toBeGreaterThan(2)
      for (const file of files) {
        const module: Record<string, unknown> = await import(new URL(file, folder).href)
        const found = Object.values(module)
          .flat()
          .filter(value => typeof value === 'object' && value !== null && 'start' in value)
        expect(found.length, file).toBeGreaterThan(0)
        const prefix = suite === 'level' ? 'level-' : ''
        for (const { name } of found as unknown as { name: string }[]) {
          expect(choose([`${prefix}${name}`]).length, file).toBe(1)
        }
      }
    }
  })

  it('have names of their own, figures, and ratios of figures that there are', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
    for (const { name, figures, ratios = {}, inTurns = [] } of scenarios) {
      expect(Object.keys(figures).length, name).toBeGreaterThan(0)
      for (const figure of [...Object.entries(ratios).flat(2), ...inTurns]) {
        expect(Object.keys(figures), name).toContain(figure)
      }
    }
  })

  it('are chosen by name and by group, in running order', () => {
    expect(choose(['ycsb-a', 'get-present']).map(({ name }) => name)).toEqual([
      ...['get-present', 'ycsb-a'],
    ])
    expect(choose(['size', 'size-1', 'prompt']).map(({ name }) => name)).toEqual([
      ...['size-0.01', 'size-0.1', 'size-1', 'size-10', 'prompt'],
    ])
    expect(() => choose(['pin', 'scam'])).toThrow('no such row or group: scam; did you mean scan?')
    expect(choose(USUAL)).toHaveLength(USUAL.length)
  })

  it('belong to suites that there are', () => {
    for (const scenario of scenarios) expect(suites).toHaveProperty(suiteOf(scenario))
    expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length)
  })
})

describe('targets', () => {
  it('are of rows and figures that there are', () => {
    const all = verdicts([])
    expect(all.length).toBeGreaterThan(40)
    for (const { row, title, what, verdict } of all) {
      expect(choose([row])[0]?.title).toBe(title)
      expect(what, row).not.toBe('')
      expect(verdict).toBe('')
    }
  })
})

function uniform(seed: number): () => number {
  const random = seeded(seed)
  return () => random(2 ** 32) / 2 ** 32
}

describe('zipfian ranks', () => {
  const RANKS = 10_000
  const DRAWS = 1_000_000
  const zipfian = new Zipfian(RANKS, uniform(1))
  const counts = new Float64Array(RANKS)
  for (let i = 0; i < DRAWS; i++) counts[zipfian.next()]! += 1 / DRAWS
  const sum = zeta(1, RANKS, THETA)
  const expected = (rank: number) => (rank + 1) ** -THETA / sum

  it('come as often as they should at the top', () => {
    expect(counts[0]! / expected(0)).toBeCloseTo(1, 1.7)
    expect(counts[1]! / expected(1)).toBeCloseTo(1, 1.7)
    // Gray's curve gives rank 2 a fifth too much, and less and less from there.
    for (let rank = 2; rank < 20; rank++) {
      expect(counts[rank]! / expected(rank)).toBeGreaterThan(0.95)
      expect(counts[rank]! / expected(rank)).toBeLessThan(1.22)
    }
  })

  it('add up to what the harmonic numbers say', () => {
    for (const top of [100, 1000, 5000]) {
      const share = counts.slice(0, top).reduce((all, one) => all + one, 0)
      expect(share / (zeta(1, top, THETA) / sum)).toBeGreaterThan(0.97)
      expect(share / (zeta(1, top, THETA) / sum)).toBeLessThan(1.03)
    }
    expect(counts.every(count => count < 1)).toBe(true)
  })

  it('depend on the seed alone, and may grow', () => {
    const take = (seed: number) => {
      const some = new Zipfian(100, uniform(seed))
      return Array.from({ length: 50 }, () => some.next())
    }
    expect(take(7)).toEqual(take(7))
    expect(take(7)).not.toEqual(take(8))
    const grown = new Zipfian(10, uniform(3))
    grown.grow(1000)
    const whole = new Zipfian(1000, uniform(3))
    for (let i = 0; i < 100; i++) expect(grown.next()).toBe(whole.next())
  })
})

describe('YCSB', () => {
  it('hashes as FNV-1a of 64 bits', () => {
    for (const number of [0, 1, 255, 256, 999_999, Number.MAX_SAFE_INTEGER]) {
      let hash = 0xcbf29ce484222325n
      for (let i = 0n, rest = BigInt(number); i < 8n; i++, rest >>= 8n) {
        hash = BigInt.asUintN(64, (hash ^ (rest & 255n)) * 1099511628211n)
      }
      expect(fnvHex(number)).toBe(hash.toString(16).padStart(16, '0'))
      expect(scatter(number, 999_983)).toBe(Number(hash % 999_983n))
    }
  })

  it('draws the same again, in the shares it says, and reads only what is there', () => {
    const mix = { read: 60, insert: 10, modify: 30 }
    const [draw, again] = [drawing(mix, 'latest', 100, 5), drawing(mix, 'latest', 100, 5)]
    const map = new Map(Array.from({ length: 100 }, (_, i) => [recordKey(i), 'x']))
    let reads = 0
    const store = {
      get: (key: string) => {
        reads++
        return map.get(key)
      },
      put: (key: string, value: string) => void map.set(key, value),
      ...{ putAll: () => {}, loadSorted: () => {}, clear: () => {}, scan: () => 0 },
      close: () => {},
    }
    let operations = 0
    for (let round = 0; round < 4; round++) {
      const batch = draw()
      expect(again().keys).toEqual(batch.keys)
      operations += carryOut(store, batch)
    }
    expect((map.size - 100) / operations).toBeCloseTo(0.1, 1.5)
    expect(reads / operations).toBeCloseTo(0.9, 1.5)
  })
})

describe('a difference of two builds', () => {
  it('has the interval of the sign test', () => {
    const first = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
    expect(medianInterval(first(1))).toEqual([1, 1])
    expect(medianInterval(first(5))).toEqual([1, 5])
    expect(medianInterval(first(8))).toEqual([1, 8])
    expect(medianInterval(first(12))).toEqual([2, 11])
    expect(medianInterval(first(25))).toEqual([6, 20])
  })

  it('counts if it is certain, of some size, and every pair says so', () => {
    const around = (middle: number) => [-0.02, -0.01, 0, 0.01, 0.02].map(off => middle + off)
    expect(compare([around(1.1), around(1.12)])?.outside).toBe('slower')
    expect(compare([around(0.8), around(0.82)])?.outside).toBe('faster')
    expect(compare([around(1), around(1.01)])?.outside).toBe('')
    expect(compare([around(1.02), around(1.025)])?.outside).toBe('')
    expect(compare([around(1.3), around(1.3), around(0.99)])?.outside).toBe('')
    expect(compare([[2], [2], [2]])?.outside).toBe('slower')
    expect(compare([[], []])).toBeUndefined()
  })
})
