/**
 * Names a value that was refused, for an error message. No exception of user code passes through:
 * where a Proxy or a getter throws, the plain word is used.
 */

const tagOf = Object.prototype.toString

/** "a number", "an array", "a Promise"; never throws. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return article(typeof value)
  try {
    if (Array.isArray(value)) return 'an array'
    const tag = tagOf.call(value).slice(8, -1)
    if (tag !== 'Object') return article(tag)
    const prototype: { constructor?: { name?: unknown } } | null = Object.getPrototypeOf(value)
    const name = prototype?.constructor?.name
    if (prototype === Object.prototype || prototype === null) return 'an object'
    return typeof name === 'string' && name !== '' && name !== 'Object'
      ? `an instance of class ${name}`
      : 'an object with a prototype of its own'
  } catch {
    return 'an object'
  }
}

/** `Array.isArray`, but false on a revoked Proxy, where that throws. */
export function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

function article(noun: string): string {
  return `${/^[aeiou]/i.test(noun) && !noun.startsWith('U') ? 'an' : 'a'} ${noun}`
}
