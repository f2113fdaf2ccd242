/**
 * What objects that refer to a database say of themselves to those who print, compare or serialise them.
 *
 * Test runners, loggers and `JSON.stringify` walk whatever is enumerable, and an arena has up to four thousand
 * million words. So objects that users hold keep what they refer to in private fields, and have a short
 * `toJSON` and an inspection of their own. Printing never throws, reads nothing where reading is barred, and
 * works on a copy that has the prototype alone (runners make such).
 */

/** The key of what `util.inspect` and `console.log` call. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What kind of thing it is, and some plain facts. */
export interface Shown {
  readonly type: string
  readonly [fact: string]: unknown
}

/** The longest text that is shown whole. */
const LONGEST = 40

/** `facts`, as far as they can be told. */
export function shown(type: string, facts: () => object): Shown {
  try {
    return { type, ...facts() }
  } catch {
    return { type }
  }
}

/** A key, name or the like, in a few characters. */
export function brief(value: unknown): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'string')) return value
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.length <= LONGEST) return value
  return `${text.slice(0, LONGEST - 1)}…`
}

/** Prints what `toJSON` gives as `Type { fact: … }`, in one line. */
export function inspected({ type, ...facts }: Shown): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name}: ${textOf(value)}`)
  return parts.length === 0 ? `${type} {}` : `${type} { ${parts.join(', ')} }`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value))
}

/** Prints itself by its facts. */
export abstract class Printed {
  /** @internal What to say of it. */
  abstract _shown(): Shown

  /** What it is, in a few plain facts; not what it holds. */
  toJSON(): object {
    return this._shown()
  }

  /** @internal */
  [INSPECT](): string {
    return inspected(this._shown())
  }
}
