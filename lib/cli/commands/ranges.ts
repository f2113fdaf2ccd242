/** The options that all commands over a range of keys share. */
import type { Call, Option } from '../command.js'
import type { KeyForm } from '../literals.js'
import { parseJson } from '../literals.js'
import { refuseInexact } from '../numbers.js'
import { type Items, KEY, type Result, rowsOf, VALUE } from '../result.js'
import type { Session } from '../session.js'
import { Mistake, type Word } from '../words.js'

export const AT: Option = {
  ...{ name: 'at', value: 'VIEW', kind: 'view' },
  summary: 'as of a version, tag or date, instead of where the prompt is',
}

/** Options that choose keys. */
export const BOUNDS: readonly Option[] = [
  { name: 'gt', value: 'KEY', kind: 'key', summary: 'only keys after this one' },
  { name: 'gte', value: 'KEY', kind: 'key', summary: 'only keys from this one on' },
  { name: 'lt', value: 'KEY', kind: 'key', summary: 'only keys before this one' },
  { name: 'lte', value: 'KEY', kind: 'key', summary: 'only keys up to this one' },
  {
    ...{ name: 'prefix', value: 'KEY', kind: 'key' },
    summary: 'only keys that begin with this; of tuples, an array of first elements',
  },
  {
    ...{ name: 'box', value: '[MIN,MAX]' },
    summary: 'only points in the box between two corners; null leaves a side open',
  },
]

/** Options for the order, and the number. */
export const ORDER: readonly Option[] = [
  { name: 'reverse', summary: 'from the last to the first' },
  { name: 'limit', value: 'N', summary: 'N at most' },
]

export const RANGE: readonly Option[] = [...BOUNDS, ...ORDER, AT]

/** The bounds of a call, as the API's range options. */
export function boundsOf(call: Call, keys: KeyForm): Record<string, unknown> {
  const bounds: Record<string, unknown> = {}
  for (const name of ['gt', 'gte', 'lt', 'lte']) {
    const word = call.option(name)
    if (word !== undefined) bounds[name] = keys.read(word)
  }
  const prefix = call.option('prefix')
  if (prefix !== undefined) bounds.prefix = keys.prefix(prefix)
  const box = call.option('box')
  if (box !== undefined) bounds.box = cornersOf(box, keys)
  return bounds
}

export function orderOf(call: Call): { reverse?: boolean; limit?: number | undefined } {
  return { reverse: call.has('reverse'), limit: call.integer('limit') }
}

/** The reader of a call, with its range options and view together. */
export function rangeOf(session: Session, call: Call) {
  const { from, view } = session.reader(call.option('at'))
  return { from, options: { ...boundsOf(call, session.keys), ...orderOf(call), ...view } }
}

/** Entries as rows. */
export function entryRows({ keys, values }: Session, found: Items<[unknown, unknown]>): Result {
  return rowsOf([KEY, VALUE], found, ([key, value]) => [keys.write(key), values.write(value)])
}

/**
 * The two corners of `--box`.
 * @throws Mistake if they are no corners, or the wrong way round
 */
export function cornersOf(word: Word, keys: KeyForm): [unknown, unknown] {
  const corners = parseJson(word.text)
  if (!Array.isArray(corners) || corners.length !== 2) {
    throw new Mistake('--box needs two corners', "for example --box '[[0, 0], [10, 10]]'")
  }
  refuseInexact(word.text, keys.instead)
  const [min, max] = [keys.fromJson(corners[0]), keys.fromJson(corners[1])]
  refuseInverted(keys, min, max, (from, to) => `--box '[${keys.write(from)},${keys.write(to)}]'`)
  return [min, max]
}

/**
 * Refuses a box that the database would refuse, and suggests boxes that it takes.
 * @param show the words for a box
 */
export function refuseInverted(
  keys: KeyForm,
  min: unknown,
  max: unknown,
  show: (min: unknown[], max: unknown[]) => string,
): void {
  if (!keys.name.startsWith('zorder') || !Array.isArray(min) || !Array.isArray(max)) return
  const inverted = [...min.keys()].filter(d => isAbove(min[d], max[d]))
  if (inverted.length === 0) return
  const swapped = (from: unknown[], to: unknown[]) => {
    return from.map((side, d) => (inverted.includes(d) ? to[d] : side))
  }
  const hints = [`with its sides in order: ${show(swapped(min, max), swapped(max, min))}`]
  const [west, east] = [Number(min[0]), Number(max[0])]
  // The start and the end of longitudes, in either convention.
  const [first, last] = west > 180 ? [0, 360] : [-180, 180]
  const isLongitude = /^zorder\((?:float|int)/.test(keys.name) && east >= first && west <= last
  if (inverted.length === 1 && inverted[0] === 0 && isLongitude) {
    const parts = [show(min, [last, ...max.slice(1)]), show([first, ...min.slice(1)], max)]
    hints.push(`across the antimeridian it takes two boxes: ${parts.join(' and ')}`)
  }
  throw new Mistake(
    `box is inverted: in dimension ${inverted[0]} min is above max (ZVERSE_INVALID_OPTION)`,
    hints.join('\n'),
  )
}

function isAbove(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a > b
  return a instanceof Date && b instanceof Date && a > b
}
