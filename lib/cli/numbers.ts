/**
 * Numbers as text, and whether a text loses digits when it becomes a number.
 *
 * A text reads back if some number prints as it, with as many digits as the text has:
 * 0.1, 1e23 and 0.10000000000000001 do; 9007199254740993 does not (it becomes …992), nor do 1e400 and
 * 1e-400. So every number printed by a program is taken, and a text with more digits than a number can hold
 * is not: two such keys might become one.
 */
import { closing, Mistake, shorten } from './words.js'

/** A number in a text of JSON, and its path: names and indices from the outermost in. */
export interface Literal {
  readonly text: string
  readonly path: readonly (string | number)[]
}

/** How many digits any number holds, and the most digits that are compared. */
const SURE = 15
const MOST = 99
/** Texts that may not read back: many digits, or an exponent of three. */
const SUSPICIOUS = /[\d.]{16}|\d[eE][+-]?\d{3}/
/** Texts that may be too large. */
const LARGE = /\d[eE]\+?\d{3}|[\d.]{300}/
/** Texts that patterns of whole strings may search. */
const SHORT = 100_000
const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g
const NUMBERS = /-?\d[\d.eE+-]*/g
const TOKENS = /["[\]{},:]|-?\d[\d.eE+-]*/g

/** Whether the decimal number of a text is the same once it is a number. */
export function readsBack(text: string): boolean {
  if (!SUSPICIOUS.test(text)) return true
  const number = Number(text)
  const written = significant(text)
  if (written.digits === '') return true
  // 15 digits read back, but where numbers end.
  const isNormal = Math.abs(number) >= 2 ** -1022 && Number.isFinite(number)
  if (isNormal && written.digits.length <= SURE) return true
  if (!Number.isFinite(number) || written.digits.length > MOST) return false
  const printed = (digits: number) => significant(number.toPrecision(digits))
  const isWritten = (digits: string, point: number) =>
    digits === written.digits && point === written.point
  const nearest = printed(written.digits.length)
  if (isWritten(nearest.digits, nearest.point)) return true
  // A text half-way between two numbers may be printed from either.
  const half = printed(written.digits.length + 1)
  const isHalf = half.digits.endsWith('5') && half.digits === printed(MOST + 1).digits
  return isHalf && isWritten(half.digits.slice(0, -1), half.point)
}

/** The digits of a number without the zeros around them, and the place of the point after the first digit. */
function significant(text: string): { digits: string; point: number } {
  const [, whole, fraction = '', exponent = '0'] =
    /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const all = `${whole}${fraction}`
  const digits = all.replace(/^0+/, '')
  const point = whole.length - (all.length - digits.length) + Number(exponent)
  return { digits: digits.replace(/0+$/, ''), point }
}

/** Whether all numbers read back: far cheaper than finding those that do not. */
function isExact(json: string): boolean {
  return (json.replace(STRINGS, '""').match(NUMBERS) ?? []).every(readsBack)
}

/** The numbers of a text of JSON that do not read back. */
export function* inexactNumbers(json: string): Generator<Literal> {
  if (!SUSPICIOUS.test(json) || (json.length < SHORT && isExact(json))) return
  const tokens = new RegExp(TOKENS)
  /** Names as they are written. */
  const path: (string | number)[] = []
  let name = ''
  for (let found = tokens.exec(json); found !== null; found = tokens.exec(json)) {
    const [token] = found
    const last = path.length - 1
    if (token === '"') {
      const end = closing(json, tokens.lastIndex, token)
      if (end < 0) return
      name = json.slice(found.index, end + 1)
      tokens.lastIndex = end + 1
    } else if (token === '{') path.push('')
    else if (token === '[') path.push(0)
    else if (token === '}' || token === ']') path.pop()
    else if (token === ':') path[last] = name
    else if (token === ',') {
      const place = path[last]
      if (typeof place === 'number') path[last] = place + 1
    } else if (!readsBack(token)) {
      const places = path.map(place => (typeof place === 'number' ? place : JSON.parse(place)))
      yield { text: token, path: places }
    }
  }
}

/**
 * Refuses numbers that would become infinite.
 * @param json JSON, or nearly
 * @param isPlain the JSON has no form for infinity
 * @throws Mistake that names the number
 */
export function refuseOverflow(json: string, isPlain = false): void {
  if (!LARGE.test(json)) return
  for (const { text } of inexactNumbers(json)) mustBeFinite(text, isPlain)
}

/**
 * Refuses numbers that would change.
 * @param hint the text to write instead
 * @param isKey whether a path of the JSON belongs to a key; by default all of it does
 * @throws Mistake that names the number
 */
export function refuseInexact(
  json: string,
  hint: (text: string) => string,
  isKey: (path: Literal['path']) => boolean = () => true,
): void {
  for (const { text, path } of inexactNumbers(json)) {
    if (!isKey(path)) continue
    mustBeFinite(text, false)
    throw new Mistake(
      `${shorten(text)} does not fit into a number: it would become ${Number(text)}`,
      hint(shorten(text)),
    )
  }
}

function mustBeFinite(text: string, isPlain: boolean): void {
  const value = Number(text)
  if (Number.isFinite(value)) return
  const hint = isPlain
    ? 'plain JSON has no infinite numbers'
    : `infinity is written {"$number":"${value}"}`
  throw new Mistake(`${shorten(text)} is too large for a number`, hint)
}

/** A decimal number in an option. @throws Mistake */
export function numberIn(text: string, what: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text)
    if (Number.isFinite(value)) return value
  }
  throw new Mistake(`${what} must be a number, not ${shorten(text)}`)
}
