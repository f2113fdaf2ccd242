/**
 * The suite on vectors, very small: each row gives the figures that it declares. Vectors are drawn: the set of words, and
 * the peers, are not installed here.
 */
import { describe, expect, it } from 'vitest'
import type { Stage } from '../../perf/stage.js'
import { one } from '../../perf/stage.js'
import { scenarios, suiteOf, suites } from '../../perf/suites.js'
import { drawVectors, nearestOf } from '../../perf/vectors/data.js'

const settings = { keys: 1500, seed: 1, sampleMs: 2, seconds: 0.02, minutes: 0.01 }

describe('the suite', () => {
  for (const name of ['zverse', 'zverse+cache']) {
    it(`of ${name} has all figures`, async () => {
      const { systems, stage: make } = suites.vectors as (typeof suites)[string]
      const system = await systems[name]?.({ directory: '', keys: settings.keys })
      const stage: Stage<unknown> = make(system, settings)
      for (const scenario of scenarios.filter(one => suiteOf(one) === 'vectors')) {
        expect(await stage.start(scenario), scenario.name).toBe(true)
        const figures = await stage.round()
        const wanted = Object.keys(scenario.figures)
        expect(Object.keys(figures).sort(), scenario.name).toEqual(wanted.sort())
        for (const figure of wanted)
          expect(one(figures[figure] ?? Number.NaN), figure).not.toBeNaN()
        await stage.stop()
      }
      await stage.close()
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
