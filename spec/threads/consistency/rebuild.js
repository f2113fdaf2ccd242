// @ts-check
/**
 * Rebuilds the database from a history: finds for each version the one operation that made it, and
 * compares all reads at each version with the model at that point.
 *
 * An operation whose thread was killed may have made a version or not. If a version has no other
 * maker, each candidate is tried; a choice that leads to a difference is taken back.
 */
import { Draft, Model } from './model.js'
import { Times } from './times.js'

/** @typedef {import('./kinds.js').Event} Event */
/** @typedef {import('./kinds.js').Recorded} Recorded */
/** @typedef {import('./kinds.js').Result} Result */
/** @typedef {import('./model.js').Change} Change */

const WRITES = ['direct', 'batch', 'tx']

/** @param {unknown} x */
export const text = x => {
  const all = JSON.stringify(x) ?? 'nothing'
  return all.length > 1500 ? `${all.slice(0, 1500)} …` : all
}

/** @param {Event} event @param {string} what @param {unknown} [expected] @param {unknown} [got] */
export function problem({ thread, n, a, b, op, r }, what, expected, got) {
  const both =
    expected === undefined ? '' : `\n  expected ${text(expected)}\n  got      ${text(got)}`
  return `${what}\n  in ${thread}#${n} [${a}, ${b}] ${text(op)}${both || `\n  gave ${text(r)}`}`
}

/** @param {unknown} x @param {unknown} y */
export const same = (x, y) => JSON.stringify(x) === JSON.stringify(y)

/**
 * The version that a complete event has certainly seen, as far as it says so itself.
 * @param {Event} event
 */
export function seenBy({ op, r }) {
  if (r === undefined) return undefined
  if (r.e !== undefined) return r.v1 ?? r.newest ?? r.v
  switch (op.o) {
    case 'tx':
      return r.v ?? r.tv - 1
    case 'tag':
      return op.at === undefined ? r.v : undefined
    case 'untag':
      return undefined
    case 'now':
      return r.v1
    case 'at':
      return typeof op.at === 'number' ? op.at : undefined
    case 'diff':
      return Math.max(op.from, op.to)
    case 'versions':
      return r.x.at(-1)?.[0]
  }
  return r.v
}

/**
 * The effect of a writing operation at a version, and the results of its steps.
 * @param {Event} event
 * @param {Model} model
 * @param {number} base
 */
function outcome({ op }, model, base) {
  const draft = new Draft(model, base)
  if (op.o === 'direct' || op.o === 'batch') {
    for (const step of op.o === 'direct' ? [op.step] : op.steps) {
      const result = draft.do(step)
      if (result !== null)
        return { changes: /** @type {Change[]} */ ([]), rs: [], conflict: result }
    }
    return { changes: draft.changes, rs: [], conflict: null }
  }
  const rs = op.steps.map(step => draft.do(step))
  return { changes: op.end === 'abort' ? [] : draft.changes, rs, conflict: null }
}

/** @template T @param {Map<number, T[]>} map @param {number} at @param {T} item */
function file(map, at, item) {
  const items = map.get(at)
  if (items) items.push(item)
  else map.set(at, [item])
}

export class Rebuild {
  model
  /** The event that made each version. @type {Map<number, Event>} */
  makers = new Map()
  /** The first difference, if any. @type {string | undefined} */
  problem
  /** The newest version that anyone saw. */
  #last
  /** Transactions by the version they would make. @type {Map<number, Event[]>} */
  #transactions = new Map()
  /** Single writes by the version they returned. @type {Map<number, Event[]>} */
  #singles = new Map()
  /** By the newest version they saw. @type {Map<number, Event[]>} */
  #reads = new Map()
  /** Operations in which their threads were killed. @type {Event[]} */
  #killed = []
  /** Of them, those that made a version. @type {Set<Event>} */
  #used = new Set()
  #times
  #versions

