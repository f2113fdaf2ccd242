/**
 * One thread stopped between two of its accesses to shared memory, while others run.
 *
 * The words are a Proxy, and `Atomics` is replaced by one that sees through it: before each load, or
 * each store, a test may act as other threads, through handles of their own.
 */
import { Arena } from '../../lib/memory/arena.js'

const targets = new WeakMap<object, Uint32Array | Int32Array | Float64Array>()
const steppers = new WeakMap<object, Stepper>()

/** Counts the accesses of one thread. */
export class Stepper {
  steps = 0
  readonly #loads: boolean
  readonly #stores: boolean
  /** Called before each access that is counted, with its number (1: the first). */
  before: (step: number) => void = () => {}
  #stopped = false

  constructor(what: 'loads' | 'stores') {
    this.#loads = what === 'loads'
    this.#stores = what === 'stores'
  }

  /** Resets the counts. */
  begin(before: (step: number) => void): void {
    this.steps = 0
    this.before = before
  }

  end(): void {
    this.before = () => {}
  }

  access(isStore: boolean): void {
    if (this.#stopped || !(isStore ? this.#stores : this.#loads)) return
    this.#stopped = true
    try {
      this.before(++this.steps)
    } finally {
      this.#stopped = false
    }
  }
}

const METHODS_THAT_STORE = ['fill', 'copyWithin', 'set']

function stepped<T extends Uint32Array | Int32Array | Float64Array>(words: T, stepper: Stepper): T {
  const proxy = new Proxy(words, {
    get(target, name) {
      if (typeof name === 'string' && name >= '0' && name <= ':') stepper.access(false)
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        stepper.access(METHODS_THAT_STORE.includes(String(name)))
        const plain = args.map(arg => targets.get(arg as object) ?? arg)
        return Reflect.apply(value, target, plain)
      }
    },
    set(target, name, value) {
      stepper.access(true)
      return Reflect.set(target, name, value, target)
    },
  })
  targets.set(proxy, words)
  steppers.set(proxy, stepper)
  return proxy
}

/** The same memory, with accesses counted by `stepper`. */
export function steppedArena(plain: Arena, stepper: Stepper): Arena {
  const arena = new Arena(plain.buffer)
  return Object.assign(arena, {
    words: stepped(arena.words, stepper),
    signed: stepped(arena.signed, stepper),
    floats: stepped(arena.floats, stepper),
  })
}

const WRITING = ['store', 'add', 'sub', 'exchange', 'compareExchange']
const NAMES = [...WRITING, 'load', 'wait', 'waitAsync', 'notify']

/** From now on `Atomics` sees through stepped words; returns the function that ends that. */
export function stepAtomics(): () => void {
  const before = globalThis.Atomics
  const wrapped = Object.fromEntries(
    NAMES.map(name => {
      const method = before[name as 'load'] as unknown as (...args: unknown[]) => unknown
      return [
        name,
        (words: object, ...rest: unknown[]) => {
          steppers.get(words)?.access(WRITING.includes(name))
          return method.call(before, targets.get(words) ?? words, ...rest)
        },
      ]
    }),
  )
  Object.defineProperty(globalThis, 'Atomics', { value: wrapped, configurable: true })
  return () => Object.defineProperty(globalThis, 'Atomics', { value: before, configurable: true })
}
