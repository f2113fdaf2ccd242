/**
 * The suite on vectors, very small: each row gives the figures that it declares. Vectors are drawn: the set of words, and
 * the peers, are not installed here.
 */
import { describe, expect, it } from 'vitest'
import { drawVectors, nearestOf } from '../../perf/vectors/data.js'
import { playAll } from './suite.js'

const settings = { keys: 1500, seed: 1, sampleMs: 2, seconds: 0.02, minutes: 0.01 }

describe('the suite', () => {
  for (const name of ['zverse', 'zverse+cache']) {
    it(`of ${name} has all figures`, async () => {
      await playAll('vectors', name, settings, (figure, of) => expect(figure, of).not.toBeNaN())
    })
  }
})

describe('vectors', () => {
  it('are drawn by seed, and found by brute force', () => {
    const vectors = drawVectors(50, 3)
    expect(drawVectors(50, 3)).toEqual(vectors)
    for (const [id, vector] of vectors.entries()) {
      const near = nearestOf(vectors, vector, 5)
      expect(near[0]).toBe(id)
      expect(new Set(near).size).toBe(5)
    }
  })
})
