/**
 * What a database that is killed again and again must hold: every operation that a thread was told of, in the order
 * of versions, and of those under way when the kill came each wholly or not at all.
 *
 * A thread writes each operation to a file of its own before it does it (`["do", n, operation, present]`),
 * and what came of it after (`["did", n, version, present]`, or `["failed", n, error]`), with the version
 * that is the present one then: `store` tells none, and has made one between those two. Single operations
 * write keys that no other thread writes; transactions write the thread's own mark, and the same value to
 * several keys and stores that all threads share. So what is there tells which of the operations under way
 * have happened.
 */
import { deepStrictEqual } from 'node:assert'
import { existsSync, readFileSync } from 'node:fs'

/** @typedef {import('../../dist/index.js').ZVerse<string, any>} Db */
/** @typedef {(below: number) => number} Draw A random integer ≥ 0 and < `below`. */
/**
 * @typedef {object} Operation
 * @property {string} kind
 * @property {string} [key]
 * @property {any} [value]
 * @property {string} [name] of a tag or store
 * @property {[string, any][]} [entries]
 */
/** @typedef {Map<string, Map<string, any>>} State Stores by name; '' is the unnamed one. */
/** @typedef {{ thread: number, operation: Operation }} Done */

const SHARED = ['x0', 'x1', 'x2']
export const STORES = ['a', 'b']

/** @param {number} seed @returns {Draw} */
export function drawFrom(seed) {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/**
 * The next operation of a thread.
 * @param {Draw} draw
 * @param {number} thread
 * @param {[number, number]} stamp round and number: no two operations of a thread have the same
 * @param {number} largest bytes of a value
 * @returns {Operation}
 */
export function drawOperation(draw, thread, stamp, largest) {
  const own = () => `p${thread}/${draw(30)}`
  const padding = () => 'x'.repeat(draw(draw(40) === 0 ? largest : 200))
  const kind = draw(100)
  if (kind < 40) return { kind: 'put', key: own(), value: [...stamp, padding()] }
  if (kind < 50) return { kind: 'delete', key: own() }
  if (kind < 52) return { kind: 'clear', key: `p${thread}/1` }
  if (kind < 75) return { kind: 'transact', value: stamp }
  if (kind < 80) return { kind: 'abort' }
  if (kind < 88) {
    const entries = Array.from({ length: 1 + draw(30) }, () => [own(), [...stamp, padding()]])
    return { kind: 'batch', value: stamp, entries: /** @type {any} */ (entries) }
  }
  if (kind < 94) return { kind: 'tag', name: `t${thread}-${draw(2)}` }
  if (kind < 96) return { kind: 'untag', name: `t${thread}-${draw(2)}` }
  if (kind < 98) return { kind: 'dropStore', name: `d${thread}` }
  return { kind: 'store', name: `d${thread}`, value: stamp }
}

/**
 * Does an operation; returns the version that the verb told, or null where it tells none.
 * @param {Db} db
 * @param {number} thread
 * @param {Operation} operation
 * @returns {number | null}
 */
export function perform(db, thread, { kind, key = '', value, name = '', entries = [] }) {
  if (kind === 'put') return db.put(key, value)
  if (kind === 'delete') return db.delete(key)
  if (kind === 'clear') return db.clear({ prefix: key })
  if (kind === 'tag') return db.tag(name)
  if (kind === 'untag') return orNull('ZVERSE_UNKNOWN_TAG', () => db.untag(name))
  if (kind === 'dropStore') return orNull('ZVERSE_UNKNOWN_STORE', () => db.dropStore(name))
  if (kind === 'store') {
    db.store(name)
    return null
  }
  if (kind === 'batch') {
    const puts = entries.map(([at, put]) => ({
      type: /** @type {const} */ ('put'),
      key: at,
      value: put,
    }))
    return db.batch([...puts, { type: 'put', key: `m${thread}`, value }])
  }
  const stores = STORES.map(each => db.store(each))
  const tx = db.beginWrite()
  try {
    tx.put('count', (tx.get('count') ?? 0) + 1)
    for (const each of SHARED) tx.put(each, [thread, ...(value ?? [])])
    for (const store of stores) tx.store(store).put('x', [thread, ...(value ?? [])])
    if (kind === 'abort') return null
    tx.put(`m${thread}`, value)
    return tx.commit()
  } finally {
    tx.abort()
  }
}

/** @param {string} code @param {() => number} body */
function orNull(code, body) {
  try {
    return body()
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== code) throw error
    return null
  }
}

