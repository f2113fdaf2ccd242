// @ts-check
/**
 * Does operations on a real database and returns their results in the model's form.
 */
import { ZVerseError } from '../../../dist/index.js'
import { derived, tokenOf, valueFor } from './values.js'

/** @typedef {import('./kinds.js').Step} Step */
/** @typedef {import('./kinds.js').Op} Op */
/** @typedef {import('../../../dist/index.js').ZVerse} Database */
/** @typedef {import('../../../dist/index.js').ReadTransaction<string, unknown>} ReadTx */
/** @typedef {any} Reads any of the things that have read verbs */

/** The error that a callback throws to be rolled back. */
class Rollback extends Error {}

/** Expected refusals become results; anything else passes. @param {unknown} error */
function refusal(error) {
  if (!(error instanceof ZVerseError)) throw error
  const { code, message } = error
  const fields = /** @type {Record<string, unknown>} */ ({ .../** @type {object} */ (error) })
  const { requested, oldest, newest, expected, actual } = fields
  return { e: code, message, requested, oldest, newest, expected, actual }
}

/** @param {unknown} old @param {Step} step */
function updated(old, step) {
  const before = tokenOf(old)
  return step.do === 'drop' ? undefined : valueFor(derived(step.id, before))
}

/** @param {unknown[]} pair */
const pairOf = ([key, value]) => [key, tokenOf(value)]

/**
 * A reading step on any object with read verbs.
 * @param {Reads} on
 * @param {Step} step
 * @param {object} [view]
 */
export function read(on, step, view) {
  const more = view === undefined ? [] : [view]
  const range = { ...step.range, ...view }
  switch (step.do) {
    case 'get':
      return tokenOf(on.get(step.key, ...more))
    case 'has':
      return on.has(step.key, ...more)
    case 'entry': {
      const entry = on.getEntry(step.key, ...more)
      return entry === undefined ? null : [tokenOf(entry.value), entry.version]
    }
    case 'many':
      return on.getMany(step.keys, ...more).map(tokenOf)
    case 'range':
      return [...on.range(range)].map(pairOf)
    case 'entries':
      return [...on.getEntries(range)].map(e => [e.key, tokenOf(e.value), e.version])
    case 'keys':
      return [...on.keys(range)]
    case 'count':
      return on.count(range)
    case 'size':
      return view === undefined ? on.size : on.count(view)
    case 'history':
      return [...on.history(step.key, view)].map(h => [
        h.version,
        h.deleted ? null : tokenOf(h.value),
        h.timestamp ?? null,
      ])
  }
  throw new Error(`no reading step: ${step.do}`)
}

/**
 * A step that writes, or reads, on anything with write verbs.
 * @param {any} on
 * @param {Step} step
 */
function step(on, step) {
  switch (step.do) {
    case 'put':
      return on.put(step.key, valueFor(derived(step.id, null)))
    case 'putIf':
      return on.put(step.key, valueFor(derived(step.id, null)), { ifVersion: step.ifVersion })
    case 'del':
      return on.delete(step.key)
    case 'delIf':
      return on.delete(step.key, { ifVersion: step.ifVersion })
    case 'update':
    case 'drop':
      return on.update(step.key, (/** @type {unknown} */ old) => updated(old, step))
    case 'clear':
      return on.clear(step.range)
    case 'restore':
      return on.restore({ at: step.at })
  }
  return read(on, step)
}

/** Does operations of one thread on one database. */
export class Performer {
  #db
  /** The unnamed store and the named ones. @type {any[]} */
  #stores
  /** @type {Map<string, ReadTx>} */
  #held = new Map()

  /** @param {Database} db @param {string[]} names of the named stores */
  constructor(db, names) {
    this.#db = db
    this.#stores = [db, ...names.map(name => db.store(name))]
  }

