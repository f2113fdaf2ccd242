// @ts-check
/**
 * Records by number, as in YCSB: the key is `user` and a hash of the number, so that records
 * inserted one after the other lie anywhere. The hash is 64-bit FNV-1a over the number's eight
 * bytes, lowest first, in hexadecimal digits (YCSB writes decimal ones).
 *
 * YCSB's values are ten fields of 100 bytes each. With a million of those in a `Map` the row would
 * measure the collector, so a value is one field: a string of 100 characters.
 */

export const FIELD_BYTES = 100

const DIGITS = Buffer.from('0123456789abcdef')
const buffer = Buffer.from(`user${'0'.repeat(16)}`)

/** The hash of `number`, in two words: [0] the upper one. */
const hash = new Uint32Array(2)

/**
 * Fills `hash`. The prime is 2^40 + 435.
 * @param {number} number a safe integer ≥ 0
 */
function fnv(number) {
  let high = 0xcbf29ce4
  let low = 0x84222325
  let rest = number
  for (let i = 0; i < 8; i++) {
    low = (low ^ (rest & 0xff)) >>> 0
    rest = Math.floor(rest / 256)
    const product = low * 435
    const carry = Math.floor(product / 2 ** 32)
    high = (high * 435 + carry + low * 256) % 2 ** 32
    low = product % 2 ** 32
  }
  hash[0] = high
  hash[1] = low
}

/**
 * A number's hash as a hexadecimal string, for the tests.
 * @param {number} number
 */
export const fnvHex = number => recordKey(number).slice(4)

/**
 * A new, flat string each time.
 * @param {number} number
 */
export function recordKey(number) {
  fnv(number)
  for (let word = 0; word < 2; word++) {
    for (let digit = 0; digit < 8; digit++) {
      buffer[4 + word * 8 + digit] = DIGITS[(hash[word] >>> (28 - 4 * digit)) & 15]
    }
  }
  return buffer.toString('latin1')
}

/**
 * The record that a rank is scattered to: two ranks may meet in one, as with YCSB.
 * @param {number} rank
 * @param {number} count of records, up to 2^26
 */
export function scatter(rank, count) {
  fnv(rank)
  return (hash[0] * (2 ** 32 % count) + hash[1]) % count
}
