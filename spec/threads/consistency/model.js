// @ts-check
/**
 * The plain model that histories are judged by: each key's writes, by version; it keeps all of them.
 * Knows no threads, no time and no retention.
 */
import { derived } from './values.js'

/** @typedef {import('./kinds.js').Step} Step */
/** @typedef {import('./kinds.js').Range} Range */
/** @typedef {{ version: number, token: string | null }} Write a null token is a deletion */
/** @typedef {{ s: number, key: string, token: string | null }} Change */
/** @typedef {(key: string) => Write | undefined} Look the entry of a key, if present */

/** @param {Range | undefined} range */
function test(range) {
  const { gt, gte, lt, lte, prefix } = range ?? {}
  return (/** @type {string} */ key) =>
    (gt === undefined || key > gt) &&
    (gte === undefined || key >= gte) &&
    (lt === undefined || key < lt) &&
    (lte === undefined || key <= lte) &&
    (prefix === undefined || key.startsWith(prefix))
}

export class Model {
  /** The version at which all stores were empty. */
  first
  version
  /** By store, by key: writes by ascending version. @type {Map<string, Write[]>[]} */
  #logs
  /** All keys ever written, sorted, by store. @type {string[][]} */
  #keys
  /** The changes of each version after `first`. @type {Change[][]} */
  #commits = []

  /** @param {number} stores @param {number} first */
  constructor(stores, first) {
    this.first = this.version = first
    this.#logs = Array.from({ length: stores }, () => new Map())
    this.#keys = this.#logs.map(() => [])
  }

  /**
   * The last write at or before a version, deletions included.
   * @param {number} s
   * @param {string} key
   * @param {number} at
   */
  lastWrite(s, key, at) {
    const log = this.#logs[s].get(key) ?? []
    for (let i = log.length - 1; i >= 0; i--) if (log[i].version <= at) return log[i]
    return undefined
  }

  /** @param {number} s @param {number} at @returns {Look} */
  look(s, at) {
    return key => {
      const write = this.lastWrite(s, key, at)
      return write === undefined || write.token === null ? undefined : write
    }
  }

  /** Keys ever written, in order. @param {number} s @param {Range} [range] */
  keys(s, range) {
    return this.#keys[s].filter(test(range))
  }

  /**
   * The writes of a key in (after, to].
   * @param {number} s
   * @param {string} key
   * @param {number} after
   * @param {number} to
   */
  writes(s, key, after, to) {
    const log = this.#logs[s].get(key) ?? []
    return log.filter(({ version }) => version > after && version <= to)
  }

  /**
   * The changes of a version in a range, in key order.
   * @param {number} version
   * @param {number} s
   * @param {Range} [range]
   */
  changes(version, s, range) {
    const inside = test(range)
    const changes = this.#commits[version - this.first - 1] ?? []
    const found = changes.filter(change => change.s === s && inside(change.key))
    return found.sort((x, y) => (x.key < y.key ? -1 : 1))
  }

  /** Adds the next version. @param {Change[]} changes */
  push(changes) {
    const version = ++this.version
    this.#commits.push(changes)
    for (const { s, key, token } of changes) {
      const log = this.#logs[s].get(key)
      if (log) {
        log.push({ version, token })
        continue
      }
      this.#logs[s].set(key, [{ version, token }])
      const keys = this.#keys[s]
      const at = keys.findIndex(other => other > key)
      keys.splice(at < 0 ? keys.length : at, 0, key)
    }
  }

  /** Takes the last version back. */
  pop() {
    for (const { s, key } of this.#commits.pop() ?? []) this.#logs[s].get(key)?.pop()
    this.version--
  }

  /** The result of a reading step at a version. @param {Step} step @param {number} at */
  read(step, at) {
    return readStep(step, this.look(step.s, at), this.keys(step.s))
  }
}

/** @param {Step} step @param {Look} look @param {string[]} keys in order */
function readStep(step, look, keys) {
  const entry = (/** @type {string} */ key) => look(key)
  switch (step.do) {
    case 'get':
      return entry(step.key)?.token ?? null
    case 'has':
      return entry(step.key) !== undefined
    case 'entry': {
      const found = entry(step.key)
      return found === undefined ? null : [found.token, found.version]
    }
    case 'many':
      return step.keys.map(key => entry(key)?.token ?? null)
    case 'size':
      return keys.filter(key => entry(key)).length
  }
  const { reverse, limit } = step.range
  let inside = keys.filter(test(step.range)).filter(key => entry(key))
  if (reverse) inside.reverse()
  if (limit !== undefined) inside = inside.slice(0, limit)
  if (step.do === 'keys') return inside
  if (step.do === 'count') return inside.length
  return inside.map(key => {
    const { token, version } = /** @type {Write} */ (entry(key))
    return step.do === 'entries' ? [key, token, version] : [key, token]
  })
}

/** A transaction on the model: the last word on each key it touched. */
export class Draft {
  #model
  #base
  /** @type {Map<string, Change>} */
  #own = new Map()

  /** @param {Model} model @param {number} base the version it began at */
  constructor(model, base) {
    this.#model = model
    this.#base = base
  }

  /** The effective changes: the deletion of an absent key is none. */
  get changes() {
    return [...this.#own.values()].filter(
      ({ s, key, token }) => token !== null || this.#model.look(s, this.#base)(key) !== undefined,
    )
  }

  /** @param {number} s @returns {Look} */
  #look(s) {
    return key => {
      const own = this.#own.get(`${s}/${key}`)
      if (own === undefined) return this.#model.look(s, this.#base)(key)
      return own.token === null ? undefined : { version: this.#base + 1, token: own.token }
    }
  }

  /** @param {number} s */
  #keys(s) {
    const own = [...this.#own.values()].filter(change => change.s === s).map(({ key }) => key)
    return [...new Set([...this.#model.keys(s), ...own])].sort()
  }

  /** @param {number} s @param {string} key @param {string | null} token */
  #write(s, key, token) {
    this.#own.set(`${s}/${key}`, { s, key, token })
  }

  /**
   * Does a step. Returns its result, or null, or the conflict that kept it from writing.
   * @param {Step} step
   */
  do(step) {
    const { s, key, id } = step
    const look = this.#look(s)
    if (step.do === 'putIf' || step.do === 'delIf') {
      const actual = look(key)?.version ?? null
      if (actual !== step.ifVersion) return { conflict: [step.ifVersion, actual] }
    }
    switch (step.do) {
      case 'put':
      case 'putIf':
        this.#write(s, key, derived(id, null))
        return null
      case 'update':
        this.#write(s, key, derived(id, look(key)?.token ?? null))
        return null
      case 'del':
      case 'delIf':
      case 'drop':
        this.#write(s, key, null)
        return null
      case 'clear':
        for (const each of this.#keys(s).filter(test(step.range))) this.#write(s, each, null)
        return null
      case 'restore':
        this.#restore(step)
        return null
    }
    return readStep(step, look, this.#keys(s))
  }

  /** @param {Step} step */
  #restore({ s, at }) {
    const then = this.#model.look(s, at)
    const now = this.#look(s)
    for (const key of this.#keys(s)) {
      const token = then(key)?.token ?? null
      if (token !== (now(key)?.token ?? null)) this.#write(s, key, token)
    }
  }
}