  /** The most read transactions that are open now. */
  get held() {
    return [...this.#held.keys()]
  }

  /** @param {Op} op @returns {unknown} the result, or a promise of it */
  perform(op) {
    if (op.o === 'wait') return this.#wait(op)
    if (op.o === 'tx' && op.how === 'async') return this.#async(op)
    try {
      return this.#perform(op)
    } catch (error) {
      return refusal(error)
    }
  }

  /** @param {Op} op */
  #perform(op) {
    const db = this.#db
    switch (op.o) {
      case 'direct':
        return this.#direct(() => step(this.#stores[op.step.s], op.step))
      case 'batch':
        return this.#direct(() => this.#stores[op.s].batch(op.steps.map(operation)))
      case 'tx':
        return op.how === 'transact' ? this.#transact(op) : this.#begin(op)
      case 'tag':
        return { v: op.at === undefined ? db.tag(op.name) : db.tag(op.name, { at: op.at }) }
      case 'untag':
        return { v: db.untag(op.name) }
      case 'now':
        return this.#now(op)
      case 'at':
        return this.#at(op)
      case 'snap':
      case 'hold':
        return this.#snap(op)
      case 'held':
        return this.#reHeld(op)
      case 'diff':
        return { x: this.#diff(op) }
      case 'versions':
        return { x: [...db.versions()].map(v => [v.version, v.timestamp, v.tags]) }
    }
    throw new Error(`no operation: ${op.o}`)
  }

  /** @param {() => number} write */
  #direct(write) {
    const v0 = this.#db.version
    try {
      return { v0, v: write() }
    } catch (error) {
      return { v0, ...refusal(error), v1: this.#db.version }
    }
  }

  /**
   * Steps inside a transaction; a conflict keeps one step from writing and no more.
   * @param {any} tx
   * @param {Op} op
   */
  *#steps(tx, op) {
    for (const each of op.steps) {
      const on = each.s === 0 ? tx : tx.store(this.#stores[each.s])
      try {
        yield step(on, each) ?? null
      } catch (error) {
        const { e, expected, actual } = refusal(error)
        if (e !== 'ZVERSE_CONFLICT') throw error
        yield { conflict: [expected, actual] }
      }
    }
  }

  /** @param {Op} op */
  #transact(op) {
    let tv = 0
    /** @type {unknown[]} */
    let rs = []
    try {
      return this.#db.transact(tx => {
        tv = tx.version
        rs = [...this.#steps(tx, op)]
        if (op.end === 'abort') throw new Rollback()
        return { tv, rs }
      })
    } catch (error) {
      if (!(error instanceof Rollback)) throw error
      return { tv, rs }
    }
  }

  /** @param {Op} op */
  #begin(op) {
    const tx = this.#db.beginWrite()
    try {
      const tv = tx.version
      const rs = [...this.#steps(tx, op)]
      return op.end === 'abort' ? { tv, rs } : { tv, rs, v: tx.commit() }
    } finally {
      tx.abort()
    }
  }

  /** @param {Op} op */
  async #async(op) {
    try {
      const tx = await this.#db.beginWriteAsync()
      try {
        const tv = tx.version
        const rs = []
        for (const result of this.#steps(tx, op)) {
          rs.push(result)
          await null
        }
        return op.end === 'abort' ? { tv, rs } : { tv, rs, v: tx.commit() }
      } finally {
        tx.abort()
      }
    } catch (error) {
      return refusal(error)
    }
  }

  /** @param {Op} op */
  #now({ step }) {
    const v0 = this.#db.version
    const x = read(this.#stores[step.s], step)
    return { v0, x, v1: this.#db.version }
  }

  /** @param {Op} op */
  #at({ step, at }) {
    const o0 = this.#db.oldestVersion
    const x = read(this.#stores[step.s], step, { at })
    return { x, o0, o1: this.#db.oldestVersion }
  }

  /** @param {Op} op */
  #snap(op) {
    const tx = op.at === undefined ? this.#db.beginRead() : this.#db.beginRead({ at: op.at })
    const found = { v: tx.version, ts: tx.timestamp }
    if (op.o === 'snap') {
      const result = { ...found, ...this.#inside(tx, op.steps) }
      tx.close()
      return result
    }
    this.#held.get(op.name)?.close()
    this.#held.set(op.name, tx)
    return found
  }

  /** @param {Op} op */
  #reHeld(op) {
    const tx = /** @type {ReadTx} */ (this.#held.get(op.name))
    const result = { v: tx.version, ts: tx.timestamp, ...this.#inside(tx, op.steps) }
    if (op.end === 'abort') {
      tx.close()
      this.#held.delete(op.name)
    }
    return result
  }

  /**
   * Every other step goes the other way: by the database, with the transaction as its view.
   * @param {ReadTx} tx
   * @param {Step[]} steps
   */
  #inside(tx, steps) {
    const o0 = this.#db.oldestVersion
    const rs = steps.map((each, i) => {
      const store = this.#stores[each.s]
      if (i % 2 === 1) return read(store, each, { snapshot: tx })
      return read(each.s === 0 ? tx : tx.store(store), each)
    })
    return { rs, o0, o1: this.#db.oldestVersion }
  }

  /** @param {Op} op */
  #diff({ s, from, to, range }) {
    const found = [...this.#stores[s].diff(from, to, range)]
    return found.map(d => [d.key, tokenOf(d.before), tokenOf(d.after)])
  }

  /** Waits for a version, a short while. @param {Op} op */
  async #wait({ version }) {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), 20)
    try {
      await this.#db.waitFor(version, { signal: abort.signal })
      return { v: this.#db.version }
    } catch (error) {
      if (!abort.signal.aborted) throw error
      return { e: 'aborted', v: this.#db.version }
    } finally {
      clearTimeout(timer)
    }
  }

  close() {
    for (const tx of this.#held.values()) tx.close()
    this.#held.clear()
  }
}

/** @param {Step} step */
function operation(step) {
  const { key } = step
  const ifVersion = step.do === 'putIf' || step.do === 'delIf' ? step.ifVersion : undefined
  if (step.do === 'del' || step.do === 'delIf') return { type: 'del', key, ifVersion }
  return { type: 'put', key, value: valueFor(derived(step.id, null)), ifVersion }
}
