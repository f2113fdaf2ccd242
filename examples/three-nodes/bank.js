// @ts-check
/**
 * The bank: accounts, and a receipt for each transfer, whose key is given once. A transfer that may have happened is
 * asked for again, under the same key: where the receipt is there, nothing is done.
 */
import { setTimeout as delay } from 'node:timers/promises'

/** @typedef {import('zverse').ZVerse<string, any>} Database */
/** @typedef {import('zverse').ZVerseError} ZVerseError */

export const ACCOUNTS = 100
export const EACH = 1000
export const TOTAL = ACCOUNTS * EACH

/** @param {number} number */
export const account = number => `account:${String(number).padStart(3, '0')}`
const ALL = { prefix: 'account:' }

/** Makes the accounts, if no node has. @param {Database} db */
export async function open(db) {
  await db.transactAsync(tx => {
    if (tx.has(account(0))) return
    for (let i = 0; i < ACCOUNTS; i++) tx.put(account(i), EACH)
  })
}

/**
 * @param {Database} db @param {string} receipt
 * @param {{ from: number, to: number, amount: number }} transfer
 */
export async function transfer(db, receipt, { from, to, amount }) {
  await db.transactAsync(tx => {
    if (tx.has(receipt)) return
    tx.put(account(from), tx.get(account(from)) - amount)
    tx.put(account(to), tx.get(account(to)) + amount)
    tx.put(receipt, { from, to, amount })
  })
}

/** What all accounts have in one version, on any thread. @param {Database} db */
export function audit(db) {
  const snapshot = db.beginRead()
  try {
    const { version } = snapshot
    let total = 0
    for (const amount of snapshot.values(ALL)) total += amount
    return { version, total }
  } finally {
    snapshot.close()
  }
}

/**
 * Files what an audit has found. Where it was filed before, that is a conflict, and as good.
 * @param {Database} db @param {string} key @param {{ version: number, total: number }} found
 */
export async function file(db, key, found) {
  try {
    await db.submit({ type: 'put', key, value: found, ifVersion: null })
  } catch (error) {
    if (/** @type {ZVerseError} */ (error).code !== 'ZVERSE_CONFLICT') throw error
  }
}

/**
 * Does what can be done again until it is done.
 * @param {() => Promise<void>} attempt
 * @param {(why: string) => void} hears why it has to be done again
 */
export async function surely(attempt, hears) {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const { code, outcome } = /** @type {ZVerseError} */ (error)
      // The log could not be reached in time, or other nodes were first a hundred times.
      if (code !== 'ZVERSE_UNAVAILABLE' && code !== 'ZVERSE_CONFLICT') throw error
      hears(outcome ?? 'conflict')
    }
    await delay(100)
  }
}