  /** @param {Recorded} recorded */
  constructor({ events, first, stores, versions }) {
    this.#versions = versions
    this.model = new Model(stores, first)
    this.#last = first
    this.#times = new Times(events, seenBy)
    for (const event of events) {
      const { op, r } = event
      if (r === undefined) {
        if (WRITES.includes(op.o) && op.end !== 'abort') this.#killed.push(event)
        continue
      }
      const seen = seenBy(event)
      if (seen !== undefined) this.#last = Math.max(this.#last, seen)
      if (r.e !== undefined && r.e !== 'ZVERSE_CONFLICT') continue
      if (op.o === 'tx') file(this.#transactions, r.tv, event)
      else if ((op.o === 'direct' || op.o === 'batch') && r.e === undefined) {
        file(this.#singles, r.v, event)
      } else if (seen !== undefined) file(this.#reads, seen, event)
    }
    // A transaction that began last of all changed nothing: no operation saw its version.
    for (const version of this.#transactions.keys()) {
      this.#last = Math.max(this.#last, version - 1)
    }
  }

  /** Goes through all versions. @returns this */
  run() {
    const { model } = this
    /** @type {{ version: number, rest: Event[] }[]} */
    const choices = []
    let deepest = -1
    this.#observe(model.first)
    let options = this.#options()
    while (model.version < this.#last || options.some(event => !this.#isKilled(event))) {
      const version = model.version + 1
      const maker = options.shift()
      let wrong
      if (maker === undefined) wrong = this.#fault ?? `version ${version} was made by no operation`
      else wrong = this.#make(maker, version)
      if (wrong === undefined) {
        choices.push({ version, rest: options })
        options = this.#options()
        continue
      }
      if (version > deepest) {
        deepest = version
        this.problem = wrong
      }
      if (maker !== undefined && options.length > 0) continue
      while (choices.length > 0 && choices[choices.length - 1].rest.length === 0) choices.pop()
      const choice = choices.pop()
      if (choice === undefined) return this
      while (model.version >= choice.version) this.#unmake()
      options = choice.rest
    }
    this.problem = this.#after()
    return this
  }

  /** @param {Event} event */
  #isKilled(event) {
    return event.r === undefined
  }

  /** Why there is no maker at all. @type {string | undefined} */
  #fault

  /** The candidates for the next version's maker, those that say so first. @returns {Event[]} */
  #options() {
    const { model } = this
    const base = model.version
    const version = base + 1
    this.#fault = undefined
    const wrote = []
    for (const event of this.#transactions.get(version) ?? []) {
      const { changes, rs } = outcome(event, model, base)
      if (!same(rs, event.r.rs)) {
        this.#fault = problem(event, `steps of a transaction on version ${base}`, rs, event.r.rs)
        return []
      }
      const made = changes.length > 0 ? version : base
      if (event.r.v !== undefined && event.r.v !== made) {
        this.#fault = problem(event, 'commit() gave another version', made, event.r.v)
        return []
      }
      if (changes.length > 0) wrote.push(event)
    }
    if (wrote.length > 1) {
      this.#fault = problem(wrote[1], `${wrote[0].thread}#${wrote[0].n} made the same version`)
      return []
    }
    if (wrote.length === 1) return wrote
    const changes = (/** @type {Event} */ event) => {
      return outcome(event, model, base).changes.length > 0
    }
    // Of two that deleted the same key, one found nothing to delete: time may show which.
    const singles = (this.#singles.get(version) ?? []).filter(changes)
    const early = singles.filter(event => this.#isInTime(event, version))
    const late = singles.filter(event => !early.includes(event))
    const killed = this.#killed.filter(event => {
      return !this.#used.has(event) && this.#isInTime(event, version) && changes(event)
    })
    return [...early, ...killed, ...late]
  }

  /**
   * Whether, by real time, an event can have made a version.
   * @param {Event} event
   * @param {number} version
   */
  #isInTime({ a, r }, version) {
    if (r !== undefined && r.v0 >= version) return false
    return a < this.#times.firstSeen(version) && this.#times.floor(a) < version
  }

  /**
   * @param {Event} maker @param {number} version @returns {string | undefined} the problem with
   *   that maker
   */
  #make(maker, version) {
    const { model } = this
    model.push(outcome(maker, model, version - 1).changes)
    this.makers.set(version, maker)
    if (this.#isKilled(maker)) this.#used.add(maker)
    const wrong = this.#nothings(maker, version) ?? this.#observe(version)
    if (wrong !== undefined) this.#unmake()
    return wrong
  }