/**
 * Does an operation in the model.
 * @param {State} state
 * @param {Done} done
 */
function apply(state, { thread, operation }) {
  const { kind, key = '', value, name = '', entries = [] } = operation
  const all = of(state, '')
  if (kind === 'put') all.set(key, value)
  if (kind === 'delete') all.delete(key)
  if (kind === 'clear')
    for (const each of [...all.keys()]) if (each.startsWith(key)) all.delete(each)
  if (kind === 'store') of(state, name)
  if (kind === 'dropStore') state.delete(name)
  if (kind === 'batch') for (const [at, put] of entries) all.set(at, put)
  if (kind === 'transact') {
    all.set('count', (all.get('count') ?? 0) + 1)
    for (const each of SHARED) all.set(each, [thread, ...value])
    for (const store of STORES) of(state, store).set('x', [thread, ...value])
  }
  if (kind === 'batch' || kind === 'transact') all.set(`m${thread}`, value)
}

/** @param {State} state @param {string} name */
function of(state, name) {
  const store = state.get(name) ?? new Map()
  state.set(name, store)
  return store
}

/** True if an operation would change nothing. @param {State} state @param {Operation} operation */
function isIdle(state, { kind, key = '', name = '' }) {
  const all = of(state, '')
  if (kind === 'delete') return !all.has(key)
  if (kind === 'clear') return ![...all.keys()].some(each => each.startsWith(key))
  if (kind === 'store') return state.has(name)
  if (kind === 'dropStore') return !state.has(name)
  return ['abort', 'tag', 'untag'].includes(kind)
}

/** A mistake of the database. */
export class Broken extends Error {}

/** @param {boolean} isTrue @param {string} what @returns {asserts isTrue} */
function expect(isTrue, what) {
  if (!isTrue) throw new Broken(what)
}

/**
 * What a thread has told of: its version, or between which versions it lies.
 * @typedef {Done & { version: number | null, after: number, before: number }} Told
 */

/** What the database held when it was looked at last, and what has been done since. */
export class Model {
  /** The state at version {@link from}. @type {State} */
  #base = new Map([['', new Map()]])
  /** By version, from `from` + 1 on. @type {Done[]} */
  #done = []
  /**
   * From one version on, and before another one, what nobody told the version of may have happened, or not.
   * @type {[number, number][]}
   */
  #doubts = []
  /** @type {number} */
  from = 0
  /** @type {Map<string, number>} */
  tags = new Map()
  /** The newest version. */
  get version() {
    return this.from + this.#done.length
  }

