/** docs/vectors.md is true: its program runs as it stands, and prints what its comments say. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'

const text = readFileSync(new URL('../../docs/vectors.md', import.meta.url), 'utf8')
const [, program = ''] = /```js\n(.*?)```/s.exec(text) ?? []

describe('docs/vectors.md', () => {
  it('has a program that prints what its comments say', () => {
    const lines: unknown[][] = []
    const body = program.replace(/^import .*$/m, '')
    new Function('ZVerse', 'console', body)(ZVerse, {
      log: (...items: unknown[]) => lines.push(items),
    })
    expect(lines).toEqual([
      [['navy', 'slateblue']],
      [['crimson', 'tomato']],
      ['crimson', 295],
      [['navy', 'teal']],
      [['slateblue']],
      [['navy']],
      [['blue', 'slateblue']],
      [1],
    ])
  })

  it('tells the bytes of a vector', () => {
    const rows = [...text.matchAll(/^\| (\d+) \| (\d+) \| (\d+) \|$/gm)].map(row => row.map(Number))
    expect(rows).toHaveLength(3)
    // The long ones take a while to make.
    const [[, dims, float32, int8]] = rows
    for (const [element, bytes] of [
      ['float32', float32],
      ['int8', int8],
    ] as const) {
      using db = ZVerse.open()
      const random = mulberry(1)
      db.transact(tx => {
        for (let i = 0; i < 4000; i++) {
          tx.put(String(1e7 + i), { v: Float32Array.from({ length: dims }, random) })
        }
      })
      const index = db.index('v', { kind: 'vector', on: 'v', dims, element })
      const each = db.stats().indexes.bytes / index.count()
      expect(each / bytes).toBeGreaterThan(0.93)
      expect(each / bytes).toBeLessThan(1.07)
    }
  })
})

/** Numbers from -0.5 to 0.5, the same for a seed each time. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32 - 0.5
  }
}
