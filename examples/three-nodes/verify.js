// @ts-check
/** What must hold in the end, of a database that has all of it. */
import { ACCOUNTS, account, EACH } from './bank.js'

/** @typedef {import('./bank.js').Database} Database */

/** Problems of one kind that are told. */
const FEW = 5

/** @param {Database} db @param {Map<string, number>} acknowledged keys and their versions */
export function verify(db, acknowledged) {
  /** @type {string[]} */
  const problems = []
  let there = 0
  for (const [key, version] of acknowledged) {
    const entry = db.getEntry(key)
    const writes = db.history(key).toArray().length
    if (entry?.version === version && writes === 1) there++
    else
      problems.push(`${key} of version ${version} is there ${writes} times, of ${entry?.version}`)
  }
  const amounts = Array.from({ length: ACCOUNTS }, () => EACH)
  let [receipts, audits] = [0, 0]
  for (const { from, to, amount } of db.values({ prefix: 'receipt:' })) {
    receipts++
    amounts[from] -= amount
    amounts[to] += amount
  }
  for (const [number, amount] of amounts.entries()) {
    const has = db.get(account(number))
    // A transfer that was made twice, or half, shows here.
    if (has !== amount) problems.push(`account ${number} has ${has}; by its receipts ${amount}`)
  }
  audits = db.count({ prefix: 'audit:' })
  return { there, receipts, audits, problems: problems.slice(0, FEW) }
}
