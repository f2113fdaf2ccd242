/**
 * The entry of a bundle: runs the cases of nested.ts under the settings of the command line, and
 * prints the problems. `hook` names what replaces Error; the rest are options of `nested`.
 */
import * as zverse from '../../lib/index.js'
import { nested } from './nested.js'

/** The changes that test runners, loggers and sandboxes make to Error. */
const hooks: Record<string, () => void> = {
  text: () => {
    Error.prepareStackTrace = error => String(error)
  },
  nothing: () => {
    Error.prepareStackTrace = () => undefined
  },
  object: () => {
    Error.prepareStackTrace = () => ({})
  },
  throwing: () => {
    Error.prepareStackTrace = () => {
      throw new Error('hooked')
    }
  },
  short: () => {
    Error.stackTraceLimit = 0
  },
  deleted: () => {
    Reflect.deleteProperty(Error, 'stackTraceLimit')
    Reflect.deleteProperty(Error, 'prepareStackTrace')
  },
  kept: () => {
    Object.defineProperty(Error, 'prepareStackTrace', {
      value: () => 'at zverse',
      writable: false,
      configurable: false,
    })
  },
  cut: () => {
    Object.defineProperty(Error, 'stackTraceLimit', {
      value: 3,
      writable: false,
      configurable: false,
    })
  },
  replaced: () => {
    const Original = Error
    class Replaced extends Original {}
    Object.defineProperty(Replaced.prototype, 'stack', { value: 'at zverse' })
    Reflect.set(globalThis, 'Error', Replaced)
  },
  hidden: () => {
    class Hidden {
      stack = ''
    }
    Reflect.set(globalThis, 'Error', Hidden)
  },
}

const [hook, ...options] = process.argv.slice(2)
hooks[hook]?.()
const { log } = console
const given = Object.fromEntries(
  options.map(option => option.split('=')).map(([name, value]) => [name, value === 'true']),
)
log(JSON.stringify(await nested(zverse, given)))
