/**
 * Runs the same question on the engine and on the oracle and compares the outcomes: the values, or
 * the error's code and fields.
 */
import { inspect, isDeepStrictEqual } from 'node:util'
import { OracleError } from '../oracle/errors.js'
import { ZVerseError } from './engine.js'

export type Outcome = { value: unknown } | { code: string; fields: Record<string, unknown> }

/** The engine did something else than the oracle. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch'
}

/** A `ZVerseError` is an outcome; any other error is a bug and passes on. */
export function outcomeOf(action: () => unknown): Outcome {
  try {
    return { value: action() }
  } catch (error) {
    if (error instanceof OracleError) return { code: error.code, fields: error.fields }
    if (!(error instanceof ZVerseError)) throw error
    const { message, code } = error
    return { code, fields: { ...error, message } }
  }
}

export function show(outcome: unknown): string {
  const text = inspect(outcome, { depth: 6, maxArrayLength: 40, breakLength: 120 })
  return text.length > 3000 ? `${text.slice(0, 3000)} …` : text
}

/** Whether the engine's outcome is the oracle's; more fields on an error are welcome. */
export function isSame(actual: Outcome, expected: Outcome): boolean {
  if ('value' in expected) {
    return 'value' in actual && isDeepStrictEqual(actual.value, expected.value)
  }
  if ('value' in actual || actual.code !== expected.code) return false
  return Object.entries(expected.fields).every(([name, value]) => {
    return isDeepStrictEqual(actual.fields[name], value)
  })
}

/** @throws Mismatch */
export function agree(what: string, real: () => unknown, model: () => unknown): Outcome {
  const expected = outcomeOf(model)
  const actual = outcomeOf(real)
  if (!isSame(actual, expected)) {
    throw new Mismatch(`${what}\n  expected ${show(expected)}\n  got      ${show(actual)}`)
  }
  return actual
}
