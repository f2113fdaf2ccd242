/**
 * How much the Z-order specs do: properties of random cases, counted.
 *
 * `ZVERSE_RUNS=n` scales all of them (3000 is once); `ZVERSE_SEED=n` seeds them. A failure prints the
 * seed, the path to the case and its counterexample.
 */
import { inspect, isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Mismatch } from '../support/outcome.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Long runs are bounded by their number, not by vitest. */
const NO_TIMEOUT = 2 ** 31 - 1
/** How long a run may keep vitest from hearing of it, in ms. */
const BREATH = 1000

/** One key that went in and came out, or one query compared with brute force, is a case. */
export class Cases {
  #count = 0
  #rested = Date.now()
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  add(count = 1): void {
    this.#count += count
  }

  /** A test that `body` holds for `runs` inputs, more or fewer as the environment says. */
  property<T>(
    title: string,
    runs: number,
    arbitrary: fc.Arbitrary<T>,
    body: (input: T) => void | Promise<void>,
  ): void {
    it(
      title,
      async () => {
        const property = fc.asyncProperty(arbitrary, async input => {
          await body(input)
          await this.#rest()
        })
        await fc.assert(property, { seed: SEED, numRuns: scaled(runs) })
      },
      NO_TIMEOUT,
    )
  }

  /** The last test of a file. */
  print(): void {
    it('counts its cases', () => {
      console.log(`zorder ${this.#name}: seed ${SEED}, ${this.#count} cases compared`)
      expect(this.#count).toBeGreaterThan(0)
    })
  }

  async #rest(): Promise<void> {
    if (Date.now() - this.#rested < BREATH) return
    await new Promise(resolve => setImmediate(resolve))
    this.#rested = Date.now()
  }
}

/** On one line, all of it: a counterexample is to be copied. */
export function brief(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: Infinity, maxArrayLength: 40 })
}

/** Lists by their first difference, all else as a whole. @throws Mismatch */
export function same(what: () => string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  if (!Array.isArray(actual) || !Array.isArray(expected)) {
    throw new Mismatch(`${what()}\n  expected ${brief(expected)}\n  got      ${brief(actual)}`)
  }
  const at = expected.findIndex((item, i) => !isDeepStrictEqual(item, actual[i]))
  const from = at < 0 ? expected.length : at
  const part = (items: unknown[]) =>
    `${items.length}, of them ${brief(items.slice(from, from + 3))}`
  throw new Mismatch(
    `${what()}\n  differs at ${from}\n  expected ${part(expected)}\n  got      ${part(actual)}`,
  )
}
