/** A refusal for want of room, a turn or a place says how much there is, and what to do. */
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { MAX_VERSION } from '../../lib/memory/layout.js'
import { open } from '../support/engine.js'
import { expectCode } from '../support/expect.js'

const MIB = 2 ** 20

it('FULL: how much of what is used, and every way to more room', () => {
  const db = open({ maxBytes: MIB, history: { versions: 0 } })
  const fill = () => {
    for (let i = 0; ; i++) db.put(`k${i}`, 'x'.repeat(20_000))
  }
  const { message, used, max } = expectCode(fill, 'FULL', { max: MIB })
  expect(message).toContain(`${used} of ${max} bytes`)
  for (const way of ['delete', 'history', 'untag', 'end read', 'maxBytes']) {
    expect(message).toContain(way)
  }
  db.close()
  const last = open({}, { firstVersion: MAX_VERSION })
  expect(expectCode(() => last.put('a', 1), 'FULL').message).toContain('dump')
  last.close()
})

it('TOO_LARGE: shorten it, cut it up, or make room', () => {
  const db = open({ maxBytes: MIB })
  const key = 'k'.repeat(20_000)
  expect(expectCode(() => db.put(key, 1), 'KEY_TOO_LARGE').message).toMatch(/20000 .*16380.*hash/)
  const value = 'v'.repeat(2 * MIB)
  expect(expectCode(() => db.put('a', value), 'VALUE_TOO_LARGE').message).toMatch(/maxBytes.*parts/)
  db.close()
})

it('READERS_FULL and WRITER_BUSY: who has it, and which option says more', () => {
  const db = ZVerse.open({ maxBytes: MIB, maxThreads: 1 })
  expect(expectCode(() => ZVerse.attach(db.share()), 'READERS_FULL').message).toMatch(
    /maxThreads: 1.*close.*larger maxThreads/,
  )
  db.close()
})

it('what has ended says what to begin', () => {
  const db = open()
  const tx = db.beginRead()
  tx.close()
  expect(expectCode(() => tx.get('a'), 'TRANSACTION_CLOSED').message).toMatch(/begin another/)
  const change = () => Promise.resolve(1)
  expect(expectCode(() => db.update('a', change), 'ASYNC_TRANSACTION').message).toMatch(/await/)
  db.close()
  expect(expectCode(() => db.get('a'), 'CLOSED').message).toMatch(/open/)
})
