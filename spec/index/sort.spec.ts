/**
 * Keys of indexes sorted by their words, against the order of their bytes; equal ones stay in their order.
 */
import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { KeySorter } from '../../lib/indexes/sort.js'
import { Random } from '../support/random.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

function sortedByPlace(keys: Buffer[]): Buffer[] {
  const words: number[] = []
  const places = Uint32Array.from(keys, (key, i) => {
    const place = words.length
    const padded = Buffer.alloc(Math.ceil(key.length / 4) * 4)
    key.copy(padded)
    words.push(i, key.length)
    for (let at = 0; at < padded.length; at += 4) words.push(padded.readUInt32BE(at))
    return place
  })
  const all = Uint32Array.from(words)
  new KeySorter(all, places).sort()
  return Array.from(places, place => keys[all[place]] as Buffer)
}

it(`are in the order of their bytes, seed ${SEED}`, () => {
  const random = new Random(SEED)
  for (let round = 0; round < 100; round++) {
    const heads = ['', 'common prefix of them all', '\0\0\0', 'ab'].map(text => Buffer.from(text))
    const bytes = random.pick([2, 3, 256])
    const keys = Array.from({ length: random.int(round % 10 === 0 ? 3000 : 200) }, () => {
      const rest = Buffer.from(Array.from({ length: random.int(14) }, () => random.int(bytes)))
      return Buffer.concat([random.chance(0.7) ? (heads[1] as Buffer) : random.pick(heads), rest])
    })
    // Array.prototype.sort keeps the order of equal ones.
    expect(sortedByPlace(keys)).toEqual([...keys].sort(Buffer.compare))
  }
})

it('may be the same, or go on alike for ever', () => {
  const same = Array.from({ length: 100 }, () => Buffer.from('the same'))
  expect(sortedByPlace(same)).toEqual(same)
  const zeros = Array.from({ length: 400 }, (_, i) => Buffer.alloc(i % 9))
  expect(sortedByPlace(zeros)).toEqual([...zeros].sort(Buffer.compare))
  const longer = Array.from({ length: 800 }, (_, i) => Buffer.alloc(800 - i, 1))
  expect(sortedByPlace(longer)).toEqual([...longer].reverse())
})
