/** Random vectors and values with them: with many ties, near doubles, and parts that are no vectors. */
import type { Random } from '../support/random.js'

export type Value = Record<string, unknown>

/** From -1 to 1. */
export const unit = (random: Random): number => random.next() / 2 ** 31 - 1

/** About as the normal distribution has it. */
export function normal(random: Random): number {
  return (unit(random) + unit(random) + unit(random) + unit(random)) * 0.87
}

/** Numbers of a vector that an index of so many dimensions takes, mostly. */
export function drawNumbers(random: Random, dims: number): number[] {
  const kind = random.int(10)
  const all = (draw: () => number) => Array.from({ length: dims }, draw)
  if (kind < 2) return all(() => random.int(3) - 1)
  if (kind === 2) return all(() => random.int(2))
  if (kind === 3) return all(() => unit(random) * 1e-12)
  if (kind === 4) return all(() => (random.chance(0.9) ? 0 : unit(random) * 1e4))
  if (kind === 5) return new Array<number>(dims).fill(random.int(4) / 8)
  if (kind === 6) return all(() => 5 + unit(random) / 100)
  return all(() => normal(random))
}

const TYPED = [Float32Array, Float64Array, Int8Array, Uint8Array, Int16Array, Uint32Array]

function drawOther(random: Random, dims: number, isJson: boolean): unknown {
  const numbers = drawNumbers(random, dims)
  const last = <T>(x: T): unknown[] => [...numbers.slice(0, -1), x]
  const plain = [
    null,
    true,
    'text',
    7,
    [],
    {},
    [numbers],
    last('1'),
    last(null),
    last([1]),
    last({ x: 1 }),
    last(1e39),
    last(2 ** 40),
    last(-(2 ** 53)),
    last(4294967296),
    last(1e300),
    last(1e-300),
    last(3e19),
    [...numbers, 1],
    numbers.slice(1),
    new Array<number>(dims).fill(0),
  ]
  if (isJson) return random.pick(plain)
  const others = [
    last(Number.NaN),
    last(Number.POSITIVE_INFINITY),
    last(5n),
    last(2n ** 63n),
    last(new Date(5)),
    BigInt64Array.from({ length: dims }, () => 1n),
    new Set(numbers),
    new Map(numbers.map(x => [x, x])),
    Float32Array.from(last(1e39) as number[]),
    new Float32Array(dims + 1).fill(1),
    new Float64Array(dims).fill(1e-60),
  ]
  return random.pick([...plain, ...others])
}

export function drawVector(random: Random, dims: number, isJson: boolean): unknown {
  if (random.chance(0.12)) return drawOther(random, dims, isJson)
  const numbers = drawNumbers(random, dims)
  if (isJson || random.chance(0.6)) return numbers
  return random.pick(TYPED).from(numbers)
}

export function drawValue(random: Random, dims: number, isJson: boolean): Value {
  const value: Value = { n: random.int(12), half: random.chance(0.5) }
  if (random.chance(0.94)) value.vec = drawVector(random, dims, isJson)
  if (random.chance(0.5)) value.deep = { at: [0, drawVector(random, dims, isJson)] }
  if (random.chance(0.1)) value.padding = 'y'.repeat(random.int(3000))
  return value
}