  /** @param {number} version @returns {State} */
  at(version) {
    const state = new Map([...this.#base].map(([name, store]) => [name, new Map(store)]))
    for (const done of this.#done.slice(0, version - this.from)) apply(state, done)
    return state
  }

  /** Takes what the threads of a round have told, and what the database says of it. Throws {@link Broken}.
   * @param {string[]} files one for each thread
   * @param {Db} db
   */
  take(files, db) {
    const { version } = this
    /** @type {Told[]} */
    const told = []
    const own = this.at(version)
    for (const [thread, file] of files.entries()) this.#read(own, thread, file, db, told)
    this.#order(told, db.version)
    this.#compare(db)
    this.#forget(db)
  }

  /** @param {State} own @param {number} thread @param {string} file @param {Db} db @param {Told[]} told */
  #read(own, thread, file, db, told) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    // The last one may be torn.
    const steps = lines.slice(0, -1).map(line => JSON.parse(line))
    let after = this.version
    for (const [i, [what, , operation, seen]] of steps.entries()) {
      if (what !== 'do') continue
      const [answer, , version, present] = steps[i + 1] ?? []
      const isKnown = answer === 'did'
      const { kind, name = '' } = operation
      const who = `thread ${thread}, ${JSON.stringify(operation).slice(0, 200)}`
      expect(answer !== 'failed', `${who}: ${version}`)
      expect(seen >= after, `${who}: the present was ${seen}, after ${after}`)
      if (isKnown)
        expect(
          present >= Math.max(seen, version ?? 0),
          `${who}: ${present} was the present after ${version}`,
        )
      after = isKnown ? present : seen
      if (kind === 'tag' || kind === 'untag') {
        this.#readTag(kind, name, isKnown ? version : undefined, db)
        continue
      }
      if (isIdle(own, operation)) continue
      if (!isKnown && !hasHappened(thread, operation, db)) continue
      apply(own, { thread, operation })
      const at = isKnown && version !== null ? version : versionOf(thread, operation, db)
      expect(at === null || at > seen, `${who}: was told of version ${at} after ${seen}`)
      const before = isKnown ? present + 1 : Number.POSITIVE_INFINITY
      told.push({ thread, operation, version: at, after: seen, before })
    }
  }

  /** @param {string} kind @param {string} name @param {number | null | undefined} version @param {Db} db */
  #readTag(kind, name, version, db) {
    const known = this.tags.get(name)
    if (version === undefined) {
      // Under way: either is right.
      const now = db.versions().find(({ tags }) => tags.includes(name))?.version
      if (now === known) return
      expect(
        (now === undefined) === (kind === 'untag'),
        `tag ${name} is at ${now}, was at ${known}`,
      )
      if (now === undefined) this.tags.delete(name)
      else this.tags.set(name, now)
    } else if (kind === 'tag') this.tags.set(name, /** @type {number} */ (version))
    else {
      expect((version ?? undefined) === known, `untag ${name} told ${version}, not ${known}`)
      this.tags.delete(name)
    }
  }

  /** Puts what was told in the order of versions. @param {Told[]} told @param {number} newest */
  #order(told, newest) {
    /** @type {Map<number, Done>} */
    const known = new Map()
    for (const { version, thread, operation } of told) {
      if (version === null) continue
      const other = known.get(version)
      const both = [operation.kind, other?.operation.kind].join(' and ')
      expect(other === undefined, `version ${version} was told of twice: ${both}`)
      expect(
        version <= newest,
        `version ${version} (${operation.kind} of ${thread}) is lost: the newest is ${newest}`,
      )
      known.set(version, { thread, operation })
    }
    const unknown = told.filter(({ version }) => version === null)
    /** @type {number[]} */
    const gaps = []
    for (let version = this.version + 1; version <= newest; version++)
      if (!known.has(version)) gaps.push(version)
    this.#doubts.push(...doubtsOf(unknown, gaps))
    for (const version of gaps) {
      const fitting = unknown.filter(each => each.after < version && version < each.before)
      const first = fitting.sort((a, b) => a.before - b.before)[0]
      expect(first !== undefined, `nobody has made version ${version} (newest ${newest})`)
      unknown.splice(unknown.indexOf(first), 1)
      known.set(version, first)
    }
    expect(unknown.length === 0, `${unknown.map(each => each.operation.kind)} made no version`)
    for (let version = this.version + 1; version <= newest; version++) {
      const { thread, operation } = /** @type {Done} */ (known.get(version))
      this.#done.push({ thread, operation })
    }
  }

