/**
 * What objects that refer to a database show where they are printed, compared or serialised.
 *
 * Test runners, loggers and `JSON.stringify` walk every enumerable property, and an arena has up to four
 * thousand million words. So objects that users hold keep their references in private fields, and have a
 * short `toJSON` and an inspection of their own. Printing never throws, reads nothing where reading is barred,
 * and works on a copy that has only the prototype (test runners make such copies).
 */

/** The key of the method that `util.inspect` and `console.log` call. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** The type of an object, and some plain facts. */
export interface Shown {
  readonly type: string
  readonly [fact: string]: unknown
}

/** The longest text that is shown whole. */
const LONGEST = 40

/** `facts`; the type alone where reading them throws. */
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

/** The result of `toJSON` as `Type { fact: … }`, in one line. */
export function inspected({ type, ...facts }: Shown): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name}: ${textOf(value)}`)
  return parts.length === 0 ? `${type} {}` : `${type} { ${parts.join(', ')} }`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value))
}

/** An object that is printed by its facts. */
export abstract class Printed {
  /** @internal The facts. */
  abstract _shown(): Shown

  /** The type of this object and a few plain facts; not its contents. */
  toJSON(): object {
    return this._shown()
  }

  /** @internal */
  [INSPECT](): string {
    return inspected(this._shown())
  }
}
