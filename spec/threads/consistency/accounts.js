// @ts-check
/**
 * The bank: accounts in several stores, whose balances always add up to the same. Pure functions on
 * the results of reads, and the moves that writers make.
 */

/** @typedef {import('./random.js').Random} Random */
/** @typedef {{ balance: number, moves: number, pad: string }} Account */
/** @typedef {[string, Account][]} Listed */

/** Accounts of a store; each may be closed, which moves its whole balance elsewhere. */
export const NAMES = Array.from({ length: 12 }, (_, i) => `account-${String(i).padStart(3, '0')}`)
export const STORES = ['savings', 'loans']
export const TOTAL = 3600

/** @param {number} balance @param {number} moves @returns {Account} */
export function account(balance, moves) {
  // Sizes vary, so that memory that is used again rarely fits exactly.
  return { balance, moves, pad: 'p'.repeat((moves * 37 + balance) % 200) }
}

/**
 * The first problem in a read of all stores at one version.
 * @param {Listed[]} stores @param {number} [must] the sum of all balances
 * @returns {string | undefined}
 */
export function audit(stores, must = TOTAL) {
  let total = 0
  for (const [s, listed] of stores.entries()) {
    let last = ''
    for (const [name, found] of listed) {
      if (name <= last) return `store ${s}: ${name} comes after ${last}`
      last = name
      const { balance, moves } = found
      const expected = account(balance, moves)
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        return `store ${s}: ${name} is broken: ${JSON.stringify(found)}`
      }
      total += balance
    }
  }
  return total === must ? undefined : `the total is ${total}, must be ${must}: ${show(stores)}`
}

/**
 * The first difference between two ways of reading the same version.
 * @param {string} how
 * @param {unknown} one
 * @param {unknown} other
 * @returns {string | undefined}
 */
export function differ(how, one, other) {
  const a = JSON.stringify(one)
  const b = JSON.stringify(other)
  return a === b ? undefined : `${how}:\n  ${a}\n  ${b}`
}

/** @param {Listed[]} stores */
function show(stores) {
  return JSON.stringify(stores.map(listed => listed.map(([, { balance }]) => balance)))
}

/**
 * A transfer: the new state of two accounts. Either may be absent; now and then a whole balance
 * moves, which closes its account.
 * @param {Account | undefined} from @param {Account | undefined} to @param {Random} random
 */
export function transfer(from, to, random) {
  const balance = from?.balance ?? 0
  if (balance === 0) return undefined
  const amount = random.chance(0.2) ? balance : 1 + random.int(balance)
  return {
    from: amount === balance ? undefined : account(balance - amount, (from?.moves ?? 0) + 1),
    to: account((to?.balance ?? 0) + amount, (to?.moves ?? 0) + 1),
  }
}
