/** Databases of a test of the write queue, checked and closed after it. */
import { afterEach, expect } from 'vitest'
import { type ZVerse, ZVerseError } from '../../lib/index.js'
import { attachWith, openWith } from '../../lib/zverse.js'

const open: ZVerse[] = []

export function database(options: object = {}, now = Date.now): ZVerse {
  const db = openWith({ maxBytes: 2 ** 22, ...options }, { now })
  open.push(db)
  return db
}

/** Another thread's handle, as far as shared memory can tell. */
export function other(db: ZVerse, threadId: number, now = Date.now): ZVerse {
  const handle = attachWith(db.share(), undefined, { now, threadId })
  open.push(handle)
  return handle
}

export const put = (key: string, value: unknown, ifVersion?: number | null) => {
  return { type: 'put' as const, key, value, ifVersion }
}

/** The error that a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<ZVerseError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ZVerseError)
  return error as ZVerseError
}

afterEach(async () => {
  for (const db of open) {
    if (!db._test.engine.gate.isClosed)
      expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
  }
  for (const db of open.splice(0)) db.close()
})
