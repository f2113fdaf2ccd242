/**
 * Shared memory in which every store is counted, and at the n-th of them the thread dies.
 *
 * The words are a Proxy, and `Atomics` is replaced by one that sees through it. Death works like a vm
 * timeout, but by a signal that the thread sends to itself, so that no clock decides: it unwinds without
 * running a single `catch` or `finally`, as `terminate` does, and stops the thread between two stores that
 * are neighbours in program order, which is stricter than a real kill (that only comes at calls and loops).
 */
import { runInThisContext } from 'node:vm'
import { Arena } from '../../../lib/memory/arena.js'

const real = globalThis.Atomics
const targets = new WeakMap<object, Uint32Array | Int32Array | Float64Array>()
const tracers = new WeakMap<object, Tracer>()

/** Counts the stores of one thread. */
export class Tracer {
  steps = 0
  dieAt: number
  died = false

  constructor(dieAt: number) {
    this.dieAt = dieAt
  }

  /** Before each store. */
  step(): void {
    this.steps++
    if (this.steps !== this.dieAt) return
    this.died = true
    process.kill(process.pid, 'SIGINT')
    for (;;) real.load(spin, 0)
  }
}

const spin = new Int32Array(new SharedArrayBuffer(4))

function traced<T extends Uint32Array | Int32Array | Float64Array>(words: T, tracer: Tracer): T {
  const proxy = new Proxy(words, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (['fill', 'copyWithin', 'set'].includes(String(name))) tracer.step()
        return Reflect.apply(
          value,
          target,
          args.map(arg => targets.get(arg as object) ?? arg),
        )
      }
    },
    set(target, name, value) {
      tracer.step()
      return Reflect.set(target, name, value, target)
    },
  })
  targets.set(proxy, words)
  tracers.set(proxy, tracer)
  return proxy
}

/** The same memory, with stores counted by `tracer`. */
export function tracedArena(plain: Arena, tracer: Tracer): Arena {
  const arena = new Arena(plain.buffer)
  return Object.assign(arena, {
    words: traced(arena.words, tracer),
    signed: traced(arena.signed, tracer),
    floats: traced(arena.floats, tracer),
  })
}

const WRITING = ['store', 'add', 'sub', 'or', 'exchange', 'compareExchange']

/** From now on `Atomics` sees through traced words. */
export function traceAtomics(): void {
  const names = [...WRITING, 'load', 'wait', 'waitAsync', 'notify'] as const
  const wrapped = Object.fromEntries(
    names.map(name => {
      const method = real[name as 'load'] as unknown as (...args: unknown[]) => unknown
      return [
        name,
        (words: object, ...rest: unknown[]) => {
          if (WRITING.includes(name)) tracers.get(words)?.step()
          return method.call(real, targets.get(words) ?? words, ...rest)
        },
      ]
    }),
  )
  Object.defineProperty(globalThis, 'Atomics', { value: wrapped, configurable: true })
}

/** `Atomics` is as it was. */
export function untraceAtomics(): void {
  Object.defineProperty(globalThis, 'Atomics', { value: real, configurable: true })
}

export type Outcome = { died: true } | { died: false; error: unknown }

/** Runs `body` until it ends or the tracer kills it. */
export function runToDeath(tracer: Tracer, body: () => void): Outcome {
  let error: unknown
  try {
    Reflect.set(globalThis, 'zverseBody', body)
    runInThisContext('zverseBody()', { breakOnSigint: true })
  } catch (thrown) {
    error = thrown
  }
  // No thread dies later than this.
  tracer.dieAt = Number.POSITIVE_INFINITY
  const cut = (error as { code?: string } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
  return cut ? { died: true } : { died: false, error }
}

/**
 * The stores to die before, of those from `attached` on: about so many, spread over all of them.
 * @param seed where the first one is
 */
export function* storesOf(
  attached: number,
  steps: number,
  deaths: number,
  seed: number,
): Iterable<number> {
  const stride = Math.max(1, Math.ceil((steps - attached) / deaths))
  for (let n = attached + 1 + (seed % stride); n <= steps; n += stride) yield n
}
