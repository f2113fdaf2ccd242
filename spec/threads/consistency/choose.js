// @ts-check
/**
 * Chooses what a thread does next. Few keys, so that threads collide; the thread may know all names
 * and versions that it uses.
 */

/** @typedef {import('./kinds.js').Step} Step */
/** @typedef {import('./kinds.js').Op} Op */
/** @typedef {import('./kinds.js').Range} Range */
/** @typedef {import('./random.js').Random} Random */

const KEYS = Array.from({ length: 24 }, (_, i) => `k${String(i).padStart(2, '0')}`)
export const FINALE = 'z'

/** The basis of the choice: the thread's place in the round and its knowledge. */
export class Chooser {
  #random
  #thread
  #first
  #stores
  #versions
  #writes = 0
  /** Share of operations that write. */
  #share
  /** The last entry version this thread knows of a key. @type {Map<string, number | null>} */
  #known = new Map()
  /** @type {Set<string>} */
  #tagged = new Set()

  /**
   * @param {Random} random
   * @param {{ thread: string, first: number, stores: number, versions: number, share: number }} place
   */
  constructor(random, { thread, first, stores, versions, share }) {
    this.#random = random
    this.#thread = thread
    this.#first = first
    this.#stores = stores
    this.#versions = versions
    this.#share = share
  }

  /**
   * The next operation at version `now`, with these read transactions open.
   * @param {number} now
   * @param {string[]} held
   * @returns {Op}
   */
  next(now, held) {
    const random = this.#random
    const op = random.chance(this.#share) ? this.#write(now) : this.#read(now, held)
    return /** @type {Op} */ (op)
  }

  /** Learns from a result. @param {Op} op @param {import('./kinds.js').Result} r */
  learn(op, r) {
    if (r.e === 'ZVERSE_CONFLICT' && op.step) {
      this.#known.set(`${op.step.s}/${op.step.key}`, r.actual)
    }
    if ((op.o === 'now' || op.o === 'at') && op.step.do === 'entry' && r.e === undefined) {
      this.#known.set(`${op.step.s}/${op.step.key}`, r.x === null ? null : r.x[1])
    }
    if (op.o === 'tag' && r.e === undefined) this.#tagged.add(op.name)
    if (op.o === 'untag' && r.e === undefined) this.#tagged.delete(op.name)
  }

  #id() {
    return `${this.#thread}.${this.#writes++}`
  }

