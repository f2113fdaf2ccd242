/**
 * How fast a database goes out and comes back: `npm run bench:dump [entries] [rounds]`.
 *
 * Records as objects, and as lines of JSON; a version of many entries, and a history of single puts. Medians
 * with their spread.
 */
import { fromJson, toJson, ZVerse } from '../dist/index.js'

const ENTRIES = Number(process.argv[2] ?? 1_000_000)
const ROUNDS = Number(process.argv[3] ?? 5)
const VERSIONS = Math.ceil(ENTRIES / 10)

const options = { maxBytes: 2 ** 32, history: { versions: Number.POSITIVE_INFINITY } }
const many = ZVerse.open(options)
many.transact(tx => {
  for (let i = 0; i < ENTRIES; i++) {
    tx.put(`key-${String(i).padStart(8, '0')}`, { number: i, name: `the name of ${i}` })
  }
})
const past = ZVerse.open(options)
for (let i = 0; i < VERSIONS; i++) past.put(`key-${(i * 7919) % 10_007}`, { number: i })

const lines = many.dump().toArray().map(toJson)
const pastLines = past.dump({ history: true }).toArray().map(toJson)

/** @param {Iterable<unknown>} records */
function drain(records) {
  let n = 0
  for (const _ of records) n++
  return n
}

/** @param {Iterable<string>} of */
function* parsed(of) {
  for (const line of of) yield fromJson(line)
}

/** @param {() => Iterable<unknown>} records */
function load(records) {
  const db = ZVerse.open(options)
  db.load(records())
  db.close()
}

/** @type {[string, number, () => unknown][]} */
const cases = [
  ['dump, an entry', ENTRIES, () => drain(many.dump())],
  [
    'dump to lines',
    ENTRIES,
    () =>
      drain(
        (function* () {
          for (const r of many.dump()) yield toJson(r)
        })(),
      ),
  ],
  ['load, an entry', ENTRIES, () => load(() => many.dump())],
  ['load from lines', ENTRIES, () => load(() => parsed(lines))],
  ['dump of a history, a version', VERSIONS, () => drain(past.dump({ history: true }))],
  ['load of a history, a version', VERSIONS, () => load(() => past.dump({ history: true }))],
  ['load of a history from lines', VERSIONS, () => load(() => parsed(pastLines))],
]
const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0)
console.log(
  `${ENTRIES} entries, ${(bytes / ENTRIES).toFixed(0)} bytes a line; ${VERSIONS} versions; Node ${process.version}`,
)
/** @type {Map<string, number[]>} */
const times = new Map(cases.map(([name]) => [name, []]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, n, run] of cases) {
    globalThis.gc?.()
    const begin = performance.now()
    run()
    // The first round warms up.
    if (round > 0) times.get(name)?.push(((performance.now() - begin) * 1000) / n)
  }
}
for (const [name, all] of times) {
  all.sort((a, b) => a - b)
  const [low, middle, high] = [all[0], all[all.length >> 1], all[all.length - 1]]
  console.log(
    `${name.padEnd(30)} ${middle.toFixed(2).padStart(6)} µs  (${low.toFixed(2)} to ${high.toFixed(2)})`,
  )
}
