/**
 * Tells whether a call of this thread is still running.
 *
 * Everywhere, state that a `finally` sets back decides that. It fails in one case only: a `vm`
 * timeout unwinds calls without running one `finally`, and the state of such a call says "busy" for
 * ever. So where that state is in the way, and only there, {@link isRunning} looks for the call on the
 * stack. For any thread. Invariants:
 * 1. A call to be found runs in a function that {@link marked} made. The mark is the function's own
 *    `name`, set at run time, so no bundler, source map or test runner changes it; and `marked`
 *    returns an opaque value, so no minifier inlines it.
 * 2. The stack's frames are read as call sites, never as text.
 * 3. A call counts as running where that cannot be told, and the caller then refuses. "Not running"
 *    takes a proof: a marked call made for the question shows as one frame more, of the same mark.
 *    Where frames are hidden, renamed or cut at some depth, it does not.
 */

/** Marks the calls in which a change is under way and user code may run. */
export const WRITING_FRAME = 'zverse:writing'
/** Marks the calls in which a codec, a getter or a Proxy may run. */
export const CODEC_FRAME = 'zverse:codec'

/** Gives a function the mark by which {@link isRunning} finds its calls. */
export function marked<F extends object>(mark: string, call: F): F {
  return Object.defineProperty(call, 'name', { value: mark })
}

/** Runs user code inside a change, so that {@link isRunning} finds it. */
export const inCallback: <T>(body: () => T) => T = marked(WRITING_FRAME, body => body())

/** The frames on the stack, and the marked ones among them. */
interface Sight {
  frames: number
  marks: number
}

/** True if a call with that mark is on the stack, or if that cannot be told. Never throws. */
export function isRunning(mark: string): boolean {
  try {
    const there = look(mark)
    const withOneMore = marked(mark, () => look(mark))()
    const isProof = withOneMore.marks === there.marks + 1 && withOneMore.frames > there.frames
    return !isProof || there.marks > 0
  } catch {
    return true
  }
}

/** Counts the frames of the stack. @throws where they cannot be seen */
function look(mark: string): Sight {
  const restored = replaced(Error, 'stackTraceLimit', Number.POSITIVE_INFINITY)
  try {
    return lookWhole(mark)
  } finally {
    restored()
  }
}

function lookWhole(mark: string): Sight {
  let seen: Sight | undefined
  const restored = replaced(Error, 'prepareStackTrace', (_: Error, sites: NodeJS.CallSite[]) => {
    const marks = sites.filter(site => site.getFunctionName() === mark).length
    seen = { frames: sites.length, marks }
    return ''
  })
  try {
    void new Error().stack
  } finally {
    restored()
  }
  if (seen === undefined) throw new Error('the stack is hidden')
  return seen
}

/** Sets a property; the function returned restores it. @throws where it cannot be set */
function replaced(object: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(object, name)
  Object.defineProperty(object, name, { value, configurable: true, writable: true })
  return () => {
    if (before === undefined) Reflect.deleteProperty(object, name)
    else Object.defineProperty(object, name, before)
  }
}