  #unmake() {
    const { version } = this.model
    this.#used.delete(/** @type {Event} */ (this.makers.get(version)))
    this.makers.delete(version)
    this.model.pop()
  }

  /**
   * Writes that returned another operation's version: they must have had nothing to change.
   * @param {Event | undefined} maker
   * @param {number} version
   */
  #nothings(maker, version) {
    for (const event of this.#singles.get(version) ?? []) {
      if (event === maker) continue
      const { changes, conflict } = outcome(event, this.model, version)
      if (changes.length > 0) {
        const who = maker ? `, which ${maker.thread}#${maker.n} made` : ''
        return problem(event, `its write is lost: it returned ${version}${who}`, changes, [])
      }
      if (conflict !== null) return problem(event, 'it must conflict', conflict, null)
    }
    return undefined
  }

  /** Judges the reads at a version. @param {number} version @returns {string | undefined} */
  #observe(version) {
    for (const event of this.#reads.get(version) ?? []) {
      const wrong = this.#read(event)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  /** @param {Event} event @returns {string | undefined} */
  #read(event) {
    const { model } = this
    const { op, r } = event
    if (r.e === 'ZVERSE_CONFLICT') {
      const versions = between(Math.max(model.first, r.v0), r.v1)
      const isRight = versions.some(v => {
        return same(outcome(event, model, v).conflict, { conflict: [r.expected, r.actual] })
      })
      return isRight ? undefined : problem(event, 'there was no such conflict')
    }
    if (op.o === 'now') {
      const all = between(Math.max(model.first, r.v0), r.v1).map(v => model.read(op.step, v))
      if (all.some(expected => same(expected, r.x))) return undefined
      return problem(event, `read between versions ${r.v0} and ${r.v1}`, all.slice(-3), r.x)
    }
    if (op.o === 'at') return this.#step(event, op.step, /** @type {number} */ (op.at), r.x, r)
    if (op.o === 'diff') {
      const expected = this.#difference(event)
      return same(expected, r.x) ? undefined : problem(event, 'a difference', expected, r.x)
    }
    if (op.o === 'seen') return this.#commit(event)
    if (op.o !== 'snap' && op.o !== 'held') return undefined
    for (const [i, step] of op.steps.entries()) {
      const wrong = this.#step(event, step, r.v, r.rs[i], r)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  /**
   * One reading step at a version.
   * @param {Event} event
   * @param {import('./kinds.js').Step} step
   * @param {number} at
   * @param {Result} got
   * @param {{ o0: number, o1: number }} oldest
   */
  #step(event, step, at, got, { o0, o1 }) {
    const { model } = this
    if (step.do !== 'history') {
      const expected = model.read(step, at)
      if (same(expected, got)) return undefined
      return problem(event, `${text(step)} at version ${at}`, expected, got)
    }
    const wanted = got.map((/** @type {Result} */ h) => h.slice(0, 2))
    const from = Math.max(model.first, Math.min(o0, at))
    // Between a commit's publish and its release of the past, `oldestVersion` may still be a version
    // that `history` no longer has.
    const to = Math.max(from, Math.min(Math.max(o1, at - this.#versions), at))
    const isRight = between(from, to).some(low => {
      return same(this.#history(step, low, at), wanted)
    })
    if (isRight) return undefined
    const expected = this.#history(step, to, at)
    return problem(event, `${text(step)} at version ${at}, oldest ${o0} to ${o1}`, expected, wanted)
  }

  /** @param {import('./kinds.js').Step} step @param {number} low @param {number} at */
  #history({ s, key }, low, at) {
    const first = this.model.look(s, low)(key)
    const rest = this.model.writes(s, key, low, at)
    return [...(first ? [first] : []), ...rest].map(({ version, token }) => [version, token])
  }

  /** @param {Event} event */
  #difference({ op: { s, from, to, range } }) {
    const { model } = this
    const before = model.look(s, from)
    const after = model.look(s, to)
    const keys = model.keys(s, range).filter(key => before(key)?.version !== after(key)?.version)
    if (range.reverse) keys.reverse()
    const chosen = keys.slice(0, range.limit ?? keys.length)
    return chosen.map(key => [key, before(key)?.token ?? null, after(key)?.token ?? null])
  }

  /**
   * A commit as `changes` gave it: the next after `since` that changed something in range.
   * @param {Event} event
   */
  #commit(event) {
    const { op, r } = event
    for (const version of between(op.since + 1, r.v - 1)) {
      const missed = this.model.changes(version, op.s, op.range)
      if (missed.length > 0) {
        return problem(event, `changes left out version ${version}`, missed, r.ch)
      }
    }
    if (r.v <= op.since) return problem(event, 'changes gave a commit twice', op.since + 1, r.v)
    const expected = this.model.changes(r.v, op.s, op.range).map(({ key, token }) => {
      return [token === null ? 'del' : 'put', key, token]
    })
    return same(expected, r.ch) ? undefined : problem(event, 'a commit of changes', expected, r.ch)
  }

  /** Checks that need all versions. */
  #after() {
    const { version, first } = this.model
    const wrong = this.#nothings(undefined, first)
    if (wrong !== undefined) return wrong
    for (const [at, events] of [...this.#reads, ...this.#singles]) {
      if (at < first || at > version) return problem(events[0], `version ${at} was never there`)
    }
    return this.#fault
  }
}

/** @param {number} from @param {number} to */
export function between(from, to) {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
}
