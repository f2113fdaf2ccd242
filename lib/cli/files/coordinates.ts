/** Coordinates as files spell them: `8.50`, `+8.5`, `.5`, `1e1`, `007`. Strictly decimal, without guesses. */
import type { Dimension } from '../../index.js'
import { asWord, Mistake } from '../words.js'

/** Sign, digits before and after the point, exponent; blanks around them do not count. */
const DECIMAL = /^[ \t]*[+-]?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?[ \t]*$/
const EXACT = Number.MAX_SAFE_INTEGER

/**
 * The number that a text spells, for a dimension of numbers. For a dimension of integers it must be one
 * (`8.0` and `1e1` are); and an integer with all digits written must be a number of JavaScript.
 * The range of the dimension is not checked.
 *
 * @throws Mistake for any other text: hexadecimal, `Infinity`, `1_000`, `1,5`, nothing
 */
export function coordinateIn(text: string, dimension: Dimension): number {
  const found = DECIMAL.exec(text)
  if (found === null) throw new Mistake(`${spelled(text)} is no number`, hintFor(text))
  const [, whole = '', part = found[3] ?? '', , exponent] = found
  const number = Number(text)
  if (!Number.isFinite(number)) throw new Mistake(`${spelled(text)} is beyond all numbers`)
  const isInteger = isWhole(whole + part, part.length, Number(exponent ?? 0))
  if (!isInteger && typeof dimension === 'string' && /int/.test(dimension)) {
    throw new Mistake(`${spelled(text)} is no integer, but ${dimension} takes only those`)
  }
  const size = Math.abs(number)
  // A number written to the last digit is meant exactly: two of them must not become one key.
  if (isInteger && exponent === undefined && size > EXACT && BigInt(whole) !== BigInt(size)) {
    throw new Mistake(`${spelled(text)} has more digits than a number: it would be ${number}`)
  }
  return number
}

/** Whether digits, some of them behind the point, make an integer with a power of ten. */
function isWhole(digits: string, behind: number, exponent: number): boolean {
  let last = digits.length
  while (last > 0 && digits[last - 1] === '0') last--
  return last === 0 || exponent - behind + (digits.length - last) >= 0
}

function spelled(text: string): string {
  return asWord(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

function hintFor(text: string): string | undefined {
  return /^[ \t]*[+-]?\d+,\d+[ \t]*$/.test(text) ? 'numbers have a point, not a comma' : undefined
}