  /** @param {Db} db */
  #compare(db) {
    const { ok, problems, leakedBytes } = db.check()
    expect(ok, `check: leaked ${leakedBytes}, ${problems.slice(0, 3).join('; ')}`)
    expect(db.version === this.version, `version ${db.version}, not ${this.version}`)
    const versions = db.versions()
    const run = versions.filter(({ version }) => version >= db.oldestVersion)
    deepStrictEqual(
      run.map(({ version }) => version),
      Array.from(run, (_, i) => db.oldestVersion + i),
    )
    const times = versions.map(({ timestamp }) => Number(timestamp))
    expect(
      times.every((time, i) => i === 0 || time >= times[i - 1]),
      'timestamps go back',
    )
    const tags = versions.flatMap(({ version, tags }) => tags.map(tag => [tag, version]))
    deepStrictEqual(new Map(/** @type {any} */ (tags.sort())), new Map([...this.tags].sort()))
    const some = [
      this.version,
      ...this.tags.values(),
      db.oldestVersion,
      db.oldestVersion + (run.length >>> 1),
    ]
    for (const version of new Set(some)) {
      if (this.#doubts.some(([from, before]) => from <= version && version < before)) continue
      if (version >= this.from)
        deepStrictEqual(stateOf(db, version), sorted(this.at(version)), `at ${version}`)
    }
  }

  /** What lies before all that can be asked is kept no longer. @param {Db} db */
  #forget(db) {
    const from = Math.max(this.from, Math.min(db.oldestVersion, ...this.tags.values()))
    // Of a tag that lags behind, its state is not looked at again.
    const most = Math.max(from, this.version - 3000)
    this.#base = this.at(most)
    this.#done.splice(0, most - this.from)
    this.from = most
  }
}

/**
 * Where nobody can say whether an operation has happened: from the first to the last of the versions that it
 * may have made. The one version that an operation can have made is no other one's.
 * @param {Told[]} unknown
 * @param {number[]} gaps the versions that nobody told of
 * @returns {[number, number][]}
 */
function doubtsOf(unknown, gaps) {
  let places = unknown.map(({ after, before }) => gaps.filter(gap => after < gap && gap < before))
  for (let taken = -1, now = 0; taken !== now; ) {
    taken = now
    const sure = new Set(places.filter(({ length }) => length === 1).flat())
    places = places.map(each => (each.length === 1 ? each : each.filter(gap => !sure.has(gap))))
    now = sure.size
  }
  return places
    .filter(({ length }) => length > 1)
    .map(each => [/** @type {number} */ (each[0]), /** @type {number} */ (each.at(-1))])
}

/** @param {number} thread @param {Operation} operation @param {Db} db */
function hasHappened(thread, { kind, key = '', value, name = '' }, db) {
  const isThere = db.stores().some(store => store.name === name)
  if (kind === 'put') return same(db.get(key), value)
  if (kind === 'delete') return !db.has(key)
  if (kind === 'clear') return db.count({ prefix: key }) === 0
  if (kind === 'store') return isThere
  if (kind === 'dropStore') return !isThere
  return same(db.get(`m${thread}`), value)
}

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

/** @param {number} thread @param {Operation} operation @param {Db} db */
function versionOf(thread, { kind, key = '', value }, db) {
  const at = kind === 'put' ? key : ['transact', 'batch'].includes(kind) ? `m${thread}` : undefined
  const entry = at === undefined ? undefined : db.getEntry(at)
  return entry !== undefined && same(entry.value, value) ? entry.version : null
}

/** @param {Db} db @param {number} at */
function stateOf(db, at) {
  /** @type {Map<string, unknown>} */
  const state = new Map([['', [...db.range({ at })]]])
  for (const { name } of db.stores({ at })) {
    // A store that was dropped since would be made anew.
    const isThere = db.stores().some(store => store.name === name)
    state.set(name, isThere ? [...db.store(name).range({ at })] : [])
  }
  return new Map([...state].sort())
}

/** @param {State} state */
function sorted(state) {
  const stores = [...state].map(([name, store]) => {
    return /** @type {const} */ ([name, [...store].sort(([a], [b]) => (a < b ? -1 : 1))])
  })
  return new Map(stores.sort(([a], [b]) => (a < b ? -1 : 1)))
}
