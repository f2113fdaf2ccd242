/**
 * Shared by the specs of hot keys: the number of runs, keys made to collide, the engine's insides.
 *
 * `ZVERSE_RUNS=n` scales all of them (3000 is once); `ZVERSE_SEED=n` seeds them.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { KeyRef } from '../../lib/verbs/ref.js'
import type { ZVerse } from '../../lib/zverse.js'
import type { Database, Reads, StoreHandle } from '../support/contract.js'
import { type Hooks, open } from '../support/engine.js'
import { scaled } from '../support/runs.js'

export const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

export { SCALE, scaled } from '../support/runs.js'

/** A database or a store, with the verbs that the contract of the other specs does not have. */
export interface Hot {
  ref(key: unknown): KeyRef<unknown, unknown>
  hotKeys(n: number): { key: unknown; frequency: number }[]
}
export type HotStore = StoreHandle & Hot
export type HotDb = Database & Hot

export function openHot(options: Record<string, unknown> = {}, hooks: Hooks = {}): HotDb {
  return open(options, hooks) as HotDb
}

export function hotStore(db: Database, name: string, options?: object): HotStore {
  return db.store(name, options) as HotStore
}

/** The engine's insides. */
export function insides(db: Database) {
  return (db as unknown as ZVerse)._test.engine
}

/** `stats().cache`. */
export function counts(db: Database): Record<string, number> {
  return db.stats().cache as Record<string, number>
}

/** A property of random seeds; a failure prints ours and the input. */
export function property<T>(
  title: string,
  runs: number,
  arbitrary: fc.Arbitrary<T>,
  body: (input: T) => void | Promise<void>,
): void {
  it(
    title,
    async () => {
      const holds = fc.asyncProperty(arbitrary, async input => {
        await body(input)
        // Lets vitest hear of a long run.
        await new Promise(resolve => setImmediate(resolve))
      })
      await fc.assert(holds, { seed: SEED, numRuns: scaled(runs) })
    },
    2 ** 31 - 1,
  )
}

/** Expects a sound database; `what` names the case. */
export function sound(db: Database, what = ''): void {
  const { ok, problems, leakedBytes } = db.check()
  expect({ ok, problems: problems.slice(0, 5), leakedBytes }, what).toEqual({
    ok: true,
    problems: [],
    leakedBytes: 0,
  })
}

/** All that can be asked of one key, in one. */
export function ask(reads: Reads, key: unknown, view?: object): unknown[] {
  const entry = reads.getEntry(key, view)
  return [reads.get(key, view), reads.has(key, view), entry?.value, entry?.version ?? null]
}

// ── Keys made to collide ────────────────────────────────────────────────────────────────────────

const C1 = 0xcc9e2d51
const C2 = 0x1b873593
const rotl = (x: number, n: number) => (x << n) | (x >>> (32 - n))

/** The number that times `odd` is 1, of 32 bits. */
function inverse(odd: number): number {
  let x = odd
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x))
  return x
}

/** The inverse of x ^ (x >>> n). */
function unshift(x: number, n: number): number {
  let y = x
  for (let i = n; i < 32; i += n) y = x ^ (y >>> n)
  return y
}

/** The word that, after the words before it, gives a key of `bytes` bytes the hash `wanted`. */
function lastWord(before: readonly number[], bytes: number, wanted: number): number {
  let h = bytes
  for (const word of before) {
    const k = Math.imul(rotl(Math.imul(word, C1), 15), C2)
    h = (Math.imul(rotl(h ^ k, 13), 5) + 0xe6546b64) | 0
  }
  let end = unshift(wanted | 0, 16)
  end = Math.imul(end, inverse(0xc2b2ae35))
  end = unshift(end, 13)
  end = Math.imul(end, inverse(0x85ebca6b))
  end = unshift(end, 16)
  end = rotl(Math.imul(end - 0xe6546b64, inverse(5)), 19)
  return Math.imul(rotl(Math.imul(end ^ h, inverse(C2)), 17), inverse(C1)) >>> 0
}

/** A binary key of eight bytes with the hash `wanted`, a different one for each `i`. */
export function keyWithHash(i: number, wanted: number): Uint8Array {
  const first = Math.imul(i + 1, 0x9e3779b1) >>> 0
  const words = [first, lastWord([first], 8, wanted)]
  return Uint8Array.from(words.flatMap(w => [w >>> 24, w >>> 16, w >>> 8, w].map(b => b & 255)))
}
