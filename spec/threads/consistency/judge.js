// @ts-check
/**
 * Judges a recorded history: is there one order of versions that explains every result of every
 * thread, and that agrees with real time?
 *
 * 1. One operation made each version, and all reads at it agree with the plain model (`rebuild.js`).
 * 2. An operation that began after a version had been seen anywhere saw that version or a later
 *    one; and none saw a version before its maker began.
 * 3. Versions are refused only if retention has released them, and then always.
 * 4. Tags behave as one register each; timestamps belong to versions and never go back.
 */
import { problem, Rebuild, seenBy } from './rebuild.js'
import { Tags } from './tags.js'
import { Beginnings, Times } from './times.js'

/** @typedef {import('./kinds.js').Event} Event */
/** @typedef {import('./kinds.js').Recorded} Recorded */

/** Refusals that may be right. */
const REFUSALS = {
  ZVERSE_CONFLICT: ['direct', 'batch'],
  ZVERSE_VERSION_NOT_RETAINED: ['direct', 'at', 'snap', 'hold', 'diff', 'tag', 'seen'],
  ZVERSE_FUTURE_VERSION: ['direct', 'at', 'snap', 'hold', 'diff', 'tag'],
  ZVERSE_UNKNOWN_TAG: ['at', 'snap', 'hold'],
  aborted: ['wait'],
}

/** @param {Recorded} recorded @returns {string[]} the problems, the first difference first */
export function judge(recorded) {
  const { events } = recorded
  for (const event of events) {
    const { op, r } = event
    if (r?.e === undefined) continue
    const where = /** @type {Record<string, string[]>} */ (REFUSALS)[r.e]
    if (!where?.includes(op.o)) return [problem(event, `must not be refused with ${r.e}`)]
  }
  const rebuild = new Rebuild(recorded).run()
  if (rebuild.problem !== undefined) return [rebuild.problem]
  return [...new Court(recorded, rebuild).problems()]
}

class Court {
  #events
  #versions
  #first
  #model
  #makers
  #times
  /** Of versions whose commit had returned. */
  #returned
  #beginnings
  #tags
  /** @type {Map<Event, number>} */
  #made = new Map()

  /** @param {Recorded} recorded @param {Rebuild} rebuild */
  constructor({ events, versions, first }, { model, makers }) {
    this.#events = [...events].sort((x, y) => x.a - y.a)
    this.#versions = versions
    this.#first = first
    this.#model = model
    this.#makers = makers
    for (const [version, event] of makers) this.#made.set(event, version)
    const made = (/** @type {Event} */ event) => {
      return event.r === undefined ? undefined : this.#made.get(event)
    }
    this.#times = new Times(events, event => made(event) ?? seenBy(event))
    this.#returned = new Times(events, made)
    this.#beginnings = new Beginnings(makers, first)
    this.#tags = new Tags(this.#events)
  }

  *problems() {
    for (const event of this.#events) {
      if (event.r === undefined) continue
      const floor = this.#times.floor(event.a)
      const what =
        this.#order(event, floor) ?? this.#retention(event, floor) ?? this.#tagged(event, floor)
      if (what !== undefined) yield problem(event, what)
    }
    yield* this.#timestamps()
  }

  /** @param {Event} event @param {number} floor */
  #order(event, floor) {
    const { op, r, b } = event
    const made = this.#made.get(event)
    if (made !== undefined && made <= floor) {
      return `it made version ${made}, which had been seen before it began (${floor})`
    }
    const seen = made ?? seenBy(event)
    const ceiling = made ?? this.#beginnings.ceiling(b)
    if (seen !== undefined && seen > ceiling) {
      const maker = /** @type {Event} */ (this.#makers.get(ceiling + 1))
      const late = problem(maker, `it saw version ${seen} before ${ceiling + 1} was begun`)
      return `${late}\n  seen`
    }
    for (const present of presents(event)) {
      if (present < floor) return `the present was ${present} after ${floor} had been seen`
    }
    if (op.o === 'now' && r.v1 < r.v0) return 'the version went back'
    if (op.o === 'wait' && r.e === undefined && r.v < op.version) return 'woken too early'
    if (op.o === 'wait' && r.e !== undefined && floor >= op.version) return 'not woken'
    return undefined
  }

  /** The oldest version kept when `version` is the present. @param {number} version */
  #oldest(version) {
    return Math.max(0, version - this.#versions)
  }

