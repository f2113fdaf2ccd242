/**
 * Expectations about errors: the code, the fields, and that nothing else happened.
 */
import { expect } from 'vitest'
import { checkDb, snapshot } from './compare.js'
import type { Database, StoreHandle } from './contract.js'
import { ZVerseError } from './engine.js'

/** The error that `action` throws, or a failed expectation. */
export function thrownBy(action: () => unknown): unknown {
  let result: unknown
  try {
    result = action()
  } catch (error) {
    return error
  }
  expect.fail(`did not throw, gave ${typeof result === 'object' ? typeof result : String(result)}`)
}

/** `code` without its `ZVERSE_`; several if the contract leaves a choice. */
export function expectCode(
  action: () => unknown,
  code: string | readonly string[],
  fields: Record<string, unknown> = {},
): ZVerseError {
  const error = thrownBy(action)
  if (!(error instanceof ZVerseError)) {
    throw new Error(`expected ${String(code)}, got ${String(error)}`, { cause: error })
  }
  const codes = typeof code === 'string' ? [code] : code
  expect(
    codes.map(name => `ZVERSE_${name}`),
    error.message,
  ).toContain(error.code)
  expect(error.message).not.toBe('')
  expect(error).toMatchObject(fields)
  return error
}

/** The same, and the database is as it was before, in every version, and sound. */
export function expectRefused(
  db: Database,
  action: () => unknown,
  code: string | readonly string[],
  fields: Record<string, unknown> = {},
  stores: readonly StoreHandle[] = [],
): ZVerseError {
  const before = snapshot(db, stores)
  const error = expectCode(action, code, fields)
  expect(snapshot(db, stores)).toEqual(before)
  checkDb(db)
  return error
}
