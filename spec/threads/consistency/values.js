// @ts-check
/**
 * Values that name their write. Histories hold only a value's token; the rest of the value follows
 * from the token, so that a value made of two is noticed where it is read.
 *
 * A token is `id<from`: `id` names the write, `from` the write whose value it was computed of
 * (empty where it was computed of nothing).
 */

/** @param {string} token */
function hash(token) {
  let h = 0x811c9dc5
  for (let i = 0; i < token.length; i++) h = Math.imul(h ^ token.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return (h ^ (h >>> 13)) >>> 0
}

/** @param {string} token */
function padding(token) {
  const h = hash(token)
  const kind = h % 100
  const length = kind < 75 ? (h >>> 8) % 40 : kind < 96 ? (h >>> 8) % 400 : (h >>> 8) % 3000
  return String.fromCharCode(97 + ((h >>> 4) % 26)).repeat(length)
}

/**
 * The token of the value that write `id` makes of one with token `old`.
 * @param {string} id
 * @param {string | null} old
 */
export function derived(id, old) {
  return `${id}<${old === null ? '' : old.slice(0, old.indexOf('<'))}`
}

/** @param {string} token */
export function valueFor(token) {
  return { token, pad: padding(token) }
}

/**
 * The token of a value that was read; anything that is no whole value becomes a token of its own.
 * @param {unknown} value
 * @returns {string | null}
 */
export function tokenOf(value) {
  if (value === undefined) return null
  const { token, pad } = /** @type {{ token?: unknown, pad?: unknown }} */ (value ?? {})
  if (typeof token === 'string' && pad === padding(token)) return token
  return `BROKEN ${JSON.stringify(value)}`
}