  /** @param {Event} event @param {number} floor */
  #retention(event, floor) {
    const { op, r, a, b } = event
    const most = this.#oldest(this.#beginnings.ceiling(b))
    const numbers = asked(event)
    if (r.e === 'ZVERSE_VERSION_NOT_RETAINED') {
      const { requested, oldest, newest } = r
      if (op.o !== 'seen' && !numbers.includes(requested)) return `nobody asked for ${requested}`
      if (op.o === 'seen' && requested < op.since) return `it was beyond ${requested} already`
      if (requested >= oldest || oldest > newest) return 'its error contradicts itself'
      if (oldest > most) return `the oldest kept can have been ${most} at most`
      if (newest < floor) return `newest was at least ${floor}`
      // `changes` needs the unbroken run, which a tag does not make longer.
      const isHeld = op.o !== 'seen' && this.#tags.surelyHeld(requested, a, b)
      if (isHeld) return `version ${requested} was tagged`
      return undefined
    }
    if (r.e === 'ZVERSE_FUTURE_VERSION') {
      if (!numbers.includes(r.requested)) return `nobody asked for ${r.requested}`
      return floor >= r.requested ? `version ${floor} had been seen` : undefined
    }
    if (r.e !== undefined) return undefined
    const least = this.#oldest(this.#returned.floor(a))
    const gone = numbers.find(v => v < least && !this.#tags.perhapsHeld(v, a, b))
    if (gone !== undefined) return `version ${gone} was let go of: the oldest is ${least}`
    return op.o === 'versions' ? this.#list(event, least, most) : undefined
  }

  /** A result of `versions()`. @param {Event} event @param {number} least @param {number} most */
  #list({ r, a, b }, least, most) {
    const list = /** @type {[number, number, string[]][]} */ (r.x)
    const numbers = list.map(([version]) => version)
    let start = numbers.length - 1
    while (start > 0 && numbers[start - 1] === numbers[start] - 1) start--
    // A tagged version may stand right below the run.
    const isRun = numbers.slice(start).some(v => v >= least && v <= most)
    if (!isRun) return `the run must begin between ${least} and ${most}`
    const stray = numbers.slice(0, start).find(v => !this.#tags.perhapsHeld(v, a, b))
    if (stray !== undefined) return `version ${stray} is neither tagged nor in the run`
    return this.#tags.wrongIn(list, a, b)
  }

  /** @param {Event} event @param {number} floor */
  #tagged(event, floor) {
    const { op, r, a, b } = event
    if (op.o === 'untag') {
      const before = this.#tags.values(op.name, a - 1, a - 1)
      return before.includes(r.v) ? undefined : `the tag was on ${before}`
    }
    if (op.o === 'tag' && op.at !== undefined && r.e === undefined && r.v !== op.at) {
      return 'another version was tagged'
    }
    if (typeof op.at !== 'string') return undefined
    const possible = this.#tags.values(op.at, a, b)
    if (r.e === 'ZVERSE_UNKNOWN_TAG') {
      return possible.includes(null) ? undefined : `the tag was there: ${possible}`
    }
    // A thread was killed while it tagged the present version, which is not known.
    if (r.e !== undefined || possible.some(Number.isNaN)) return undefined
    if (op.o === 'at') {
      const { step } = op
      const isRight = possible.some(v => {
        if (v === null || v < this.#first) return false
        return JSON.stringify(this.#model.read(step, v)) === JSON.stringify(r.x)
      })
      return isRight ? undefined : `read at a tag on ${possible}, the present at least ${floor}`
    }
    return possible.includes(r.v) ? undefined : `version ${r.v}: the tag was on ${possible}`
  }

  *#timestamps() {
    /** @type {Map<number, number>} */
    const known = new Map()
    for (const event of this.#events) {
      for (const [version, time] of timesIn(event)) {
        const before = known.get(version) ?? time
        if (before !== time)
          yield problem(event, `version ${version} was of ${before}, not ${time}`)
        known.set(version, time)
      }
    }
    let last = 0
    for (const [version, time] of [...known].sort((x, y) => x[0] - y[0])) {
      if (time < last) yield `version ${version} is of ${time}, its predecessor of ${last}`
      last = time
    }
  }
}

/** The versions that an event took for the present one. @param {Event} event @returns {number[]} */
function presents({ op, r }) {
  if (op.o === 'now') return [r.v0, r.v1]
  if (op.o === 'direct' || op.o === 'batch') return r.e ? [r.v0, r.v1] : [r.v0, r.v]
  if (r.e !== undefined) return []
  if (op.o === 'tx') return [r.tv - 1]
  if (op.o === 'snap' || op.o === 'hold' || op.o === 'tag') return op.at === undefined ? [r.v] : []
  if (op.o === 'wait') return [r.v]
  if (op.o === 'versions') return [r.x.at(-1)?.[0] ?? 0]
  return []
}

/** The versions that were asked for by number. @param {Event} event @returns {number[]} */
function asked({ op }) {
  if (op.o === 'diff') return [op.from, op.to]
  if (op.o === 'direct') return op.step.do === 'restore' ? [op.step.at] : []
  return typeof op.at === 'number' ? [op.at] : []
}

/**
 * Versions with their timestamps, as an event recorded them.
 * @param {Event} event
 * @returns {number[][]}
 */
function timesIn({ op, r }) {
  if (r === undefined || r.e !== undefined) return []
  if (op.o === 'versions') return r.x
  if (r.ts === undefined) return []
  const own = [[r.v, r.ts]]
  for (const [i, step] of (op.steps ?? []).entries()) {
    if (step.do !== 'history' || r.rs === undefined) continue
    for (const [version, , time] of r.rs[i]) if (time !== null) own.push([version, time])
  }
  return own
}
