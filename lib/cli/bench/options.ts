/** The options of `bench`, checked. */
import { closest } from 'fastest-levenshtein'
import type { Plan } from './stage.js'
import { WORKLOADS, type Workload } from './workloads.js'

export interface BenchOptions {
  /** Names of workloads or of groups; all of them if there are none. */
  only?: readonly string[] | undefined
  /** Entries in the database: 100 to 10 million. Default 100 000. */
  keys?: number | undefined
  /** Bytes of a value: up to 100 000. Default 30. */
  valueBytes?: number | undefined
  /** How long each workload is measured: more than 0, up to 3600. Default 0.5. */
  seconds?: number | undefined
  /** Seeds the drawing of keys and values: an integer ≥ 0 and < 2^32. Default 20. */
  seed?: number | undefined
  /** Ends the run, at the latest after the present call. */
  signal?: AbortSignal | undefined
  /** `maxBytes` of the database; by default enough for the set and the history that the workloads make. */
  maxBytes?: number | undefined
}

export interface CheckedOptions {
  readonly chosen: readonly Workload[]
  readonly plan: Plan
  readonly maxBytes: number
  readonly signal: AbortSignal | undefined
}

const GIB = 2 ** 30
/** The most bytes that a key takes, its share of the node included. */
const KEY_BYTES = 100
/** The most entries that a commit writes anew. */
const LARGEST_BATCH = 10_000
/** How many copies must fit: the present, the past, and memory that is being reclaimed. */
const TIMES = 4

/** @throws Error that names the option */
export function checked(options: BenchOptions): CheckedOptions {
  const keys = integer('--entries', options.keys ?? 100_000, 100, 10_000_000)
  const valueBytes = integer('--value-bytes', options.valueBytes ?? 30, 0, 100_000)
  const seed = integer('--seed', options.seed ?? 20, 0, 2 ** 32 - 1)
  const seconds = options.seconds ?? 0.5
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= 3600)) {
    throw new Error('--seconds must be a number greater than 0, and at most 3600')
  }
  const room = TIMES * (keys + LARGEST_BATCH) * (valueBytes + KEY_BYTES)
  return {
    chosen: choose(options.only ?? []),
    plan: { keys, valueBytes, seconds, seed },
    maxBytes: options.maxBytes ?? Math.min(Math.max(GIB, room), 16 * GIB),
    signal: options.signal,
  }
}

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new Error(`${name} must be an integer from ${min} to ${max}`)
}

/** The workloads of these names and groups, in their own order. */
function choose(only: readonly string[]): readonly Workload[] {
  const known = new Set(WORKLOADS.flatMap(({ name, group }) => [name, group]))
  for (const name of only) {
    if (known.has(name)) continue
    const guess = closest(name, [...known])
    throw new Error(`there is no workload or group "${name}": did you mean "${guess}"?`)
  }
  if (only.length === 0) return WORKLOADS
  return WORKLOADS.filter(({ name, group }) => only.includes(name) || only.includes(group))
}
