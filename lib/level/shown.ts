/**
 * How levels, their iterators and snapshots print: in short. Their properties lead to a whole database,
 * which test runners and loggers would walk. Any thread; no state.
 */

/** The key of the method that `util.inspect` and `console.log` call. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Makes every object of a class print as its name and some facts; `toJSON` gives the same. */
export function printed<T>(of: { prototype: T }, type: string, facts: (it: T) => object): void {
  const told = (it: T): object => {
    try {
      return { type, ...facts(it) }
    } catch {
      // The object is closed, or only has the prototype.
      return { type }
    }
  }
  const define = (name: string | symbol, value: (this: T) => unknown) => {
    Object.defineProperty(of.prototype, name, { value, configurable: true, writable: true })
  }
  define('toJSON', function () {
    return told(this)
  })
  define(INSPECT, function () {
    const [, ...rest] = Object.entries(told(this))
    const parts = rest.map(([name, value]) => {
      return `${name}: ${typeof value === 'string' ? `'${value}'` : String(value)}`
    })
    return parts.length === 0 ? `${type} {}` : `${type} { ${parts.join(', ')} }`
  })
}

/** The status of a level, and its version while it is open. */
export function levelFacts(level: { readonly status: string; version(): number }): object {
  const { status } = level
  return status === 'open' ? { status, version: level.version() } : { status }
}
