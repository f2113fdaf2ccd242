// @ts-check
/**
 * How fast a database goes out and comes back, as records and as lines of JSON: a version of many entries, and a
 * history of a tenth as many single puts. Loads go into a new database, and include opening and closing it.
 */

/** The part of zverse's module that these rows use. @typedef {any} Engine */

const KEYS = 10_007

/** @param {Engine} db @param {number} count */
function fillSet(db, count) {
  db.transact((/** @type {any} */ tx) => {
    for (let i = 0; i < count; i++) {
      tx.put(`key-${String(i).padStart(8, '0')}`, { number: i, name: `the name of ${i}` })
    }
  })
  return count
}

/** @param {Engine} db @param {number} count */
function fillHistory(db, count) {
  const versions = Math.ceil(count / 10)
  for (let i = 0; i < versions; i++) db.put(`key-${(i * 7919) % KEYS}`, { number: i })
  return versions
}

/**
 * What is timed, as a function of what it needs.
 * @typedef {{ records: () => Iterable<unknown>, load: (records: Iterable<unknown>) => void, engine: Engine }} Given
 * @type {Record<string, { title: string, prepare: (given: Given) => () => unknown }>}
 */
const WORKS = {
  dump: { title: 'dump', prepare: given => () => drain(given.records()) },
  'dump-lines': {
    title: 'dump into lines of JSON',
    prepare: given => () => drain(map(given.records(), given.engine.toJson)),
  },
  load: { title: 'load', prepare: given => () => given.load(given.records()) },
  'load-lines': {
    title: 'load from lines of JSON',
    prepare: ({ records, load, engine }) => {
      const lines = [...map(records(), engine.toJson)]
      return () => load(map(lines, engine.fromJson))
    },
  },
}

/** @typedef {import('../stage.js').Scenario} Scenario */

/** @type {(suffix: string, what: string, fill: typeof fillSet, options: object) => Scenario[]} */
const rows = (suffix, what, fill, options) =>
  Object.entries(WORKS).map(([name, { title, prepare }]) => ({
    ...{ name: name + suffix, title: `${title}, ${what}`, figures: { time: 'µs' } },
    start(stage) {
      const { system: engine, count } = stage
      const open = () =>
        engine.ZVerse.open({ maxBytes: 2 ** 32, history: { versions: Number.POSITIVE_INFINITY } })
      const db = open()
      stage.after(() => db.close())
      const size = fill(db, count)
      /** @param {Iterable<unknown>} records */
      const load = records => {
        const copy = open()
        copy.load(records)
        copy.close()
      }
      const work = prepare({ records: () => db.dump(options), load, engine })
      const run = () => {
        work()
        return size
      }
      return { time: { runs: 1, run } }
    },
  }))

export const dumps = [
  ...rows('', 'an entry', fillSet, {}),
  ...rows('-history', 'a version of a history', fillHistory, { history: true }),
]

/** @param {Iterable<unknown>} records */
function drain(records) {
  for (const _ of records);
}

/**
 * @template A, B
 * @param {Iterable<A>} all
 * @param {(one: A) => B} change
 */
function* map(all, change) {
  for (const one of all) yield change(one)
}