  #key() {
    return this.#random.pick(KEYS)
  }

  #store() {
    return this.#random.int(this.#stores)
  }

  /** @param {boolean} isSmall @returns {Range} */
  #range(isSmall) {
    const random = this.#random
    if (isSmall) {
      const from = random.int(KEYS.length)
      return { gte: KEYS[from], lt: KEYS[from + 1 + random.int(4)] ?? 'l' }
    }
    /** @type {Range} */
    const range = {}
    if (random.chance(0.4)) range[random.pick(/** @type {const} */ (['gt', 'gte']))] = this.#key()
    if (random.chance(0.4)) range[random.pick(/** @type {const} */ (['lt', 'lte']))] = this.#key()
    if (random.chance(0.15)) range.prefix = random.pick(['k', 'k0', 'k1', 'k2'])
    if (random.chance(0.4)) range.reverse = true
    if (random.chance(0.2)) range.limit = random.int(8)
    return range
  }

  /** @param {boolean} hasClear @returns {Step} */
  #writeStep(hasClear) {
    const random = this.#random
    const s = this.#store()
    const key = this.#key()
    const kind = random.int(hasClear ? 20 : 18)
    /** @type {unknown} */
    let step
    if (kind < 8) step = { do: 'put', s, key, id: this.#id() }
    else if (kind < 12) step = { do: 'update', s, key, id: this.#id() }
    else if (kind < 14) step = { do: 'del', s, key }
    else if (kind < 15) step = { do: 'drop', s, key }
    else if (kind < 18) {
      const ifVersion = this.#known.get(`${s}/${key}`) ?? null
      const verb = random.chance(0.7) ? 'putIf' : 'delIf'
      step = { do: verb, s, key, ifVersion, ...(verb === 'putIf' ? { id: this.#id() } : {}) }
    } else step = { do: 'clear', s, range: this.#range(true) }
    return /** @type {Step} */ (step)
  }

  /** @param {boolean} isPinned whether `history` may be asked @returns {Step} */
  #readStep(isPinned) {
    const random = this.#random
    const s = this.#store()
    const verb = random.pick(
      /** @type {const} */ ([
        ...['get', 'get', 'get', 'entry', 'entry', 'has', 'many', 'range', 'range', 'entries'],
        ...['keys', 'count', 'size', ...(isPinned ? ['history', 'history'] : [])],
      ]),
    )
    /** @type {unknown} */
    let step
    if (verb === 'many') {
      step = { do: verb, s, keys: Array.from({ length: random.int(6) }, () => this.#key()) }
    } else if (['get', 'has', 'entry', 'history'].includes(verb)) {
      step = { do: verb, s, key: this.#key() }
    } else step = { do: verb, s, range: verb === 'size' ? {} : this.#range(false) }
    return /** @type {Step} */ (step)
  }

  /** A version near the present or near the low-water mark. @param {number} now */
  #version(now) {
    const random = this.#random
    const oldest = Math.max(this.#first, now - this.#versions)
    if (random.chance(0.3)) return Math.max(this.#first, oldest - 2 + random.int(6))
    const near = now + 1 - random.int(Math.min(30, this.#versions + 3))
    // Now and then the next one, which another thread may be making.
    return Math.max(this.#first, near > now && random.chance(0.8) ? now : near)
  }

  /** @param {number} now @returns {unknown} */
  #write(now) {
    const random = this.#random
    const kind = random.int(100)
    if (kind < 45) return { o: 'direct', step: this.#writeStep(true) }
    if (kind < 48) {
      return { o: 'direct', step: { do: 'restore', s: this.#store(), at: this.#version(now) } }
    }
    if (kind < 62) return this.#batch()
    const steps = Array.from({ length: 1 + random.int(6) }, () => {
      return random.chance(0.6) ? this.#writeStep(true) : this.#readStep(false)
    })
    const how = random.pick(['transact', 'transact', 'begin', 'async'])
    return { o: 'tx', how, steps, end: random.chance(0.85) ? 'commit' : 'abort' }
  }

  #batch() {
    const s = this.#store()
    const wanted = 1 + this.#random.int(5)
    /** @type {Step[]} */
    const steps = []
    while (steps.length < wanted) {
      const step = this.#writeStep(false)
      if (step.do !== 'update' && step.do !== 'drop') steps.push({ ...step, s })
    }
    return { o: 'batch', s, steps }
  }

  /** @param {number} now @param {string[]} held @returns {unknown} */
  #read(now, held) {
    const random = this.#random
    const kind = random.int(100)
    const steps = () => Array.from({ length: 1 + random.int(4) }, () => this.#readStep(true))
    const at = random.chance(0.12) ? this.#tag() : this.#version(now)
    const view = random.chance(0.35) ? { at } : {}
    if (kind < 35) return { o: 'now', step: this.#readStep(false) }
    if (kind < 55) return { o: 'at', at, step: this.#readStep(typeof at === 'number') }
    if (kind < 70) return { o: 'snap', ...view, steps: steps() }
    if (kind < 74) return { o: 'hold', name: String(random.int(4)), ...view }
    if (kind < 84) {
      if (held.length === 0) return { o: 'hold', name: '0', ...view }
      const end = random.chance(0.1) ? 'abort' : 'commit'
      return { o: 'held', name: random.pick(held), steps: steps(), end }
    }
    if (kind < 92) {
      const from = this.#version(now)
      const to = random.chance(0.5) ? now : this.#version(now)
      return { o: 'diff', s: this.#store(), from, to, range: this.#range(random.chance(0.3)) }
    }
    if (kind < 93) return { o: 'versions' }
    if (kind < 95) return { o: 'wait', version: now + 1 + random.int(2) }
    if (kind < 97 && this.#tagged.size > 0) {
      return { o: 'untag', name: random.pick([...this.#tagged]) }
    }
    const own = `${this.#thread}${random.pick(['a', 'b'])}`
    return { o: 'tag', name: own, ...(random.chance(0.4) ? { at: this.#version(now) } : {}) }
  }

  /** A tag that may or may not be there. */
  #tag() {
    const random = this.#random
    if (this.#tagged.size > 0 && random.chance(0.5)) return random.pick([...this.#tagged])
    return `t${random.int(6)}${random.pick(['a', 'b'])}`
  }
}
